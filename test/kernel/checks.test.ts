import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RULES } from '../../src/model/rules.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { lockstep } from '../cli/lockstep.ts';
import { replayed, same, searched, traced } from '../oracle/compare.ts';

/**
 * Each spec in the folder is about one mistake: a variant that makes it, `bad`, and one that does
 * not, `fixed` (or more of either). Each must give exactly what it states, in every kind of search.
 */
const folder = path.join(import.meta.dirname, '../fixtures/checks');

interface Run {
  readonly spec: string;
  readonly variant: string;
  readonly asExpected: boolean;
}

let runs: Run[];
beforeAll(() => {
  runs = JSON.parse(lockstep(['verify-spec', folder, '--json', '--quiet', '--no-traces']).stdout);
});

const broken = new Set<string>();
let explored = 0;
afterAll(() => {
  // The others have threads that loop: works, timers, RCU.
  expect(explored).toBeGreaterThan(120);
});

test('every rule is broken by some spec', () => {
  const rules = Object.values<readonly string[]>(RULES).flat();
  // Some properties have a rule's name and then what it is about.
  const named = (rule: string) =>
    [...broken].some((name) => name === rule || /^(:| in )/.test(name.replace(rule, '')));
  expect(rules.filter((rule) => !named(rule))).toEqual([]);
});

for (const file of readdirSync(folder)) {
  const loaded = await loadSpec(path.join(folder, file));
  const { name, variants } = loaded.spec;
  for (const { violates = [] } of Object.values(variants))
    for (const property of violates) broken.add(property);

  describe(name, () => {
    test('is the name of the file, and has a broken and a repaired variant', () => {
      expect(`${name}.ts`).toBe(file);
      const breaks = Object.values(variants).map(({ violates = [] }) => violates.length > 0);
      expect(new Set(breaks)).toEqual(new Set([true, false]));
    });

    test.each(Object.keys(variants))('%s', (variant) => {
      const make = () => instantiate(loaded, variant);
      const unreduced = searched(make(), false);
      expect([...unreduced.violated].sort()).toEqual([...make().expected].sort());
      replayed(make(), unreduced.outcome);
      const reduced = searched(make(), true);
      same('reduced', reduced, unreduced);
      replayed(make(), reduced.outcome);
      const byTraces = traced(make());
      if (!('declined' in byTraces)) {
        same('by traces', byTraces, unreduced);
        replayed(make(), byTraces.outcome);
        explored++;
      }
      const run = runs.find((each) => each.spec === name && each.variant === variant);
      expect(run?.asExpected).toBe(true);
    });
  });
}
