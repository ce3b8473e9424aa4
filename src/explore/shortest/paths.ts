/** A path is a link: the path to the state before, and the thread of the last step. */
const THREAD_BITS = 5;

/** The path of no steps. */
export const EMPTY = 0;

/**
 * Of the shortest paths to the states of a search, level by level, those with the fewest switches
 * between threads; of several with as few the first by the threads' order.
 *
 * A dynamic programme: all shortest paths to a state go through states of the level before, and
 * what a step adds depends only on who made the one before it. So one path is kept for each state
 * and last thread.
 */
export class Paths {
  private readonly threads: number;
  /** Per path. Those of a level stand in the threads' order, since their beginnings do. */
  private links = new Int32Array(1 << 10);
  private switches = new Uint16Array(1 << 10);
  private size = 1;
  /** Of the paths to the states of this level the first. */
  private first = EMPTY;
  /** Where those paths lead, by number of the state. */
  private states = Int32Array.of(0);
  /** By state and last thread; -1: none. */
  private ends: Int32Array;
  /** By state. */
  private best = Int32Array.of(EMPTY);

  constructor(threads: number) {
    this.threads = threads;
    this.ends = new Int32Array(threads).fill(-1);
    this.ends[0] = EMPTY;
  }

  /** The best path to a state of this level, if `thread` moves next (-1: nobody). */
  to(state: number, thread = -1): number {
    const best = this.best[state]!;
    if (thread < 0) return best;
    // Only the one that ends with that thread has no switch more than it had.
    const own = this.ends[state * this.threads + thread]!;
    return own >= 0 && this.compare(own, best, thread) < 0 ? own : best;
  }

  /** How often another thread takes over along a path, with a step of `thread` at its end (-1: without). */
  switchesOf(path: number, thread = -1): number {
    const stays = path === EMPTY || thread < 0 || this.lastOf(path) === thread;
    return this.switches[path]! + (stays ? 0 : 1);
  }

  /** The path without its last step, which is by `lastOf`. */
  before(path: number): number {
    return this.links[path]! >>> THREAD_BITS;
  }

  lastOf(path: number): number {
    return this.links[path]! & ((1 << THREAD_BITS) - 1);
  }

  /** The threads that move along a path. */
  along(path: number): number[] {
    const threads: number[] = [];
    for (let at = path; at !== EMPTY; at = this.before(at)) threads.push(this.lastOf(at));
    return threads.reverse();
  }

  /**
   * On to the next level.
   * @param count states of it
   * @param successors per state of this level and thread the state of the next that it leads to; -1: none
   */
  advance(count: number, successors: Int32Array): void {
    const { threads, states, first, size } = this;
    const from = new Int32Array(count * threads).fill(-1);
    for (let state = 0, at = 0; at < successors.length; state++) {
      for (let thread = 0; thread < threads; thread++, at++) {
        if (successors[at]! < 0) continue;
        const to = successors[at]! * threads + thread;
        const path = this.to(state, thread);
        if (from[to]! < 0 || this.compare(path, from[to]!, thread) < 0) from[to] = path;
      }
    }
    const ends = new Int32Array(count * threads).fill(-1);
    const best = new Int32Array(count).fill(-1);
    const reached: number[] = [];
    for (let path = first; path < size; path++) {
      const state = states[path - first]!;
      for (let thread = 0; thread < threads; thread++) {
        const successor = successors[state * threads + thread]!;
        const to = successor * threads + thread;
        if (successor < 0 || from[to] !== path) continue;
        const added = this.add(path, thread);
        ends[to] = added;
        if (best[successor]! < 0 || this.compare(added, best[successor]!) < 0)
          best[successor] = added;
        reached.push(successor);
      }
    }
    this.first = size;
    this.states = Int32Array.from(reached);
    this.ends = ends;
    this.best = best;
  }

  /** Less than 0: of two paths with as many steps the first is better, if `thread` moves next. */
  compare(a: number, b: number, thread = -1): number {
    return this.switchesOf(a, thread) - this.switchesOf(b, thread) || a - b;
  }

  private add(path: number, thread: number): number {
    if (this.size === this.links.length) this.grow();
    this.switches[this.size] = this.switchesOf(path, thread);
    this.links[this.size] = (path << THREAD_BITS) | thread;
    return this.size++;
  }

  private grow(): void {
    const { links, switches } = this;
    this.links = new Int32Array(links.length * 2);
    this.links.set(links);
    this.switches = new Uint16Array(links.length * 2);
    this.switches.set(switches);
  }
}
