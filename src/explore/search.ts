import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import type { FinalState } from './checks.ts';
import { conclude, type Found, withSchedules } from './conclude.ts';
import { Explorer, SLICE } from './explorer.ts';
import type { Frontier } from './frontier.ts';
import { Growth } from './growth.ts';
import { learnByWalking } from './learn.ts';
import { ALL_ON, type Without } from './optimisations.ts';
import type { Outcome } from './outcome.ts';
import { beside, cheaper, type Levels, type Probe } from './probe.ts';
import { exploreTraces } from './traces.ts';
import { VisitedTable } from './visited.ts';

export interface SearchOptions {
  readonly reduction: boolean;
  /** Other optimisations to do without (default: none). */
  readonly without?: Without;
  /** With reduction: to search without it first, unless it pays (default: always reduced). */
  readonly probe?: Probe;
  /** Stop at the first violation. */
  readonly first: boolean;
  /** Stop when all these properties are known to be broken. */
  readonly until?: ReadonlySet<string>;
  /** Schedules of these properties stay as they are found: nobody looks for better ones. */
  readonly asFound?: ReadonlySet<string>;
  readonly maxStates: number;
  /** Milliseconds, by `now`. */
  readonly maxTimeMs: number;
  /** Bytes, by `memory`. */
  readonly maxMemory: number;
  readonly now: () => number;
  /** Bytes that the process has. */
  readonly memory: () => number;
  /** Wraps every entry into spec code. */
  readonly guarded: <T>(code: () => T) => T;
  readonly interrupted?: () => boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly onFinal?: FinalState;
  /** Steps of a turn of an exploration by traces (default: of its own choice). */
  readonly traceSlice?: number;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly round: number;
}

const FIRST_CAPACITY = 1 << 10;

/** One level of the search: the states of `current` are to be explored into `next`. */
export interface Level {
  readonly explorer: Explorer;
  readonly visited: VisitedTable;
  readonly current: Frontier;
  readonly next: Frontier;
  readonly level: number;
  readonly round: number;
  /** Not for others to join in: it may be given up. */
  readonly alone?: boolean;
  /** To be done here before the level is over; others may explore it meanwhile. */
  readonly aside?: Aside;
  /** The limit that ends the search now, in words, or null; with so many bytes more to be had. */
  readonly limit: (visited: VisitedTable, more?: number) => string | null;
}

/** Work that goes on beside a search, in turns. */
export interface Aside {
  /** How much is due, in states that could be explored in that time, about. */
  readonly due: number;
  /** The search need not go on. */
  readonly over: boolean;
  /** Takes a turn; false: none is due. */
  next(): boolean;
}

/** A level explored, here or by others too. */
export interface LevelDone {
  readonly visited: VisitedTable;
  /** States of the next level, wherever they are. */
  readonly count: number;
  readonly limit: string | null;
}

/** Searches a program in this thread. */
export function search(program: Program, options: SearchOptions): Outcome {
  return searchOn(new Machine(program, options.guarded), options);
}

/** As `search`, with what the machine has learned already. */
export function searchOn(machine: Machine, options: SearchOptions): Outcome {
  const levels = explore(machine, options);
  let step = levels.next();
  while (!step.done) {
    const slices = exploreHere(step.value);
    let slice = slices.next();
    while (!slice.done) slice = slices.next();
    step = levels.next(slice.value);
  }
  return step.value;
}

/**
 * Explores a level in this thread, growing the table as needed. Yields between slices, so that an
 * asynchronous caller can let signals through.
 */
export function* exploreHere(work: Level): Generator<void, LevelDone, void> {
  const { explorer, current, next, level, aside } = work;
  let { visited } = work;
  while (aside && !work.limit(visited) && aside.next()) yield;
  if (aside?.over) return { visited, count: 0, limit: null };
  for (let at = 0; at < current.count; ) {
    const limit = work.limit(visited);
    if (limit) return { visited, count: next.count, limit };
    const to = Math.min(at + SLICE, current.count);
    at = explorer.expand(current, at, to, next, level, visited);
    if (at < to) {
      const growth = growthOf(visited, work);
      if (typeof growth === 'string') return { visited, count: next.count, limit: growth };
      visited = growth.done();
    }
    yield;
  }
  return { visited, count: next.count, limit: null };
}

/** A way to a larger table with the same states, or the limit that stands against it, in words. */
export function growthOf(visited: VisitedTable, { limit }: Level): Growth | string {
  return (
    limit(visited, Growth.bytes(visited)) ?? Growth.of(visited) ?? 'the table of states is full'
  );
}

