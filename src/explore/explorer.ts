import type { Machine, Transition } from '../model/machine.ts';
import { SpecError } from '../model/shared.ts';
import { Checks, type FinalState } from './checks.ts';
import { Findings, type Sighting } from './findings.ts';
import { Frontier } from './frontier.ts';
import type { Without } from './optimisations.ts';
import { Knowledge } from './reduction/knowledge.ts';
import { Reduction } from './reduction.ts';
import { Orbits } from './symmetry/orbits.ts';
import { FULL, NEW, nameOf, SEEN, type VisitedTable } from './visited.ts';

/** One more thread would not fit a mask of threads. */
const MOST_THREADS = 31;

/** States explored between two looks at limits. */
export const SLICE = 4096;

/** Room for objects that are found while a level is being made. */
const SLACK = 16;

export interface ExplorerOptions {
  /** Wraps every entry into spec code. */
  readonly guarded: <T>(code: () => T) => T;
  readonly reduction: boolean;
  readonly without: Without;
  readonly onFinal?: FinalState | undefined;
  readonly onStep?: Step;
}

/**
 * Told of each step to a state of the next level: of which state, by its index, and of which thread.
 * The one that it leads to is in the last slot of the table asked for, and if it is new the last of
 * the frontier `next`.
 */
export type Step = (
  from: number,
  thread: number,
  isNew: boolean,
  visited: VisitedTable,
  next: Frontier,
) => void;

interface Target {
  hi: number;
  lo: number;
  as: number;
}

/**
 * Explores a program level by level. Holds what one round of the search needs; the tables of the
 * machine outlive the rounds.
 */
export class Explorer {
  readonly machine: Machine;
  readonly checks: Checks;
  transitions = 0;
  /** Transitions learned, and objects read by properties, when the round began. */
  begun: { readonly learned: number; readonly footprints: ReadonlyMap<string, readonly string[]> };
  readonly reduce: boolean;
  readonly without: Without;
  /** Null: all threads are different. */
  private readonly orbits: Orbits | null;
  /** The state that a step leads to: fingerprint, and the permutation that makes it the explored one. */
  private readonly target: Target = { hi: 0, lo: 0, as: 0 };
  private knowledge: Knowledge | null = null;
  /** Whether what is known now, by its size, confirms what the round relies on. */
  private confirmed = { size: 0, holds: true };
  private reduction: Reduction | null = null;
  private readonly onStep: Step | undefined;
  private readonly moves: (Transition | null)[] = [];
  private level = -1;

  constructor(machine: Machine, options: ExplorerOptions) {
    const { guarded, reduction, without, onFinal, onStep } = options;
    const { threads, symmetric } = machine.program;
    if (threads.length > MOST_THREADS) {
      throw new SpecError(`${threads.length} threads; at most ${MOST_THREADS} are possible`);
    }
    this.machine = machine;
    this.orbits =
      symmetric.length > 0 && !without.has('symmetry') ? new Orbits(machine, symmetric) : null;
    this.checks = new Checks(machine, this.orbits, guarded, onFinal);
    this.begun = { learned: 0, footprints: new Map() };
    this.reduce = reduction;
    this.without = without;
    this.onStep = onStep;
  }

  get findings(): Findings {
    return this.checks.findings;
  }

  /** The groups of threads that are taken for the same. */
  get symmetric(): readonly (readonly string[])[] {
    return this.orbits ? this.machine.program.symmetric : [];
  }

  /** In how many ways they can be exchanged. */
  get members(): number {
    return this.orbits?.size ?? 1;
  }

  /** The threads that move on the way to a state that was seen, or to that member of its orbit. */
  scheduleTo({ hi, lo, as = 0 }: Sighting, visited: VisitedTable): readonly number[] {
    for (const path of visited.pathsTo(hi, lo)) {
      if (this.orbits) {
        const schedule = this.orbits.schedule(path, hi, lo, as);
        if (schedule) return schedule;
      } else if (this.leadsTo(path, hi, lo)) return path;
    }
    throw new Error('no path of the table leads to a state that is in it');
  }

