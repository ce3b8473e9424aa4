import * as z from 'zod';
import { memoryModel, type Run } from '../verdict/run.ts';
import type { Reporter, Write } from './reporter.ts';
import { placesOf } from './terminal.ts';

const property = z.looseObject({
  name: z.string().min(1),
  verdict: z.enum(['holds', 'violated', 'unknown']),
  /** Of the counterexample; null when there is none. */
  steps: z.int().min(0).nullable(),
  shortest: z.boolean(),
  /** The file that was kept; null when there is none. */
  trace: z.string().min(1).nullable(),
});

const run = z.looseObject({
  spec: z.string().min(1),
  /** Null when the spec did not load. */
  variant: z.string().nullable(),
  about: z.string().nullable(),
  kernel: z.string().nullable(),
  verdict: z.enum(['verified', 'violated', 'incomplete', 'invalid']),
  properties: z.array(property),
  asExpected: z.boolean(),
  states: z.int().min(0),
  complete: z.boolean(),
});

/** What a reader of the array may rely on; there is more in it. */
export const runsSchema = z.array(run).min(1, { error: 'it has no runs' });

export type RunRecord = z.infer<typeof run>;
export type PropertyRecord = z.infer<typeof property>;

/** One JSON array, one object per variant; written whole at the end, so that it is never half an array. */
export function jsonReporter(write: Write): Reporter {
  const runs: RunRecord[] = [];
  return {
    run: (run) => runs.push(asJson(run)),
    end: () => write(`${JSON.stringify(runs, null, 2)}\n`),
  };
}

/** What the replay of a violation tells: where in the code it is, and the file that was kept. */
function shown(run: Run, property: string) {
  const counterexample = run.counterexamples.find((each) => each.property.name === property);
  const places = counterexample ? placesOf(counterexample.replay, property) : [];
  return { places, trace: counterexample?.trace ?? null };
}

function asJson(run: Run): RunRecord {
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
      ...shown(run, property.name),
    })),
    expected: run.expected,
    asExpected: run.asExpected,
    states: outcome?.states ?? 0,
    transitions: outcome?.transitions ?? 0,
    depth: outcome?.depth ?? 0,
    workers: outcome?.workers ?? 0,
    reduction: outcome?.reduction ?? null,
    without: outcome?.without ?? [],
    traces: outcome?.traces ?? null,
    symmetry: outcome?.symmetry ?? [],
    memoryModel,
    complete: outcome?.complete ?? false,
    limit: outcome?.limit ?? null,
    fingerprintCollisionProbability: outcome?.fingerprintCollisionProbability ?? 0,
    unchecked: outcome?.unchecked ?? {},
    unreached: outcome?.unreached ?? [],
    explained: (outcome?.explained ?? []).map(({ file, line, fn, reason }) => ({
      file,
      line,
      function: fn,
      reason,
    })),
    durationMs: Math.round(run.durationMs),
  };
}
