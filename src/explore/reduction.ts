import type { Machine, Transition } from '../model/machine.ts';
import { type Bits, meets, unite } from './bits.ts';
import type { Access, Facts, Gate, Knowledge, Reach } from './knowledge.ts';

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
  /** Per gate, the last reach in which it was met; each reach has a number of its own. */
  private readonly met: number[] = [];
  private reachNumber = 0;
  /** Gates met whose guard is false now, with the threads that stand before them. */
  private readonly closedGates: Gate[] = [];
  private readonly closedOwners: number[] = [];
  private closed = 0;
  /** Facts on the threads' local states in the state at hand. */
  private readonly facts: Facts[] = [];
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
    for (let t = 0; t < threads; t++) {
      const facts = this.knowledge.of(this.machine.node(rows, base, t));
      if (!facts) return [];
      this.facts[t] = facts;
      if (moves[t]) enabled |= 1 << t;
    }
    if ((enabled & (enabled - 1)) === 0) return [];
    const found: number[] = [];
    let best = popcount(enabled);
    for (let t = 0; t < threads && best > 1; t++) {
      // What conflicts at once is in the set in any case: often that shows that it is too large.
      if (!moves[t] || popcount(this.clash(t, enabled) & enabled) >= best) continue;
      const set = this.closure(t, moves) & enabled;
      if (popcount(set) >= best) continue;
      best = popcount(set);
      found.push(set);
    }
    return found.reverse();
  }

  /** The enabled threads that `first` leads to by conflicts between next operations alone. */
  private clash(first: number, enabled: number): number {
    const threads = this.machine.threads.length;
    let set = 1 << first;
    for (let added = set; added !== 0; ) {
      const t = 31 - Math.clz32(added);
      added &= ~(1 << t);
      const a = this.facts[t]!.access;
      for (let u = 0; u < threads; u++) {
        if ((enabled & ~set & (1 << u)) === 0) continue;
        const b = this.facts[u]!.access;
        // Writes are reads as well, but for the properties, which only writes have.
        if (meets(a.writes, b.reads) || meets(a.reads, b.writes) || meets(a.writes, b.writes)) {
          set |= 1 << u;
          added |= 1 << u;
        }
      }
    }
    return set;
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
    const { access } = this.facts[thread]!;
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
    this.reachNumber++;
    this.outside.fill(0);
    this.closed = 0;
    for (let t = 0; t < threads; t++) {
      if (chosen & (1 << t)) continue;
      this.reads[t]!.fill(0);
      this.writes[t]!.fill(0);
      this.follow(t, this.facts[t]!.reach);
    }
    for (let again = true; again; ) {
      again = false;
      for (let i = 0; i < this.closed; i++) {
        const gate = this.closedGates[i]!;
        if (!meets(gate.footprint, this.outside)) continue;
        const owner = this.closedOwners[i]!;
        this.closed--;
        this.closedGates[i] = this.closedGates[this.closed]!;
        this.closedOwners[i] = this.closedOwners[this.closed]!;
        i--;
        this.pass(owner, gate);
        again = true;
      }
    }
  }

  private follow(thread: number, reach: Reach): void {
    this.absorb(thread, reach);
    for (const gate of reach.gates) {
      if (this.met[gate.id] === this.reachNumber) continue;
      this.met[gate.id] = this.reachNumber;
      if (this.machine.guardHolds(this.rows, this.base, gate.node)) this.pass(thread, gate);
      else {
        this.closedGates[this.closed] = gate;
        this.closedOwners[this.closed] = thread;
        this.closed++;
      }
    }
  }

  private pass(thread: number, gate: Gate): void {
    this.absorb(thread, gate.own);
    this.follow(thread, gate.behind());
  }

  private absorb(thread: number, access: Access): void {
    const reads = this.reads[thread]!;
    const writes = this.writes[thread]!;
    const { outside } = this;
    for (let i = 0; i < outside.length; i++) {
      const written = access.writes[i]!;
      reads[i]! |= access.reads[i]!;
      writes[i]! |= written;
      outside[i]! |= written;
    }
  }
}

function popcount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
