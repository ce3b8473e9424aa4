import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack, unpack } from '../../../src/report/html/pack.ts';

/** As the page gets it. */
function there(value: unknown): unknown {
  return unpack(JSON.parse(JSON.stringify(pack(value))));
}

test('what is packed comes back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      expect(JSON.stringify(there(value))).toBe(JSON.stringify(value));
    }),
  );
});

test('the whole comes back where it is also one of its parts', () => {
  for (const value of [[], [[]], [[], [[]]], { a: { a: 1 }, b: [{ a: 1 }] }, null, 0, '', [0, [0]]])
    expect(there(value)).toEqual(value);
});

test('each distinct value is there once', () => {
  const step = { thread: 'A', locals: { s: 'root' }, held: ['slab_mutex'] };
  const steps = Array.from({ length: 100 }, () => structuredClone(step));
  const { values } = pack({ first: steps, second: structuredClone(steps) });
  expect(values.filter((value) => value === 'slab_mutex')).toHaveLength(1);
  expect(values.length).toBeLessThan(12);
});
