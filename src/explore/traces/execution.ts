import type { Machine, Node, Transition } from '../../model/machine.ts';
import type { Action, Dependence } from './dependence.ts';

/** Room for objects that are found on the way. */
const SLACK = 16;

/** A longer one is likely to have no end: code that was not rewritten has no local state twice. */
const MOST_EVENTS = 1 << 13;

const FIRST_CAPACITY = 64;

/** A set of events that has with each event all that it follows from, as a count per thread. */
export type Cut = Int32Array;

/**
 * The execution at hand, event by event, with vector clocks. Steps are taken back one at a time, so
 * nothing is ever run twice, and nothing but `races` is allocated per step.
 */
export class Execution {
  readonly threads: number;
  /** The state at its end. */
  rows: Int32Array;
  hi = 0;
  lo = 0;
  /** Events; the arrays below have one entry for each. */
  length = 0;
  readonly actions: Action[] = [];
  /** The event of the same thread before it; -1: none. */
  previous = new Int32Array(FIRST_CAPACITY);
  /** Number among those of its thread, from 1. */
  index = new Int32Array(FIRST_CAPACITY);
  /** Per thread, how many of its events come before it or are it. */
  clocks: Int32Array;
  /** Events that it follows from directly, and not because of others; null: none. */
  readonly races: (number[] | null)[] = [];
  /** Per thread its last event; -1: none. */
  readonly last: Int32Array;
  /** Threads that have crashed. */
  crashed = 0;
  /** Why this program is not explored by traces. */
  unfit: string | null = null;
  private readonly machine: Machine;
  private readonly dependence: Dependence;
  /** Per cell the last event that wrote it, then, per thread, the last that read it. */
  private accesses: Int32Array;
  /** What steps have overwritten, to take them back: [where in `accesses`, what was there]. */
  private accessLog = new Int32Array(FIRST_CAPACITY);
  private accessLogged = 0;
  private readonly accessMarks: number[] = [];
  private valueLog = new Int32Array(FIRST_CAPACITY);
  private valuesLogged = 0;
  /** Per thread, by local state id: whether it is on the way. */
  private readonly visited: boolean[][];
  private readonly zero: Int32Array;
  /** A state as far as it is needed at the moment. */
  private scratch: Int32Array;
  private readonly found: number[] = [];

  constructor(machine: Machine, dependence: Dependence) {
    this.machine = machine;
    this.dependence = dependence;
    this.threads = machine.threads.length;
    this.rows = new Int32Array(machine.width + SLACK);
    this.clocks = new Int32Array(FIRST_CAPACITY * this.threads);
    this.last = new Int32Array(this.threads).fill(-1);
    this.accesses = new Int32Array(0);
    this.visited = machine.threads.map(() => [true]);
    this.zero = new Int32Array(this.threads);
    this.scratch = new Int32Array(this.rows.length);
  }

  /** What the thread does next; null: it waits, has finished or has crashed. */
  move(thread: number): Transition | null {
    if (this.crashed & (1 << thread)) return null;
    this.fit();
    return this.machine.transition(this.rows, 0, thread);
  }

  node(thread: number): Node {
    return this.machine.node(this.rows, 0, thread);
  }

  /** Takes the step, which must be the thread's next. */
  step(action: Action): void {
    const { thread, transition } = action;
    const event = this.length++;
    if (event === this.index.length) this.grow();
    if (event >= MOST_EVENTS) this.unfit = `a schedule has more than ${MOST_EVENTS} steps`;
    const before = this.last[thread]!;
    this.actions[event] = action;
    this.previous[event] = before;
    this.index[event] = before < 0 ? 1 : this.index[before]! + 1;
    this.last[thread] = event;
    this.order(event, action);
    this.access(event, action);
    const { next, changes, crash } = transition;
    // Its thread goes no further. The others do, to states that they reach without it as well.
    if (crash) {
      this.crashed |= 1 << thread;
      return;
    }
    const { rows } = this;
    for (let i = 0; i < changes.length; i += 2) {
      if (this.valuesLogged === this.valueLog.length) this.valueLog = longer(this.valueLog);
      this.valueLog[this.valuesLogged++] = rows[changes[i]!]!;
      rows[changes[i]!] = changes[i + 1]!;
    }
    rows[thread] = next.state.id;
    this.hi ^= transition.hi;
    this.lo ^= transition.lo;
    const visited = this.visited[thread]!;
    if (visited[next.state.id]) this.unfit = `thread '${this.nameOf(thread)}' loops`;
    visited[next.state.id] = true;
  }

  /** Takes the last step back. */
  undo(): Action {
    const event = --this.length;
    const action = this.actions[event]!;
    const { thread, transition } = action;
    this.last[thread] = this.previous[event]!;
    for (const mark = this.accessMarks[event]!; this.accessLogged > mark; ) {
      this.accessLogged -= 2;
      this.accesses[this.accessLog[this.accessLogged]!] = this.accessLog[this.accessLogged + 1]!;
    }
    const { node, next, changes, crash } = transition;
    if (crash) {
      this.crashed &= ~(1 << thread);
      return action;
    }
    for (let i = changes.length - 2; i >= 0; i -= 2) {
      this.rows[changes[i]!] = this.valueLog[--this.valuesLogged]!;
    }
    this.rows[thread] = node.state.id;
    this.hi ^= transition.hi;
    this.lo ^= transition.lo;
    this.visited[thread]![next.state.id] = false;
    return action;
  }

