import type { Machine, Transition } from '../model/machine.ts';

/** The states of one level: rows of equal stride, with their fingerprints. */
export class Frontier {
  rows: Int32Array;
  stride: number;
  count = 0;
  his: Int32Array;
  los: Int32Array;

  constructor(stride: number, capacity = 256) {
    this.stride = stride;
    this.rows = new Int32Array(capacity * stride);
    this.his = new Int32Array(capacity);
    this.los = new Int32Array(capacity);
  }

  clear(stride: number): void {
    this.count = 0;
    if (stride > this.stride) {
      this.stride = stride;
      this.rows = new Int32Array(this.his.length * stride);
    }
  }

  /** Adds the row at `base` of `from`; returns where it now stands, for the changes to be made. */
  push(from: Int32Array, base: number, length: number, hi: number, lo: number): number {
    if (this.count === this.his.length) this.grow();
    const to = this.count * this.stride;
    // Short rows: a loop beats copyWithin and subarray+set.
    for (let i = 0; i < length; i++) this.rows[to + i] = from[base + i]!;
    for (let i = length; i < this.stride; i++) this.rows[to + i] = 0;
    this.his[this.count] = hi;
    this.los[this.count] = lo;
    this.count++;
    return to;
  }

  /** Takes a step in the one state that is here. */
  take(machine: Machine, move: Transition): void {
    if (machine.width > this.stride) this.widen(machine.width);
    this.move(0, move);
  }

  /** Adds the state that a step leads to from the one at an index. */
  add(machine: Machine, from: number, move: Transition): void {
    if (machine.width > this.stride) this.widen(machine.width);
    this.push(this.rows, from * this.stride, this.stride, this.his[from]!, this.los[from]!);
    this.move(this.count - 1, move);
  }

  private move(at: number, { node, next, changes, hi, lo }: Transition): void {
    const base = at * this.stride;
    this.rows[base + node.thread] = next.state.id;
    for (let i = 0; i < changes.length; i += 2) this.rows[base + changes[i]!] = changes[i + 1]!;
    this.his[at]! ^= hi;
    this.los[at]! ^= lo;
  }

  /** Makes room for objects found since: they have their initial value, 0, in every row. */
  widen(stride: number): void {
    const rows = new Int32Array(this.his.length * stride);
    for (let i = 0; i < this.count; i++) {
      rows.set(this.rows.subarray(i * this.stride, (i + 1) * this.stride), i * stride);
    }
    this.rows = rows;
    this.stride = stride;
  }

  private grow(): void {
    const capacity = this.his.length * 2;
    const enlarged = (old: Int32Array, length: number): Int32Array => {
      const array = new Int32Array(length);
      array.set(old);
      return array;
    };
    this.rows = enlarged(this.rows, capacity * this.stride);
    this.his = enlarged(this.his, capacity);
    this.los = enlarged(this.los, capacity);
  }
}
