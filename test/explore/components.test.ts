import fc from 'fast-check';
import { expect, it } from 'vitest';
import { components } from '../../src/explore/components.ts';

it('finds the components of random graphs, successors first', () => {
  const edge = fc.tuple(fc.nat(9), fc.nat(9));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 30 }), (edges) => {
      const nodes = Array.from({ length: 10 }, (_, n) => n);
      const next = (n: number): number[] =>
        edges.filter(([from]) => from === n).map(([, to]) => to);
      const reach = nodes.map((n) => {
        const seen = new Set<number>();
        const visit = (at: number): void => {
          for (const to of next(at)) if (!seen.has(to)) visit(seen.add(to) && to);
        };
        visit(n);
        return seen;
      });
      const found = components(nodes, next);
      expect(found.flat().sort((a, b) => a - b)).toEqual(nodes);
      const index = new Map(found.flatMap((part, i) => part.map((n): [number, number] => [n, i])));
      for (const a of nodes) {
        for (const b of nodes) {
          const mutual = a === b || (reach[a]!.has(b) && reach[b]!.has(a));
          expect(index.get(a) === index.get(b)).toBe(mutual);
          if (reach[a]!.has(b)) expect(index.get(b)).toBeLessThanOrEqual(index.get(a)!);
        }
      }
    }),
  );
});
