import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TraceSubject, tracePath } from '../../src/verdict/trace-path.ts';

const place = (subject: Partial<TraceSubject>) =>
  tracePath('traces', { spec: 's', variant: 'v', property: 'p', overrides: {}, ...subject });

test('a plain name stays as it is', () => {
  expect(place({ spec: 'slab', variant: 'v5.3', property: 'D3' })).toBe(
    'traces/slab/v5.3.D3.trace.json',
  );
  expect(place({ overrides: { b: 1, a: 2 } })).toBe('traces/s/v+a=2+b=1.p.trace.json');
});

test('a name that cannot be a file is told by a digest', () => {
  expect(place({ property: 'unlock imbalance' })).toMatch(
    /^traces\/s\/v\.unlock-imbalance-[0-9a-f]{8}\.trace\.json$/,
  );
  expect(place({ spec: '../..' })).toMatch(/^traces\/x-[0-9a-f]{8}\/v\.p\.trace\.json$/);
});

test('different subjects have different files, inside the folder', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('a.b', 'a', 'b', 'b.c', 'c', '..', 'a b'),
  );
  const subject = fc.record({
    spec: name,
    variant: name,
    property: name,
    overrides: fc.dictionary(name, fc.nat(9), { maxKeys: 2, noNullPrototype: true }),
  });
  fc.assert(
    fc.property(subject, subject, (a, b) => {
      expect(place(a).split('/')).toHaveLength(3);
      expect(place(a)).not.toContain('/../');
      fc.pre(fc.stringify(a) !== fc.stringify(b));
      const sorted = (s: TraceSubject) => ({ ...s, overrides: Object.entries(s.overrides).sort() });
      fc.pre(fc.stringify(sorted(a)) !== fc.stringify(sorted(b)));
      expect(place(a)).not.toBe(place(b));
    }),
  );
});
