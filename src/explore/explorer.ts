import type { Machine, Node, Transition } from '../model/machine.ts';
import type { Report } from '../model/operation.ts';
import type { Program } from '../model/program.ts';
import { SpecError } from '../model/shared.ts';
import { type Broken, brokenBy, brokenByReport, deadlockIn, Findings } from './findings.ts';
import { Frontier } from './frontier.ts';
import { Knowledge } from './knowledge.ts';
import { leakReport, leaksIn } from './leaks.ts';
import { LockFacts } from './lock-facts.ts';
import type { Without } from './optimisations.ts';
import { StateProperty } from './properties.ts';
import { raceReport, racesIn } from './races.ts';
import { Reduction } from './reduction.ts';
import { FULL, NEW, type VisitedTable } from './visited.ts';

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
}

export type FinalState = (machine: Machine, rows: Int32Array, base: number) => void;

interface Touched {
  readonly always: readonly StateProperty[];
  readonly sometimes: readonly StateProperty[];
}

/**
 * Explores a program level by level. Holds what one round of the search needs; the tables of the
 * machine outlive the rounds.
 */
export class Explorer {
  readonly machine: Machine;
  readonly always: readonly StateProperty[];
  readonly atEnd: readonly StateProperty[];
  readonly sometimes: readonly StateProperty[];
  findings = new Findings();
  locks: LockFacts;
  transitions = 0;
  finalStates = 0;
  /** Transitions learned, and objects read by properties, when the round began. */
  begun: { readonly learned: number; readonly footprints: ReadonlyMap<string, readonly string[]> };
  readonly reduce: boolean;
  readonly without: Without;
  private readonly onFinal: FinalState | undefined;
  private knowledge: Knowledge | null = null;
  /** Whether what is known now, by its size, confirms what the round relies on. */
  private confirmed = { size: 0, holds: true };
  private reduction: Reduction | null = null;
  private readonly moves: (Transition | null)[] = [];
  private level = -1;
  /** Witnesses found before this level. */
  private witnessed: ReadonlySet<string> = new Set();
  /** Per transition the properties to be asked after it, once it is known which. */
  private readonly touching: (Touched | undefined)[] = [];
  private readonly broken = new Map<Transition, readonly Broken[]>();
  private readonly races: boolean;

  constructor(machine: Machine, { guarded, reduction, without, onFinal }: ExplorerOptions) {
    const { program } = machine;
    const properties = (list: Program['always']): StateProperty[] =>
      list.map((predicate) => new StateProperty(machine, predicate, guarded));
    if (program.threads.length > MOST_THREADS) {
      throw new SpecError(
        `${program.threads.length} threads; at most ${MOST_THREADS} are possible`,
      );
    }
    this.machine = machine;
    this.locks = new LockFacts(machine, this.findings);
    this.races = !Object.hasOwn(program.unchecked, 'data-race');
    this.always = properties(program.always);
    this.atEnd = properties(program.atEnd);
    this.sometimes = properties(program.sometimes);
    this.begun = { learned: 0, footprints: new Map() };
    this.reduce = reduction;
    this.without = without;
    this.onFinal = onFinal;
  }

  /** The properties whose changes must not be reordered. */
  get visible(): readonly StateProperty[] {
    return [...this.always, ...this.sometimes];
  }

  /** Names of the objects that each visible property was seen to read. */
  footprints(): Map<string, readonly string[]> {
    return new Map(
      this.visible.map(({ name, footprint }) => [
        name,
        [...footprint].map((position) => this.machine.slotAt(position).object.name),
      ]),
    );
  }

  /** Takes over what properties were seen to read elsewhere. */
  extendFootprints(footprints: ReadonlyMap<string, readonly string[]>): void {
    for (const property of this.visible) {
      const objects = footprints.get(property.name) ?? [];
      property.extend(objects.map((name) => this.machine.slotNamed(name).position));
    }
  }

  /** Starts a round: freezes what is known, forgets what was found. */
  beginRound(): void {
    this.findings = new Findings();
    this.locks = new LockFacts(this.machine, this.findings);
    this.beginLevel(-1);
    this.transitions = 0;
    this.finalStates = 0;
    this.begun = { learned: this.machine.learned.length, footprints: this.footprints() };
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
    const { machine, visible } = this;
    const values = machine.slots.reduce((sum, slot) => sum + slot.values.length, 0);
    const read = visible.reduce((sum, { footprint }) => sum + footprint.size, 0);
    return machine.knowledge + values + read;
  }

  private known(): Knowledge {
    const visible = this.visible.map(({ footprint }) => footprint);
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
    this.checkState(frontier, 0, 0, null);
    const rows = frontier.rows;
    this.machine.threads.forEach((_, thread) => {
      this.locks.see(this.machine.node(rows, 0, thread), 0, 0, 0);
    });
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
    if (level !== this.level) this.beginLevel(level);
    for (let index = from; index < to; index++) {
      if (!this.expandState(current, index, next, level, visited)) return index;
    }
    return to;
  }

