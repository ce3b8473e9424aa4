import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Growth } from '../../src/explore/growth.ts';
import { FRESH, FULL, NEW, nameOf, SEEN, VisitedTable } from '../../src/explore/visited.ts';

/** What the low lane does to the hash of a state. */
const hashOfLow = (low: number) => nameOf(1 << 6, low) ^ (1 << 6);

const lane = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('the table of states', () => {
  it('says NEW once per state, FRESH within the level and SEEN after it', () => {
    const table = VisitedTable.make(16);
    table.insertRoot(0, 0);
    const root = nameOf(0, 0);
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
            table.insert(hi, lo, parent.path.length + 1, nameOf(parent.hi, parent.lo), thread);
            paths.push({ hi, lo, path: [...parent.path, thread] });
          }
          for (let growth = 0; growth < 3; growth++) {
            for (const { hi, lo, path } of paths) {
              expect([...table.pathsTo(hi, lo)]).toContainEqual(path);
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
    const name = ([hi, lo]: [number, number]) => nameOf(hi, lo) >>> 0;
    const paths = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ].map((order) => {
      const table = VisitedTable.make(64);
      table.insertRoot(0, 0);
      parents.forEach(([hi, lo], index) => {
        table.insert(hi, lo, 1, nameOf(0, 0), index);
      });
      for (const index of order) {
        const [hi, lo] = parents[index]!;
        table.insert(42, 42, 2, nameOf(hi, lo), 7);
      }
      return [...table.pathsTo(42, 42)];
    });
    const least = [0, 1, 2].sort((a, b) => name(parents[a]!) - name(parents[b]!))[0]!;
    expect(paths).toEqual([[[least, 7]], [[least, 7]], [[least, 7]]]);
  });

  it('gives all paths where parents have one name, in whatever order they came', () => {
    // Of the same level, and of another.
    const alike = [17, 3, 12].map((low) => [nameOf(3, 9) ^ hashOfLow(low), low] as const);
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const table = VisitedTable.make(64);
      table.insertRoot(0, 0);
      for (const index of order) {
        const [hi, lo] = alike[index]!;
        table.insert(hi, lo, index === 2 ? 2 : 1, nameOf(0, 0), index);
      }
      table.insert(42, 42, 2, nameOf(3, 9), 7);
      expect(new Set(alike.map(([hi, lo]) => nameOf(hi, lo)))).toEqual(new Set([nameOf(3, 9)]));
      const least = alike[0]![0] >>> 0 < alike[1]![0] >>> 0 ? [0, 1] : [1, 0];
      expect([...table.pathsTo(42, 42)]).toEqual(least.map((index) => [index, 7]));
    }
  });
});
