import { HI, LEVEL, LINK, LO, MAX_CAPACITY, SLOT, VisitedTable } from './visited.ts';

/** Slots of a page of memory. */
const PAGE = 4096 / SLOT;

/** A small table becomes larger by more: that is less to be moved, and it stays small. */
const SMALL = 1 << 17;

function largerThan(capacity: number): number {
  return Math.min(capacity * (capacity < SMALL ? 8 : 2), MAX_CAPACITY);
}

/** Part `index` of `count` that the work is divided into. */
export interface Part {
  readonly index: number;
  readonly count: number;
}

/** The memory of a growth, to be shared by threads. */
export interface Buffers {
  readonly old: SharedArrayBuffer;
  readonly bigger: SharedArrayBuffer;
}

/**
 * The states of a table on their way to one of 2^n times the capacity. Both have them in the same order, so
 * that parts of them can be moved at once without locks. A part begins behind a free slot, which no
 * state before it got past; and since those had room before that slot, in the larger table they have
 * it before the 2^n that it becomes.
 */
export class Growth {
  readonly buffers: Buffers;
  readonly bigger: VisitedTable;
  private readonly old: VisitedTable;

  constructor(buffers: Buffers) {
    this.buffers = buffers;
    this.old = new VisitedTable(buffers.old);
    this.bigger = new VisitedTable(buffers.bigger);
  }

  /** Null: a table cannot be larger. */
  static of({ buffer, capacity, size, shared }: VisitedTable): Growth | null {
    if (capacity >= MAX_CAPACITY) return null;
    const bigger = VisitedTable.make(largerThan(capacity)).buffer;
    const growth = new Growth({ old: buffer, bigger });
    growth.bigger.size = size;
    growth.bigger.shared = shared;
    return growth;
  }

  /** Bytes that it takes beside the table. */
  static bytes({ capacity }: VisitedTable): number {
    return largerThan(capacity) * SLOT;
  }

  /** The whole of it, in this thread. */
  done(): VisitedTable {
    this.move({ index: 0, count: 1 });
    return this.bigger;
  }

  move({ index, count }: Part): void {
    const { slots, capacity } = this.old;
    const places = this.bigger.slots;
    const mask = this.bigger.capacity - 1;
    const times = this.bigger.capacity / capacity;
    const begin = this.begin(index, count);
    const end = this.begin(index + 1, count);
    // A page that is read before it is written is mapped twice, and the other cores told of it.
    for (let to = begin * times; to < end * times; to += PAGE) places[(to & mask) << 2] = 0;
    for (let at = begin; at < end; at++) {
      const word = (at & (capacity - 1)) << 2;
      const high = slots[word + HI]!;
      if (high === 0) continue;
      const low = slots[word + LO]!;
      let to = this.bigger.home(high, low);
      while (places[(to << 2) + HI] !== 0) to = (to + 1) & mask;
      const place = to << 2;
      places[place + HI] = high;
      places[place + LO] = low;
      places[place + LEVEL] = slots[word + LEVEL]!;
      places[place + LINK] = slots[word + LINK]!;
    }
  }

  /** The first slot of a part. The last goes on around the end of the table to the first. */
  private begin(index: number, count: number): number {
    const { slots, capacity } = this.old;
    if (index === count) return this.begin(0, count) + capacity;
    let at = Math.floor((capacity * index) / count);
    while (slots[((at - 1) & (capacity - 1)) * 4 + HI] !== 0) at++;
    return at;
  }
}
