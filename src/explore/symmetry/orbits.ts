import type { Machine, Node, Transition } from '../../model/machine.ts';
import { Exchange } from './exchange.ts';
import { type Permutations, permutations } from './permutations.ts';

/** A local state or a value, and its images under all permutations. */
interface Images {
  readonly positions: Int32Array;
  readonly ids: Int32Array;
  /** What each adds to a state's fingerprint. */
  readonly his: Int32Array;
  readonly los: Int32Array;
  /** The permutations that give different images. */
  readonly different: readonly number[];
}

/** Makes comparing signed numbers a comparison of unsigned ones. */
const SIGN = 0x80000000 | 0;

/**
 * Symmetry: threads that differ in nothing but their names. States that are each other's images
 * under permutations of them are an orbit, of which only one is explored, its member with the least
 * fingerprint (Clarke, Enders, Filkorn, Jha, FMSD 9, 1996). Which permutations change nothing is not
 * believed but checked as the threads are learned (exchange.ts).
 *
 * What is said of a state is said of all members: properties are asked in each of them, reports are
 * those of all images of a step. So a property may name one of the threads.
 *
 * With the reduction (Emerson, Jha, Peled, TACAS 1997): the image of a persistent set is persistent in
 * the image of the state, since an automorphism keeps what is dependent. So the search is that of
 * all states in which each member of an orbit has the image of the same set, looked at through
 * one member each. Levels are those of that search, and a circle of orbits is part of a circle of
 * states: gone round often enough it comes back to the state it left. So the ignoring proviso may
 * ask for the levels of orbits. A property that is asked in all members is as many properties:
 * visible are the images of all that it was seen to read.
 */
export class Orbits {
  readonly permutations: Permutations;
  /** The state that `least` found: fingerprint, and the permutation that leads to it. */
  hi = 0;
  lo = 0;
  as = 0;
  private readonly machine: Machine;
  private readonly exchanges: readonly Exchange[];
  /** How much of what the machine knows was checked. */
  private followed = 0;
  private waited = 0;
  /** Per row position, by id. */
  private readonly images: (Images | undefined)[][] = [];
  /** By transition: what it does to the fingerprints of the members, high and low lanes in turn. */
  private readonly effects: (Int32Array | undefined)[] = [];
  /** The fingerprints of the members of the orbit at hand. */
  private readonly his: Int32Array;
  private readonly los: Int32Array;
  private row = new Int32Array(0);

  constructor(machine: Machine, groups: readonly (readonly string[])[]) {
    const names = machine.threads.map(({ declaration }) => declaration.name);
    const threads = groups.map((group) => group.map((name) => names.indexOf(name)));
    this.machine = machine;
    this.permutations = permutations(names.length, threads);
    this.exchanges = this.permutations.exchanges.map((pair) => new Exchange(machine, pair));
    this.his = new Int32Array(this.size);
    this.los = new Int32Array(this.size);
  }

  /** Number of permutations. */
  get size(): number {
    return this.permutations.all.length;
  }

  /** Grows as objects are found whose images are others. */
  get moved(): number {
    return this.exchanges.reduce((sum, { moved }) => sum + moved, 0);
  }

  /**
   * Checks what the machine has learned, and teaches it the images.
   * @throws SpecError when the threads are not identical
   */
  learn(): void {
    const { machine, exchanges } = this;
    for (;;) {
      if (this.followed < machine.learned.length) {
        const learned = machine.learned[this.followed++]!;
        for (const exchange of exchanges) exchange.follow(learned);
      } else if (this.waited < machine.waits.length) {
        const asked = machine.waits[this.waited++]!;
        for (const exchange of exchanges) exchange.wait(asked);
      } else return;
    }
  }

  /** From now on the state at `base` is at hand. */
  visit(rows: Int32Array, base: number, width: number): void {
    const { his, los, size } = this;
    his.fill(0);
    los.fill(0);
    for (let position = 0; position < width; position++) {
      const id = rows[base + position]!;
      if (id === 0) continue;
      const images = this.imagesOf(position, id);
      const [high, low] = [images.his, images.los];
      for (let as = 0; as < size; as++) {
        his[as]! ^= high[as]!;
        los[as]! ^= low[as]!;
      }
    }
  }

  /** Finds the least member of the orbit that a step leads to from the state at hand. */
  least(move: Transition): void {
    const { his, los, size } = this;
    const effect = this.effects[move.id] ?? this.effectOf(move);
    let hi = his[0]! ^ effect[0]!;
    let lo = los[0]! ^ effect[1]!;
    this.as = 0;
    for (let as = 1; as < size; as++) {
      const high = his[as]! ^ effect[2 * as]!;
      if ((high ^ SIGN) > (hi ^ SIGN)) continue;
      const low = los[as]! ^ effect[2 * as + 1]!;
      if (high === hi && (low ^ SIGN) >= (lo ^ SIGN)) continue;
      [hi, lo] = [high, low];
      this.as = as;
    }
    this.hi = hi;
    this.lo = lo;
  }

  /** Puts the image of the state at `base` in its place. */
  turn(rows: Int32Array, base: number, width: number, as: number): void {
    if (as === 0) return;
    const image = this.imageOf(rows, base, width, as);
    for (let position = 0; position < width; position++) rows[base + position] = image[position]!;
  }