/** The search, level by level: gives each level to its caller to be explored. */
export function explore(machine: Machine, options: SearchOptions): Levels {
  const began = options.now();
  const { reduction, probe, without = ALL_ON } = options;
  const rounds = (more: Pick<SearchOptions, 'reduction'> & Partial<SearchOptions>) =>
    exploreRounds(machine, { ...options, ...more }, began);
  const reduced = (): Levels => {
    const states = rounds({ reduction: true });
    // Traces tell all threads apart, and would not find that threads declared symmetric differ.
    const symmetric = machine.program.symmetric.length > 0 && !without.has('symmetry');
    return symmetric || without.has('traces')
      ? states
      : beside(states, exploreTraces(machine, options));
  };
  if (!reduction) return rounds({ reduction });
  if (!probe || without.has('probe')) return reduced();
  // The plain search has taught the automata what the trial comes to, or it is of no use.
  const untaught = new Set([...without, 'walks' as const]);
  return cheaper(
    rounds({ reduction: false }),
    () => rounds({ reduction: true, without: untaught }),
    reduced,
    probe,
  );
}

/** Rounds repeat until one has learned nothing that its reduction would have had to know. */
function* exploreRounds(machine: Machine, options: SearchOptions, began: number): Levels {
  const { without = ALL_ON } = options;
  const explorer = new Explorer(machine, { ...options, without });
  const earlier = new Map<string, Found>();
  if (options.reduction && !without.has('walks')) learnByWalking(machine);
  for (let round = 1; ; round++) {
    const result = yield* exploreRound(explorer, round, began, options);
    const { visited } = result;
    const found = withSchedules(machine, explorer.findings, (sighting) =>
      explorer.scheduleTo(sighting, visited),
    );
    const stopped = result.limit !== null;
    if (stopped || explorer.roundHolds()) {
      // A violation found in any round is real. A complete last round has them all, and does not
      // depend on how knowledge was gained.
      if (stopped) for (const [name, old] of earlier) if (!found.has(name)) found.set(name, old);
      return outcome(explorer, found, { ...result, round, reduction: options.reduction });
    }
    for (const [name, each] of found) earlier.set(name, each);
  }
}

interface RoundResult {
  readonly visited: VisitedTable;
  /** States that there were as each level began. */
  readonly sizes: readonly number[];
  readonly depth: number;
  readonly limit: string | null;
}

function* exploreRound(
  explorer: Explorer,
  round: number,
  began: number,
  options: SearchOptions,
): Generator<Level, RoundResult, LevelDone> {
  explorer.beginRound();
  let visited = VisitedTable.make(FIRST_CAPACITY);
  visited.insertRoot(0, 0);
  let current = explorer.start();
  let next = explorer.makeFrontier();
  let looked = FIRST_CAPACITY;
  const sizes: number[] = [];
  for (let level = 0; ; level++) {
    sizes.push(visited.size);
    const limit = (table: VisitedTable, more = 0): string | null => {
      const { transitions } = explorer;
      options.onProgress?.({ states: table.size, transitions, depth: level, round });
      return limitOf(table, explorer, began, more, options);
    };
    const done = yield { explorer, visited, current, next, level, round, limit };
    visited = done.visited;
    explorer.checks.locks.report(level + 1);
    if (done.limit || done.count === 0) return { visited, sizes, depth: level, limit: done.limit };
    // A round that is in vain ends before it has become much longer.
    if (visited.size > looked * 2) {
      looked = visited.size;
      if (!explorer.roundHolds()) return { visited, sizes, depth: level, limit: null };
    }
    [current, next] = [next, current];
    next.clear(explorer.machine.width);
  }
}

function limitOf(
  visited: VisitedTable,
  explorer: Explorer,
  began: number,
  more: number,
  options: SearchOptions,
): string | null {
  if (options.interrupted?.()) return 'interrupted';
  const { findings } = explorer;
  const first = options.first && findings.byProperty.size + findings.locks.length > 0;
  if (first) return 'stopped at the first violation';
  if (options.until) {
    const found = findings.all();
    if ([...options.until].every((name) => found.has(name))) return 'all found';
  }
  if (visited.size >= options.maxStates) return `${options.maxStates} states reached`;
  if (options.memory() + more > options.maxMemory) {
    return `${Math.round(options.maxMemory / 2 ** 20)} MB of memory used`;
  }
  if (options.now() - began > options.maxTimeMs) return `${options.maxTimeMs / 1000} s passed`;
  return null;
}

interface Summary extends RoundResult {
  readonly round: number;
  readonly reduction: boolean;
}

function outcome(
  explorer: Explorer,
  found: ReadonlyMap<string, Found>,
  { visited, sizes, depth, limit, round, reduction }: Summary,
): Outcome {
  const { machine, findings, transitions } = explorer;
  const { finalStates } = explorer.checks;
  const states = visited.size;
  const counts = { states, transitions, depth, rounds: round, finalStates };
  const { witnessed, facts } = findings;
  const results = { found, witnessed, lockFacts: facts.keys(), limit, shortest: !reduction };
  const how = { reduction, symmetry: explorer.symmetric, members: explorer.members };
  return conclude(machine, { ...results, ...counts, ...how, fingerprints: states, sizes });
}
