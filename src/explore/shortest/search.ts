import type { Machine } from '../../model/machine.ts';
import { Explorer, type Step } from '../explorer.ts';
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
  let visited = VisitedTable.make(1 << 10);
  visited.insertRoot(0, 0);
  const links = new Links(machine.threads.length, visited);
  const explorer = new Explorer(machine, {
    guarded,
    reduction: false,
    without: new Set(['symmetry']),
    onStep: links.step,
  });
  explorer.beginRound(weighed);
  let current = explorer.start();
  let next = explorer.makeFrontier();
  const limit = (table: VisitedTable, more = 0): string | null =>
    interrupted?.() ||
    table.size >= maxStates ||
    memory() + more > maxMemory ||
    now() - began > maxTimeMs
      ? 'given up'
      : null;
  weighed.numberOf = (hi, lo) => links.of(hi, lo);
  for (let level = 0; ; level++) {
    weighed.arrive(level);
    explorer.checks.locks.report(level);
    const last = current.count === 0;
    weighed.settle(last);
    if (last || wanted.every((name) => weighed.settled.has(name))) break;
    links.leave(current);
    const slices = exploreHere({ explorer, visited, current, next, level, round: 1, limit });
    let slice = slices.next();
    while (!slice.done) slice = slices.next();
    if (slice.value.limit) break;
    visited = slice.value.visited;
    paths.advance(next.count, links.successors);
    [current, next] = [next, current];
    next.clear(machine.width);
  }
  return named(machine, weighed, wanted);
}

/** The states of two levels, by number in their frontiers, and where the steps lead from the first. */
class Links {
  private readonly threads: number;
  private table: VisitedTable;
  /** By slot of the table; of no use for states of other levels. */
  private numbers: Int32Array;
  private level: Frontier | null = null;
  /** Per state and thread the state of the next level that it leads to; -1: none. */
  successors = new Int32Array();

  /** @param table the start state only, whose number is 0 */
  constructor(threads: number, table: VisitedTable) {
    this.threads = threads;
    this.table = table;
    this.numbers = new Int32Array(table.capacity);
  }

  of(hi: number, lo: number): number {
    return this.numbers[this.table.find(hi, lo)]!;
  }

  /** The states from which the steps lead now. */
  leave(level: Frontier): void {
    this.level = level;
    this.successors = new Int32Array(level.count * this.threads).fill(-1);
  }

  readonly step: Step = (from, thread, isNew, visited, next) => {
    if (visited !== this.table) this.moveTo(visited, next);
    else if (isNew) this.numbers[visited.slot] = next.count - 1;
    this.successors[from * this.threads + thread] = this.numbers[visited.slot]!;
  };

  /** To a larger table. */
  private moveTo(table: VisitedTable, next: Frontier): void {
    this.table = table;
    this.numbers = new Int32Array(table.capacity);
    for (const { count, his, los } of [this.level!, next])
      for (let n = 0; n < count; n++) this.numbers[table.find(his[n]!, los[n]!)] = n;
  }
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
