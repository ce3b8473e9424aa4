import type { Node, Transition } from '../../model/machine.ts';
import type { StateProperty } from '../properties.ts';

/**
 * A transition as an event of a trace. Cells are numbers of shared objects, and of groups of them.
 */
export interface Action {
  readonly transition: Transition;
  readonly thread: number;
  /** What it depends on and leaves as it is. */
  readonly reads: Int32Array;
  /** What it changes. */
  readonly writes: Int32Array;
  /** How it accesses data: not, marked only, plainly. */
  readonly access: 0 | 1 | 2;
  /** Properties that read what it changes. */
  readonly visible: readonly StateProperty[];
}

/** What an operation that waits would be, as far as it is known: it depends on all its guard reads. */
export type Waiting = Pick<Action, 'reads' | 'writes' | 'access'>;

/**
 * Which transitions commute, by what they do: one that leaves an object as it is only reads it.
 * Guard and effect are a function of the values of the node's footprint. So if neither of two
 * transitions changes an object in the other's footprint, each runs after the other as it does
 * before it, guards included, and both orders lead to the same state; and what a thread does next
 * stays the same, enabled or not, until a transition comes that changes something in its footprint,
 * which is dependent on it. This holds for the transitions themselves, as labels of a trace, so that
 * traces are those of Mazurkiewicz. It is finer than by operations: a failed cmpxchg, a store of the
 * value that is there already, only read.
 *
 * Groups are objects of which every two changes are dependent on each other:
 * - what a property reads, so that each trace has the one order of all its values (condition C2 of
 *   ample sets, as in Knowledge);
 * - what one guard reads, if two of these objects are ever changed. Writes of one object are in an
 *   order in each trace, so "before which of them did the guard hold?" has an answer; for several
 *   objects any subset of writes might have to go (see `reverseGuarded` in explorer.ts).
 *
 * Groups follow from what was seen to be read and changed. When that grows so that another group is
 * found, what was explored was for too few of them: `stale`.
 */
export class Dependence {
  stale = false;
  /** Some thread comes to a plain access. */
  plain = false;
  /** Cells in use. */
  cells = 0;
  private readonly properties: readonly StateProperty[];
  /** Positions that some transition changes. */
  private readonly changed = new Set<number>();
  /** Footprints of guards that read several objects. */
  private readonly guards = new Map<string, readonly number[]>();
  private groups: readonly (readonly number[])[] = [];
  private known = '';
  private footprints = 0;
  private cellOf: (number | undefined)[] = [];
  /** By the transition's number. */
  private actions: (Action | undefined)[] = [];
  private waiting = new Map<Node, Waiting>();

  constructor(properties: readonly StateProperty[]) {
    this.properties = properties;
  }

  /** Starts a round with all groups that are known. */
  begin(): void {
    this.stale = false;
    this.groups = this.groupsNow();
    this.known = JSON.stringify(this.groups);
    this.footprints = this.footprintSize();
    this.cells = this.groups.length;
    this.cellOf = [];
    this.actions = [];
    this.waiting = new Map();
  }

  actionOf(transition: Transition): Action {
    const known = this.actions[transition.id];
    if (known) return known;
    const { node, crash } = transition;
    // Nothing follows a crash, so what it changes is never seen.
    const positions = crash ? [] : [...transition.changes.filter((_, i) => i % 2 === 0)];
    const { size } = this.changed;
    for (const position of positions) this.changed.add(position);
    if (this.changed.size > size) this.reconsider();
    const groups = [...this.groups.keys()].filter((group) =>
      positions.some((position) => this.groups[group]!.includes(position)),
    );
    const action: Action = {
      transition,
      thread: node.thread,
      reads: this.cellsOf([...node.footprint].filter((position) => !positions.includes(position))),
      writes: Int32Array.from([...this.cellsOf(positions), ...groups]),
      access: accessAt(node),
      visible: this.properties.filter(({ footprint }) => positions.some((p) => footprint.has(p))),
    };
    this.actions[transition.id] = action;
    return action;
  }

  waitingAt(node: Node): Waiting {
    let waiting = this.waiting.get(node);
    if (!waiting) {
      const reads = this.cellsOf([...node.footprint]);
      waiting = { reads, writes: new Int32Array(0), access: accessAt(node) };
      this.waiting.set(node, waiting);
    }
    return waiting;
  }

  /** A thread has come to a local state. */
  meet(node: Node): void {
    const { state, footprint } = node;
    if (node.plain) this.plain = true;
    if (!state.pending?.blocks || footprint.length < 2) return;
    const key = footprint.join();
    if (this.guards.has(key)) return;
    this.guards.set(key, [...footprint]);
    this.reconsider();
  }

  /** Are there new groups? To be asked when a property may have read more than before. */
  reconsider(): void {
    if (this.footprintSize() > this.footprints) this.stale = true;
    if (!this.stale && JSON.stringify(this.groupsNow()) !== this.known) this.stale = true;
  }

  private groupsNow(): number[][] {
    const sets = [
      ...this.properties.map(({ footprint }) => [...footprint]),
      ...this.guards.values(),
    ]
      .map((set) => set.filter((position) => this.changed.has(position)).sort((a, b) => a - b))
      .filter((set) => set.length > 1)
      .sort((a, b) => b.length - a.length || (a.join() < b.join() ? -1 : 1));
    const kept: number[][] = [];
    for (const set of sets) {
      if (!kept.some((other) => set.every((each) => other.includes(each)))) kept.push(set);
    }
    return kept;
  }

  private footprintSize(): number {
    return this.properties.reduce((sum, { footprint }) => sum + footprint.size, 0);
  }

  private cellsOf(positions: readonly number[]): Int32Array {
    return Int32Array.from(positions, (position) => {
      this.cellOf[position] ??= this.cells++;
      return this.cellOf[position]!;
    });
  }
}

function accessAt({ accesses, plain }: Node): 0 | 1 | 2 {
  if (accesses.length === 0) return 0;
  return plain ? 2 : 1;
}

/** Of two threads. */
export function dependent(a: Waiting, b: Waiting): boolean {
  return meets(a.writes, b.writes) || meets(a.writes, b.reads) || meets(a.reads, b.writes);
}

/** Do they access data in one object, one of them plainly? */
export function mayOverlap(a: Waiting, b: Waiting): boolean {
  if (a.access === 0 || b.access === 0 || a.access + b.access < 3) return false;
  return dependent(a, b) || meets(a.reads, b.reads);
}

/** Both are short: mostly one cell. */
function meets(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) if (a[i] === b[j]) return true;
  }
  return false;
}
