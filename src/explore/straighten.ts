import type { Machine, Node, Transition } from '../model/machine.ts';
import { Frontier } from './frontier.ts';

/** Steps beyond which it would take too long, and nobody would read them. */
const LONGEST = 1000;

/**
 * The same steps in an order with fewer switches between threads. Steps that are dependent keep
 * their order (same thread, or a common object that one of them writes), so every step does the
 * same and the last state is the same: what breaks there breaks still.
 *
 * Greedy: goes on with a thread as long as its next step is free, then takes the thread that can go
 * on longest. Not always the least number of switches.
 */
export function straighten(machine: Machine, schedule: readonly string[]): Straightened {
  const names = machine.threads.map(({ declaration }) => declaration.name);
  const { moves, reached, state } = walk(machine, schedule);
  if (moves.length > LONGEST) return { schedule, last: state };
  // The last step stays last: it is the one that breaks the property.
  const end = moves.length - 1;
  const before = moves.map((move, at) =>
    moves.flatMap((earlier, index) => (index < at && dependent(earlier, move) ? [index] : [])),
  );
  const done = new Set<number>();
  const order: number[] = [];
  const free = (at: number): boolean =>
    (at < end || order.length === end) && before[at]!.every((index) => done.has(index));
  const nextOf = (thread: number): number =>
    moves.findIndex(({ node }, at) => node.thread === thread && !done.has(at));
  /** Runs a thread as far as it can go; gives the steps taken. */
  const run = (thread: number): number[] => {
    const taken: number[] = [];
    for (let at = nextOf(thread); at >= 0 && free(at); at = nextOf(thread)) {
      done.add(at);
      order.push(at);
      taken.push(at);
    }
    return taken;
  };
  const undo = (taken: readonly number[]): void => {
    for (const at of taken) done.delete(at);
    order.length -= taken.length;
  };
  while (order.length < moves.length) {
    let best = -1;
    let length = 0;
    for (let thread = 0; thread < names.length; thread++) {
      const taken = run(thread);
      undo(taken);
      if (taken.length > length) [best, length] = [thread, taken.length];
    }
    run(best);
  }
  const straightened = order.map((at) => names[moves[at]!.node.thread]!);
  const again = walk(machine, straightened);
  if (again.reached !== reached) {
    throw new Error(`independent steps do not commute in the schedule ${schedule.join(' ')}`);
  }
  const better = switches(straightened) < switches(schedule);
  return { schedule: better ? straightened : schedule, last: again.state };
}

export interface Straightened {
  readonly schedule: readonly string[];
  /** The state that the schedule leads to. */
  readonly last: Frontier;
}

function switches(schedule: readonly string[]): number {
  return schedule.filter((thread, at) => at > 0 && schedule[at - 1] !== thread).length;
}

function dependent(a: Transition, b: Transition): boolean {
  if (a.node.thread === b.node.thread) return true;
  return (
    a.node.writes.some((position) => b.node.footprint.includes(position)) ||
    b.node.writes.some((position) => a.node.footprint.includes(position))
  );
}

/** Each thread's local state in each state along a schedule. */
export function alongStates(
  machine: Machine,
  schedule: readonly string[],
  visit: (node: Node) => void,
): void {
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  const names = machine.threads.map(({ declaration }) => declaration.name);
  for (const [thread] of names.entries()) visit(machine.node(state.rows, 0, thread));
  for (const name of schedule) {
    const move = machine.transition(state.rows, 0, names.indexOf(name))!;
    state.take(machine, move);
    visit(move.next);
  }
}

/** The transitions of a schedule, and the fingerprint of the state that they lead to. */
export function walk(
  machine: Machine,
  schedule: readonly string[],
): { moves: Transition[]; reached: string; state: Frontier } {
  const names = machine.threads.map(({ declaration }) => declaration.name);
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  let hi = 0;
  let lo = 0;
  const moves = schedule.map((name, at) => {
    const move = machine.transition(state.rows, 0, names.indexOf(name));
    if (!move)
      throw new Error(`step ${at + 1} of a schedule cannot be taken: ${schedule.join(' ')}`);
    hi ^= move.hi;
    lo ^= move.lo;
    state.take(machine, move);
    return move;
  });
  return { moves, reached: `${hi},${lo}`, state };
}
