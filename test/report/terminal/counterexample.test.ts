import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
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
  expect(told.filter((line) => / came before /.test(line))).toEqual([
    '  A  if 7 load(root.name) came before 5 kfree(root), this would hold (both',
    '  B  if what kworker/0 waits to do came before 2',
  ]);
  expect(told.filter((line) => /^[AB] \d/.test(line)).map((line) => line.slice(0, 3))).toEqual([
    'B 2',
    'A 5',
    'A 7',
  ]);
});

describe('what else the schedule breaks', () => {
  const { replay } = sample;
  const broken = (steps: Readonly<Record<string, number>>) =>
    Object.entries(steps).map(([property, step]) => ({ property, step, message: '', places: [] }));
  const also = (
    steps: Readonly<Record<string, number>>,
    { alone = 5, shortest = true, expected = Object.keys(steps), columns = 80 } = {},
  ) => {
    const head = {
      ...counterexample!,
      replay: { ...replay, broken: [...broken(steps), ...replay.broken] },
    };
    const others = Object.keys(steps).map((name) => ({
      ...counterexample!,
      property: { ...sample.violatedProperty, name, shortest },
      replay: { ...replay, steps: replay.steps.slice(0, alone), broken: broken(steps) },
    }));
    const run = { ...sample.violated, expected, counterexamples: [head, ...others] };
    const family = { head, others };
    const told = counterexampleLines(run, family, { ...options, columns });
    const from = told.findIndex((line) => line.startsWith('  also breaks'));
    const to = told.findIndex((line) => line.startsWith('  broken'));
    return told.slice(from, to).map((line) => line.trim());
  };

  test('has the step, and whether it can be broken sooner', () => {
    expect(also({ P: 5 })).toEqual(['also breaks P at step 5; no schedule does so sooner']);
    expect(also({ P: 5 }, { shortest: false })).toEqual(['also breaks P at step 5']);
    expect(also({ P: 5 }, { alone: 3 })).toEqual(['also breaks P at step 5 (by itself at step 3)']);
  });

  test('is named in the order of the steps, what is not expected as such', () => {
    expect(also({ Q: 6, P: 5 }, { expected: ['Q'], shortest: false, alone: 6 })).toEqual([
      'also breaks P at step 5 (NOT EXPECTED), Q at step 6',
    ]);
  });

  test('has its name cut as far as two lines need it', () => {
    const name = (letter: string) => `${letter}: nothing, at all, comes to pass before its time`;
    const two = { [name('P')]: 4, [name('Q')]: 5 };
    expect(also(two)).toEqual([
      "also breaks 'P: nothing, at all, comes to pass befor...' at step 4, 'Q:",
      "nothing, at all, comes to pass befor...' at step 5; no schedule does so sooner",
    ]);
    expect(also({ [name('P')]: 4 }, { columns: 200 })).toEqual([
      `also breaks ${name('P')} at step 4; no schedule does so sooner`,
    ]);
  });
});

test('without its steps it is the title, the places and the command', () => {
  const family = familiesOf(sample.violated)[0]!;
  const told = counterexampleLines(sample.violated, family, { ...options, steps: false });
  expect(told.join('\n')).not.toContain('runs ---');
  expect(told.at(-1)).toBe('replay: lockstep replay-trace traces/slab/v5.3.D3.trace.json');
});
