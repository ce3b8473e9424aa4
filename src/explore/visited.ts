import { before } from '../model/fingerprint.ts';

export const FULL = -1;
export const SEEN = 0;
/** Seen, and first seen in the level being made now. */
export const FRESH = 1;
export const NEW = 2;

/** Threads that a link can name, and slots that it can point to. */
const THREAD_BITS = 6;
const MAX_THREADS = 1 << THREAD_BITS;
const MAX_CAPACITY = 1 << (32 - THREAD_BITS);
const ROOT = -1;

/**
 * The states seen: open addressing over shared memory, two 32-bit lanes of fingerprint, the level
 * of the state and a link (slot of the parent, thread that moved). Claimed by compare-exchange, so
 * that workers insert without locks (Laarman, van de Pol, Weber, FMCAD 2010). No deletion; a full
 * table says FULL, never SEEN.
 */
export class VisitedTable {
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  private readonly his: Int32Array;
  private readonly los: Int32Array;
  private readonly levels: Int32Array;
  private readonly links: Int32Array;
  /** Number of slots taken, and whether to stop; shared by all users of the buffer. */
  private readonly counter: Int32Array;
  /** Slot of the last state that `insert` found or made. */
  slot = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.capacity = (buffer.byteLength - 8) / 16;
    const lane = (n: number): Int32Array =>
      new Int32Array(buffer, 8 + n * this.capacity * 4, this.capacity);
    this.counter = new Int32Array(buffer, 0, 2);
    this.his = lane(0);
    this.los = lane(1);
    this.levels = lane(2);
    this.links = lane(3);
  }

  /** @param capacity a power of two */
  static make(capacity: number): VisitedTable {
    return new VisitedTable(new SharedArrayBuffer(8 + Math.min(capacity, MAX_CAPACITY) * 16));
  }

  get size(): number {
    return Atomics.load(this.counter, 0);
  }

  /** Asks every worker that uses the table to stop. */
  stop(): void {
    Atomics.store(this.counter, 1, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.counter, 1) === 1;
  }

  /** Inserts the start state, which has no parent. */
  insertRoot(hi: number, lo: number): void {
    this.insert(hi, lo, 0, ROOT, 0);
  }

  /**
   * Adds a state reached at `level` from the state in slot `parent` by `thread`. Of several parents
   * in one level the one with the least fingerprint is kept, then the least thread, so that the
   * path to a state does not depend on who came first.
   */
  insert(hi: number, lo: number, level: number, parent: number, thread: number): number {
    const high = hi || 1; // 0 marks a free slot
    const low = lo || 1; // 0 marks a slot being written
    const mask = this.capacity - 1;
    const limit = this.capacity - (this.capacity >>> 3);
    const link = (parent << THREAD_BITS) | thread;
    let at = (high ^ Math.imul(low, 0x9e3779b1)) & mask;
    for (let probes = 0; probes < this.capacity; probes++, at = (at + 1) & mask) {
      let found = Atomics.load(this.his, at);
      if (found === 0) {
        if (this.size >= limit) return FULL;
        found = Atomics.compareExchange(this.his, at, 0, high);
        if (found === 0) {
          Atomics.add(this.counter, 0, 1);
          Atomics.store(this.levels, at, level);
          Atomics.store(this.links, at, link);
          Atomics.store(this.los, at, low);
          this.slot = at;
          return NEW;
        }
      }
      if (found !== high) continue;
      let second = Atomics.load(this.los, at);
      while (second === 0) second = Atomics.load(this.los, at);
      if (second !== low) continue;
      this.slot = at;
      if (Atomics.load(this.levels, at) !== level) return SEEN;
      this.offerLink(at, link);
      return FRESH;
    }
    return FULL;
  }

  /** The level at which a state was first reached, or -1 if it has not been seen. */
  levelOf(hi: number, lo: number): number {
    const at = this.find(hi, lo);
    return at < 0 ? -1 : this.levels[at]!;
  }

  /** The slot of a state, -1 if it is not in the table. */
  find(hi: number, lo: number): number {
    const high = hi || 1;
    const low = lo || 1;
    const mask = this.capacity - 1;
    for (let at = (high ^ Math.imul(low, 0x9e3779b1)) & mask; ; at = (at + 1) & mask) {
      const found = Atomics.load(this.his, at);
      if (found === 0) return -1;
      if (found !== high) continue;
      let second = Atomics.load(this.los, at);
      while (second === 0) second = Atomics.load(this.los, at);
      if (second === low) return at;
    }
  }

  /** The threads that moved on the way from the start to the state in `slot`. */
  pathTo(slot: number): number[] {
    const path: number[] = [];
    for (let at = slot; this.levels[at] !== 0; at = this.links[at]! >>> THREAD_BITS) {
      path.push(this.links[at]! & (MAX_THREADS - 1));
    }
    return path.reverse();
  }

  /** A table of twice the capacity with the same states, or null when the limit is reached. */
  grown(): VisitedTable | null {
    if (this.capacity >= MAX_CAPACITY) return null;
    const bigger = VisitedTable.make(this.capacity * 2);
    const moved = new Int32Array(this.capacity);
    for (let at = 0; at < this.capacity; at++) {
      if (this.his[at] === 0) continue;
      bigger.insert(
        this.his[at]!,
        this.los[at]!,
        this.levels[at]!,
        this.links[at]! >>> THREAD_BITS,
        0,
      );
      moved[at] = bigger.slot;
    }
    for (let at = 0; at < this.capacity; at++) {
      if (this.his[at] === 0) continue;
      const link = this.links[at]!;
      const parent = this.levels[at] === 0 ? ROOT : moved[link >>> THREAD_BITS]!;
      bigger.links[moved[at]!] = (parent << THREAD_BITS) | (link & (MAX_THREADS - 1));
    }
    return bigger;
  }

  private offerLink(at: number, link: number): void {
    let old = Atomics.load(this.links, at);
    while (this.linkBefore(link, old)) {
      const now = Atomics.compareExchange(this.links, at, old, link);
      if (now === old) return;
      old = now;
    }
  }

  private linkBefore(a: number, b: number): boolean {
    const [pa, pb] = [a >>> THREAD_BITS, b >>> THREAD_BITS];
    if (pa === pb) return (a & (MAX_THREADS - 1)) < (b & (MAX_THREADS - 1));
    return before(this.his[pa]!, this.los[pa]!, this.his[pb]!, this.los[pb]!);
  }
}
