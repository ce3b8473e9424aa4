import type { Place, Replay, SiteLocation, StepRecord } from '../explore/outcome.ts';
import { brief } from './change.ts';
import { nameOf, pad, plain, width, wrap } from './text.ts';

/** Where the property is broken for the last time, which is what the schedule leads to. */
export function placesOf(replay: Replay, property: string): readonly Place[] {
  return distinct(replay.broken.findLast((broken) => broken.property === property)?.places ?? []);
}

/** Without the step itself where it is told by what happens there. */
export function distinct(places: readonly Place[]): Place[] {
  const isSame = (a: Place, b: Place) =>
    a.thread === b.thread && a.text === b.text && pathOf(a.calls) === pathOf(b.calls);
  return places.filter(
    (place) =>
      place.what !== '' || !places.some((other) => other.what !== '' && isSame(other, place)),
  );
}

/** The step, from 1, that a place of the past is about; 0: none, it is where a thread stands still. */
export function stepOfPlace(steps: readonly StepRecord[], place: Place): number {
  if (!['', 'freed', 'allocated'].includes(place.what)) return 0;
  const where = pathOf(place.calls);
  return (
    steps.findLastIndex(
      ({ thread, text, calls }) =>
        thread === place.thread && text === place.text && pathOf(calls) === where,
    ) + 1
  );
}

function pathOf(calls: readonly SiteLocation[]): string {
  return calls.map(({ file, line }) => `${file}:${line}`).join();
}

/**
 * The code that a report is about: what happens there, the call stack, the locks that are held.
 *
 * @param steps of the schedule, to say in which of them it was
 */
export function placeLines(
  places: readonly Place[],
  columns: number,
  steps: readonly StepRecord[] = [],
): string[] {
  const named = places.map(({ what }) => plain(what === '' ? 'broken' : what));
  const widest = Math.min(Math.max(0, ...named.map(width)), Math.floor(columns / 3));
  return places.flatMap((place, at) => {
    const step = stepOfPlace(steps, place);
    const who = step === 0 ? place.thread : `step ${step}, ${place.thread}`;
    const head = `  ${pad(named[at]!, widest)}  ${plain(`${who}: ${brief(place.text)}`)}`;
    const where = whereOf(place);
    if (width(head) + 2 + width(where) <= columns) return [`${head}; ${where}`];
    const first =
      width(head) <= columns ? [head] : wrap(head.trim(), columns - 2, 4).map(indentedBy(2));
    return [...first, ...wrap(where, columns - 4, 6).map(indentedBy(4))];
  });
}

const indentedBy = (blanks: number) => (line: string) => ' '.repeat(blanks) + line;

/** `spec.ts:12 f < :30 g; holding a, b`: innermost first, a file only where it is another. */
function whereOf({ calls, held }: Place): string {
  const frames = calls.toReversed().map(({ file, line, fn }, at, all) => {
    const same = at > 0 && all[at - 1]!.file === file;
    return `${same ? '' : file.slice(file.lastIndexOf('/') + 1)}:${line} ${nameOf(fn)}`.trim();
  });
  const locks = held.length === 0 ? 'no lock held' : `holding ${held.join(', ')}`;
  return plain([frames.join(' < '), locks].filter((part) => part !== '').join('; '));
}
