import type { Machine, Transition } from '../model/machine.ts';
import { Frontier } from './frontier.ts';

const WALKS = 64;
const STEPS = 4000;

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
  for (let walk = 0; walk < WALKS; walk++) {
    const row = new Frontier(machine.width);
    row.push(machine.initialRow(), 0, machine.width, 0, 0);
    // Half of the walks stay with one thread for a while: long stretches reach deep code.
    let stay: number | null = null;
    for (let step = 0; step < STEPS; step++) {
      const moves = machine.threads
        .map((_, thread) => machine.transition(row.rows, 0, thread))
        .filter((move): move is Transition => move !== null && !move.crash);
      if (moves.length === 0) break;
      const move =
        (walk % 2 === 1 && draw(8) > 0 && moves.find(({ node }) => node.thread === stay)) ||
        moves[draw(moves.length)]!;
      stay = move.node.thread;
      if (machine.width > row.stride) row.widen(machine.width);
      row.rows[stay] = move.next.state.id;
      for (let i = 0; i < move.changes.length; i += 2) {
        row.rows[move.changes[i]!] = move.changes[i + 1]!;
      }
    }
  }
}
