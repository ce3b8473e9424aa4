import path from 'node:path';
import { describe, test } from 'vitest';
import type { Program } from '../../src/model/program.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { brute } from '../oracle/brute.ts';
import { replayed, same, searched } from '../oracle/compare.ts';

const folder = path.join(import.meta.dirname, '../fixtures/merging');

for (const file of ['locals.ts', 'later.ts']) {
  const loaded = await loadSpec(path.join(folder, file));
  describe(loaded.spec.name, () => {
    for (const [variant, { violates }] of Object.entries(loaded.spec.variants)) {
      test(variant, () => {
        const make = (): Program => instantiate(loaded, variant);
        const expected = brute(make());
        same('oracle', { violated: new Set(violates) }, expected);
        for (const reduction of [false, true]) {
          const found = searched(make(), reduction);
          same(reduction ? 'reduced' : 'unreduced', found, expected);
          replayed(make(), found.outcome);
        }
      });
    }
  });
}