  /** The image of the state at `base`, as wide as all that is known: good until the next is asked for. */
  imageOf(rows: Int32Array, base: number, width: number, as: number): Int32Array {
    const room = Math.max(width, this.machine.width);
    if (this.row.length < room) this.row = new Int32Array(room * 2);
    const { row } = this;
    row.fill(0);
    for (let position = 0; position < width; position++) {
      const id = rows[base + position]!;
      if (id === 0) continue;
      const images = this.imagesOf(position, id);
      row[images.positions[as]!] = images.ids[as]!;
    }
    return row;
  }

  /** The permutations that give different members of the orbit at hand. */
  different(): number[] {
    const seen = new Set<string>();
    const { his, los } = this;
    return [...his.keys()].filter((as) => {
      const member = `${his[as]},${los[as]}`;
      return !seen.has(member) && seen.add(member);
    });
  }

  nodeOf(as: number, { thread, state }: Node): Node {
    const { positions, ids } = this.imagesOf(thread, state.id);
    return this.machine.nodes[positions[as]!]![ids[as]!]!;
  }

  /** The images of a step, by permutation. */
  movesOf(move: Transition): Transition[] {
    const images: Transition[] = [];
    for (const { exchange, after } of this.permutations.made) {
      const next = this.exchanges[exchange];
      images.push(next ? next.moves[images[after]!.id]! : move);
    }
    return images;
  }

  /** The images of a local state, once each, with the permutation. */
  nodesOf(node: Node): { readonly node: Node; readonly as: number }[] {
    const { different } = this.imagesOf(node.thread, node.state.id);
    return different.map((as) => ({ node: this.nodeOf(as, node), as }));
  }

  /** Positions with all their images. */
  closure(positions: Iterable<number>): Set<number> {
    const all = new Set(positions);
    // A set is walked in the order of insertion, and so to those that are added on the way.
    for (const position of all) {
      for (const exchange of this.exchanges) all.add(exchange.placeOf(position));
    }
    return all;
  }

  /**
   * The threads that move on the way from the start to the member `as` of an orbit.
   * @param path those that move from one explored member to the next, up to the member explored
   * @returns null if it does not lead to the one explored with that fingerprint
   */
  schedule(path: readonly number[], hi: number, lo: number, as: number): number[] | null {
    const { machine } = this;
    const { all } = this.permutations;
    let row = machine.initialRow();
    // The states met are the images of the explored ones under `to`.
    let to = all[0]!;
    const threads: number[] = [];
    for (const thread of path) {
      threads.push(to[thread]!);
      const wide = new Int32Array(machine.width);
      wide.set(row);
      const move = machine.transition(wide, 0, thread);
      if (!move) return null;
      this.learn();
      this.visit(wide, 0, wide.length);
      this.least(move);
      row = new Int32Array(machine.width);
      row.set(wide);
      row[thread] = move.next.state.id;
      for (let i = 0; i < move.changes.length; i += 2) row[move.changes[i]!] = move.changes[i + 1]!;
      this.turn(row, 0, row.length, this.as);
      to = after(to, inverse(all[this.as]!));
    }
    if (path.length > 0 && (this.hi !== hi || this.lo !== lo)) return null;
    const last = after(all[as]!, inverse(to));
    return threads.map((thread) => last[thread]!);
  }

  private imagesOf(position: number, id: number): Images {
    this.images[position] ??= [];
    let images = this.images[position][id];
    if (!images) {
      images = this.makeImages(position, id);
      this.images[position][id] = images;
    }
    return images;
  }

  private makeImages(position: number, id: number): Images {
    const { size, exchanges } = this;
    const numbers = (): Int32Array => new Int32Array(size);
    const [positions, ids, his, los] = [numbers(), numbers(), numbers(), numbers()];
    const seen = new Set<string>();
    const different: number[] = [];
    this.permutations.made.forEach(({ exchange, after }, as) => {
      const next = exchanges[exchange];
      const place = next ? next.placeOf(positions[after]!) : position;
      const image = next ? next.idOf(positions[after]!, ids[after]!) : id;
      const { hi, lo } = this.fingerprintOf(place, image);
      [positions[as], ids[as], his[as], los[as]] = [place, image, hi, lo];
      const key = `${place},${image}`;
      if (!seen.has(key)) different.push(as);
      seen.add(key);
    });
    return { positions, ids, his, los, different };
  }

  /** Relative to the start, whose fingerprint is 0. */
  private fingerprintOf(position: number, id: number): { hi: number; lo: number } {
    const automaton = this.machine.threads[position];
    if (!automaton) return this.machine.slotAt(position).fingerprints[id]!;
    const [{ fingerprint }, { fingerprint: start }] = [automaton.states[id]!, automaton.start];
    return { hi: fingerprint.hi ^ start.hi, lo: fingerprint.lo ^ start.lo };
  }

  private effectOf(move: Transition): Int32Array {
    const effect = new Int32Array(2 * this.size);
    for (const [as, { hi, lo }] of this.movesOf(move).entries()) {
      effect[2 * as] = hi;
      effect[2 * as + 1] = lo;
    }
    this.effects[move.id] = effect;
    return effect;
  }
}

/** First `b`, then `a`. */
function after(a: Int32Array, b: Int32Array): Int32Array {
  return b.map((thread) => a[thread]!);
}

function inverse(a: Int32Array): Int32Array {
  const back = new Int32Array(a.length);
  a.forEach((to, from) => {
    back[to] = from;
  });
  return back;
}
