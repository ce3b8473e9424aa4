import { Frontier } from './frontier.ts';
import type { Outcome } from './outcome.ts';
import type { Level, LevelDone } from './search.ts';
import type { Traces } from './traces.ts';

/** A search that gives each of its levels to its caller to be explored. */
export type Levels = Generator<Level, Outcome, LevelDone>;

/** When to find out whether a reduction pays. */
export interface Probe {
  /** Transitions that the unreduced search takes before that is asked first. */
  readonly from: number;
  /** How many transitions it takes in the time of one state of a reduced search, about. */
  readonly price: number;
}

/** Part of the time that goes into finding out whether the reduction pays. */
const SHARE = 1 / 32;

/**
 * Whichever of two searches of one program is likely to be over first. A reduced state costs many
 * plain transitions, and the plain search needs no rounds and finds shortest schedules; so it goes
 * first. From a certain size on, a part of the time goes to the reduced one, until that is over, or
 * has come to the same depth with so few states that it pays. Counts decide, not clocks: the same in
 * every run.
 *
 * @param trial the reduced search to find out with; `reduced` the one to go on with
 */
export function* cheaper(
  plain: Levels,
  trial: () => Levels,
  reduced: () => Levels,
  { from, price }: Probe,
): Levels {
  /** Transitions that the plain search took before each level. */
  const taken: number[] = [];
  let other: Levels | null = null;
  let few: IteratorResult<Level, Outcome> | null = null;
  let full = plain.next();
  for (let next = from; !full.done; full = plain.next(yield full.value)) {
    const { level, explorer } = full.value;
    taken[level] = explorer.transitions;
    if (explorer.transitions < next) continue;
    next = explorer.transitions * 2;
    other ??= trial();
    few ??= other.next();
    const budget = (explorer.transitions * SHARE) / price;
    while (!few.done && few.value.visited.size < budget && few.value.level < level) {
      few = other.next(yield { ...few.value, alone: true });
    }
    if (few.done) {
      const { complete, properties } = few.value;
      if (complete || properties.some(({ schedule }) => schedule)) return few.value;
      // A limit: the plain search, which has covered more, comes to it as well.
      next = Number.POSITIVE_INFINITY;
      continue;
    }
    const pays = few.value.visited.size * price < taken[few.value.level]!;
    // Anew: by now more is known, to workers as well, than when the trial began.
    if (pays) return yield* reduced();
  }
  return full.value;
}

/** Steps of the exploration by traces in the time of one transition of a reduced search, about. */
const PACE = 1;

/**
 * A search of states and an exploration by traces, with as much time for the one as for the other,
 * until one of them is over. Again counts decide.
 */
export function* beside(states: Levels, traces: Traces): Levels {
  let steps = 0;
  let spent = 0;
  let counted = 0;
  let next = states.next();
  for (; !next.done; next = states.next(yield next.value)) {
    const work = next.value;
    const { transitions } = work.explorer;
    // They are counted anew in each round.
    spent += transitions - (transitions < counted ? 0 : counted);
    counted = transitions;
    while (steps < spent * PACE && !work.limit(work.visited)) {
      const trace = traces.next();
      if (trace.done) {
        return 'declined' in trace.value ? yield* onward(states, work) : trace.value;
      }
      steps = trace.value.steps;
      // Nothing to explore, but a time for others.
      yield { ...work, current: NOTHING, alone: true, wait: trace.value.wait };
    }
  }
  return next.value;
}

const NOTHING = new Frontier(0, 0);

/** A search from a level on that has been asked for. */
function* onward(search: Levels, work: Level): Levels {
  for (let step = search.next(yield work); ; step = search.next(yield step.value)) {
    if (step.done) return step.value;
  }
}
