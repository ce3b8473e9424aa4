import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALL_ON } from '../../src/explore/optimisations.ts';
import { explore, exploreHere, type Level } from '../../src/explore/search.ts';
import { HI, LEVEL, LINK, LO, nameOf, type VisitedTable } from '../../src/explore/visited.ts';
import { Machine } from '../../src/model/machine.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';

/** The last level of a search, with all states that it came to. */
async function searched(name: string, variant: string, symmetry: boolean) {
  const loaded = await loadSpec(path.join(import.meta.dirname, `../fixtures/${name}.ts`));
  const machine = new Machine(instantiate(loaded, variant), guarded);
  const without = symmetry ? ALL_ON : new Set(['symmetry'] as const);
  const levels = explore(machine, { ...UNLIMITED, reduction: false, without });
  let last: Level;
  for (let step = levels.next(); !step.done; ) {
    last = step.value;
    const slices = exploreHere(last);
    let slice = slices.next();
    while (!slice.done) slice = slices.next();
    step = levels.next(slice.value);
  }
  return { machine, ...last! };
}

function statesOf({ slots, capacity }: VisitedTable) {
  return Array.from({ length: capacity }, (_, at) => at * 4)
    .filter((word) => slots[word + HI] !== 0)
    .map((word) => ({
      ...{ hi: slots[word + HI]!, lo: slots[word + LO]! },
      ...{ level: slots[word + LEVEL]!, link: slots[word + LINK]! },
    }));
}

/** Where the threads lead that move. */
function along(machine: Machine, schedule: readonly number[]): { hi: number; lo: number } {
  const row = new Int32Array(machine.width + 16);
  row.set(machine.initialRow());
  let [hi, lo] = [0, 0];
  for (const thread of schedule) {
    const move = machine.transition(row, 0, thread)!;
    row[thread] = move.next.state.id;
    for (let i = 0; i < move.changes.length; i += 2) row[move.changes[i]!] = move.changes[i + 1]!;
    [hi, lo] = [hi ^ move.hi, lo ^ move.lo];
  }
  return { hi, lo };
}

describe.each([
  { name: 'classics/peterson', variant: 'correct', symmetry: false },
  { name: 'symmetry/counter', variant: 'unlocked', symmetry: true },
])('$name', ({ name, variant, symmetry }) => {
  test('states of the same name as those on the way do not lead astray', async () => {
    const { machine, explorer, visited } = await searched(name, variant, symmetry);
    const states = statesOf(visited).filter(({ level }) => level > 0);
    // By another thread, and of a fingerprint that comes first.
    for (const { hi, lo, level, link } of states) {
      const low = lo ^ 0x40;
      const high = hi ^ nameOf(0x100, lo) ^ nameOf(0x100, low);
      expect(nameOf(high, low)).toBe(nameOf(hi, lo));
      const thread = (link & 0x3f) === 0 ? 1 : 0;
      visited.insert(high, low, level, link & ~0x3f, thread);
    }
    let astray = 0;
    for (const { hi, lo, level } of states) {
      expect(along(machine, explorer.scheduleTo({ hi, lo, level }, visited))).toEqual({ hi, lo });
      if ([...visited.pathsTo(hi, lo)].length > 1) astray++;
    }
    expect(astray).toBeGreaterThan(states.length / 2);
  });
});
