import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TupleMap } from '../../src/model/tuple-map.ts';

it('agrees with a map keyed by text, for tuples of any length', () => {
  const row = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), fc.array(row, { maxLength: 200 }), (k, rows) => {
      const map = new TupleMap<string>(Int32Array.from({ length: k }, (_, i) => 3 - i));
      const model = new Map<string, string>();
      const flat = Int32Array.from(rows.flat());
      rows.forEach((values, index) => {
        const key = values.slice(4 - k).join();
        expect(map.get(flat, index * 4)).toBe(model.get(key));
        if (model.has(key)) return;
        map.set(flat, index * 4, key);
        model.set(key, key);
      });
    }),
  );
});
