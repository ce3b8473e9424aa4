import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Growth, type Part } from '../../src/explore/growth.ts';
import { HI, nameOf, VisitedTable } from '../../src/explore/visited.ts';

/** With many states that have to make way for others; the small one as full as it gets. */
const crowded = (capacity: number) =>
  fc
    .array(fc.tuple(fc.nat(24), fc.nat(3), fc.nat(30)), { minLength: 200, maxLength: 400 })
    .map((states) => {
      const table = VisitedTable.make(capacity);
      table.insertRoot(0, 0);
      for (const [place, hash, thread] of states) {
        // The highest bits of a state say where its place is.
        table.insert((place * 0x5555555) | hash, 1, 1, nameOf(0, 0), thread);
      }
      return table;
    });

function partsOf(count: number): Part[] {
  return Array.from({ length: count }, (_, index) => ({ index, count }));
}

function taken({ slots, capacity }: VisitedTable): number[] {
  return Array.from({ length: capacity }, (_, at) => at).filter((at) => slots[at * 4 + HI] !== 0);
}

describe.each([
  { capacity: 1 << 6, larger: 1 << 9, numRuns: 100 },
  { capacity: 1 << 17, larger: 1 << 18, numRuns: 3 },
])('a table of $capacity that grows', ({ capacity, larger, numRuns }) => {
  it('has the same states, levels and paths, in whatever order its parts are moved', () => {
    fc.assert(
      fc.property(
        crowded(capacity),
        fc.integer({ min: 1, max: 5 }),
        fc.gen(),
        (table, count, gen) => {
          const growth = Growth.of(table)!;
          const whole = { minLength: count, maxLength: count };
          for (const part of gen(fc.shuffledSubarray, partsOf(count), whole)) growth.move(part);
          const { bigger } = growth;
          expect(bigger.capacity).toBe(larger);
          expect(bigger.size).toBe(table.size);
          expect(taken(bigger).length).toBe(table.size);
          for (const at of taken(table)) {
            const [hi, lo] = [table.slots[at * 4]!, table.slots[at * 4 + 1]!];
            expect(bigger.levelOf(hi, lo)).toBe(table.levelOf(hi, lo));
            expect([...bigger.pathsTo(hi, lo)]).toEqual([...table.pathsTo(hi, lo)]);
          }
        },
      ),
      { numRuns },
    );
  });

  it('has parts that no two threads write to', () => {
    fc.assert(
      fc.property(crowded(capacity), fc.integer({ min: 2, max: 5 }), (table, count) => {
        const together = Growth.of(table)!.done();
        const apart = partsOf(count).flatMap((part) => {
          const growth = Growth.of(table)!;
          growth.move(part);
          return taken(growth.bigger);
        });
        expect(apart.sort((a, b) => a - b)).toEqual(taken(together));
      }),
      { numRuns },
    );
  });
});
