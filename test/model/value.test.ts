import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayCursor, frames } from '../../src/model/frames.ts';
import { canonical, deepFreeze, Opaque } from '../../src/model/value.ts';

describe('canonical', () => {
  it('is equal for structurally equal values and different for different ones', () => {
    const plain = fc.jsonValue();
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(canonical([a]) === canonical([b])).toBe(same || Object.is(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it('tells values of different types and signs of zero apart', () => {
    const values = [
      0,
      -0,
      NaN,
      '0',
      '',
      null,
      undefined,
      false,
      true,
      0n,
      [],
      {},
      [undefined],
      [[]],
    ];
    expect(new Set(values.map((value) => canonical([value]))).size).toBe(values.length);
  });

  it('tells one object held twice from two equal objects', () => {
    const one = { n: 1 };
    expect(canonical([one, one])).not.toBe(canonical([one, { n: 1 }]));
    expect(canonical([{ a: one }, [one]])).not.toBe(canonical([{ a: one }, [{ n: 1 }]]));
  });

  it('ends on cyclic objects', () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    expect(canonical([cyclic])).toBe(canonical([cyclic]));
  });

  it('compares closures by site and captured values', () => {
    const closure = (n: number): object =>
      frames.fn(
        'f:1',
        () => n,
        () => [n],
      );
    expect(canonical([closure(1)])).toBe(canonical([closure(1)]));
    expect(canonical([closure(1)])).not.toBe(canonical([closure(2)]));
  });

  it('compares a position in an array by array and index', () => {
    const at = (index: number): ArrayCursor<number> => {
      const cursor = new ArrayCursor([1, 2, 3]);
      for (let i = 0; i < index; i++) cursor.next();
      return cursor;
    };
    expect(canonical([at(1)])).toBe(canonical([at(1)]));
    expect(canonical([at(1)])).not.toBe(canonical([at(2)]));
  });

  it('refuses what it cannot look into', () => {
    class Private {
      #n = 1;
      get n(): number {
        return this.#n;
      }
    }
    const opaque = [
      () => 1,
      new Private(),
      Symbol('s'),
      new Date(0),
      (function* () {})(),
      {
        get n() {
          return 1;
        },
      },
      frames.fn('f:2', () => 1, null),
    ];
    for (const value of opaque) expect(() => canonical([value])).toThrow(Opaque);
  });
});

it('deepFreeze freezes the parts of a value', () => {
  const value = deepFreeze({ list: [{ n: 1 }] });
  expect(() => {
    value.list[0]!.n = 2;
  }).toThrow(TypeError);
});
