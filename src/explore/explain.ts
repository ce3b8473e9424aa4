import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { edgesOf } from './explain/edges.ts';
import { ordersOf } from './explain/orders.ts';
import { weightsOf } from './explain/weight.ts';
import type { Replay, StepRecord } from './outcome.ts';
import { Question, Trial } from './trial.ts';

/** Why a schedule breaks a property: which steps bear on which, and which orders it takes. */
export interface Explanation {
  readonly edges: readonly Edge[];
  /** The orders of two steps that matter most, at most three: the other way round it would hold. */
  readonly orders: readonly Order[];
  /** How much each step bears on the break: those of little weight may be folded. */
  readonly weight: readonly Weight[];
}

/**
 * 3: breaks the property, or is one of two steps whose order matters; 2: a statement of the spec on
 * the way to the break, at which another thread meets what it left, or it met what another left, or
 * it reads what another writes later, or that write; 1: comes before the break in every order that
 * keeps dependent steps as they are; 0: none of these.
 */
export type Weight = 0 | 1 | 2 | 3;

/** A step of one thread bears on a later one of another; steps count from 1. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  /** Name of the object in which they meet. */
  readonly object: string;
  /**
   * `enables`: the later thread waited for it; `flow`: the later step meets the value that the
   * earlier one left; `order`: the later step changes what the earlier one met.
   */
  readonly kind: 'enables' | 'flow' | 'order';
}

/**
 * Had step `first` come after step `then`, the property would hold: `schedule` is all else in the
 * same order, as far as that can be, on to the end. It was run.
 */
export interface Order {
  readonly first: number;
  /** Null: the operation at which `thread` still waits after the last step. */
  readonly then: number | null;
  /** The thread that does `then`. */
  readonly thread: string;
  /** Name of the object over which they race. */
  readonly object: string;
  /**
   * `always`: in every run that goes on from `schedule` as it is after `then`; `tried`: in
   * `schedule`, of others it is not known.
   */
  readonly holds: 'always' | 'tried';
  /** Names of threads, step by step. */
  readonly schedule: readonly string[];
}

/**
 * @param replay of a schedule that breaks the property, the last of its runs
 */
export function explain(
  program: Program,
  replay: Replay,
  property: string,
  guarded: <T>(code: () => T) => T,
): Explanation {
  const { steps } = replay;
  const machine = new Machine(program, guarded);
  const question = new Question(machine, property, guarded);
  const trial = new Trial(question);
  trial.follow(steps.map(({ thread }) => program.threads.findIndex(({ name }) => name === thread)));
  const moves = [...trial.moves];
  const reads = [...question.reads(trial.state)].map(
    (position) => machine.slotAt(position).object.name,
  );
  trial.finish(moves.length);
  const edges = edgesOf(steps);
  const locks = locksIn(steps);
  const orders = trial.broken < 0 ? [] : ordersOf(question, moves, locks);
  const broken = replay.broken.find((each) => each.property === property);
  const { step = steps.length, places = [] } = broken ?? {};
  return { edges, orders, weight: weightsOf(steps, { step, places }, reads, edges, orders, locks) };
}

/** Objects that change only as locks are taken or given back. */
function locksIn(steps: readonly StepRecord[]): ReadonlySet<string> {
  const changed = (some: readonly StepRecord[]): string[] =>
    some.flatMap(({ changes }) => changes.map(({ object }) => object));
  const locking = ({ taken, dropped }: StepRecord): boolean => taken.length + dropped.length > 0;
  const others = new Set(changed(steps.filter((step) => !locking(step))));
  return new Set(changed(steps.filter(locking)).filter((object) => !others.has(object)));
}