  private leadsTo(path: readonly number[], hi: number, lo: number): boolean {
    const { machine } = this;
    const state = new Frontier(machine.width, 1);
    state.push(machine.initialRow(), 0, machine.width, 0, 0);
    for (const thread of path) {
      const move = machine.transition(state.rows, 0, thread);
      if (!move) return false;
      state.take(machine, move);
    }
    return state.his[0] === hi && state.los[0] === lo;
  }

  /** Starts a round: freezes what is known, forgets what was found. */
  beginRound(findings = new Findings()): void {
    this.checks.beginRound(findings);
    this.level = -1;
    this.transitions = 0;
    this.orbits?.learn();
    this.begun = { learned: this.machine.learned.length, footprints: this.checks.footprints() };
    if (!this.reduce) return;
    this.knowledge = this.known();
    this.confirmed = { size: this.knowledgeSize, holds: true };
    this.reduction = new Reduction(this.machine, this.knowledge);
  }

  /** Did the round rely on nothing that turned out to be otherwise? */
  roundHolds(): boolean {
    if (!this.knowledge) return true;
    const size = this.knowledgeSize;
    if (size !== this.confirmed.size) {
      const holds = !this.without.has('rounds') && this.known().confirms(this.knowledge);
      this.confirmed = { size, holds };
    }
    return this.confirmed.holds;
  }

  /** Grows with every new fact that a reduction may rely on. */
  private get knowledgeSize(): number {
    const { machine, checks, orbits } = this;
    const values = machine.slots.reduce((sum, slot) => sum + slot.values.length, 0);
    const read = checks.visible.reduce((sum, { footprint }) => sum + footprint.size, 0);
    return machine.knowledge + values + read + (orbits?.moved ?? 0);
  }

  private known(): Knowledge {
    const { orbits, checks } = this;
    const visible = checks.visible.map(({ footprint }) => orbits?.closure(footprint) ?? footprint);
    return new Knowledge(this.machine, visible, this.without);
  }

  /** A frontier with room for the objects known now. */
  makeFrontier(): Frontier {
    return new Frontier(this.machine.width + SLACK);
  }

  /** The frontier that has the start state only, checked. */
  start(): Frontier {
    const frontier = this.makeFrontier();
    frontier.push(this.machine.initialRow(), 0, this.machine.width, 0, 0);
    this.checks.state(frontier, 0, 0, null);
    return frontier;
  }

  /**
   * Explores the states `from` up to (not including) `to` of a level into `next`.
   * @returns the index of the first state not explored: less than `to` when the table was full
   */
  expand(
    current: Frontier,
    from: number,
    to: number,
    next: Frontier,
    level: number,
    visited: VisitedTable,
  ): number {
    if (level !== this.level) this.checks.beginLevel();
    this.level = level;
    for (let index = from; index < to; index++) {
      if (!this.expandState(current, index, next, level, visited)) return index;
    }
    return to;
  }

