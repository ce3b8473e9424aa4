import { en } from 'zod/locales';
import * as z from 'zod/mini';

// Small code has no messages of its own.
z.config(en());

const count = z.int().check(z.minimum(0));
const number = z.int().check(z.positive());
const name = z.string().check(z.minLength(1));

const property = z.looseObject({
  name,
  verdict: z.enum(['holds', 'violated', 'unknown']),
  /** Of the counterexample; null when there is none. */
  steps: z.nullable(count),
  /** No shorter schedule breaks it; of those of its length, none has fewer switches. */
  shortest: z.boolean(),
  fewestSwitches: z.boolean(),
  /** The orders of two steps, from 1, that matter: the other way round the property would hold. */
  orders: z.array(
    z.strictObject({
      first: number,
      /** Null: what the thread still waits at after the last step. */
      second: z.nullable(number),
      thread: z.string(),
      object: z.string(),
      /** However it goes on from there, or in the run tried. */
      holds: z.enum(['always', 'tried']),
    }),
  ),
  /** The file that was kept; null when there is none. */
  trace: z.nullable(name),
});

const names = z.readonly(z.array(z.string()));

const site = z.strictObject({
  file: z.string(),
  line: number,
  fn: z.string(),
  text: z.string(),
});

const run = z.looseObject({
  spec: name,
  /** Null when the spec did not load. */
  variant: z.nullable(z.string()),
  about: z.nullable(z.string()),
  kernel: z.nullable(z.string()),
  verdict: z.enum(['verified', 'violated', 'incomplete', 'invalid']),
  properties: z.array(property),
  asExpected: z.boolean(),
  states: count,
  complete: z.boolean(),
  /** How many statements some schedule reached, none did, none did as the spec says; and of threads that are not there. */
  statements: z.strictObject({
    reached: count,
    unreached: count,
    explained: count,
    leftOut: count,
  }),
  /** What a proof says less about than it seems to. */
  warnings: z.readonly(
    z.array(z.strictObject({ kind: z.string(), message: z.string(), site: z.nullable(site) })),
  ),
  /** What lockdep learned: the classes of locks, and which was held as which was asked for. */
  lockOrder: z.strictObject({
    classes: z.readonly(z.array(z.strictObject({ name: z.string(), usages: names }))),
    edges: z.readonly(
      z.array(
        z.strictObject({
          from: z.string(),
          to: z.string(),
          recursive: z.boolean(),
          reports: names,
        }),
      ),
    ),
  }),
});

/** What a reader of the array may rely on; there is more in it. */
export const runsSchema = z.array(run).check(z.minLength(1, { error: 'it has no runs' }));

export type RunRecord = z.infer<typeof run>;
export type PropertyRecord = z.infer<typeof property>;
