import type { Machine, Transition } from '../model/machine.ts';
import type { Conflicts } from './reduction/conflicts.ts';
import type { Facts, Gate, Knowledge } from './reduction/knowledge.ts';
import type { Way } from './reduction/way.ts';

/**
 * Persistent sets (Godefroid, LNCS 1032, ch. 4) from what the threads' automata can still do.
 *
 * A set of threads C is persistent in a state when no thread outside it can, while C does not move,
 * execute something dependent on the next operation of a thread in C. Exploring only C then still
 * reaches every deadlock, every report, and, since writes that a property reads depend on each
 * other, every value of every property.
 */
export class Reduction {
  /** The sets found last, as masks of the enabled threads in each; the smallest is the last. */
  readonly found: Int32Array;
  private readonly machine: Machine;
  private readonly knowledge: Knowledge;
  private readonly conflicts: Conflicts;
  private readonly threads: number;
  /** Facts on the threads' local states in the state at hand. */
  private readonly facts: Facts[] = [];
  private enabled = 0;
  /** Per thread the number of what its next step touches; if it waits, of what it waits for. */
  private readonly touches: Int32Array;
  /** Per thread where it can go with the guards as they are. */
  private readonly ways: Way[] = [];
  /** Per thread where it can go when threads outside the set have changed guards. */
  private readonly widened: Way[] = [];
  /** Per thread those that its set must have as well, guards as they are; -1: not worked out. */
  private readonly needs: Int32Array;
  private readonly certain: Int32Array;
  /** Number of the state at hand; per gate that of the state in which it was asked last. */
  private state = 0;
  private readonly askedIn: number[] = [];
  private readonly answers: boolean[] = [];
  private readonly openersIn: number[] = [];
  private readonly openers: number[] = [];
  private rows: Int32Array = new Int32Array(0);
  private base = 0;

  constructor(machine: Machine, knowledge: Knowledge) {
    this.machine = machine;
    this.knowledge = knowledge;
    this.conflicts = knowledge.conflicts;
    this.threads = machine.threads.length;
    this.found = new Int32Array(this.threads);
    this.touches = new Int32Array(this.threads);
    this.needs = new Int32Array(this.threads);
    this.certain = new Int32Array(this.threads);
  }

  /**
   * Looks for persistent sets of the state at `base` that are smaller than all enabled threads.
   * @param moves per thread its transition, null when it cannot move
   * @returns how many are in `found`
   */
  candidates(rows: Int32Array, base: number, moves: readonly (Transition | null)[]): number {
    this.rows = rows;
    this.base = base;
    const { threads, found, machine } = this;
    this.state++;
    let enabled = 0;
    for (let t = 0; t < threads; t++) {
      const facts = this.knowledge.of(machine.node(rows, base, t));
      if (!facts) return 0;
      this.facts[t] = facts;
      const move = moves[t];
      if (!move) this.touches[t] = facts.footprint;
      else {
        this.touches[t] = this.knowledge.accessOf(move);
        enabled |= 1 << t;
      }
    }
    if ((enabled & (enabled - 1)) === 0) return 0;
    this.enabled = enabled;
    for (let t = 0; t < threads; t++) this.ways[t] = this.facts[t]!.way.where(this);
    this.needs.fill(-1);
    let best = popcount(enabled);
    let count = 0;
    for (let rest = enabled; rest !== 0; rest &= rest - 1) {
      const t = lowest(rest);
      this.certain[t] = this.joined(1 << t);
    }
    // The most promising first: a set can only become larger than what is certain.
    for (let tried = 0; best > 1; ) {
      let first = -1;
      let least = best;
      for (let rest = enabled & ~tried; rest !== 0; rest &= rest - 1) {
        const t = lowest(rest);
        const size = popcount(this.certain[t]! & enabled);
        if (size < least) {
          first = t;
          least = size;
        }
      }
      if (first < 0) break;
      tried |= 1 << first;
      const set = this.closure(this.certain[first]!, best);
      if (set === 0) continue;
      best = popcount(set);
      found[count++] = set;
    }
    return count;
  }

