import type { Outcome } from './outcome.ts';
import type { Level, LevelDone } from './search.ts';

/** A search that gives each of its levels to its caller to be explored. */
export type Levels = Generator<Level, Outcome, LevelDone>;

/** When to find out whether a reduction pays. */
export interface Probe {
  /** States that the unreduced search explores before that is asked first. */
  readonly from: number;
  /** How many states an unreduced search explores in the time of one reduced state, about. */
  readonly price: number;
}

/** Part of the time that goes into finding out whether the reduction pays. */
const SHARE = 1 / 16;

/**
 * Whichever of two searches of one program is likely to be over first. A reduced state costs several
 * plain ones, and the plain search needs no rounds and finds shortest schedules; so it goes first.
 * From a certain size on, a part of the time goes to the reduced one, until that is over, or has come
 * to the same depth with so many fewer states that it pays. Counts decide, not clocks: the same in
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
  /** States seen by the plain search before each level. */
  const sizes: number[] = [];
  let other: Levels | null = null;
  let few: IteratorResult<Level, Outcome> | null = null;
  let full = plain.next();
  for (let next = from; !full.done; full = plain.next(yield full.value)) {
    const { level, visited } = full.value;
    sizes[level] = visited.size;
    if (visited.size < next) continue;
    next = visited.size * 2;
    other ??= trial();
    few ??= other.next();
    const budget = (visited.size * SHARE) / price;
    while (!few.done && few.value.visited.size < budget && few.value.level < level) {
      few = other.next(yield { ...few.value, alone: true });
    }
    if (few.done) return few.value;
    const pays = few.value.visited.size * price < sizes[few.value.level]!;
    // Anew: by now more is known, to workers as well, than when the trial began.
    if (pays) return yield* reduced();
  }
  return full.value;
}
