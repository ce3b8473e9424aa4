import type { Machine, Node, Transition } from '../../model/machine.ts';
import { canonical, Opaque } from '../../model/value.ts';
import { components } from '../components.ts';
import type { Without } from '../optimisations.ts';
import { add, type Bits, bits, isSubset, unite } from './bits.ts';
import { Condition } from './condition.ts';
import { type Access, Conflicts } from './conflicts.ts';
import { Way } from './way.ts';

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
  /** Equal for gates of one thread whose guards hold together. */
  readonly guard: string;
  /** One of the local states, to ask for the guard. */
  readonly node: Node;
  /** Number of what the guard and the effect depend on. */
  readonly footprint: number;
  readonly own: Access;
  /** The guard by its values; null: whatever changes, it may become true. */
  readonly condition: Condition | null;
  /** Per position of the condition its number as a footprint. */
  readonly parts: readonly number[];
  /** What lies behind the gate; worked out when first asked for. */
  readonly behind: () => Reach;
}

/** The facts about one local state that a round's reduction relies on. */
export interface Facts {
  /** What the pending operation touches. */
  readonly own: Access;
  /** Number of what its guard and effect depend on, with the data that it writes while it waits. */
  readonly footprint: number;
  /** What the thread can touch from here on, up to the first gates (inclusive when unguarded). */
  readonly reach: Reach;
  /** How far that is, by the guards that hold. */
  readonly way: Way;
  /** Cycle of the thread's automaton that this state lies on; -1: none. */
  readonly cycle: number;
}

/**
 * The automata as they were known at the start of a round, summed up for the reduction. Frozen:
 * what is learned later is not in it, and makes another round necessary.
 *
 * Sets are over the properties and the row positions, in this order, so that sets of an earlier round
 * are comparable: an operation that writes an object which a property reads also writes the
 * property, so that no two such operations commute (visibility, condition C2 of ample sets).
 */
export class Knowledge {
  readonly gates: Gate[] = [];
  readonly conflicts = new Conflicts();
  /** Per transition the number of what it touches, once asked for. */
  private readonly transitions: (number | undefined)[] = [];
  private readonly facts: (Facts | undefined)[][];
  private readonly size: number;
  private readonly machine: Machine;
  private readonly without: Without;
  private readonly visible: readonly ReadonlySet<number>[];
  /** Per object the number of values known. */
  private readonly values: readonly number[];

  /** @param visible per property, the row positions it has been seen to read */
  constructor(machine: Machine, visible: readonly ReadonlySet<number>[], without: Without) {
    this.machine = machine;
    this.without = without;
    this.visible = visible.map((positions) => new Set(positions));
    this.values = machine.slots.map(({ values }) => values.length);
    this.size = machine.width + visible.length;
    this.facts = machine.nodes.map((nodes, thread) => this.summarise(nodes, thread));
  }

  /** Facts on a local state known at the start of the round; undefined: learned since. */
  of(node: Node): Facts | undefined {
    return this.facts[node.thread]![node.state.id];
  }

  /**
   * Does all that an earlier round relied on still hold? Then its sets are persistent by what is known
   * now as well, though transitions have been learned since.
   */
  confirms(earlier: Knowledge): boolean {
    const assumed = new Set<string>();
    const within = (now: Reach, then: Reach): boolean =>
      isSubset(now.reads, then.reads) &&
      isSubset(now.writes, then.writes) &&
      now.gates.every((gate) => {
        const old = then.gates.find(({ guard }) => guard === gate.guard);
        if (!old || !isSubset(gate.own.writes, old.own.writes)) return false;
        // Gates may lie on a cycle: what is being compared is taken to hold.
        const pair = `${gate.id},${old.id}`;
        if (assumed.has(pair)) return true;
        assumed.add(pair);
        return within(gate.behind(), old.behind());
      });
    if (earlier.gates.some(({ condition }) => condition && !condition.isComplete())) return false;
    if (this.seesMoreThan(earlier)) return false;
    return this.machine.nodes.every((nodes) =>
      nodes.every((node) => {
        const [now, then] = [this.of(node)!, earlier.of(node)];
        return (
          !then ||
          (isSubset(now.own.writes, then.own.writes) &&
            within(now.reach, then.reach) &&
            node.successors.every(
              (next) => !earlier.leavesCycles(node, next) || this.leavesCycles(node, next),
            ))
        );
      }),
    );
  }

  /**
   * Does a property read more of what is changed? The sums of an operation may not show it, as
   * something else that it changes was read already; but a chosen step counts with its own changes.
   */
  private seesMoreThan(earlier: Knowledge): boolean {
    const changed = new Set(this.machine.nodes.flat().flatMap((node) => node.changed));
    return this.visible.some((positions, property) => {
      const before = earlier.visible[property]!;
      return [...positions].some((position) => changed.has(position) && !before.has(position));
    });
  }

  /** Is this a step after which the thread cannot come back to where it was? */
  leavesCycles(from: Node, to: Node): boolean {
    const [a, b] = [this.of(from), this.of(to)];
    return a !== undefined && b !== undefined && (a.cycle < 0 || a.cycle !== b.cycle);
  }

