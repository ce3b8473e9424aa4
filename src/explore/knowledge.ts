import type { Machine, Node } from '../model/machine.ts';
import { canonical, Opaque } from '../model/value.ts';
import { add, type Bits, bits, unite } from './bits.ts';
import { components } from './components.ts';

/** What a thread can still touch from some local state on, without passing a gate. */
export interface Reach {
  readonly reads: Bits;
  readonly writes: Bits;
  /** Operations with a guard that come first on some path: passed only if the guard can hold. */
  readonly gates: readonly Gate[];
}

/**
 * An operation with a guard, at one or more local states of a thread that are reached together:
 * `mutex_lock(slab_mutex)` wherever it is called. The guard holds at all of them or at none.
 */
export interface Gate {
  /** Number among all gates of the program. */
  readonly id: number;
  /** One of the local states, to ask for the guard. */
  readonly node: Node;
  /** What the guard and the effect depend on. */
  readonly footprint: Bits;
  readonly own: Access;
  /** What lies behind the gate; worked out when first asked for. */
  readonly behind: () => Reach;
}

export interface Access {
  readonly reads: Bits;
  readonly writes: Bits;
}

/** The facts about one local state that a round's reduction relies on. */
export interface Facts {
  /** What the pending operation touches. */
  readonly access: Access;
  /** What the thread can touch from here on, up to the first gates (inclusive when unguarded). */
  readonly reach: Reach;
  /** Cycle of the thread's automaton that this state lies on; -1: none. */
  readonly cycle: number;
}

/**
 * The automata as they were known at the start of a round, summed up for the reduction. Frozen:
 * what is learned later is not in it, and makes another round necessary.
 *
 * Sets are over row positions, and one extra position for each property: an operation that writes
 * an object which the property reads also writes the property, so that no two such operations
 * commute (visibility, condition C2 of ample sets).
 */
export class Knowledge {
  readonly gates: Gate[] = [];
  private readonly facts: (Facts | undefined)[][];
  private readonly size: number;
  private readonly machine: Machine;
  private readonly visible: readonly ReadonlySet<number>[];

  /** @param visible per property, the row positions it has been seen to read */
  constructor(machine: Machine, visible: readonly ReadonlySet<number>[]) {
    this.machine = machine;
    this.visible = visible;
    this.size = machine.width + visible.length;
    this.facts = machine.nodes.map((nodes, thread) => this.summarise(nodes, thread));
  }

  /** Facts on a local state known at the start of the round; undefined: learned since. */
  of(node: Node): Facts | undefined {
    return this.facts[node.thread]![node.state.id];
  }

  emptySet(): Bits {
    return bits(this.size);
  }

  private summarise(all: readonly Node[], thread: number): (Facts | undefined)[] {
    const nodes = all.filter((node) => node !== undefined);
    const known = new Map(nodes.map((node) => [node, node.successors.slice()]));
    const accesses = new Map(nodes.map((node) => [node, this.accessOf(node)]));
    const reaches = this.reaches(nodes, known, accesses);
    const cycles = cyclesOf(nodes, known, thread);
    const facts: (Facts | undefined)[] = [];
    for (const node of nodes) {
      facts[node.state.id] = {
        access: accesses.get(node)!,
        reach: reaches.get(node)!,
        cycle: cycles.get(node) ?? -1,
      };
    }
    return facts;
  }

  /** Per local state, what can be touched before a gate is passed: one sum per component. */
  private reaches(
    nodes: readonly Node[],
    known: ReadonlyMap<Node, readonly Node[]>,
    accesses: ReadonlyMap<Node, Access>,
  ): Map<Node, Reach> {
    const sums = new Map<Node, Sum>();
    const reaches = new Map<Node, Reach>();
    const onward = (node: Node): readonly Node[] => (node.blocks ? [] : known.get(node)!);
    const gatesAt = this.gateMaker(known, accesses, (node) => sums.get(node)!);
    for (const component of components(nodes, onward)) {
      const sum: Sum = { ...this.nothing(), stops: new Set() };
      for (const node of component) {
        if (node.blocks) sum.stops.add(node);
        else this.include(sum, { ...accesses.get(node)!, stops: new Set() });
        for (const next of onward(node)) {
          const done = sums.get(next);
          if (done) this.include(sum, done);
        }
      }
      for (const node of component) sums.set(node, sum);
    }
    const made = new Map<Sum, Reach>();
    for (const node of nodes) {
      const sum = sums.get(node)!;
      let reach = made.get(sum);
      if (!reach) {
        reach = { reads: sum.reads, writes: sum.writes, gates: gatesAt(sum.stops) };
        made.set(sum, reach);
      }
      reaches.set(node, reach);
    }
    return reaches;
  }

