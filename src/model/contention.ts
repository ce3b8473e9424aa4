import type { Asked, Learned, Node } from './machine.ts';
import type { Acquire } from './operation.ts';

/** What contention is told from. */
interface Known {
  readonly nodes: readonly (readonly Node[])[];
  readonly waits: readonly Asked[];
  readonly learned: readonly Learned[];
  handlerOver(rows: Int32Array, base: number, node: Node): string | null;
  readonly width: number;
}

/** How a class of locks is used. */
export interface LockClass {
  readonly name: string;
  /** The threads that take such a lock, or try to, by number. */
  readonly threads: ReadonlySet<number>;
  /** Nobody takes it but to read. */
  readonly shared: boolean;
  /** Where it is taken, or tried to be. */
  readonly nodes: readonly Node[];
}

/** Which locks some thread had to wait for, or failed to get, while another one had them. */
export class Contention {
  private readonly machine: Known;
  private readonly found = new Set<string>();
  private waits = 0;
  private learned = 0;

  constructor(machine: Known) {
    this.machine = machine;
  }

  /** Classes of locks for which somebody waited in a state that was looked at. */
  contended(): ReadonlySet<string> {
    const { waits, learned } = this.machine;
    for (; this.waits < waits.length; this.waits++) {
      const { node, values } = waits[this.waits]!;
      for (const lock of locksOf(node)) {
        if (isTaken(lock, node, values) && !this.isInterrupted(node, values)) {
          this.found.add(classOf(lock));
        }
      }
    }
    for (; this.learned < learned.length; this.learned++) {
      const { transition, values } = learned[this.learned]!;
      const { node, next, crash } = transition;
      for (const lock of crash ? [] : locksOf(node)) {
        // A writer of a semaphore gets in line in one step, and waits in the next.
        const got = countOf(lock, next) > countOf(lock, node);
        if (!got && isTaken(lock, node, values)) this.found.add(classOf(lock));
      }
    }
    return this.found;
  }

  /** Takes over what was found elsewhere. */
  add(contended: readonly string[]): void {
    for (const cls of contended) this.found.add(cls);
  }

  /** The classes of locks that threads hold from one step to another, each a word that they change. */
  classes(): LockClass[] {
    const held = new Set<string>();
    const others = new Set<string>();
    const classes = new Map<string, { threads: Set<number>; shared: boolean; nodes: Node[] }>();
    for (const node of this.machine.nodes.flat()) {
      for (const use of node.state.context.held) if (!use.map) held.add(classOf(use));
      for (const lock of locksOf(node)) {
        const name = classOf(lock);
        if (!node.state.pending!.writes?.some((word) => word.name === lock.lock)) others.add(name);
        const known = classes.get(name) ?? { threads: new Set(), shared: true, nodes: [] };
        classes.set(name, known);
        known.threads.add(node.thread);
        known.nodes.push(node);
        if (lock.mode === 'exclusive') known.shared = false;
      }
    }
    return [...classes]
      .filter(([name]) => held.has(name) && !others.has(name))
      .map(([name, known]) => ({ name, ...known }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Its thread stands still for a handler on its CPU, and does not wait itself. */
  private isInterrupted(node: Node, values: Int32Array): boolean {
    const row = new Int32Array(this.machine.width);
    row[node.thread] = node.state.id;
    node.footprint.forEach((position, at) => {
      row[position] = values[at]!;
    });
    return this.machine.handlerOver(row, 0, node) !== null;
  }
}

function locksOf({ state }: Node): readonly Acquire[] {
  return (state.pending?.acquires ?? []).filter(({ map }) => !map);
}

/** All locks of a class are one, and so are its subclasses. */
function classOf({ lock, cls }: Pick<Acquire, 'lock' | 'cls'>): string {
  return cls === null ? lock : cls.replace(/\/\d+$/, '');
}

function countOf({ lock }: Acquire, { state }: Node): number {
  return state.context.held.filter((use) => use.lock === lock).length;
}

/** Is it not as at the start, where nobody has it? What is written comes first in a footprint. */
function isTaken({ lock }: Acquire, { state }: Node, values: Int32Array): boolean {
  const at = (state.pending!.writes ?? []).findIndex(({ name }) => name === lock);
  return at < 0 || values[at] !== 0;
}
