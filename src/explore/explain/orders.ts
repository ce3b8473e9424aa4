import type { Node, Transition } from '../../model/machine.ts';
import { describe } from '../../model/operation.ts';
import { show } from '../../model/text.ts';
import type { Order } from '../explain.ts';
import { callsOf } from '../places.ts';
import { type Question, Trial } from '../trial.ts';
import { Ahead } from './ahead.ts';
import { Causality } from './causality.ts';

/** Orders that are told. */
const MOST = 3;
/** Orders of which it is asked whether the property holds however it goes on. */
const ASKED = 16;
/** Steps over one object that are told apart from a later one there. */
const NEAR = 3;
/** Runs with two steps the other way round, for one schedule. */
const FLIPS = 100;
/** Steps beyond which nobody would read a schedule. */
const LONGEST = 400;

/**
 * The orders of two steps that it takes to break a property. For each two that race, the schedule is
 * run with the later one first, all else as it was as far as that can be, and on to the end: where
 * the property holds then, their order may matter. It does where the property holds whatever comes
 * after the later one; where something else that comes breaks it, the run held by luck.
 *
 * @param locks names of the objects that are nothing else
 */
export function ordersOf(
  question: Question,
  moves: readonly Transition[],
  locks: ReadonlySet<string>,
): Order[] {
  if (moves.length > LONGEST) return [];
  return new Orders(question, new Causality(moves), locks).best();
}

/** Two steps that race, from 0. The later one may be what a thread waits at after the last step. */
interface Pair {
  readonly first: number;
  readonly later: number | null;
  /** Where the thread of the later one is then. */
  readonly node: Node;
  readonly object: string;
}

/** A run in which the later one comes first, and the property holds. */
interface Flip {
  readonly moves: readonly Transition[];
  /** How many steps it takes until the later one is done. */
  readonly until: number;
  /** For each step, where it is in the run; -1: its thread does something else, or nothing. */
  readonly places: readonly number[];
  /** Whether it gives the same there. */
  readonly same: readonly boolean[];
}

interface Found extends Pair {
  readonly flip: Flip;
}

interface Asked extends Found {
  readonly after: 'holds' | 'breaks' | 'unknown';
}

class Orders {
  private readonly question: Question;
  private readonly causality: Causality;
  private readonly locks: ReadonlySet<string>;
  private readonly runs = new Map<string, Flip | Node | null>();

  constructor(question: Question, causality: Causality, locks: ReadonlySet<string>) {
    this.question = question;
    this.causality = causality;
    this.locks = locks;
  }

  /**
   * Those that matter most: after which it always holds, data before locks, the spec's own
   * statements before what goes on below them, those that change the least else, the latest.
   */
  best(): Order[] {
    const found = [...this.waiting(), ...this.racing()].flatMap((pair) => {
      const found = this.flipped(pair);
      return found ? [{ ...found, rank: this.rank(found) }] : [];
    });
    found.sort((a, b) => compare(a.rank, b.rank));
    const ahead = new Ahead(this.question);
    const asked = withoutDoubles(found)
      .slice(0, ASKED)
      .map((each) => ({ ...each, after: ahead.after(each.flip.moves.slice(0, each.flip.until)) }));
    const at = (after: Asked['after']): Asked[] => asked.filter((each) => each.after === after);
    const matter = withoutImplied([...at('holds'), ...at('unknown')]);
    // By luck, but nothing better is known.
    const told = matter.length > 0 ? matter.slice(0, MOST) : at('breaks').slice(0, 1);
    return told.map((each) => this.orderOf(each));
  }

  private orderOf({ first, later, node, object, flip, after }: Asked): Order {
    const { threads } = this.question.machine;
    const nameOf = (thread: number): string => threads[thread]!.declaration.name;
    return {
      first: first + 1,
      // biome-ignore lint/suspicious/noThenProperty: a step, and no promise
      then: later === null ? null : later + 1,
      thread: nameOf(node.thread),
      object,
      holds: after === 'holds' ? 'always' : 'tried',
      schedule: flip.moves.map((move) => nameOf(move.node.thread)),
    };
  }

  private rank({ first, later, node, object, flip: { places, same } }: Found): number[] {
    const { moves } = this.causality;
    const others = places.filter((place, at) => place < 0 && at !== first && at !== later).length;
    const meets = later !== null && same[first] && same[later] ? 1 : 0;
    const below = [moves[first]!.node, node].filter((each) => !isOwn(each)).length;
    const lock = Number(this.locks.has(object));
    return [lock, below, others, meets, -(later ?? places.length), -first];
  }

  /** The latest first; of those over one object the nearest. */
  private racing(): Pair[] {
    const { causality, question } = this;
    const { moves } = causality;
    const pairs: Pair[] = [];
    for (let later = moves.length - 1; later >= 0; later--) {
      const { node } = moves[later]!;
      const { thread, footprint, writes } = node;
      for (const position of footprint) {
        const object = question.machine.slotAt(position).object.name;
        let near = NEAR;
        for (let first = later - 1; first >= 0 && near > 0; first--) {
          const earlier = moves[first]!.node;
          if (earlier.thread === thread || !earlier.footprint.includes(position)) continue;
          // What is written may be what was there, and would not be in the other order.
          if (!earlier.writes.includes(position) && !writes.includes(position)) continue;
          pairs.push({ first, later, node, object });
          near--;
        }
      }
    }
    return pairs;
  }

