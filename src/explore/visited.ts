import { before } from '../model/fingerprint.ts';

export const FULL = -1;
export const SEEN = 0;
/** Seen, and first seen in the level being made now. */
export const FRESH = 1;
export const NEW = 2;

/** Of a link, for the thread; the rest is a part of the parent's hash, and finds its place in any table. */
const THREAD_BITS = 6;
const THREAD = (1 << THREAD_BITS) - 1;
export const MAX_CAPACITY = 1 << (32 - THREAD_BITS);

/** Bytes before the first slot: a cache line, so that no slot is spread over two. */
const HEAD = 64;
export const SLOT = 16;
/** Spreads the low lane over all bits: 2^32 by the golden ratio (Knuth 6.4). */
const SPREAD = 0x9e3779b1;
/** What the words of a slot are. */
export const [HI, LO, LEVEL, LINK] = [0, 1, 2, 3];

/** As in slots: 0 in the high lane marks a free one, in the low lane one that is being written. */
function hashOf(hi: number, lo: number): number {
  return (hi || 1) ^ Math.imul(lo || 1, SPREAD);
}

/** What links name a state by. Another one may have the same name. */
export function nameOf(hi: number, lo: number): number {
  return hashOf(hi, lo) & ~THREAD;
}

/**
 * The states seen: open addressing over shared memory, two 32-bit lanes of fingerprint, the level
 * of the state and a link (name of the parent, thread that moved). Claimed by compare-exchange, so
 * that workers insert without locks (Laarman, van de Pol, Weber, FMCAD 2010). No deletion; a full
 * table says FULL, never SEEN.
 */
