import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { exploreTraces } from '../../../src/explore/traces.ts';
import { Machine } from '../../../src/model/machine.ts';
import type { Program } from '../../../src/model/program.ts';
import { guarded } from '../../../src/spec/guard.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';
import { replayed, same, searched, type Traced, traced } from '../../oracle/compare.ts';
import { allTraces } from '../../oracle/traces.ts';

const loaded = await loadSpec(path.join(import.meta.dirname, '../../fixtures/traces.ts'));
const families = await loadSpec(path.join(import.meta.dirname, '../../bench/families.ts'));

function make(variant: string, n = 2, k = 2): Program {
  return Object.hasOwn(families.spec.variants, variant)
    ? instantiate(families, variant, { n })
    : instantiate(loaded, variant, { n, k });
}

function tracesOf(program: Program): Traced {
  const found = traced(program);
  if ('declined' in found) throw new Error(found.declined);
  return found;
}

/** [n, traces, of these stuck], or with k after n. */
type Count = readonly [n: number | readonly [number, number], traces: number, stuck?: number];

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

const COUNTS: Readonly<Record<string, readonly Count[]>> = {
  readers: [2, 8, 13].map((n) => [n, 2 ** n]),
  lastzero: [1, 2, 3, 5, 6, 8, 10].map((n) => [n, (n + 3) * 2 ** (n - 2)]),
  ainc: [2, 3, 4, 5].map((n) => [n, factorial(n)]),
  binc: [2, 3, 4].map((n) => [n, factorial(n) ** 2]),
  cinc: [2, 3, 4].map((n) => [n, factorial(n) ** 3]),
  'lost-update': [2, 3, 4].map((n) => [n, factorial(n) ** 2]),
  'floating-read': [3, 4, 5, 6].map((n) => [n, factorial(n + 1)]),
  lastwrite: [3, 4, 5].map((n) => [n, factorial(n)]),
  nxn: [
    [[2, 3], 20],
    [[2, 5], 252],
    [[3, 2], 90],
    [[3, 3], 1680],
  ],
  'co-rr': [
    [3, 20],
    [5, 252],
    [8, 12_870],
  ],
  race: [
    [1, 4],
    [2, 34],
    [3, 328],
    [4, 3334],
  ],
  fib: [
    [2, 19],
    [3, 141],
    [4, 1107],
  ],
  sb: [[2, 3]],
  mp: [[2, 2]],
  iriw: [[2, 15]],
  filesystem: [14, 15, 16, 18, 20].map((n) => [n, 2 ** (n - 13)]),
  indexer: [
    [12, 8],
    [13, 64],
    [14, 512],
    [15, 4096],
  ],
  lockinc: [3, 4, 5].map((n) => [n, factorial(n)]),
  lock2: [2, 3, 4].map((n) => [n, factorial(2 * n) / 2 ** n]),
  abba: [[2, 3, 1]],
  philosophers: [2, 3, 4, 5, 6].map((n) => [n, 2 ** n - 1, 1]),
  ordered: [3, 4, 5, 6].map((n) => [n, 2 ** n - 2]),
  'await-chain': [
    [2, 1],
    [5, 1],
  ],
  'await-any': [
    [3, 18],
    [4, 96],
  ],
  // Six orders of the four writes; four in which both first ones come first, and the wait is over.
  'await-both': [[2, 10, 6]],
  'await-miss': [[2, 2, 1]],
  'same-value': [
    [2, 2],
    [5, 5],
  ],
  'changed-effect': [[2, 14]],
  'two-flags': [[2, 1]],
  'two-flags-asked': [[2, 6]],
};

describe('traces, each once, and no execution in vain', () => {
  for (const [variant, counts] of Object.entries(COUNTS)) {
    test(variant, () => {
      for (const [size, traces, stuck = 0] of counts) {
        const [n, k = 2] = typeof size === 'number' ? [size] : size;
        const found = tracesOf(make(variant, n, k));
        expect([n, found.outcome.traces, found.stuck]).toEqual([n, traces, stuck]);
        expect(found.traces.size).toBe(traces);
        replayed(make(variant, n, k), found.outcome);
        // More threads have too many states for this.
        if (n > 6) continue;
        same(variant, found, searched(make(variant, n, k), false));
        if (traces > 40) continue;
        expect(found.traces).toEqual(allTraces(found.machine, found.actions, 100_000));
      }
    });
  }
});

test('lastzero(15) has 147,456 traces, and they take seconds', { timeout: 60_000 }, () => {
  const exploration = exploreTraces(new Machine(make('lastzero', 15), guarded), { guarded });
  const began = process.cpuUsage();
  let step = exploration.next();
  while (!step.done) step = exploration.next();
  const { user, system } = process.cpuUsage(began);
  expect(step.value).toMatchObject({ complete: true, traces: 147_456, transitions: 2_105_359 });
  expect((user + system) / 1e6).toBeLessThan(10);
});

describe('the same as the search of states', () => {
  const broken = {
    'first-both': ['not both'],
    'late-footprint': ['not all'],
    'crash-beside': ['y is set', 'unlock imbalance'],
    'interrupted-wait': ['deadlock', 'data-race in run / waiter'],
    'interrupted-both': ['deadlock', 'data-race in run / waiter'],
    'interrupted-store': ['data-race in raises / run', 'data-race in run / waiter'],
  };
  for (const [variant, violated] of Object.entries(broken)) {
    test(variant, () => {
      const found = tracesOf(make(variant));
      const expected = searched(make(variant), false);
      expect([...expected.violated]).toEqual(violated);
      same(variant, found, expected);
      replayed(make(variant), found.outcome);
    });
  }
});

describe('declined', () => {
  const reasons = {
    spinning: "thread 'spinner' loops",
    endless: 'a schedule has more than 8192 steps',
    'plain-wait': 'take waits and has a plain access in one step',
  };
  for (const [variant, declined] of Object.entries(reasons)) {
    test(variant, () => {
      expect(traced(make(variant))).toEqual({ declined });
    });
  }

  test('plain access in a step that waits, where data races are not asked for', () => {
    const program = { ...make('plain-wait'), unchecked: { 'data-race': 'not of interest' } };
    expect(traced(program)).toMatchObject({ stuck: 0 });
  });
});

test('a limit leaves open what was not found', () => {
  const exploration = exploreTraces(new Machine(make('lost-update', 5), guarded), { guarded });
  const { done, value } = exploration.next();
  expect([done, value]).toEqual([false, expect.objectContaining({ round: 1 })]);
  expect(exploration.next('enough')).toMatchObject({
    done: true,
    value: {
      complete: false,
      limit: 'enough',
      properties: [{ name: 'deadlock', verdict: 'unknown', schedule: null }],
    },
  });
});

test('what an earlier search has taught the machine changes nothing', () => {
  const machine = new Machine(make('fib', 3), guarded);
  const outcomes = [1, 2].map(() => {
    const exploration = exploreTraces(machine, { guarded });
    let step = exploration.next();
    while (!step.done) step = exploration.next();
    return step.value;
  });
  expect(outcomes[1]).toEqual(outcomes[0]);
});
