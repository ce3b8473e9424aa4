import type { Machine } from '../../model/machine.ts';
import { Question, Trial } from '../trial.ts';

/** Steps that may be taken to find out which are needed. */
const EFFORT = 200_000;

/**
 * A schedule with steps left out that it does not take to break the property, for one that is not
 * known to be shortest: stretches, ever shorter ones, and the ends of threads, as long as the rest
 * breaks it (delta debugging: Zeller, Hildebrandt, TSE 28, 2002). No single step more can be left
 * out then, unless the effort is spent.
 *
 * A thread that cannot move where it did is passed over until it can.
 */
export function leaveOut(
  machine: Machine,
  schedule: readonly string[],
  property: string,
  guarded: <T>(code: () => T) => T,
): readonly string[] {
  const question = new Question(machine, property, guarded);
  const names = machine.threads.map(({ declaration }) => declaration.name);
  let effort = EFFORT;
  /** What is left of a schedule when it breaks the property in fewer than `most` steps. */
  const broken = (threads: readonly number[], most: number): number[] | null => {
    if (effort <= 0) return null;
    const trial = new Trial(question);
    trial.follow(threads);
    if (trial.broken < 0) trial.finish(most - 1);
    effort -= trial.moves.length;
    if (trial.broken < 0 || trial.broken >= most) return null;
    return trial.moves.slice(0, trial.broken).map(({ node }) => node.thread);
  };
  const whole = schedule.map((name) => names.indexOf(name));
  const first = broken(whole, whole.length + 1);
  if (!first) return schedule;
  let best: readonly number[] = first;
  for (let length = 0; length !== best.length; ) {
    length = best.length;
    for (let part = length; part >= 1; part = Math.floor(part / 2)) {
      for (const thread of names.keys())
        best = broken(shortened(best, thread, part), best.length) ?? best;
      for (let from = best.length - part; from >= 0; from -= part) {
        best = broken(best.toSpliced(from, part), best.length) ?? best;
      }
    }
  }
  return best.map((thread) => names[thread]!);
}

/** Without the last steps of a thread. */
function shortened(schedule: readonly number[], thread: number, steps: number): number[] {
  const own = [...schedule.keys()].filter((at) => schedule[at] === thread);
  const dropped = new Set(own.slice(-steps));
  return schedule.filter((_, at) => !dropped.has(at));
}
