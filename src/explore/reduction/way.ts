import { type Bits, unite } from './bits.ts';
import type { Access, Conflicts } from './conflicts.ts';
import type { Gate, Reach } from './knowledge.ts';

/**
 * What a thread can touch from some local state on, and the gates that it stops at, by the guards
 * that hold: a decision tree over the gates it meets, asked one after the other. Grows with the
 * answers that occur, so that an answer given before costs the questions only.
 */
export class Way {
  /** Number of what is touched so far, among all accesses. */
  readonly access: number;
  /** Gates asked whose guard is false. */
  readonly closed: readonly Gate[];
  private readonly reads: Bits;
  private readonly writes: Bits;
  private readonly conflicts: Conflicts;
  /** Gates met; the first `asked` of them have been asked. */
  private readonly met: readonly Gate[];
  private readonly asked: number;
  private yes: Way | null = null;
  private no: Way | null = null;
  /** Per closed gate. */
  private readonly further: (Way | undefined)[] = [];

  private constructor(
    conflicts: Conflicts,
    { reads, writes }: Access,
    met: readonly Gate[],
    asked: number,
    closed: readonly Gate[],
  ) {
    this.conflicts = conflicts;
    this.reads = reads;
    this.writes = writes;
    this.met = met;
    this.asked = asked;
    this.closed = closed;
    this.access = conflicts.idOf(this.touched);
  }

  static from(reach: Reach, conflicts: Conflicts): Way {
    return new Way(conflicts, reach, reach.gates, 0, []);
  }

  private get touched(): Access {
    return { reads: this.reads, writes: this.writes };
  }

  /** Where the guards of a state lead to. */
  where(guards: { holds(gate: Gate): boolean }): Way {
    let way: Way = this;
    while (way.asked < way.met.length) {
      const gate = way.met[way.asked]!;
      if (guards.holds(gate)) {
        way.yes ??= way.past(gate, way.asked + 1, way.closed);
        way = way.yes;
      } else {
        way.no ??= new Way(way.conflicts, way.touched, way.met, way.asked + 1, [
          ...way.closed,
          gate,
        ]);
        way = way.no;
      }
    }
    return way;
  }

  /** The way on from here should the guard of the closed gate with that index become true. */
  beyond(index: number): Way {
    let way = this.further[index];
    if (!way) {
      const closed = this.closed.filter((_, i) => i !== index);
      way = this.past(this.closed[index]!, this.asked, closed);
      this.further[index] = way;
    }
    return way;
  }

  private past({ own, behind }: Gate, asked: number, closed: readonly Gate[]): Way {
    const touched = { reads: this.reads.slice(), writes: this.writes.slice() };
    const next = behind();
    for (const access of [own, next]) {
      unite(touched.reads, access.reads);
      unite(touched.writes, access.writes);
    }
    const met = [...this.met, ...next.gates.filter((gate) => !this.met.includes(gate))];
    return new Way(this.conflicts, touched, met, asked, closed);
  }
}
