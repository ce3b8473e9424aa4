import { describe, expect, test } from 'vitest';
import { search } from '../../src/explore/search.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';

const loaded = await loadSpec('specs/kmem-cache-dying/spec.ts');

function outcome(variant: string, reduction: boolean) {
  const program = instantiate(loaded, variant, {});
  const found = search(program, {
    reduction,
    first: false,
    maxStates: 2_000_000,
    maxTimeMs: 60_000,
    now: () => Date.now(),
    guarded,
  });
  const broken = found.properties
    .filter((each) => each.verdict !== 'holds')
    .map((each) => each.name);
  return {
    complete: found.complete,
    broken: broken.sort(),
    expected: [...program.expected].sort(),
  };
}

describe.each([true, false])('reduction %s', (reduction) => {
  // The whole graph of some: each kind of property, broken and holding.
  const some = [
    'seed',
    'repaired',
    'flag-after-flush',
    'one-memcg',
    'free-after-destroy-without-lock',
  ];
  const variants = reduction ? Object.keys(loaded.spec.variants) : some;
  test.each(variants)('%s breaks exactly what it states', (variant) => {
    const { complete, broken, expected } = outcome(variant, reduction);
    expect(complete).toBe(true);
    expect(broken).toEqual(expected);
  });
});

test('a264df74df38 is found in v5.3 and not in v5.4', () => {
  expect(outcome('v5.3', true).broken).toContain('percpu_ref exit while a switch is in flight');
  expect(outcome('v5.4', true).broken).toEqual([]);
});
