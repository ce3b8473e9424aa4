import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { improve } from '../../src/explore/improve.ts';
import { searchOn } from '../../src/explore/search.ts';
import { Machine } from '../../src/model/machine.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { replayed } from '../oracle/compare.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';

const OPTIONS = { ...UNLIMITED, maxStates: 100_000 };

const switches = (schedule: readonly string[]): number =>
  schedule.filter((thread, at) => at > 0 && schedule[at - 1] !== thread).length;

test('improved schedules break what they broke, in fewest steps and no more switches', async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  let shorter = 0;
  let straighter = 0;
  fc.assert(
    fc.property(randomProgram, (random) => {
      (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
      const program = instantiate(loaded, 'only');
      const machine = new Machine(program, guarded);
      const found = searchOn(machine, { ...OPTIONS, reduction: true });
      const better = improve(machine, found, { ...OPTIONS, reduction: true });
      const full = searchOn(machine, { ...OPTIONS, reduction: false });
      if (!found.complete || !full.complete) return;
      replayed(program, better);
      better.properties.forEach((property, at) => {
        expect(property.verdict).toBe(found.properties[at]!.verdict);
        const old = found.properties[at]!.schedule;
        if (!property.schedule || !old) return;
        const least = full.properties.find(({ name }) => name === property.name)!.schedule!;
        expect(property.schedule.length).toBe(least.length);
        expect(property.shortest).toBe(true);
        if (property.schedule.length < old.length) shorter++;
        if (switches(property.schedule) < switches(least)) straighter++;
        expect(switches(property.schedule)).toBeLessThanOrEqual(switches(least));
      });
    }),
    { numRuns: 400, seed: 20190604 },
  );
  expect(shorter).toBeGreaterThan(0);
  expect(straighter).toBeGreaterThan(0);
});