  /**
   * The least set found that contains `set`, which has all that is certain to be in it, and is
   * persistent, as a mask of the enabled threads in it; 0 when it has `most` of them, or more.
   *
   * A gate whose guard is false now is passed only once some thread outside the set could write what
   * the guard reads: how far the threads outside come is a least fixed point.
   */
  private closure(set: number, most: number): number {
    const { threads, ways, widened } = this;
    let wide = 0;
    for (let again = true; again; ) {
      again = false;
      for (let t = 0; t < threads; t++) {
        if (set & (1 << t)) continue;
        const here = wide & (1 << t) ? widened[t]! : ways[t]!;
        for (let i = 0; i < here.closed.length; i++) {
          const gate = here.closed[i]!;
          if (!this.opens(gate, set, wide)) continue;
          const way = here.beyond(i).where(this);
          if (this.mustJoin(way, set)) {
            const more = this.joined(set | (1 << t));
            return popcount(more & this.enabled) >= most ? 0 : this.closure(more, most);
          }
          widened[t] = way;
          wide |= 1 << t;
          again = true;
          break;
        }
      }
    }
    return set & this.enabled;
  }

  /** Does the gate's guard hold in the state at hand? */
  holds(gate: Gate): boolean {
    const { id, node } = gate;
    if (this.askedIn[id] !== this.state) {
      this.askedIn[id] = this.state;
      this.answers[id] = this.machine.guardHolds(this.rows, this.base, node);
    }
    return this.answers[id]!;
  }

  /** Could the threads outside `set` make the guard of a gate true? */
  private opens(gate: Gate, set: number, wide: number): boolean {
    if ((this.openersOf(gate) & ~set) === 0 && !this.widenedWrite(gate.footprint, wide))
      return false;
    const { condition, parts } = gate;
    if (!condition) return true;
    let changing = 0;
    for (let i = 0; i < parts.length; i++) {
      if (this.othersWrite(parts[i]!, set) || this.widenedWrite(parts[i]!, wide))
        changing |= 1 << i;
    }
    return condition.possible(this.rows, this.base, changing);
  }

  private othersWrite(footprint: number, set: number): boolean {
    for (let t = 0; t < this.threads; t++) {
      if (set & (1 << t)) continue;
      if (this.conflicts.disturbs(this.ways[t]!.access, footprint)) return true;
    }
    return false;
  }

  /** The threads that could write what a guard reads, guards as they are. */
  private openersOf({ id, footprint }: Gate): number {
    if (this.openersIn[id] !== this.state) {
      let openers = 0;
      for (let t = 0; t < this.threads; t++) {
        if (this.conflicts.disturbs(this.ways[t]!.access, footprint)) openers |= 1 << t;
      }
      this.openersIn[id] = this.state;
      this.openers[id] = openers;
    }
    return this.openers[id]!;
  }

  private widenedWrite(footprint: number, wide: number): boolean {
    for (let rest = wide; rest !== 0; rest &= rest - 1) {
      if (this.conflicts.disturbs(this.widened[lowest(rest)]!.access, footprint)) return true;
    }
    return false;
  }

  /** The threads that are certain to be in a set with these: by what can be done, guards as they are. */
  private joined(set: number): number {
    let joined = set;
    for (let added = set; added !== 0; ) {
      const t = lowest(added);
      const more = this.needsOf(t) & ~joined;
      joined |= more;
      added = (added & ~(1 << t)) | more;
    }
    return joined;
  }

  private needsOf(t: number): number {
    let needs = this.needs[t]!;
    if (needs >= 0) return needs;
    needs = 0;
    for (let u = 0; u < this.threads; u++) {
      if (u !== t && this.needed(t, this.ways[u]!)) needs |= 1 << u;
    }
    this.needs[t] = needs;
    return needs;
  }

  /** Must one of the chosen threads have a thread with it that can go this way? */
  private mustJoin(way: Way, chosen: number): boolean {
    for (let rest = chosen; rest !== 0; rest &= rest - 1) {
      if (this.needed(lowest(rest), way)) return true;
    }
    return false;
  }

  /**
   * A chosen thread that can move must commute with what the others do. One that waits must go on
   * waiting, so nothing its guard reads may be written; if it would write data it must not come to
   * race, should it be interrupted.
   */
  private needed(chosen: number, way: Way): boolean {
    return this.conflicts.areDependent(this.touches[chosen]!, way.access);
  }
}

/** The least thread of a mask. */
function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

function popcount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
