import { describe, expect, test } from 'vitest';
import type { LockOrder } from '../../../src/explore/outcome.ts';
import { lockOrderOf } from '../../../src/explore/rules/lock-order.ts';
import { type Fact, keyOf } from '../../../src/explore/rules/lockdep.ts';
import { search } from '../../../src/explore/search.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';
import { UNLIMITED } from '../../oracle/unlimited.ts';

const order = (from: string, to: string, more: Partial<Fact> = {}): string =>
  keyOf({ kind: 'order', from, to, shared: false, recursive: false, ...more } as Fact);

const CIRCLE = 'possible circular locking dependency detected';

describe('the graph', () => {
  test('has an order once, read or written, with what is reported of it', () => {
    const facts = [order('b', 'a'), order('a', 'b', { recursive: true }), order('a', 'b')];
    const expected = {
      classes: [
        { name: 'a', usages: [] },
        { name: 'b', usages: [] },
      ],
      edges: [
        { from: 'a', to: 'b', recursive: false, reports: [`${CIRCLE}: a -> b -> a`] },
        { from: 'b', to: 'a', recursive: false, reports: [`${CIRCLE}: a -> b -> a`] },
      ],
    };
    expect(lockOrderOf(facts, {})).toEqual(expected);
    expect(lockOrderOf(facts.toReversed(), {})).toEqual(expected);
  });

  test('tells what is only read, and nothing of rules that are not checked', () => {
    const read = order('a', 'b', { recursive: true });
    const [edge] = lockOrderOf([read], {}).edges;
    expect(edge).toMatchObject({ recursive: true, reports: [] });
    const { edges } = lockOrderOf([order('a', 'b'), order('b', 'a')], { [CIRCLE]: 'why' });
    expect(edges.flatMap(({ reports }) => reports)).toEqual([]);
  });

  test('names the usages as the kernel does', () => {
    const used = keyOf({ kind: 'usage', cls: 'a', context: 'HARDIRQ', as: 'in', shared: false });
    const held = keyOf({ kind: 'usage', cls: 'b', context: 'NMI', as: 'on', shared: false });
    expect(lockOrderOf([held, used], {}).classes).toEqual([
      { name: 'a', usages: ['IN-HARDIRQ-W'] },
      { name: 'b', usages: [] },
    ]);
  });
});

describe.each(['abba', 'lock-cycle', 'irq-lock-order', 'lock-order-guarded', 'flush-under-lock'])(
  'of test/fixtures/checks/%s',
  async (name) => {
    const loaded = await loadSpec(`test/fixtures/checks/${name}.ts`);
    const found = (variant: string, reduction: boolean, without: 'traces'[]): LockOrder =>
      search(instantiate(loaded, variant, {}), {
        ...UNLIMITED,
        reduction,
        without: new Set(without),
      }).lockOrder;

    test.each(Object.keys(loaded.spec.variants))('%s: the same for each search', (variant) => {
      const all = found(variant, false, []);
      expect(all.edges).not.toEqual([]);
      expect(found(variant, true, ['traces'])).toEqual(all);
      expect(found(variant, true, [])).toEqual(all);
    });
  },
);
