import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compile,
  confusion,
  difference,
  explore,
  localStates,
  plain,
  pointsOf,
} from './identity.ts';
import { RandomSource } from './random-source.ts';

const RUNS = Number(process.env.REWRITE_RUNS ?? 400);
const DEPTH = 6;
const upTo = (most: number) => fc.noBias(fc.nat(most));

test('rewritten random programs do the same, and states that look the same go on the same', () => {
  let merged = 0;
  let known = 0;
  let all = 0;
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const source = new RandomSource((n) => gen(upTo, n - 1), 30).module();
      const root = explore(compile(source), DEPTH);
      const found = difference(root, explore(plain(source), DEPTH)) ?? confusion(root);
      if (found) throw new Error(`${found}\n${source}`);
      const points = pointsOf(root);
      all += points.length;
      known += points.filter(({ identity }) => identity !== null).length;
      merged += points.length - localStates(root);
    }),
    { numRuns: RUNS },
  );
  console.log({ all, known, merged });
  expect(known / all).toBeGreaterThan(0.2);
});