  /** Where nothing can move after the last step: what threads wait at that ought not to wait. */
  private waiting(): Pair[] {
    const { question, causality } = this;
    const { machine } = question;
    const trial = new Trial(question);
    for (const { node } of causality.moves) trial.step(node.thread);
    const { rows } = trial.state;
    const moves = machine.threads.some((_, thread) => machine.transition(rows, 0, thread));
    if (trial.crashed || moves) return [];
    return machine.threads.flatMap((_, thread) => {
      const node = machine.node(rows, 0, thread);
      if (!node.state.pending || node.idle) return [];
      return [...node.footprint].flatMap((position) => {
        const first = causality.lastChange(causality.moves.length, position);
        if (first < 0 || causality.moves[first]!.node.thread === thread) return [];
        return [{ first, later: null, node, object: machine.slotAt(position).object.name }];
      });
    });
  }

  /**
   * The run with the later one first; null: the property is broken all the same, or the later one
   * cannot come first. Where its thread has to wait on the way, as for a lock, the earlier one's is
   * held back at the step that took it.
   */
  private flipped(pair: Pair): Found | null {
    const { causality } = this;
    for (let cut = pair.first; cut >= 0; ) {
      const run = this.run(cut, pair);
      if (run === null) return null;
      if ('places' in run) {
        // Of a lock it is not who gave it back that matters, but who took it.
        const found = { ...pair, first: this.locks.has(pair.object) ? cut : pair.first, flip: run };
        return isReversed(found) ? found : null;
      }
      cut = Math.max(
        ...[...run.footprint].map((position) => causality.lastChange(cut, position, pair.first)),
      );
    }
    return null;
  }

  /** As it was up to `cut`; gives where the later one's thread has to wait, if it has to. */
  private run(cut: number, { later, node }: Pair): Flip | Node | null {
    const key = `${cut} ${later} ${node.thread}`;
    const known = this.runs.get(key);
    if (known !== undefined) return known;
    if (this.runs.size >= FLIPS) return null;
    const { question, causality } = this;
    const { moves } = causality;
    const trial = new Trial(question);
    const result = this.attempt(trial, cut, later ?? moves.length, node);
    this.runs.set(key, result);
    return result;
  }

  private attempt(trial: Trial, cut: number, later: number, wanted: Node): Flip | Node | null {
    const { moves } = this.causality;
    const { thread } = wanted;
    const late: number[] = [cut];
    for (let at = 0; at < later; at++) {
      const mover = moves[at]!.node.thread;
      const waits = at > cut && mover !== thread && this.causality.before(cut, at);
      if (at === cut) continue;
      if (waits) late.push(at);
      else if (!trial.step(mover)) return mover === thread ? this.nodeOf(trial, thread) : null;
    }
    const node = this.nodeOf(trial, thread);
    if (!trial.step(thread)) return node;
    // Nobody waits where its thread has gone another way.
    if (later === moves.length && !isSame(node, wanted)) return null;
    const until = trial.moves.length;
    for (let at = later + 1; at < moves.length; at++) late.push(at);
    trial.follow(late.map((at) => moves[at]!.node.thread));
    const ended = trial.finish(moves.length * 4 + 200);
    if (!ended || trial.broken >= 0 || trial.crashed) return null;
    const places = placesOf(moves, trial.moves);
    const same = places.map(
      (place, at) => place >= 0 && show(trial.moves[place]!.result) === show(moves[at]!.result),
    );
    return { moves: trial.moves, until, places, same };
  }

  private nodeOf({ state }: Trial, thread: number): Node {
    return this.question.machine.node(state.rows, 0, thread);
  }
}

/** Each order once, and each run: that of the best order. */
function withoutDoubles<Each extends Found>(found: readonly Each[]): Each[] {
  const known = new Set<string>();
  return found.filter(({ first, later, node, flip }) => {
    const keys = [
      `${first} ${later} ${node.thread}`,
      flip.moves.map((move) => move.node.thread).join(),
    ];
    if (keys.some((key) => known.has(key))) return false;
    for (const key of keys) known.add(key);
    return true;
  });
}

/** Without those that say no more than a closer one, which their run turns round as well. */
function withoutImplied(found: readonly Asked[]): Asked[] {
  const end = Number.POSITIVE_INFINITY;
  const implied = (wide: Asked, close: Asked): boolean => {
    const { first, later } = close;
    if (wide === close || (wide.after === 'holds' && close.after !== 'holds')) return false;
    if (first < wide.first || (later ?? end) > (wide.later ?? end)) return false;
    if (later === null) return wide.later === null && wide.node.thread === close.node.thread;
    return isReversed({ ...close, flip: wide.flip });
  };
  return found.filter((wide) => !found.some((close) => implied(wide, close)));
}

/** Is it a statement of the spec? */
function isOwn({ state }: Node): boolean {
  return callsOf(state.sites).length > 0;
}

function isReversed({ first, later, flip: { places } }: Found): boolean {
  if (later === null) return places[first]! >= 0;
  return places[later]! >= 0 && places[first]! > places[later]!;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((each, i) => each !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

/** Where each step of a run is in another one: the same operation of its thread, as many steps on. */
function placesOf(moves: readonly Transition[], others: readonly Transition[]): number[] {
  const next = new Map<number, number>();
  return moves.map((move) => {
    const { thread } = move.node;
    const from = next.get(thread) ?? 0;
    const place = others.findIndex(({ node }, at) => at >= from && node.thread === thread);
    next.set(thread, place < 0 ? others.length : place + 1);
    return place >= 0 && isSame(others[place]!.node, move.node) ? place : -1;
  });
}

function isSame(a: Node, b: Node): boolean {
  const [one, other] = [a.state.pending!, b.state.pending!];
  return one === other || (one.name === other.name && describe(one) === describe(other));
}
