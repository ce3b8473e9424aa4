import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import type { FinalState } from './checks.ts';
import { Digests, type Scope } from './final-states.ts';
import type { Sighting } from './findings.ts';
import type { Without } from './optimisations.ts';
import { explore, exploreHere, type SearchOptions } from './search.ts';
import { straighten } from './straighten.ts';

/** A way to a final state. */
export interface FinalSchedule {
  /** Names of threads. */
  readonly schedule: readonly string[];
  /** No shorter one leads to a final state with that digest (proved). */
  readonly shortest: boolean;
}

/** States that may be spent on looking for the shortest schedules. */
const EFFORT = 500_000;

/** Traces have no states to look at, and a probe would give up the search that found some. */
const WITHOUT: Without = new Set(['traces', 'probe']);

/**
 * Schedules that lead to final states with these digests: the shortest ones, of a search of all
 * interleavings, as far as that gets, and for the others any, of a reduced search. One that neither
 * comes to within its limits has none. Yields now and then, so that signals come through.
 */
export function* finalSchedules(
  program: Program,
  scope: Scope,
  wanted: ReadonlySet<string>,
  options: Omit<SearchOptions, 'reduction' | 'first' | 'onFinal'>,
  effort = EFFORT,
): Generator<void, Map<string, FinalSchedule>, void> {
  const found = new Map<string, FinalSchedule>();
  const over = (): boolean => found.size === wanted.size || options.interrupted?.() === true;
  for (const reduction of [false, true]) {
    const machine = new Machine(program, options.guarded);
    const digests = new Digests(machine, scope);
    const seen = new Map<string, Sighting>();
    const onFinal: FinalState = (_, rows, base, stride, at) => {
      const digest = digests.of(rows, base, stride);
      if (wanted.has(digest) && !found.has(digest) && !seen.has(digest)) seen.set(digest, at);
    };
    const maxStates = reduction ? options.maxStates : Math.min(effort, options.maxStates);
    const how = { reduction, first: false, maxStates, onFinal, interrupted: over };
    const levels = explore(machine, { ...options, ...how, without: WITHOUT });
    for (let step = levels.next(); !step.done && !over(); ) {
      const done = yield* exploreHere(step.value);
      for (const [digest, sighting] of seen) {
        const path = step.value.explorer.scheduleTo(sighting, done.visited);
        const schedule = path.map((thread) => machine.threads[thread]!.declaration.name);
        const straight = straighten(machine, schedule).schedule;
        found.set(digest, { schedule: straight, shortest: !reduction });
      }
      seen.clear();
      step = levels.next(done);
    }
  }
  return found;
}
