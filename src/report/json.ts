import * as z from 'zod';
import { memoryModel, type Run, type Samples } from '../verdict/run.ts';
import { placesOf } from './places.ts';
import type { Reporter, Write } from './reporter.ts';

const property = z.looseObject({
  name: z.string().min(1),
  verdict: z.enum(['holds', 'violated', 'unknown']),
  /** Of the counterexample; null when there is none. */
  steps: z.int().min(0).nullable(),
  /** No shorter schedule breaks it; of those of its length, none has fewer switches. */
  shortest: z.boolean(),
  fewestSwitches: z.boolean(),
  /** The orders of two steps, from 1, that matter: the other way round the property would hold. */
  orders: z.array(
    z.strictObject({
      first: z.int().positive(),
      /** Null: what the thread still waits at after the last step. */
      second: z.int().positive().nullable(),
      thread: z.string(),
      object: z.string(),
    }),
  ),
  /** The file that was kept; null when there is none. */
  trace: z.string().min(1).nullable(),
});

const names = z.array(z.string()).readonly();

const site = z.strictObject({
  file: z.string(),
  line: z.int().positive(),
  fn: z.string(),
  text: z.string(),
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
  /** How many statements some schedule reached, none did, and none did as the spec says. */
  statements: z.strictObject({
    reached: z.int().min(0),
    unreached: z.int().min(0),
    explained: z.int().min(0),
  }),
  /** What a proof says less about than it seems to. */
  warnings: z
    .array(z.strictObject({ kind: z.string(), message: z.string(), site: site.nullable() }))
    .readonly(),
  /** What lockdep learned: the classes of locks, and which was held as which was asked for. */
  lockOrder: z.strictObject({
    classes: z.array(z.strictObject({ name: z.string(), usages: names })).readonly(),
    edges: z
      .array(
        z.strictObject({
          from: z.string(),
          to: z.string(),
          recursive: z.boolean(),
          reports: names,
        }),
      )
      .readonly(),
  }),
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
  const orders = (counterexample?.explanation.orders ?? []).map(
    ({ first, then: second, thread, object }) => ({ first, second, thread, object }),
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
    },
    unreached: outcome?.unreached ?? [],
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