  /**
   * Which witnesses are still looked for, and which changes make a property be asked again, is
   * settled per level, so that what properties are seen to read, which is knowledge, does not
   * depend on the order of states within a level.
   */
  private beginLevel(level: number): void {
    this.level = level;
    const { witnessed } = this.findings;
    let changed = witnessed.size !== this.witnessed.size;
    if (changed) this.witnessed = new Set(witnessed);
    for (const property of this.visible) if (property.watch()) changed = true;
    if (changed) this.touching.length = 0;
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
    // Marked accesses do not race with each other.
    if (plain && this.races) this.checkRaces(current, base, level, hi, lo);
    if (enabled === 0) {
      this.finish(current, base, level, hi, lo);
      return true;
    }
    const chosen = this.reduction ? this.choose(current, base, hi, lo, level, visited) : 0;
    const moving = chosen || enabled;
    visited.prefetch(hi, lo);
    for (let rest = moving; rest !== 0; rest &= rest - 1) {
      const move = this.moves[31 - Math.clz32(rest & -rest)]!;
      visited.prefetch(hi ^ move.hi, lo ^ move.lo);
    }
    const parent = visited.find(hi, lo);
    const transitions = this.transitions;
    for (let t = 0; t < threads; t++) {
      if ((moving & (1 << t)) === 0) continue;
      const move = this.moves[t]!;
      this.transitions++;
      if (move.reports.length > 0) this.report(move, t, level, hi, lo);
      if (move.crash) continue;
      const nextHi = hi ^ move.hi;
      const nextLo = lo ^ move.lo;
      const seen = visited.insert(nextHi, nextLo, level + 1, parent, t);
      if (seen === FULL) {
        // Explored again after the table has grown: the successors made so far are seen then.
        this.transitions = transitions;
        return false;
      }
      if (seen === NEW) this.enter(current, base, next, move, nextHi, nextLo, level + 1);
    }
    return true;
  }

  private checkRaces(
    { rows }: Frontier,
    base: number,
    level: number,
    hi: number,
    lo: number,
  ): void {
    for (const race of racesIn(this.machine, rows, base, this.moves)) {
      this.offerReport(raceReport(this.machine, race), race.a.node, level, hi, lo);
    }
  }

  /** A report on a state. */
  private offerReport(
    report: Report,
    node: Node | null,
    level: number,
    hi: number,
    lo: number,
  ): void {
    for (const { property, kind, message } of brokenByReport(this.machine, report, node)) {
      this.findings.offer({ property, kind, message, level, hi, lo, thread: -1 });
    }
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
    const seen = visited.levelOf(hi ^ move.hi, lo ^ move.lo);
    return seen < 0 || seen > level;
  }

  private enter(
    current: Frontier,
    base: number,
    next: Frontier,
    move: Transition,
    hi: number,
    lo: number,
    level: number,
  ): void {
    const width = this.machine.width;
    if (width > next.stride) next.widen(width + SLACK);
    const to = next.push(current.rows, base, Math.min(current.stride, next.stride), hi, lo);
    next.rows[to + move.node.thread] = move.next.state.id;
    const { changes } = move;
    for (let i = 0; i < changes.length; i += 2) next.rows[to + changes[i]!] = changes[i + 1]!;
    this.locks.see(move.next, level, hi, lo);
    this.checkState(next, next.count - 1, level, move);
  }

  /** The properties to be asked after a step: those that read what it changes. */
  private touchedBy({ id, changes }: Transition): Touched {
    const known = this.touching[id];
    if (known) return known;
    const reads = ({ watched }: StateProperty): boolean =>
      changes.some((position, i) => i % 2 === 0 && watched.has(position));
    const touched = {
      always: this.always.filter(reads),
      sometimes: this.sometimes.filter(
        (property) => reads(property) && !this.witnessed.has(property.name),
      ),
    };
    this.touching[id] = touched;
    return touched;
  }

  /** Asks the properties whose objects the step changed; all of them when there was no step. */
  private checkState(
    frontier: Frontier,
    index: number,
    level: number,
    move: Transition | null,
  ): void {
    const { always, sometimes } = move ? this.touchedBy(move) : this;
    for (let i = 0; i < always.length; i++) {
      if (this.ask(always[i]!, frontier, index)) continue;
      this.offer(frontier, index, level, {
        property: always[i]!.name,
        kind: 'always',
        message: 'does not hold',
      });
    }
    for (let i = 0; i < sometimes.length; i++) {
      if (this.ask(sometimes[i]!, frontier, index)) {
        this.findings.witnessed.add(sometimes[i]!.name);
      }
    }
  }

  private ask(property: StateProperty, frontier: Frontier, index: number): boolean {
    if (this.machine.width > frontier.stride) frontier.widen(this.machine.width + SLACK);
    return property.holds(frontier.rows, index * frontier.stride, frontier.stride);
  }

  private finish(current: Frontier, base: number, level: number, hi: number, lo: number): void {
    this.finalStates++;
    this.onFinal?.(this.machine, current.rows, base);
    const index = base / current.stride;
    const deadlock = deadlockIn(this.machine, current.rows, base);
    if (deadlock) {
      this.offerReport({ rule: 'deadlock', message: deadlock }, null, level, hi, lo);
    } else {
      const leaks = leaksIn(this.machine, current.rows, base, current.stride);
      if (leaks.length > 0) this.offerReport(leakReport(leaks), null, level, hi, lo);
    }
    for (const property of this.atEnd) {
      if (!this.ask(property, current, index)) {
        this.offer(current, index, level, {
          property: property.name,
          kind: 'atEnd',
          message: 'does not hold when nothing can move any more',
        });
      }
    }
  }

  private offer(
    frontier: Frontier,
    index: number,
    level: number,
    broken: Omit<Broken, 'rule'>,
  ): void {
    this.findings.offer({
      ...broken,
      level,
      hi: frontier.his[index]!,
      lo: frontier.los[index]!,
      thread: -1,
    });
  }

  private report(move: Transition, thread: number, level: number, hi: number, lo: number): void {
    let broken = this.broken.get(move);
    if (!broken) {
      broken = brokenBy(this.machine, move);
      this.broken.set(move, broken);
    }
    for (const { property, kind, message } of broken) {
      this.findings.offer({ property, kind, message, level, hi, lo, thread });
    }
  }
}
