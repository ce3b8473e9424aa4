import { memoryModel, type Run } from '../verdict/run.ts';
import type { Reporter, Write } from './reporter.ts';

/** One JSON array, one object per variant; written whole at the end, so that it is never half an array. */
export function jsonReporter(write: Write): Reporter {
  const runs: unknown[] = [];
  return {
    run: (run) => runs.push(asJson(run)),
    end: () => write(`${JSON.stringify(runs, null, 2)}\n`),
  };
}

function asJson(run: Run) {
  const { outcome } = run;
  return {
    spec: run.spec,
    file: run.file,
    variant: run.variant,
    about: run.about,
    kernel: run.kernel,
    params: run.params,
    verdict: run.verdict,
    message: run.message,
    properties: (outcome?.properties ?? []).map((property) => ({
      name: property.name,
      kind: property.kind,
      verdict: property.verdict,
      message: property.message,
      steps: property.schedule?.length ?? null,
      shortest: property.shortest,
      trace: run.counterexamples.find((c) => c.property.name === property.name)?.trace ?? null,
    })),
    expected: run.expected,
    asExpected: run.asExpected,
    states: outcome?.states ?? 0,
    transitions: outcome?.transitions ?? 0,
    depth: outcome?.depth ?? 0,
    workers: outcome?.workers ?? 0,
    reduction: outcome?.reduction ?? null,
    memoryModel,
    complete: outcome?.complete ?? false,
    limit: outcome?.limit ?? null,
    fingerprintCollisionProbability: outcome?.fingerprintCollisionProbability ?? 0,
    unreached: outcome?.unreached ?? [],
    durationMs: Math.round(run.durationMs),
  };
}
