import type { Machine, Transition } from '../model/machine.ts';
import { Frontier } from './frontier.ts';

const WALKS = 64;
const STEPS = 4000;
/** A walk that has learned nothing for so many steps has gone in circles. */
const PATIENCE = 200;
/** A program with more transitions, or without an end of them, is not learned by walking. */
const MOST_LEARNED = 50_000;

/**
 * Teaches the automata by random walks before the first round, so that few rounds follow. The walks
 * are the same in every run: the generator is a fixed linear congruence (Numerical Recipes).
 */
export function learnByWalking(machine: Machine): void {
  let seed = 1;
  const draw = (limit: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const moves: Transition[] = [];
  for (let walk = 0; walk < WALKS; walk++) {
    const state = new Frontier(machine.width, 1);
    state.push(machine.initialRow(), 0, machine.width, 0, 0);
    let stay = -1;
    let learned = 0;
    for (let step = 0; step - learned < PATIENCE && step < STEPS; step++) {
      if (machine.learned.length > MOST_LEARNED) return;
      const known = machine.learned.length;
      let same: Transition | null = null;
      moves.length = 0;
      for (let thread = 0; thread < machine.threads.length; thread++) {
        const move = machine.transition(state.rows, 0, thread);
        if (!move || move.crash) continue;
        moves.push(move);
        if (thread === stay) same = move;
      }
      if (moves.length === 0) break;
      // Half of the walks stay with one thread for a while: long stretches reach deep code.
      const onward = walk % 2 === 1 && draw(8) > 0 ? same : null;
      const move = onward ?? moves[draw(moves.length)]!;
      stay = move.node.thread;
      state.take(machine, move);
      if (machine.learned.length > known) learned = step;
    }
  }
}
