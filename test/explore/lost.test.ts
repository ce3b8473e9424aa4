import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { replayed, searched } from '../oracle/compare.ts';

/** Programs whose violation, or its schedule, was once lost, or that once got a wrong value. */
const folder = path.join(import.meta.dirname, '../fixtures/lost');

for (const file of readdirSync(folder).sort()) {
  test(file, async () => {
    const loaded = await loadSpec(path.join(folder, file));
    for (const [name, { violates }] of Object.entries(loaded.spec.variants)) {
      for (const reduction of [true, false]) {
        const { violated, outcome } = searched(instantiate(loaded, name), reduction);
        expect([name, ...violated]).toEqual([name, ...(violates ?? [])]);
        replayed(instantiate(loaded, name), outcome);
      }
    }
  });
}
