import type { Machine, Node } from '../../model/machine.ts';

/** A guard with more combinations of values, or over more objects, is not looked into. */
const MOST_CASES = 256;
const MOST_OBJECTS = 16;
const UNKNOWN = 0;
const FALSE = 1;
const TRUE = 2;

/**
 * A guard over several objects: can it become true if some of them change and the others stay as they
 * are? By all values that the objects were known to take when a round began; whether a value seen
 * since would have made a difference is asked at its end.
 */
export class Condition {
  /** Row positions of what the guard reads. */
  readonly positions: Int32Array;
  private readonly node: Node;
  private readonly machine: Machine;
  /** Per position the number of values known. */
  private readonly counts: Int32Array;
  /** Per combination of them whether the guard holds. */
  private readonly cases: Uint8Array;
  private readonly answers = new Map<number, boolean>();
  private readonly values: Int32Array;

  private constructor(machine: Machine, node: Node, counts: Int32Array) {
    this.machine = machine;
    this.node = node;
    this.positions = node.footprint;
    this.counts = counts;
    this.cases = new Uint8Array(product(counts));
    this.values = new Int32Array(counts.length);
  }

  /**
   * Null: over one object, or over too much.
   * @param known per object the number of values known when the round began: a gate may be met later
   */
  static of(machine: Machine, node: Node, known: readonly number[]): Condition | null {
    const counts = node.footprint.map((position) => known[position - machine.threads.length]!);
    if (counts.length < 2 || counts.length > MOST_OBJECTS) return null;
    if (product(counts) > MOST_CASES) return null;
    return new Condition(machine, node, counts);
  }

  /**
   * Can the guard become true from the state at `base`?
   * @param changing mask of the positions, by index, that others may write
   */
  possible(rows: Int32Array, base: number, changing: number): boolean {
    const { positions, counts, values } = this;
    let key = 0;
    for (let i = 0; i < positions.length; i++) {
      const changes = (changing & (1 << i)) !== 0;
      const value = changes ? 0 : rows[base + positions[i]!]!;
      if (value >= counts[i]!) return true;
      values[i] = value;
      key = key * counts[i]! + value;
    }
    key += changing * this.cases.length;
    let answer = this.answers.get(key);
    if (answer === undefined) {
      answer = this.someCase(0, changing, counts);
      this.answers.set(key, answer);
    }
    return answer;
  }

  /** Would no value learned since make the guard true? */
  isComplete(): boolean {
    const counts = countsOf(this.machine, this.node);
    if (counts.every((count, i) => count === this.counts[i])) return true;
    if (product(counts) > MOST_CASES) return false;
    const all = (1 << counts.length) - 1;
    return !this.someCase(0, all, counts, (values) =>
      values.some((value, i) => value >= this.counts[i]!),
    );
  }

  /** Does the guard hold for some values from position `i` on, where they may change? */
  private someCase(
    i: number,
    changing: number,
    counts: Int32Array,
    counted: (values: Int32Array) => boolean = () => true,
  ): boolean {
    if (i === counts.length) return counted(this.values) && this.holds();
    if ((changing & (1 << i)) === 0) return this.someCase(i + 1, changing, counts, counted);
    for (let value = 0; value < counts[i]!; value++) {
      this.values[i] = value;
      if (this.someCase(i + 1, changing, counts, counted)) return true;
    }
    return false;
  }

  private holds(): boolean {
    const { counts, values } = this;
    let index = 0;
    for (let i = 0; i < counts.length; i++) {
      if (values[i]! >= counts[i]!) return this.ask();
      index = index * counts[i]! + values[i]!;
    }
    if (this.cases[index] === UNKNOWN) this.cases[index] = this.ask() ? TRUE : FALSE;
    return this.cases[index] === TRUE;
  }

  private ask(): boolean {
    const { machine, node, positions, values } = this;
    const row = new Int32Array(machine.width);
    for (let i = 0; i < positions.length; i++) row[positions[i]!] = values[i]!;
    return machine.guardHolds(row, 0, node);
  }
}

function countsOf(machine: Machine, { footprint }: Node): Int32Array {
  return footprint.map((position) => machine.slotAt(position).values.length);
}

function product(counts: Int32Array): number {
  return counts.reduce((all, count) => all * count, 1);
}
