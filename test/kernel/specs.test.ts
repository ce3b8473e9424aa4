import { describe, expect, test } from 'vitest';
import { search } from '../../src/explore/search.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { type LoadedSpec, loadSpec } from '../../src/spec/load.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';

/** The specs with each search by itself: what a probe would choose is tested with the kept traces. */

const dying = await loadSpec('specs/kmem-cache-dying/spec.ts');
const alias = await loadSpec('specs/kmem-cache-alias/spec.ts');
const ptr = await loadSpec('specs/mem-cgroup-ptr/spec.ts');

/** Their reduced searches take too long for a test, and their full ones are that of the kept traces. */
const LARGE = [
  'rfc-parent-online',
  'rfc-parent-online-mended',
  'rfc-parent-online-plain-css',
  'rfc-parent-online-plain-css-mended',
  'rfc-parent-dying',
  'rfc-parent-dying-mended',
  'rfc-readers',
  'rfc-depth-3',
  'rfc-up-to-root',
  'v5.9-parent-dying',
  'v5.9-readers',
  'v5.9-up-to-root',
];

function outcome(loaded: LoadedSpec, variant: string, reduction: boolean) {
  const program = instantiate(loaded, variant, {});
  const found = search(program, {
    ...UNLIMITED,
    reduction,
    without: new Set(['traces']),
    maxStates: 2_000_000,
    maxTimeMs: 60_000,
    now: () => Date.now(),
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

function breaksWhatItStates(loaded: LoadedSpec, variant: string, reduction: boolean): void {
  const { complete, broken, expected } = outcome(loaded, variant, reduction);
  expect(complete).toBe(true);
  expect(broken).toEqual(expected);
}

describe.each([dying, alias, ptr].map((loaded) => [loaded.spec.name, loaded] as const))(
  '%s, reduced',
  (_, loaded) => {
    const variants = Object.keys(loaded.spec.variants).filter((name) => !LARGE.includes(name));
    test.each(variants)('%s', (variant) => breaksWhatItStates(loaded, variant, true));
  },
);

describe.each([
  [dying, ['seed', 'repaired', 'flag-after-flush', 'one-memcg', 'free-after-destroy-without-lock']],
  [alias, ['v5.4-used', '5.4.y-returned', 'v5.8-deserted-locked']],
  [ptr, ['rfc', 'rfc-id-lets-go', 'v5.9-charger', 'rfc-flat-plain-count']],
] as const)('in full', (loaded, some) => {
  test.each(some)(`${loaded.spec.name}/%s`, (variant) =>
    breaksWhatItStates(loaded, variant, false),
  );
});

test('a264df74df38 is found in v5.3 and not in v5.4', () => {
  const found = outcome(dying, 'v5.3', true).broken;
  expect(found).toContain('percpu_ref exit while a switch is in flight');
  expect(outcome(dying, 'v5.4', true).broken).toEqual([]);
});
