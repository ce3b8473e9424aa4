import type { Outcome } from './outcome.ts';
import type { Aside, Level, LevelDone } from './search.ts';
import type { Declined, TraceProgress } from './traces.ts';

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

/** Steps of the exploration by traces for each transition of a reduced search. */
const PACE = 1;
/** The time of one of those steps, of that of one of those transitions, about. */
const STEP = 0.7;

/**
 * A search of states and an exploration by traces, with about as much time for the one as for the
 * other, until one of them is over. Again counts decide.
 */
export function* beside(states: Levels, traces: Traces): Levels {
  const turns = new Turns(traces);
  let counted = 0;
  let next = states.next();
  while (!next.done) {
    const work = next.value;
    const { transitions } = work.explorer;
    // They are counted anew in each round.
    turns.spend(transitions - (transitions < counted ? 0 : counted));
    counted = transitions;
    turns.states = work.visited.size / Math.max(1, transitions);
    const done = yield { ...work, aside: turns };
    const { ended } = turns;
    if (ended && !('declined' in ended)) return ended;
    next = states.next(done);
    if (ended) break;
  }
  while (!next.done) next = states.next(yield next.value);
  return next.value;
}

type Traces = Generator<TraceProgress, Outcome | Declined, string | undefined>;

/** The turns of an exploration by traces: each level of the search makes some of it due. */
class Turns implements Aside {
  ended: Outcome | Declined | null = null;
  /** For each transition of the search, about. */
  states = 1;
  private readonly traces: Traces;
  private steps = 0;
  private owed = 0;

  constructor(traces: Traces) {
    this.traces = traces;
  }

  spend(transitions: number): void {
    this.owed += transitions * PACE;
  }

  get due(): number {
    // A turn may be longer than what is due.
    return this.ended ? 0 : Math.max(0, this.owed - this.steps) * STEP * this.states;
  }

  get over(): boolean {
    return this.ended !== null && !('declined' in this.ended);
  }

  next(): boolean {
    if (this.ended || this.steps >= this.owed) return false;
    const trace = this.traces.next();
    if (trace.done) this.ended = trace.value;
    else this.steps = trace.value.steps;
    return true;
  }
}
