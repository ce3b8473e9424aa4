import type { Machine, Node } from '../model/machine.ts';
import { add, type Bits, bits, unite } from './bits.ts';
import { components } from './components.ts';

/** What a thread can still touch from some local state on, without passing a gate. */
export interface Reach {
  readonly reads: Bits;
  readonly writes: Bits;
  /** Operations with a guard that come first on some path: passed only if the guard can hold. */
  readonly gates: readonly Gate[];
}

/** An operation with a guard, and what lies behind it. */
export interface Gate {
  /** Number among all gates of the program. */
  readonly id: number;
  readonly node: Node;
  /** What the guard and the effect depend on. */
  readonly footprint: Bits;
  readonly own: Access;
  behind: Reach;
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
    this.visible = visible.map((positions) => new Set(positions));
    this.size = machine.width + visible.length;
    this.facts = machine.nodes.map((nodes, thread) => this.summarise(nodes.slice(), thread));
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
    const gates = new Map<Node, Gate>();
    for (const node of nodes) {
      if (!node.blocks) continue;
      const own = accesses.get(node)!;
      const footprint = this.emptySet();
      unite(footprint, own.reads);
      const gate: Gate = { id: this.gates.length, node, footprint, own, behind: this.nothing() };
      this.gates.push(gate);
      gates.set(node, gate);
    }
    const reaches = this.reaches(nodes, known, accesses, gates);
    for (const [node, gate] of gates) {
      gate.behind = this.sum(known.get(node)!.map((next) => reaches.get(next)!));
    }
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
    gates: ReadonlyMap<Node, Gate>,
  ): Map<Node, Reach> {
    const reaches = new Map<Node, Reach>();
    const onward = (node: Node): readonly Node[] => (node.blocks ? [] : known.get(node)!);
    for (const component of components(nodes, onward)) {
      const parts: Reach[] = [];
      for (const node of component) {
        const gate = gates.get(node);
        parts.push(
          gate ? { ...this.nothing(), gates: [gate] } : { ...accesses.get(node)!, gates: [] },
        );
        for (const next of onward(node)) {
          const done = reaches.get(next);
          if (done) parts.push(done);
        }
      }
      const reach = this.sum(parts);
      for (const node of component) reaches.set(node, reach);
    }
    return reaches;
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

  private nothing(): Reach {
    return { reads: this.emptySet(), writes: this.emptySet(), gates: [] };
  }

  private sum(parts: readonly Reach[]): Reach {
    if (parts.length === 1) return parts[0]!;
    const total = this.nothing();
    const gates = new Set<Gate>();
    for (const part of parts) {
      unite(total.reads, part.reads);
      unite(total.writes, part.writes);
      for (const gate of part.gates) gates.add(gate);
    }
    return { ...total, gates: [...gates] };
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
