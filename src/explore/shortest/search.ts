import type { Machine } from '../../model/machine.ts';
import { Explorer } from '../explorer.ts';
import type { Finding } from '../findings.ts';
import type { Frontier } from '../frontier.ts';
import { exploreHere, type SearchOptions } from '../search.ts';
import { VisitedTable } from '../visited.ts';
import { Paths } from './paths.ts';
import { Weighed } from './weighed.ts';

/** A shortest way to break a property, and of those one with the fewest switches. */
export interface Shortest {
  readonly finding: Finding;
  readonly schedule: readonly string[];
  /** Runs before it, each a shortest one to what lockdep learns there. */
  readonly earlier: readonly (readonly string[])[];
}

/**
 * Breadth first, with every interleaving and all threads told apart, until the properties wanted
 * are broken. Of the level at which one is first broken, all states and steps that do so are weighed.
 *
 * @returns none for properties that it does not come to within `maxStates` and the other limits
 */
export function shortestSchedules(
  machine: Machine,
  wanted: readonly string[],
  options: SearchOptions,
): Map<string, Shortest> {
  const { guarded, now, memory, maxStates, maxTimeMs, maxMemory, interrupted } = options;
  const began = now();
  const paths = new Paths(machine.threads.length);
  const weighed = new Weighed(paths);
  const explorer = new Explorer(machine, {
    guarded,
    reduction: false,
    without: new Set(['symmetry']),
  });
  explorer.beginRound(weighed);
  let visited = VisitedTable.make(1 << 10);
  visited.insertRoot(0, 0);
  let current = explorer.start();
  let next = explorer.makeFrontier();
  const limit = (table: VisitedTable, more = 0): string | null =>
    interrupted?.() ||
    table.size >= maxStates ||
    memory() + more > maxMemory ||
    now() - began > maxTimeMs
      ? 'given up'
      : null;
  const numbers = new Numbers(visited);
  numbers.add(current);
  weighed.numberOf = (hi, lo) => numbers.of(hi, lo);
  for (let level = 0; ; level++) {
    weighed.arrive(level);
    explorer.checks.locks.report(level);
    const last = current.count === 0;
    weighed.settle(last);
    if (last || wanted.every((name) => weighed.settled.has(name))) break;
    const slices = exploreHere({ explorer, visited, current, next, level, round: 1, limit });
    let slice = slices.next();
    while (!slice.done) slice = slices.next();
    if (slice.value.limit) break;
    visited = slice.value.visited;
    numbers.replace(visited, current, next);
    paths.advance(next.count, successorsIn(machine, current, numbers));
    [current, next] = [next, current];
    next.clear(machine.width);
  }
  return named(machine, weighed, wanted);
}

/** The number in its level of each state of the level at hand. */
class Numbers {
  private table: VisitedTable;
  /** By slot of the table; -1: of an earlier level. */
  private numbers: Int32Array;

  constructor(table: VisitedTable) {
    this.table = table;
    this.numbers = new Int32Array(table.capacity).fill(-1);
  }

  of(hi: number, lo: number): number {
    return this.numbers[this.table.find(hi, lo)]!;
  }

  add({ count, his, los }: Frontier): void {
    for (let n = 0; n < count; n++) this.numbers[this.table.find(his[n]!, los[n]!)] = n;
  }

  /** On to the next level, which may be in a larger table. */
  replace(table: VisitedTable, { count, his, los }: Frontier, next: Frontier): void {
    if (table === this.table) {
      for (let n = 0; n < count; n++) this.numbers[table.find(his[n]!, los[n]!)] = -1;
    } else {
      this.table = table;
      this.numbers = new Int32Array(table.capacity).fill(-1);
    }
    this.add(next);
  }
}

/** Per state of a level and thread, the number of the state of the next level that it leads to. */
function successorsIn(machine: Machine, level: Frontier, numbers: Numbers): Int32Array {
  const threads = machine.threads.length;
  const successors = new Int32Array(level.count * threads).fill(-1);
  for (let n = 0; n < level.count; n++) {
    for (let thread = 0; thread < threads; thread++) {
      const move = machine.transition(level.rows, n * level.stride, thread);
      if (!move || move.crash) continue;
      successors[n * threads + thread] = numbers.of(
        level.his[n]! ^ move.hi,
        level.los[n]! ^ move.lo,
      );
    }
  }
  return successors;
}

function named(
  machine: Machine,
  weighed: Weighed,
  wanted: readonly string[],
): Map<string, Shortest> {
  const names = (run: readonly number[]): string[] =>
    run.map((thread) => machine.threads[thread]!.declaration.name);
  const found = new Map<string, Shortest>();
  for (const name of wanted) {
    const settled = weighed.settled.get(name);
    if (!settled) continue;
    const { run, earlier } = weighed.runsOf(settled);
    const runs = new Map(earlier.map((each) => [each.join(), names(each)]));
    found.set(name, {
      finding: settled.finding,
      schedule: names(run),
      earlier: [...runs.values()],
    });
  }
  return found;
}
