import { memoryModel, type Run, type Samples } from '../verdict/run.ts';
import { placesOf } from './places.ts';
import type { Reporter, Write } from './reporter.ts';
import type { RunRecord } from './run-record.ts';

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
  const orders = (counterexample?.explanation.orders ?? []).map(
    ({ first, then: second, thread, object, holds }) => ({ first, second, thread, object, holds }),
  );
  return { orders, places, trace: counterexample?.trace ?? null };
}

function samplesIn({ schedules, all }: Samples) {
  return {
    all,
    schedules: schedules.map(({ replay, ends }) => ({
      ends,
      steps: replay.steps.map(({ thread, text, site }) => ({ thread, text, site })),
    })),
  };
}

export function asJson(run: Run): RunRecord {
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
      fewestSwitches: property.fewestSwitches,
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
    statements: {
      reached: outcome?.reached.length ?? 0,
      unreached: outcome?.unreached.length ?? 0,
      explained: outcome?.explained.length ?? 0,
      leftOut: outcome?.leftOut.length ?? 0,
    },
    unreached: outcome?.unreached ?? [],
    leftOut: outcome?.leftOut ?? [],
    explained: (outcome?.explained ?? []).map(({ file, line, fn, reason }) => ({
      file,
      line,
      function: fn,
      reason,
    })),
    warnings: outcome?.warnings ?? [],
    ...(run.samples && { samples: samplesIn(run.samples) }),
    lockOrder: outcome?.lockOrder ?? { classes: [], edges: [] },
    durationMs: Math.round(run.durationMs),
  };
}
