import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Growth } from '../../src/explore/growth.ts';
import { FRESH, FULL, NEW, SEEN, VisitedTable } from '../../src/explore/visited.ts';

const lane = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('the table of states', () => {
  it('says NEW once per state, FRESH within the level and SEEN after it', () => {
    const table = VisitedTable.make(16);
    table.insertRoot(0, 0);
    const root = table.slot;
    expect(table.insert(5, 6, 1, root, 0)).toBe(NEW);
    expect(table.insert(5, 6, 1, root, 1)).toBe(FRESH);
    expect(table.insert(5, 6, 2, root, 0)).toBe(SEEN);
    expect(table.insert(5, 7, 1, root, 0)).toBe(NEW);
    expect(table.levelOf(5, 6)).toBe(1);
    expect(table.levelOf(6, 5)).toBe(-1);
    expect(table.size).toBe(3);
  });

  it('never says SEEN for a state that it has no room for', () => {
    const table = VisitedTable.make(16);
    table.insertRoot(0, 0);
    const answers = Array.from({ length: 40 }, (_, i) => table.insert((i + 1) * 7919, i, 1, 0, 0));
    expect(answers.filter((answer) => answer === FULL).length).toBeGreaterThan(20);
    expect(answers).not.toContain(SEEN);
  });

  it('keeps every state, level and path when it grows', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(lane, lane), {
          maxLength: 60,
          selector: ([hi, lo]) => `${hi || 1},${lo || 1}`,
        }),
        fc.infiniteStream(fc.nat(30)),
        (states, threads) => {
          let table = VisitedTable.make(128);
          table.insertRoot(0, 0);
          const paths: { hi: number; lo: number; path: number[] }[] = [{ hi: 0, lo: 0, path: [] }];
          for (const [hi, lo] of states) {
            if (table.find(hi, lo) >= 0) continue;
            const parent = paths[threads.next().value % paths.length]!;
            const thread = threads.next().value;
            table.insert(hi, lo, parent.path.length + 1, table.find(parent.hi, parent.lo), thread);
            paths.push({ hi, lo, path: [...parent.path, thread] });
          }
          for (let growth = 0; growth < 3; growth++) {
            for (const { hi, lo, path } of paths) {
              expect(table.pathTo(table.find(hi, lo))).toEqual(path);
              expect(table.levelOf(hi, lo)).toBe(path.length);
            }
            table = Growth.of(table)!.done();
          }
        },
      ),
    );
  });

  it('keeps the same path to a state whichever of its parents comes first', () => {
    const parents: [number, number][] = [
      [3, 1],
      [1, 9],
      [1, 2],
    ];
    const paths = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ].map((order) => {
      const table = VisitedTable.make(64);
      table.insertRoot(0, 0);
      const root = table.slot;
      parents.forEach(([hi, lo], index) => {
        table.insert(hi, lo, 1, root, index);
      });
      for (const index of order) {
        const [hi, lo] = parents[index]!;
        table.insert(42, 42, 2, table.find(hi, lo), 7);
      }
      return table.pathTo(table.find(42, 42));
    });
    expect(paths).toEqual([
      [2, 7],
      [2, 7],
      [2, 7],
    ]);
  });
});
