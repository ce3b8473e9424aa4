import type { Machine, Transition } from '../model/machine.ts';
import { type Bits, meets, unite } from './bits.ts';
import type { Gate, Knowledge, Reach } from './knowledge.ts';

/**
 * Persistent sets (Godefroid, LNCS 1032, ch. 4) from what the threads' automata can still do.
 *
 * A set of threads C is persistent in a state when no thread outside it can, while C does not move,
 * execute something dependent on the next operation of a thread in C. Exploring only C then still
 * reaches every deadlock, every report, and, since writes that a property reads depend on each
 * other, every value of every property.
 */
export class Reduction {
  private readonly machine: Machine;
  private readonly knowledge: Knowledge;
  /** Per thread: what it could touch while the chosen threads stand still. */
  private readonly reads: Bits[];
  private readonly writes: Bits[];
  private readonly outside: Bits;
  /** What the chosen threads' next operations touch: enabled ones, and footprints of waiting ones. */
  private readonly chosenReads: Bits;
  private readonly chosenWrites: Bits;
  private readonly awaited: Bits;
  /** Round stamp per gate: passed already in the closure being computed. */
  private readonly passed: Int32Array;
  private stamp = 0;
  private closedGates: Gate[] = [];
  private closedOwners: number[] = [];
  private rows: Int32Array = new Int32Array(0);
  private base = 0;

  constructor(machine: Machine, knowledge: Knowledge) {
    this.machine = machine;
    this.knowledge = knowledge;
    const sets = (): Bits[] => machine.threads.map(() => knowledge.emptySet());
    this.reads = sets();
    this.writes = sets();
    this.outside = knowledge.emptySet();
    this.chosenReads = knowledge.emptySet();
    this.chosenWrites = knowledge.emptySet();
    this.awaited = knowledge.emptySet();
    this.passed = new Int32Array(knowledge.gates.length);
  }

  /**
   * Persistent sets of the state at `base`, as masks of the enabled threads in each, the smallest
   * first; empty when only the set of all enabled threads is known to be persistent.
   * @param moves per thread its transition, null when it cannot move
   */
  candidates(rows: Int32Array, base: number, moves: readonly (Transition | null)[]): number[] {
    this.rows = rows;
    this.base = base;
    const threads = this.machine.threads.length;
    let enabled = 0;
    let enabledCount = 0;
    for (let t = 0; t < threads; t++) {
      if (!this.knowledge.of(this.machine.node(rows, base, t))) return [];
      if (moves[t]) {
        enabled |= 1 << t;
        enabledCount++;
      }
    }
    if (enabledCount < 2) return [];
    const found: number[] = [];
    for (let t = 0; t < threads; t++) {
      if (!moves[t] || found.some((set) => set === 1 << t)) continue;
      const set = this.closure(t, moves) & enabled;
      if (set === enabled || found.includes(set)) continue;
      found.push(set);
      if (set === 1 << t) break; // none is smaller
    }
    return found.sort((a, b) => popcount(a) - popcount(b) || a - b);
  }

  /** The least set found that contains `first` and is persistent, as a mask of threads. */
  private closure(first: number, moves: readonly (Transition | null)[]): number {
    const threads = this.machine.threads.length;
    this.chosenReads.fill(0);
    this.chosenWrites.fill(0);
    this.awaited.fill(0);
    let chosen = 0;
    this.choose(first, moves);
    chosen |= 1 << first;
    for (;;) {
      this.reachOutside(chosen);
      let grew = false;
      for (let t = 0; t < threads; t++) {
        if (chosen & (1 << t)) continue;
        const reads = this.reads[t]!;
        const writes = this.writes[t]!;
        if (
          meets(writes, this.chosenReads) ||
          meets(reads, this.chosenWrites) ||
          meets(writes, this.chosenWrites) ||
          meets(writes, this.awaited)
        ) {
          this.choose(t, moves);
          chosen |= 1 << t;
          grew = true;
        }
      }
      if (!grew) return chosen;
    }
  }

  /**
   * A chosen thread that can move must commute with what the others do; one that waits must go on
   * waiting, so nothing its guard reads may be written.
   */
  private choose(thread: number, moves: readonly (Transition | null)[]): void {
    const { access } = this.knowledge.of(this.machine.node(this.rows, this.base, thread))!;
    if (moves[thread]) {
      unite(this.chosenReads, access.reads);
      unite(this.chosenWrites, access.writes);
    } else {
      unite(this.awaited, access.reads);
    }
  }

  /**
   * What each thread outside `chosen` could touch: least fixed point. A gate whose guard is false
   * now is passed only once some thread outside could write what the guard reads.
   */
  private reachOutside(chosen: number): void {
    const threads = this.machine.threads.length;
    this.stamp++;
    this.outside.fill(0);
    this.closedGates.length = 0;
    this.closedOwners.length = 0;
    for (let t = 0; t < threads; t++) {
      if (chosen & (1 << t)) continue;
      this.reads[t]!.fill(0);
      this.writes[t]!.fill(0);
      this.follow(t, this.knowledge.of(this.machine.node(this.rows, this.base, t))!.reach);
    }
    for (let again = true; again; ) {
      again = false;
      for (let i = 0; i < this.closedGates.length; i++) {
        const gate = this.closedGates[i]!;
        if (!meets(gate.footprint, this.outside)) continue;
        const owner = this.closedOwners[i]!;
        const last = this.closedGates.length - 1;
        this.closedGates[i] = this.closedGates[last]!;
        this.closedOwners[i] = this.closedOwners[last]!;
        this.closedGates.length = this.closedOwners.length = last;
        i--;
        this.pass(owner, gate);
        again = true;
      }
    }
  }

  private follow(thread: number, reach: Reach): void {
    unite(this.reads[thread]!, reach.reads);
    unite(this.writes[thread]!, reach.writes);
    unite(this.outside, reach.writes);
    for (const gate of reach.gates) {
      if (this.passed[gate.id] === this.stamp) continue;
      this.passed[gate.id] = this.stamp;
      if (this.machine.guardHolds(this.rows, this.base, gate.node)) this.pass(thread, gate);
      else {
        this.closedGates.push(gate);
        this.closedOwners.push(thread);
      }
    }
  }

  private pass(thread: number, gate: Gate): void {
    unite(this.reads[thread]!, gate.own.reads);
    unite(this.writes[thread]!, gate.own.writes);
    unite(this.outside, gate.own.writes);
    this.follow(thread, gate.behind);
  }
}

function popcount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
