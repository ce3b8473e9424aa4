import type { Counterexample, Run } from '../../verdict/run.ts';
import { placesOf, stepOfPlace } from '../places.ts';

/** Counterexamples that one schedule tells of: the one it is of, and others that it breaks as well. */
export interface Family {
  readonly head: Counterexample;
  readonly others: readonly Counterexample[];
}

/**
 * As few as there can be, the one that tells most first: what is not expected, then what breaks most of
 * that, then what breaks most, what takes one run, and has places in the code.
 */
export function familiesOf({ counterexamples, unexpected }: Run): Family[] {
  const rest = [...counterexamples];
  const families: Family[] = [];
  while (rest.length > 0) {
    const candidates = rest.map((head) => ({
      head,
      others: rest.filter((other) => other !== head && alsoBreaks(head, other)),
    }));
    const value = ({ head, others }: Family): number[] => [
      Number(unexpected.includes(head.property.name)),
      [head, ...others].filter(({ property }) => unexpected.includes(property.name)).length,
      others.length,
      -head.replay.earlier.length,
      Number(placesOf(head.replay, head.property.name).length > 0),
      -head.replay.steps.length,
    ];
    const best = candidates.reduce((a, b) => (isMore(value(b), value(a)) ? b : a));
    families.push(best);
    for (const each of [best.head, ...best.others]) rest.splice(rest.indexOf(each), 1);
  }
  return families;
}

/** Whether the schedule breaks it too, in a step: what has more places than that is told by itself. */
function alsoBreaks({ replay }: Counterexample, { property }: Counterexample): boolean {
  if (replay.earlier.length > 0) return false;
  if (!replay.broken.some((each) => each.property === property.name)) return false;
  const places = placesOf(replay, property.name);
  return places.every((place) => stepOfPlace(replay.steps, place) > 0);
}

function isMore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && a[at]! > b[at]!;
}

/** Whether the one schedule begins with the whole of the other. */
export function beginsWith(whole: Counterexample, part: Counterexample): boolean {
  if (part.replay.earlier.length > 0) return false;
  return part.replay.steps.every(({ thread, text }, at) => {
    const step = whole.replay.steps[at];
    return step?.thread === thread && step.text === text;
  });
}