  emptySet(): Bits {
    return bits(this.size);
  }

  private summarise(all: readonly Node[], thread: number): (Facts | undefined)[] {
    const nodes = all.filter((node) => node !== undefined);
    const known = new Map(nodes.map((node) => [node, node.successors.slice()]));
    const accesses = new Map(nodes.map((node) => [node, this.ownOf(node)]));
    const reaches = this.reaches(nodes, known, accesses);
    const cycles = cyclesOf(nodes, known, thread);
    const facts: (Facts | undefined)[] = [];
    const ways = new Map<Reach, Way>();
    const wayOf = (reach: Reach): Way => {
      const way = ways.get(reach) ?? Way.from(reach, this.conflicts);
      ways.set(reach, way);
      return way;
    };
    for (const node of nodes) {
      facts[node.state.id] = {
        own: accesses.get(node)!,
        footprint: this.footprintOf(node),
        reach: reaches.get(node)!,
        way: wayOf(reaches.get(node)!),
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
    const stops = (node: Node): boolean => node.blocks && !this.without.has('gates');
    const onward = (node: Node): readonly Node[] => (stops(node) ? [] : known.get(node)!);
    const gatesAt = this.gateMaker(known, accesses, (node) => sums.get(node)!);
    for (const component of components(nodes, onward)) {
      const sum: Sum = { ...this.nothing(), stops: new Set() };
      for (const node of component) {
        if (stops(node)) sum.stops.add(node);
        if (!stops(node) || writesWaiting(node)) {
          this.include(sum, { ...accesses.get(node)!, stops: new Set() });
        }
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
      // In an order that does not depend on what was learned first.
      const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
      return sorted.map(([guard, group]) => {
        const key = group
          .map(({ state }) => state.id)
          .sort((a, b) => a - b)
          .join();
        let gate = made.get(key);
        if (!gate) {
          gate = this.makeGate(guard, group, accesses, () => {
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
    guard: string,
    group: readonly Node[],
    accesses: ReadonlyMap<Node, Access>,
    work: () => Reach,
  ): Gate {
    const own = this.nothing();
    for (const node of group) {
      unite(own.reads, accesses.get(node)!.reads);
      unite(own.writes, accesses.get(node)!.writes);
    }
    let behind: Reach | null = null;
    // Who is interrupted at an access races there, though its guard be false for ever.
    const looked = !this.without.has('conditions') && group[0]!.accesses.length === 0;
    const condition = looked ? Condition.of(this.machine, group[0]!, this.values) : null;
    const gate: Gate = {
      id: this.gates.length,
      guard,
      node: group[0]!,
      footprint: this.footprintOf(group[0]!),
      condition,
      parts: Array.from(condition?.positions ?? [], (position) => this.partOf(position)),
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

  /** The number of what a transition touches: it writes what it changes. */
  accessOf({ id, node, changes }: Transition): number {
    let access = this.transitions[id];
    if (access === undefined) {
      const changed = Array.from(changes).filter((_, i) => i % 2 === 0);
      const writes = this.without.has('effects') ? node.writes : changed;
      access = this.conflicts.idOf(this.touched(node, writes));
      this.transitions[id] = access;
    }
    return access;
  }

  /** What the operation has been seen to change; all that it may write if it has not been seen. */
  private ownOf(node: Node): Access {
    const seen = node.successors.length > 0 && !this.without.has('effects');
    return this.touched(node, seen ? node.changed : node.writes);
  }

  /**
   * An access to data is a write even if it writes what was there: a state in which it races must
   * not be lost.
   */
  private touched(node: Node, changed: readonly number[]): Access {
    const reads = this.readBy(node);
    const writes = this.emptySet();
    for (const position of changed) {
      add(writes, this.visible.length + position);
      this.visible.forEach((positions, property) => {
        if (!positions.has(position)) return;
        add(reads, property);
        add(writes, property);
      });
    }
    for (const { write, position } of node.accesses) {
      if (write) add(writes, this.visible.length + position);
    }
    return { reads, writes };
  }

  private footprintOf(node: Node): number {
    const { reads, writes } = this.touched(node, []);
    return this.conflicts.idOf({ reads, writes: writesWaiting(node) ? writes : this.emptySet() });
  }

  private partOf(position: number): number {
    const reads = this.emptySet();
    add(reads, this.visible.length + position);
    return this.conflicts.idOf({ reads, writes: this.emptySet() });
  }

  private readBy({ footprint }: Node): Bits {
    const set = this.emptySet();
    for (const position of footprint) add(set, this.visible.length + position);
    return set;
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
 * Who is interrupted at an access races there, though its guard be false for ever. A write races with
 * reads too, which do not make a guard true.
 */
function writesWaiting({ state, accesses }: Node): boolean {
  return state.pending?.blocks === true && accesses.some(({ write }) => write);
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
    return `only ${state.fingerprint.hi},${state.fingerprint.lo}`;
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
