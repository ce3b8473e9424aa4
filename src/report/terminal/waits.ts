import { INTERRUPTED } from '../../explore/findings.ts';
import type { StepRecord } from '../../explore/outcome.ts';

/** Why the thread before could not go on; '' if it could. */
export function whyLeft(steps: readonly StepRecord[], from: number): string {
  const before = steps[from - 2];
  const { thread, enabled, waits } = steps[from - 1]!;
  if (!before) return '';
  const over = waits.find((wait) => wait.thread === before.thread && wait.text === INTERRUPTED);
  if (over?.since === from && over.holder === thread) return `it interrupts ${before.thread}`;
  if (enabled.includes(before.thread)) return '';
  const wait = before.waits.find((each) => each.thread === before.thread);
  if (!wait) return `${before.thread} has finished`;
  if (wait.idle) return `${before.thread} has no more to do`;
  return waiting(steps, from - 1, wait);
}

type Wait = StepRecord['waits'][number];

/** `destroy waits at mutex_lock(a), held by offline since step 11` */
export function waiting(
  steps: readonly StepRecord[],
  number: number,
  { thread, text, holder }: Wait,
): string {
  if (text === INTERRUPTED) return `${thread} is interrupted by ${holder}`;
  const since = holder === null ? 0 : takenAt(steps, number, text, holder);
  const held =
    holder === null ? '' : `, held by ${holder}${since > 0 ? ` since step ${since}` : ''}`;
  return `${thread} waits at ${text}${held}`;
}

/** The step in which the holder took the lock that somebody waits for; 0: not known. */
export function takenAt(
  steps: readonly StepRecord[],
  number: number,
  text: string,
  holder: string,
): number {
  const words = text.slice(text.indexOf('(')).split(/[\s(),]+/);
  const own = steps.slice(0, number);
  const at = own.findLastIndex(
    ({ thread, taken }) => thread === holder && taken.some((lock) => words.includes(lock)),
  );
  const lost = own
    .slice(at + 1)
    .some(({ thread, dropped }) => thread === holder && dropped.some((l) => words.includes(l)));
  return lost ? 0 : at + 1;
}
