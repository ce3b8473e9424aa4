/**
 * A map from tuples of k small integers, read in place from a state row, to objects. This is what
 * makes a known transition a table look-up: no key is built, nothing is allocated.
 */
export class TupleMap<V> {
  /** Row positions that make the key. */
  readonly positions: Int32Array;
  private readonly single: (V | undefined)[] = [];
  private keys: Int32Array;
  private values: (V | undefined)[];
  private mask: number;
  private size = 0;

  constructor(positions: Int32Array) {
    this.positions = positions;
    this.mask = 7;
    this.keys = new Int32Array(8 * positions.length);
    this.values = new Array(8).fill(undefined);
  }

  /** The value for the tuple at `positions` of the row that starts at `base`. */
  get(rows: Int32Array, base: number): V | undefined {
    const positions = this.positions;
    const k = positions.length;
    if (k === 1) return this.single[rows[base + positions[0]!]!];
    if (k === 0) return this.single[0];
    let hash = 0;
    for (let i = 0; i < k; i++) hash = Math.imul(hash ^ rows[base + positions[i]!]!, 0x9e3779b1);
    probe: for (let at = (hash ^ (hash >>> 15)) & this.mask; ; at = (at + 1) & this.mask) {
      const value = this.values[at];
      if (value === undefined) return undefined;
      for (let i = 0, key = at * k; i < k; i++) {
        if (this.keys[key + i] !== rows[base + positions[i]!]) continue probe;
      }
      return value;
    }
  }

  /** Adds a tuple that is not in the map. */
  set(rows: Int32Array, base: number, value: V): void {
    const k = this.positions.length;
    if (k < 2) {
      // Filled, so that the array stays dense.
      const at = k === 0 ? 0 : rows[base + this.positions[0]!]!;
      while (this.single.length <= at) this.single.push(undefined);
      this.single[at] = value;
      return;
    }
    if (++this.size * 2 > this.values.length) this.grow();
    this.place(
      Int32Array.from(this.positions, (position) => rows[base + position]!),
      value,
    );
  }

  private place(key: Int32Array, value: V): void {
    const k = key.length;
    let hash = 0;
    for (let i = 0; i < k; i++) hash = Math.imul(hash ^ key[i]!, 0x9e3779b1);
    let at = (hash ^ (hash >>> 15)) & this.mask;
    while (this.values[at] !== undefined) at = (at + 1) & this.mask;
    this.keys.set(key, at * k);
    this.values[at] = value;
  }

  private grow(): void {
    const { keys, values } = this;
    const k = this.positions.length;
    const capacity = values.length * 2;
    this.mask = capacity - 1;
    this.keys = new Int32Array(capacity * k);
    this.values = new Array(capacity).fill(undefined);
    for (let at = 0; at < values.length; at++) {
      const value = values[at];
      if (value !== undefined) this.place(keys.subarray(at * k, at * k + k), value);
    }
  }
}
