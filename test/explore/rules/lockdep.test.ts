import { describe, expect, test } from 'vitest';
import { type Fact, keyOf, lockReports } from '../../../src/explore/rules/lockdep.ts';

type Usage = Extract<Fact, { kind: 'usage' }>;

const order = (
  from: string,
  to: string,
  more: { shared?: boolean; recursive?: boolean } = {},
): Fact => ({ kind: 'order', from, to, shared: false, recursive: false, ...more });

/** 'hardirq-on w' of a class */
const usage = (cls: string, bit: string): Usage => {
  const [, context, as, mode] = /^(HARDIRQ|SOFTIRQ) (in|on) (R|W)$/.exec(bit)!;
  return {
    kind: 'usage',
    cls,
    context: context as Usage['context'],
    as: as as Usage['as'],
    shared: mode === 'R',
  };
};

const reportsOf = (facts: readonly Fact[]) => lockReports(facts.map(keyOf));

const told = (...facts: Fact[]) => reportsOf(facts).map(({ title }) => title);

describe('orders', () => {
  const CIRCULAR = 'possible circular locking dependency detected';

  test('a circle of any length, by the fewest locks', () => {
    expect(told(order('a', 'b'), order('b', 'c'), order('c', 'd'))).toEqual([]);
    expect(told(order('a', 'b'), order('b', 'a'))).toEqual([`${CIRCULAR}: a -> b -> a`]);
    const long = [order('a', 'b'), order('b', 'c'), order('c', 'd'), order('d', 'a')];
    expect(told(...long)).toEqual([`${CIRCULAR}: a -> b -> c -> d -> a`]);
    expect(told(...long, order('c', 'b'))).toEqual([`${CIRCULAR}: b -> c -> b`]);
  });

  test('one report for those that come of the same, one more for another', () => {
    const facts = [order('a', 'b'), order('b', 'a'), order('b', 'c'), order('c', 'a')];
    expect(told(...facts)).toEqual([`${CIRCULAR}: a -> b -> a`]);
    expect(told(...facts, order('x', 'y'), order('y', 'x')).toSorted()).toEqual([
      `${CIRCULAR}: a -> b -> a`,
      `${CIRCULAR}: x -> y -> x`,
    ]);
  });

  test('the same report however the facts come', () => {
    const facts = [order('a', 'b'), order('b', 'c'), order('c', 'a'), order('b', 'a')];
    expect(told(...facts.toReversed())).toEqual(told(...facts));
  });

  test('a recursive reader does not wait for a reader, but for a writer', () => {
    const asked = order('a', 'b', { recursive: true });
    expect(told(asked, order('b', 'a', { shared: true }))).toEqual([]);
    expect(told(asked, order('b', 'a'))).toEqual([`${CIRCULAR}: a -> b -> a`]);
    // Other readers wait for a writer that waits for the reader.
    expect(told(order('a', 'b'), order('b', 'a', { shared: true }))).toHaveLength(1);
  });

  test('the order in which a circle begins does not hide a weak link', () => {
    const facts = [order('b', 'a', { shared: true }), order('a', 'b', { recursive: true })];
    expect(told(...facts)).toEqual([]);
  });
});

describe('interrupts', () => {
  test.each(['HARDIRQ', 'SOFTIRQ'])('%s: taken in one, and held with them on', (irq) => {
    const inside = usage('a', `${irq} in W`);
    expect(told(inside)).toEqual([]);
    expect(told(inside, usage('b', `${irq} on W`))).toEqual([]);
    expect(told(inside, usage('a', `${irq} on W`))).toEqual(['inconsistent lock state: a']);
  });

  test('softirqs do not count as hardirqs', () => {
    expect(told(usage('a', 'HARDIRQ in W'), usage('a', 'SOFTIRQ on W'))).toEqual([]);
  });

  test('two readers are consistent, a reader and a writer are not', () => {
    expect(told(usage('a', 'HARDIRQ in R'), usage('a', 'HARDIRQ on R'))).toEqual([]);
    expect(told(usage('a', 'HARDIRQ in R'), usage('a', 'HARDIRQ on W'))).toHaveLength(1);
    expect(told(usage('a', 'HARDIRQ in W'), usage('a', 'HARDIRQ on R'))).toHaveLength(1);
  });

  const UNSAFE = 'HARDIRQ-safe -> HARDIRQ-unsafe lock order detected';

  test('a lock that one takes is held while one is asked for that may be interrupted', () => {
    const ends = [usage('a', 'HARDIRQ in W'), usage('c', 'HARDIRQ on W')];
    expect(told(...ends, order('a', 'b'))).toEqual([]);
    expect(told(...ends, order('c', 'a'))).toEqual([]);
    expect(told(...ends, order('a', 'c'))).toEqual([`${UNSAFE}: a -> c`]);
    expect(told(...ends, order('a', 'b'), order('b', 'c'))).toEqual([`${UNSAFE}: a -> c`]);
  });

  test('it takes somebody to keep the reader in the interrupt out', () => {
    const ends = [usage('a', 'HARDIRQ in R'), usage('b', 'HARDIRQ on W')];
    expect(told(...ends, order('a', 'b', { shared: true }))).toEqual([]);
    expect(told(...ends, order('a', 'b'))).toEqual([`${UNSAFE}: a -> b`]);
  });

  test('the report names every fact that it takes, and no other', () => {
    const facts = [
      usage('a', 'HARDIRQ in W'),
      usage('a', 'SOFTIRQ on W'),
      order('a', 'b'),
      order('b', 'd'),
      usage('b', 'HARDIRQ on W'),
    ];
    const [report] = reportsOf(facts);
    expect(report!.facts.map((key) => JSON.parse(key))).toEqual([facts[0], facts[2], facts[4]]);
    for (const left_out of [0, 2, 4]) {
      expect(reportsOf(facts.filter((_, at) => at !== left_out))).toEqual([]);
    }
  });
});
