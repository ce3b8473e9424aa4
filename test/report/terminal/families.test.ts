import { expect, test } from 'vitest';
import type { BrokenProperty, Place } from '../../../src/explore/outcome.ts';
import { familiesOf } from '../../../src/report/terminal/families.ts';
import type { Counterexample, Run } from '../../../src/verdict/run.ts';
import { replayOf, stepOf } from '../../fixtures/steps.ts';
import * as sample from '../sample.ts';

const step = (n: number) => stepOf({ thread: 'a', text: `f(${n})` });
const here: Place = { what: '', thread: 'a', text: 'f(1)', calls: [], held: [] };

/** Of a schedule of some steps that breaks the property in its last one, and others where it is said. */
function counterexampleOf(
  name: string,
  length: number,
  others: Readonly<Record<string, number>> = {},
  places: readonly Place[] = [],
  earlier = 0,
): Counterexample {
  const steps = Array.from({ length }, (_, at) => step(at + 1));
  const broken = Object.entries({ ...others, [name]: length }).map(
    ([property, at]): BrokenProperty => ({ property, message: '', step: at, places }),
  );
  const runs = Array.from({ length: earlier }, () => steps);
  return {
    ...sample.violated.counterexamples[0]!,
    property: { ...sample.violatedProperty, name },
    replay: replayOf({ steps, broken, earlier: runs }),
  };
}

function told(counterexamples: Counterexample[], unexpected: string[] = []): string[] {
  const run: Run = { ...sample.violated, counterexamples, unexpected };
  return familiesOf(run).map(({ head, others }) =>
    [head, ...others].map(({ property }) => property.name).join(' < '),
  );
}

test('what a longer schedule breaks on its way is told with it', () => {
  const [short, long] = [counterexampleOf('P', 2), counterexampleOf('Q', 3, { P: 2 })];
  expect(told([short, long])).toEqual(['Q < P']);
  expect(told([short, counterexampleOf('Q', 3)])).toEqual(['P', 'Q']);
});

test('what is not expected is told first', () => {
  const many = counterexampleOf('Q', 3, { P: 2, R: 1 });
  const all = [counterexampleOf('P', 2), many, counterexampleOf('R', 1), counterexampleOf('S', 9)];
  expect(told(all)).toEqual(['Q < P < R', 'S']);
  expect(told(all, ['S'])).toEqual(['S', 'Q < P < R']);
  // Also where the schedule of another breaks it on its way.
  expect(told(all, ['P'])).toEqual(['P', 'Q < R', 'S']);
  expect(told(all, ['P', 'Q'])).toEqual(['Q < P < R', 'S']);
});

test('what has places that are no steps of the schedule is told by itself', () => {
  const race = { ...here, what: 'write' };
  const short = counterexampleOf('P', 2);
  expect(told([short, counterexampleOf('Q', 3, { P: 2 }, [here])])).toEqual(['Q < P']);
  expect(told([short, counterexampleOf('Q', 3, { P: 2 }, [race])])).toEqual(['Q', 'P']);
});

test('what takes several runs tells of nothing else, and comes after what takes one', () => {
  const runs = counterexampleOf('Q', 3, { P: 2 }, [here], 1);
  expect(told([runs, counterexampleOf('P', 4)])).toEqual(['P', 'Q']);
});
