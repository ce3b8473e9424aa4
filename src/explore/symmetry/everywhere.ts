import { TupleMap } from '../../model/tuple-map.ts';
import type { StateProperty } from '../properties.ts';
import type { Orbits } from './orbits.ts';

/** What a property says of the members of an orbit. */
export interface Answers {
  /** Is it true of one of them? */
  readonly somewhere: boolean;
  /** The first permutation that leads to a member of which it is not true; -1: none does. */
  readonly fails: number;
}

/**
 * A property asked in all members of an orbit: it may name a thread. Remembered per values of all
 * objects that it reads in any of them.
 */
export class Everywhere {
  private readonly property: StateProperty;
  private readonly orbits: Orbits;
  private answers = new TupleMap<Answers>(new Int32Array(0));
  /** What the positions of `answers` were made from. */
  private size = 0;
  private moved = 0;

  constructor(property: StateProperty, orbits: Orbits) {
    this.property = property;
    this.orbits = orbits;
  }

  /** The row must have room for known objects. */
  ask(rows: Int32Array, base: number, stride: number): Answers {
    const { property, orbits } = this;
    const { footprint } = property;
    const current = (): boolean => this.size === footprint.size && this.moved === orbits.moved;
    const known = this.size > 0 && current() ? this.answers.get(rows, base) : undefined;
    if (known) return known;
    let somewhere = false;
    let fails = -1;
    for (let as = 0; as < orbits.size; as++) {
      const row = orbits.imageOf(rows, base, stride, as);
      if (property.holds(row, 0, row.length)) somewhere = true;
      else if (fails < 0) fails = as;
    }
    const answers = { somewhere, fails };
    if (!current()) {
      this.size = footprint.size;
      this.moved = orbits.moved;
      this.answers = new TupleMap(Int32Array.from(orbits.closure(footprint)));
    } else if (this.size > 0) {
      this.answers.set(rows, base, answers);
    }
    return answers;
  }
}