  /** Does event `a` come before event `b` in every linearisation of the trace, or is it `b`? */
  precedes(a: number, b: number): boolean {
    return this.clocks[b * this.threads + this.actions[a]!.thread]! >= this.index[a]!;
  }

  /** How many events of `thread` come before an event or are it; -1: none do. */
  count(event: number, thread: number): number {
    return event < 0 ? 0 : this.clocks[event * this.threads + thread]!;
  }

  /** What event follows from, with it. */
  past(event: number): Cut {
    const at = event * this.threads;
    return event < 0 ? this.zero : this.clocks.subarray(at, at + this.threads);
  }

  /** What the event follows from, without it. */
  before(event: number): Cut {
    const cut = this.past(event).slice();
    cut[this.actions[event]!.thread]!--;
    return cut;
  }

  /** All events. */
  whole(): Cut {
    return this.last.map((event) => (event < 0 ? 0 : this.index[event]!));
  }

  /** The events of a cut, but for crashes: a way from the start to the state that it leads to. */
  eventsIn(cut: Cut): Action[] {
    return this.actions.filter(
      ({ thread, transition }, event) =>
        event < this.length && this.index[event]! <= cut[thread]! && !transition.crash,
    );
  }

  /**
   * What `thread` would do at `node` after all events but `event` and those that follow from it;
   * null: it would wait.
   */
  moveWithout(event: number, node: Node): Transition | null {
    this.fit();
    const { rows, scratch, actions } = this;
    for (const position of node.footprint) scratch[position] = rows[position]!;
    let logged = this.valuesLogged;
    for (let k = this.length - 1; k >= event; k--) {
      const { changes, crash } = actions[k]!.transition;
      if (crash) continue;
      for (let i = changes.length - 2; i >= 0; i -= 2) {
        scratch[changes[i]!] = this.valueLog[--logged]!;
      }
    }
    for (let k = event + 1; k < this.length; k++) {
      const { changes, crash } = actions[k]!.transition;
      if (crash || this.precedes(event, k)) continue;
      for (let i = 0; i < changes.length; i += 2) scratch[changes[i]!] = changes[i + 1]!;
    }
    scratch[node.thread] = node.state.id;
    return this.machine.transition(scratch, 0, node.thread);
  }

  /** Makes room for objects found since: they have their initial value, 0. */
  private fit(): void {
    if (this.machine.width <= this.rows.length) return;
    const rows = new Int32Array(this.machine.width + SLACK);
    rows.set(this.rows);
    this.rows = rows;
    this.scratch = new Int32Array(rows.length);
  }

  /** Clock and races of an event, from the last accesses to what it accesses. */
  private order(event: number, { reads, writes }: Action): void {
    const { threads, clocks, found, accesses } = this;
    const row = threads + 1;
    found.length = 0;
    if (this.dependence.cells * row > accesses.length) this.widen();
    for (let i = 0; i < reads.length; i++) this.find(this.accesses[reads[i]! * row]!);
    for (let i = 0; i < writes.length; i++) {
      const cell = writes[i]! * row;
      const written = this.accesses[cell]!;
      this.find(written);
      for (let t = 1; t < row; t++) {
        const read = this.accesses[cell + t]!;
        if (read > written) this.find(read);
      }
    }
    const own = event * threads;
    for (let t = 0; t < threads; t++) clocks[own + t] = this.count(this.previous[event]!, t);
    let races: number[] | null = null;
    // The latest first: none of the others can follow from one.
    for (let i = 0; i < found.length; i++) {
      const other = found[i]!;
      if (this.precedes(other, event)) continue;
      races ??= [];
      races.push(other);
      join(clocks, own, clocks, other * threads, threads);
    }
    this.races[event] = races;
    clocks[own + this.actions[event]!.thread] = this.index[event]!;
  }

  /** Notes an event, in falling order. */
  private find(event: number): void {
    if (event < 0) return;
    const { found } = this;
    let at = found.length;
    while (at > 0 && found[at - 1]! < event) at--;
    if (at > 0 && found[at - 1] === event) return;
    found.push(event);
    for (let i = found.length - 1; i > at; i--) found[i] = found[i - 1]!;
    found[at] = event;
  }

  private access(event: number, { thread, reads, writes }: Action): void {
    const row = this.threads + 1;
    this.accessMarks[event] = this.accessLogged;
    for (let i = 0; i < reads.length; i++) this.note(reads[i]! * row + 1 + thread, event);
    for (let i = 0; i < writes.length; i++) this.note(writes[i]! * row, event);
  }

  private note(at: number, event: number): void {
    if (this.accessLogged + 2 > this.accessLog.length) this.accessLog = longer(this.accessLog);
    this.accessLog[this.accessLogged++] = at;
    this.accessLog[this.accessLogged++] = this.accesses[at]!;
    this.accesses[at] = event;
  }

  private widen(): void {
    const accesses = new Int32Array(2 * this.dependence.cells * (this.threads + 1)).fill(-1);
    accesses.set(this.accesses);
    this.accesses = accesses;
  }

  private grow(): void {
    this.previous = longer(this.previous);
    this.index = longer(this.index);
    this.clocks = longer(this.clocks);
  }

  private nameOf(thread: number): string {
    return this.machine.threads[thread]!.declaration.name;
  }
}

/** The least clock that has both, into the first. */
export function join(
  into: Int32Array,
  at: number,
  other: Int32Array,
  from: number,
  length: number,
): void {
  for (let t = 0; t < length; t++) {
    if (other[from + t]! > into[at + t]!) into[at + t] = other[from + t]!;
  }
}

function longer(array: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(array.length * 2);
  twice.set(array);
  return twice;
}
