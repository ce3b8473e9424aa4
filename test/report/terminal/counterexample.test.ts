import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import type { Order } from '../../../src/explore/explain.ts';
import { counterexampleLines } from '../../../src/report/terminal/counterexample.ts';
import { familiesOf } from '../../../src/report/terminal/families.ts';
import type { Run } from '../../../src/verdict/run.ts';
import * as sample from '../sample.ts';

const [counterexample] = sample.violated.counterexamples;
const options = { columns: 80, chalk: new Chalk({ level: 0 }), steps: true, lines: 42 };

function lines(run: Run): string[] {
  return counterexampleLines(run, familiesOf(run)[0]!, options);
}

test('the orders that matter are told as they were tried', () => {
  const order = (first: number, then: number | null): Order => ({
    ...{ first, then, thread: 'kworker/0', object: 'root', holds: 'always', schedule: [] },
  });
  const explanation = { ...counterexample!.explanation, orders: [order(5, 7), order(2, null)] };
  const told = lines({
    ...sample.violated,
    counterexamples: [{ ...counterexample!, explanation }],
  });
  expect(
    told.slice(
      told.findIndex((line) => line.startsWith('Run again')),
      -1,
    ),
  ).toEqual([
    'Run again with all else in the same order, as far as that can be:',
    '  A  if step 7 came before step 5, this would hold (root)',
    '  B  if what kworker/0 waits to do came before step 2, this would hold (root)',
  ]);
  expect(told.filter((line) => /^[AB] \d/.test(line)).map((line) => line.slice(0, 3))).toEqual([
    'B 2',
    'A 5',
    'A 7',
  ]);
});

test.each([
  [{ P: 5 }, 5, true, 'breaks 1 more on the way, at step 5, none in fewer'],
  [{ P: 5 }, 5, false, 'breaks 1 more on the way, at step 5'],
  [{ P: 5 }, 3, true, 'breaks 1 more on the way, at step 5; alone it takes 3'],
])(
  'what else the schedule breaks: %j, %i steps alone, shortest: %s',
  (steps, alone, shortest, text) => {
    const broken = Object.entries(steps).map(([property, step]) => ({
      ...{ property, step, message: '', places: [] },
    }));
    const { replay } = sample;
    const head = {
      ...counterexample!,
      replay: { ...replay, broken: [...broken, ...replay.broken] },
    };
    const other = {
      ...counterexample!,
      property: { ...sample.violatedProperty, name: 'P', shortest },
      replay: { ...replay, steps: replay.steps.slice(0, alone), broken },
    };
    const told = lines({ ...sample.violated, counterexamples: [head, other] });
    expect(told).toContain(`  ${text}`);
  },
);

test('without its steps it is the title, the places and the command', () => {
  const family = familiesOf(sample.violated)[0]!;
  const told = counterexampleLines(sample.violated, family, { ...options, steps: false });
  expect(told.join('\n')).not.toContain('runs ---');
  expect(told.at(-1)).toBe('replay: lockstep replay-trace traces/slab/v5.3.D3.trace.json');
});
