import type { Outcome } from './outcome.ts';
import type { Level, LevelDone } from './search.ts';

/** A search that gives each of its levels to its caller to be explored. */
export type Levels = Generator<Level, Outcome, LevelDone>;

/** How many states an unreduced search explores in the time of one reduced state, about. */
const PRICE = 8;

/**
 * Whichever of two searches of one program is likely to be over first. A reduced state costs several
 * plain ones, and the plain search needs no rounds and finds shortest schedules; so it goes first,
 * for `states` states. If it is not over by then, the reduced one shows whether it comes as deep
 * with so many fewer states that it pays. Counts decide, not clocks: the same in every run.
 */
export function* cheaper(plain: Levels, reduced: () => Levels, states: number): Levels {
  let full = plain.next();
  while (!full.done && full.value.visited.size < states) {
    full = plain.next(yield { ...full.value, alone: true });
  }
  if (full.done) return full.value;
  const { level } = full.value;
  const other = reduced();
  let few = other.next();
  const budget = full.value.visited.size / PRICE;
  while (!few.done && few.value.level < level && few.value.visited.size < budget) {
    few = other.next(yield { ...few.value, alone: true });
  }
  if (few.done) return few.value;
  const pays = few.value.level >= level;
  return pays ? yield* onward(other, few.value) : yield* onward(plain, full.value);
}

/** A search from a level on that has been asked for. */
function* onward(search: Levels, work: Level): Levels {
  for (let step = search.next(yield work); ; step = search.next(yield step.value)) {
    if (step.done) return step.value;
  }
}
