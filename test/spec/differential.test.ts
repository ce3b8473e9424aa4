import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, confusion, difference, explore, plain, pointsOf } from './identity.ts';
import { RandomSource } from './random-source.ts';

/** More for a change of the rewrite: REWRITE_RUNS=20000. */
const RUNS = Number(process.env.REWRITE_RUNS ?? 400);
const DEPTH = 6;
const upTo = (most: number) => fc.noBias(fc.nat(most));

test('rewritten random programs do the same, and states that look the same go on the same', () => {
  const counts = { all: 0, known: 0, different: 0 };
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const source = new RandomSource((n) => gen(upTo, n - 1), 4 + gen(upTo, 26)).module();
      const root = explore(compile(source), DEPTH);
      const found = difference(root, explore(plain(source), DEPTH)) ?? confusion(root);
      if (found) throw new Error(`${found}\n${source}`);
      const open = pointsOf(root).filter(({ seen }) => !/^(returns|throws)/.test(seen));
      const known = open.flatMap(({ identity }) => identity ?? []);
      counts.all += open.length;
      counts.known += known.length;
      counts.different += new Set(known).size;
    }),
    { numRuns: RUNS },
  );
  // Else the programs would say little.
  expect(counts.known / counts.all).toBeGreaterThan(0.5);
  expect(counts.different / counts.known).toBeLessThan(0.7);
});