  /** Groups local states that stop at the same guard into one gate; equal groups are one gate. */
  private gateMaker(
    known: ReadonlyMap<Node, readonly Node[]>,
    accesses: ReadonlyMap<Node, Access>,
    sumAt: (node: Node) => Sum,
  ): (stops: ReadonlySet<Node>) => Gate[] {
    const made = new Map<string, Gate>();
    const signatures = new Map<Node, string>();
    const gatesAt = (stops: ReadonlySet<Node>): Gate[] => {
      const groups = new Map<string, Node[]>();
      for (const node of stops) {
        const signature = signatures.get(node) ?? guardOf(node);
        signatures.set(node, signature);
        groups.set(signature, [...(groups.get(signature) ?? []), node]);
      }
      return [...groups.values()].map((group) => {
        const key = group
          .map(({ state }) => state.id)
          .sort((a, b) => a - b)
          .join();
        let gate = made.get(key);
        if (!gate) {
          gate = this.makeGate(group, accesses, () => {
            const behind: Sum = { ...this.nothing(), stops: new Set() };
            for (const node of group) {
              for (const next of known.get(node)!) this.include(behind, sumAt(next));
            }
            return { reads: behind.reads, writes: behind.writes, gates: gatesAt(behind.stops) };
          });
          made.set(key, gate);
        }
        return gate;
      });
    };
    return gatesAt;
  }

  private makeGate(
    group: readonly Node[],
    accesses: ReadonlyMap<Node, Access>,
    work: () => Reach,
  ): Gate {
    const own = accesses.get(group[0]!)!;
    let behind: Reach | null = null;
    const gate: Gate = {
      id: this.gates.length,
      node: group[0]!,
      footprint: own.reads,
      own,
      behind: () => {
        behind ??= work();
        return behind;
      },
    };
    this.gates.push(gate);
    return gate;
  }

  private include(into: Sum, part: Sum): void {
    unite(into.reads, part.reads);
    unite(into.writes, part.writes);
    for (const node of part.stops) into.stops.add(node);
  }

  private accessOf(node: Node): Access {
    const reads = this.emptySet();
    const writes = this.emptySet();
    for (const position of node.footprint) add(reads, position);
    for (const position of node.writes) {
      add(writes, position);
      this.visible.forEach((positions, property) => {
        if (positions.has(position)) add(writes, this.machine.width + property);
      });
    }
    return { reads, writes };
  }

  private nothing(): Access {
    return { reads: this.emptySet(), writes: this.emptySet() };
  }
}

/** A reach while it is being added up: with the local states at which guards stop it. */
interface Sum extends Access {
  readonly stops: Set<Node>;
}

/**
 * Equal for local states of a thread whose guards hold together: the operation, and whether the
 * call itself is wrong there, since then it does not wait.
 */
function guardOf({ state }: Node): string {
  const { name, args, writes, reads, check } = state.pending!;
  try {
    const wrong = check?.(state.context)?.rule ?? '';
    return canonical([name, args ?? [], writes ?? [], reads ?? [], wrong]);
  } catch (error) {
    if (!(error instanceof Opaque)) throw error;
    return `only ${state.id}`;
  }
}

function cyclesOf(
  nodes: readonly Node[],
  known: ReadonlyMap<Node, readonly Node[]>,
  thread: number,
): Map<Node, number> {
  const cycles = new Map<Node, number>();
  components(nodes, (node) => known.get(node)!).forEach((component, index) => {
    const first = component[0]!;
    if (component.length === 1 && !known.get(first)!.includes(first)) return;
    for (const node of component) cycles.set(node, (index << 6) | thread);
  });
  return cycles;
}
