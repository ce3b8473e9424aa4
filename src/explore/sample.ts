import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { replay } from './replay.ts';
import { type Candidate, candidate, distance } from './sample/candidate.ts';
import { walks } from './sample/walks.ts';
import type { Action } from './traces/dependence.ts';
import { exploreTraces } from './traces.ts';

/** Schedules that break nothing, no two of one Mazurkiewicz trace. */
export interface Samples {
  readonly schedules: readonly Sample[];
  /** There are no others. */
  readonly all: boolean;
}

export interface Sample {
  /** Names of threads. */
  readonly schedule: readonly string[];
  /** Nothing can move after it; else it was cut. */
  readonly ends: boolean;
}

/** Traces that are looked at for the sake of their differences. */
const MOST_TRACES = 2000;

/** Steps of an exploration by traces, to find out whether there are that few. */
const EFFORT = 100_000;

/** Schedules that are replayed in vain. */
const PATIENCE = 200;

/**
 * Passing schedules that differ much: first those that lead to other final states, then those with
 * other steps, or other orders of steps that conflict. From all traces where there are few, and else
 * from walks that `seed` makes the same in every run.
 */
export function sample(
  program: Program,
  count: number,
  seed: number,
  guarded: <T>(code: () => T) => T,
): Samples {
  const traces = allTraces(program, guarded);
  const left = traces ?? walks(new Machine(program, guarded), seed, count);
  const chosen: Candidate[] = [];
  let failed = 0;
  /** Some schedule of its trace may pass all the same: one that does not come to the race. */
  let doubtful = false;
  while (chosen.length < count && left.length > 0 && failed < PATIENCE) {
    const [next] = left.splice(mostDifferent(left, chosen), 1);
    const { broken } = replay(program, next!.schedule, guarded);
    if (broken.length === 0) {
      chosen.push(next!);
      continue;
    }
    failed++;
    const races = new Set(program.never.map(({ name }) => name));
    doubtful ||= broken.every(({ property }) => races.has(property) || /^data-race/.test(property));
  }
  return {
    schedules: chosen.map(({ schedule, ends }) => ({ schedule, ends })),
    all: traces !== null && left.length === 0 && !doubtful,
  };
}

/** One schedule for each trace; null: there are many, or threads loop. */
function allTraces(program: Program, guarded: <T>(code: () => T) => T): Candidate[] | null {
  const machine = new Machine(program, guarded);
  let found: (readonly Action[])[] = [];
  const onTrace = (events: readonly Action[], n: number): void => {
    // A round begins, and what was found in the one before does not count.
    if (n === 1) found = [];
    if (n > 0 && found.length <= MOST_TRACES) found.push(events);
  };
  const exploration = exploreTraces(machine, { guarded, onTrace });
  for (let step = exploration.next(); ; ) {
    if (step.done) {
      const over = !('declined' in step.value) && step.value.complete;
      return over && found.length <= MOST_TRACES
        ? found.map((events) => candidate(machine, events, true))
        : null;
    }
    const { steps } = step.value;
    step = exploration.next(steps > EFFORT || found.length > MOST_TRACES ? 'too many' : undefined);
  }
}

/** The first of those that lead to another final state if there are any, and of these the farthest. */
function mostDifferent(left: readonly Candidate[], chosen: readonly Candidate[]): number {
  const finals = new Set(chosen.map(({ final }) => final));
  let best = 0;
  let most = -1;
  for (const [at, each] of left.entries()) {
    const nearest = Math.min(LARGE, ...chosen.map((other) => distance(each, other)));
    const worth = nearest + (each.ends ? 2 * LARGE : 0) + (finals.has(each.final) ? 0 : LARGE);
    if (worth > most) [best, most] = [at, worth];
  }
  return best;
}

/** More than any distance. */
const LARGE = 2 ** 30;
