import type { Transition } from '../../model/machine.ts';

/** Which steps of a run come before which in every order that keeps dependent steps as they are. */
export class Causality {
  readonly moves: readonly Transition[];
  private readonly changed: readonly ReadonlySet<number>[];
  /** Per step those before it. */
  private readonly pasts: readonly ReadonlySet<number>[];

  constructor(moves: readonly Transition[]) {
    this.moves = moves;
    this.changed = moves.map(changedBy);
    const pasts: Set<number>[] = [];
    for (const at of moves.keys()) {
      const past = new Set<number>();
      for (let before = at - 1; before >= 0; before--) {
        if (past.has(before) || !this.dependent(before, at)) continue;
        past.add(before);
        for (const each of pasts[before]!) past.add(each);
      }
      pasts.push(past);
    }
    this.pasts = pasts;
  }

  /** Does `a` come before `b`, whatever else is changed in the order? */
  before(a: number, b: number): boolean {
    return this.pasts[b]!.has(a);
  }

  /** The last step before `at` that changes an object, of the same thread as `as`; -1: none. */
  lastChange(at: number, position: number, as = -1): number {
    for (let before = at - 1; before >= 0; before--) {
      if (as >= 0 && !this.sameThread(before, as)) continue;
      if (this.changed[before]!.has(position)) return before;
    }
    return -1;
  }

  private dependent(a: number, b: number): boolean {
    return this.sameThread(a, b) || this.meet(a, b) || this.meet(b, a);
  }

  private meet(changing: number, at: number): boolean {
    const { footprint } = this.moves[at]!.node;
    return footprint.some((position) => this.changed[changing]!.has(position));
  }

  private sameThread(a: number, b: number): boolean {
    return this.moves[a]!.node.thread === this.moves[b]!.node.thread;
  }
}

function changedBy({ changes }: Transition): ReadonlySet<number> {
  return new Set(changes.filter((_, i) => i % 2 === 0));
}