export class VisitedTable {
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  /** A state's place is in the high bits of its hash: so a larger table has them in the same order. */
  private readonly shift: number;
  /** Per slot its high lane, low lane, level and link: together, so that a visit is one cache line. */
  readonly slots: Int32Array;
  /** Number of slots taken, and whether to stop; shared by all users of the buffer. */
  private readonly counter: Int32Array;
  /** Slot of the last state that `insert` found or made. */
  slot = 0;
  /** May another thread have the table? If not, there is no need to lock the bus. */
  shared = true;
  private warm = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.capacity = (buffer.byteLength - HEAD) / SLOT;
    this.shift = Math.clz32(this.capacity) + 1;
    this.counter = new Int32Array(buffer, 0, 2);
    this.slots = new Int32Array(buffer, HEAD);
  }

  /** @param capacity a power of two */
  static make(capacity: number): VisitedTable {
    const bytes = HEAD + Math.min(capacity, MAX_CAPACITY) * SLOT;
    const table = new VisitedTable(new SharedArrayBuffer(bytes));
    table.shared = false;
    return table;
  }

  get size(): number {
    return Atomics.load(this.counter, 0);
  }

  set size(states: number) {
    Atomics.store(this.counter, 0, states);
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
    this.insert(hi, lo, 0, 0, 0);
  }

  /**
   * Adds a state reached at `level` from one named `parent` by `thread`. Of several parents in one
   * level that with the least name is kept, then the least thread, so that the path to a state does
   * not depend on who came first.
   */
  insert(hi: number, lo: number, level: number, parent: number, thread: number): number {
    const high = hi || 1;
    const low = lo || 1;
    const { slots } = this;
    const mask = this.capacity - 1;
    const limit = this.capacity - (this.capacity >>> 3);
    const link = parent | thread;
    let at = this.home(high, low);
    for (let probes = 0; probes < this.capacity; probes++, at = (at + 1) & mask) {
      const word = at << 2;
      let found = slots[word + HI]!;
      if (found === 0) {
        if (this.counter[0]! >= limit) return FULL;
        if (this.shared) found = Atomics.compareExchange(slots, word + HI, 0, high);
        if (found === 0) {
          slots[word + LEVEL] = level;
          slots[word + LINK] = link;
          if (this.shared) {
            Atomics.add(this.counter, 0, 1);
            Atomics.store(slots, word + LO, low);
          } else {
            this.counter[0]!++;
            slots[word + HI] = high;
            slots[word + LO] = low;
          }
          this.slot = at;
          return NEW;
        }
      }
      if (found !== high || this.lowAt(word) !== low) continue;
      this.slot = at;
      if (slots[word + LEVEL] !== level) return SEEN;
      this.offerLink(at, link);
      return FRESH;
    }
    return FULL;
  }

  /**
   * Brings the slot of a state into the cache. Asked for all successors of a state before the first
   * is looked up: then the memory is waited for once instead of one time after the other.
   */
  prefetch(hi: number, lo: number): void {
    const at = this.home(hi, lo);
    this.warm ^= this.slots[at << 2]!;
  }

  /** The level at which a state was first reached, or -1 if it has not been seen. */
  levelOf(hi: number, lo: number): number {
    const at = this.find(hi, lo);
    return at < 0 ? -1 : this.slots[(at << 2) + LEVEL]!;
  }

  /** The slot of a state, -1 if it is not in the table. */
  find(hi: number, lo: number): number {
    const high = hi || 1;
    const low = lo || 1;
    const { slots } = this;
    const mask = this.capacity - 1;
    for (let at = this.home(high, low); ; at = (at + 1) & mask) {
      const word = at << 2;
      const found = slots[word + HI]!;
      if (found === 0) return -1;
      if (found === high && this.lowAt(word) === low) return at;
    }
  }

  /**
   * The threads that moved on the way from the start to a state that is in the table, and other ways
   * that its links may stand for as well: only a walk along them shows where they lead.
   */
  *pathsTo(hi: number, lo: number): Generator<number[], void, void> {
    const { slots } = this;
    const open = [this.find(hi, lo)];
    const length = slots[(open[0]! << 2) + LEVEL]!;
    const path: number[] = [];
    while (open.length > 0) {
      const word = open.pop()! << 2;
      const level = slots[word + LEVEL]!;
      if (level === 0) {
        yield path.slice(0, length);
        continue;
      }
      const link = slots[word + LINK]!;
      path[level - 1] = link & THREAD;
      open.push(...this.named(link & ~THREAD, level - 1));
    }
  }

  /** Slots of the states of a level with that name, the greatest fingerprint first. */
  private named(name: number, level: number): number[] {
    const { slots } = this;
    const mask = this.capacity - 1;
    const found: number[] = [];
    for (let at = name >>> this.shift; slots[at << 2] !== 0; at = (at + 1) & mask) {
      const word = at << 2;
      const same = nameOf(slots[word + HI]!, slots[word + LO]!) === name;
      if (same && slots[word + LEVEL] === level) found.push(at);
    }
    const lanes = (at: number) => [slots[(at << 2) + HI]!, slots[(at << 2) + LO]!] as const;
    return found.sort((a, b) => (before(...lanes(a), ...lanes(b)) ? 1 : -1));
  }

  /** Where the search for a state begins. */
  home(hi: number, lo: number): number {
    return hashOf(hi, lo) >>> this.shift;
  }

  /**
   * The low lane of a slot that is taken. What was written before it can be read after it: once it is
   * there, only a load that is atomic promises that. No other load has to be: neither lane changes.
   */
  private lowAt(word: number): number {
    const { slots } = this;
    if (!this.shared) return slots[word + LO]!;
    let low = Atomics.load(slots, word + LO);
    while (low === 0) low = Atomics.load(slots, word + LO);
    return low;
  }

  private offerLink(at: number, link: number): void {
    const word = (at << 2) + LINK;
    let old = this.slots[word]!;
    while (link >>> 0 < old >>> 0) {
      const now = Atomics.compareExchange(this.slots, word, old, link);
      if (now === old) return;
      old = now;
    }
  }
}