  private expandState(
    current: Frontier,
    index: number,
    next: Frontier,
    level: number,
    visited: VisitedTable,
  ): boolean {
    const base = index * current.stride;
    const hi = current.his[index]!;
    const lo = current.los[index]!;
    const threads = this.machine.threads.length;
    let enabled = 0;
    let plain = false;
    for (let t = 0; t < threads; t++) {
      const node = this.machine.node(current.rows, base, t);
      const move = this.machine.transitionOf(node, current.rows, base);
      this.moves[t] = move;
      if (move) enabled |= 1 << t;
      if (node.plain) plain = true;
    }
    if (this.orbits) {
      this.orbits.learn();
      this.orbits.visit(current.rows, base, current.stride);
    }
    // Marked accesses do not race with each other.
    if (plain) this.checks.races(current, index, level, this.moves);
    if (enabled === 0) {
      this.checks.end(current, index, level);
      return true;
    }
    const chosen = this.reduction ? this.choose(current, base, hi, lo, level, visited) : 0;
    const moving = chosen || enabled;
    for (let rest = this.orbits ? 0 : moving; rest !== 0; rest &= rest - 1) {
      const move = this.moves[31 - Math.clz32(rest & -rest)]!;
      visited.prefetch(hi ^ move.hi, lo ^ move.lo);
    }
    const name = nameOf(hi, lo);
    const transitions = this.transitions;
    for (let t = 0; t < threads; t++) {
      if ((moving & (1 << t)) === 0) continue;
      const move = this.moves[t]!;
      this.transitions++;
      if (move.reports.length > 0) this.checks.step(move, level, hi, lo);
      if (move.crash) continue;
      const to = this.after(move, hi, lo);
      const seen = visited.insert(to.hi, to.lo, level + 1, name, t);
      if (seen === FULL) {
        // Explored again after the table has grown: the successors made so far are seen then.
        this.transitions = transitions;
        return false;
      }
      if (seen === NEW) this.enter(current, base, next, move, level + 1);
      if (this.onStep && seen !== SEEN) this.onStep(index, t, seen === NEW, visited, next);
    }
    return true;
  }

  /** A smallest persistent set that may be explored alone, as a mask; 0: explore all. */
  private choose(
    current: Frontier,
    base: number,
    hi: number,
    lo: number,
    level: number,
    visited: VisitedTable,
  ): number {
    const reduction = this.reduction!;
    // The smallest last.
    for (let i = reduction.candidates(current.rows, base, this.moves) - 1; i >= 0; i--) {
      const set = reduction.found[i]!;
      let crash = false;
      let progress = false;
      for (let t = 0; t < this.machine.threads.length; t++) {
        if ((set & (1 << t)) === 0) continue;
        const move = this.moves[t]!;
        // Nothing follows a crash, so it disables, and is dependent on, every other step.
        if (move.crash) crash = true;
        if (!progress) progress = this.progresses(move, hi, lo, level, visited);
      }
      if (progress && !crash) return set;
    }
    return 0;
  }

  /**
   * The ignoring proviso for breadth-first search (Bosnacki, Holzmann, SPIN 2005), sharpened: a step
   * that leaves every cycle of its thread's automaton cannot lie on a cycle of states; any other
   * must lead to a state of the next level, since levels cannot grow all around a cycle.
   */
  private progresses(
    move: Transition,
    hi: number,
    lo: number,
    level: number,
    visited: VisitedTable,
  ): boolean {
    if (this.knowledge!.leavesCycles(move.node, move.next)) return true;
    const to = this.after(move, hi, lo);
    const seen = visited.levelOf(to.hi, to.lo);
    return seen < 0 || seen > level;
  }

  /** The state that a step leads to from the one at hand, by its explored member. */
  private after(move: Transition, hi: number, lo: number): Readonly<Target> {
    if (this.orbits) {
      this.orbits.least(move);
      return this.orbits;
    }
    this.target.hi = hi ^ move.hi;
    this.target.lo = lo ^ move.lo;
    return this.target;
  }

  private enter(
    current: Frontier,
    base: number,
    next: Frontier,
    move: Transition,
    level: number,
  ): void {
    const { hi, lo, as } = this.orbits ?? this.target;
    const width = this.machine.width;
    if (width > next.stride) next.widen(width + SLACK);
    const to = next.push(current.rows, base, Math.min(current.stride, next.stride), hi, lo);
    next.rows[to + move.node.thread] = move.next.state.id;
    const { changes } = move;
    for (let i = 0; i < changes.length; i += 2) next.rows[to + changes[i]!] = changes[i + 1]!;
    this.orbits?.turn(next.rows, to, next.stride, as);
    this.checks.state(next, next.count - 1, level, this.orbits ? null : move);
  }
}
