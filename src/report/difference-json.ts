import * as z from 'zod';
import { type Comparison, differs, type ShownFinals } from '../verdict/difference.ts';
import type { Run } from '../verdict/run.ts';
import type { Comparisons } from './difference.ts';

const verdict = z.enum(['holds', 'violated', 'unknown']).nullable();
const names = z.array(z.string()).readonly();
const count = z.int().min(0);

const side = z.strictObject({
  spec: z.string(),
  file: z.string(),
  variant: z.string(),
  params: z.record(z.string(), z.number()),
  verdict: z.enum(['verified', 'violated', 'incomplete']),
  states: count,
  transitions: count,
  depth: count,
  complete: z.boolean(),
  limit: z.string().nullable(),
  /** As far as they are compared. */
  finalStates: count,
});

const part = z.strictObject({
  what: z.enum(['object', 'thread']),
  name: z.string(),
  value: z.json(),
  text: z.string(),
  /** What it is in the nearest final state of the other program; null: as at its start. */
  nearest: z.strictObject({ value: z.json(), text: z.string() }).nullable(),
});

const finals = z.strictObject({
  count,
  groups: z.array(
    z.strictObject({
      /** Final states that differ in this, and how many with what is not compared. */
      count: z.int().positive(),
      whole: z.int().positive(),
      differsIn: z.array(part),
      /** Threads that move, step by step, to the first of them. */
      schedule: names,
      shortest: z.boolean(),
    }),
  ),
});

const comparison = z.strictObject({
  result: z.enum(['differs', 'no difference', 'not known']),
  old: side,
  new: side,
  properties: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['always', 'atEnd', 'sometimes', 'never', 'assert', 'rule']),
      /** Null: that program has no such property. */
      old: verdict,
      new: verdict,
      message: z.string().nullable(),
      /** Breaks it in the new program; null: none does, or no schedule can show it. */
      schedule: names.nullable(),
      /** Schedules of other runs that come first. */
      earlier: z.array(names),
      /** What the schedule that breaks the old program comes to in the new one. */
      oldSchedule: z
        .strictObject({
          steps: count,
          runs: z.int().positive(),
          stops: z.strictObject({ run: z.int().positive(), step: z.int().positive() }).nullable(),
          message: z.string(),
        })
        .nullable(),
    }),
  ),
  declared: z.array(
    z.strictObject({
      what: z.enum(['thread', 'object', 'parameter', 'unchecked rule']),
      name: z.string(),
      old: z.string().nullable(),
      new: z.string().nullable(),
    }),
  ),
  compared: z.strictObject({ objects: count, threads: count }),
  finalStates: z.strictObject({ gained: finals, lost: finals, both: count }),
  warnings: z.strictObject({ gained: names, lost: names }),
  /** What a limit left open. */
  untold: names,
});

/** What a reader may rely on. */
export const differenceSchema = z.strictObject({
  comparisons: z.array(comparison),
  onlyOld: names,
  onlyNew: names,
});

export type DifferenceRecord = z.infer<typeof differenceSchema>;

export function differenceJson({ comparisons, onlyOld, onlyNew }: Comparisons): DifferenceRecord {
  return { comparisons: comparisons.map(asJson), onlyOld, onlyNew };
}

function asJson(each: Comparison): z.infer<typeof comparison> {
  const { old, now, difference, fates, compared, gained, lost } = each;
  const { untold, declared, warnings } = difference;
  return {
    result: differs(difference) ? 'differs' : untold.length > 0 ? 'not known' : 'no difference',
    old: sideOf(old, each.finals.old),
    new: sideOf(now, each.finals.now),
    properties: difference.properties.map(({ name, kind, from, to }) => {
      const found = now.outcome!.properties.find((property) => property.name === name);
      return {
        ...{ name, kind, old: from, new: to },
        message: found?.message ?? null,
        schedule: found?.schedule ?? null,
        earlier: [...(found?.earlier ?? [])],
        oldSchedule: fates.get(name) ?? null,
      };
    }),
    declared: declared.map(({ what, name, from, to }) => ({ what, name, old: from, new: to })),
    compared,
    finalStates: {
      gained: finalsOf(gained, difference.gained.length),
      lost: finalsOf(lost, difference.lost.length),
      both: difference.kept,
    },
    warnings,
    untold,
  };
}

function sideOf({ spec, file, variant, params, verdict, outcome }: Run, finalStates: number) {
  const { states, transitions, depth, complete, limit } = outcome!;
  return {
    ...{ spec, file, variant: variant!, params, states, transitions, depth, complete, limit },
    verdict: verdict as z.infer<typeof side>['verdict'],
    finalStates,
  };
}

function finalsOf({ groups }: ShownFinals, all: number): z.infer<typeof finals> {
  return {
    count: all,
    groups: groups.map(({ ends, whole, changes, schedule, shortest }) => ({
      ...{ count: ends.length, whole, schedule, shortest },
      differsIn: changes.map(({ part: { what, name, data, text }, other }) => ({
        ...{ what, name, text, value: data as z.infer<typeof part>['value'] },
        nearest: other && { value: other.data as z.infer<typeof part>['value'], text: other.text },
      })),
    })),
  };
}
