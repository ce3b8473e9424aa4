import { type Bits, meets } from './bits.ts';

/** What an operation, or a piece of a thread, can touch. Written objects are read as well. */
export interface Access {
  readonly reads: Bits;
  readonly writes: Bits;
}

/**
 * Which accesses conflict. Each access has a number; whether two conflict is worked out once, and is
 * one look-up in a table from then on.
 */
export class Conflicts {
  private readonly accesses: Access[] = [];
  private readonly ids = new Map<string, number>();
  /** Per access and other access: 0 not known yet, NO, YES. */
  private readonly dependent: Uint8Array[] = [];
  private readonly disturbed: Uint8Array[] = [];

  /** Equal accesses have the same number. */
  idOf(access: Access): number {
    const key = `${access.reads} ${access.writes}`;
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.accesses.length;
      this.ids.set(key, id);
      this.accesses.push(access);
      this.dependent.push(NONE);
      this.disturbed.push(NONE);
    }
    return id;
  }

  /** Does one write what the other reads or writes? */
  areDependent(a: number, b: number): boolean {
    const row = this.dependent[a]!;
    const known = b < row.length ? row[b]! : 0;
    return known ? known === YES : this.compare(a, b);
  }

  /** Does `b` write what `a` reads? */
  disturbs(b: number, a: number): boolean {
    const row = this.disturbed[a]!;
    const known = b < row.length ? row[b]! : 0;
    return known ? known === YES : this.overlap(a, b);
  }

  private compare(a: number, b: number): boolean {
    const [one, other] = [this.accesses[a]!, this.accesses[b]!];
    const answer = meets(one.writes, other.reads) || meets(one.reads, other.writes);
    this.rowOf(this.dependent, a)[b] = answer ? YES : NO;
    return answer;
  }

  private overlap(a: number, b: number): boolean {
    const answer = meets(this.accesses[a]!.reads, this.accesses[b]!.writes);
    this.rowOf(this.disturbed, a)[b] = answer ? YES : NO;
    return answer;
  }

  /** With room for all accesses known now. */
  private rowOf(table: Uint8Array[], a: number): Uint8Array {
    const row = table[a]!;
    if (row.length >= this.accesses.length) return row;
    const longer = new Uint8Array(Math.max(16, this.accesses.length * 2));
    longer.set(row);
    table[a] = longer;
    return longer;
  }
}

const NO = 1;
const YES = 2;
const NONE = new Uint8Array(0);
