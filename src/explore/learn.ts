import type { Machine, Transition } from '../model/machine.ts';
import { Frontier } from './frontier.ts';

/** Walks end when the later half of them has taught nothing, or after so many. */
const FEWEST_WALKS = 64;
const MOST_WALKS = 1024;
/** Of one walk, and of all. */
const LONGEST = 4000;
const MOST_STEPS = 20_000;
/** Priorities that change within a walk, at most. */
const MOST_CHANGES = 5;
/** A thread that has taught nothing for so many steps may be waiting for others in a loop. */
const PATIENCE = 50;
/** A walk that has learned nothing for so many steps has gone in circles. */
const MOST_PATIENCE = 200;
/** A program with more transitions, or without an end of them, is not learned by walking. */
const MOST_LEARNED = 50_000;

/**
 * Teaches the automata by random walks before the first round, so that few rounds follow. Threads
 * have random priorities, of which a few change within a walk: that comes to rare orders of events
 * much sooner than a choice at each step (PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS
 * 2010). The walks are the same in every run: the generator is a fixed linear congruence (Numerical
 * Recipes).
 */
export function learnByWalking(machine: Machine): void {
  let seed = 1;
  const draw = (limit: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  let longest = 1;
  let steps = 0;
  let fruitful = 0;
  for (let walk = 1; walk <= MOST_WALKS; walk++) {
    const known = machine.knowledge;
    const length = walkOnce(machine, draw, longest);
    longest = Math.max(longest, length);
    steps += length;
    if (machine.learned.length > MOST_LEARNED) return;
    if (machine.knowledge > known) fruitful = walk;
    if (steps > MOST_STEPS || walk >= Math.max(FEWEST_WALKS, 2 * fruitful)) return;
  }
}

/** @returns its length */
function walkOnce(machine: Machine, draw: (limit: number) => number, length: number): number {
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  const priorities = machine.threads.map(() => draw(2 ** 16));
  let lowest = 0;
  const changes = Array.from({ length: draw(MOST_CHANGES) }, () => draw(length));
  let learned = 0;
  let step = 0;
  for (; step - learned < MOST_PATIENCE && step < LONGEST; step++) {
    const known = machine.learned.length;
    let move: Transition | null = null;
    let highest = Number.NEGATIVE_INFINITY;
    for (let thread = 0; thread < machine.threads.length; thread++) {
      const possible = machine.transition(state.rows, 0, thread);
      if (!possible || possible.crash || priorities[thread]! <= highest) continue;
      move = possible;
      highest = priorities[thread]!;
    }
    if (!move) break;
    state.take(machine, move);
    if (machine.learned.length > known) learned = step;
    if (changes.includes(step) || (step - learned) % PATIENCE === PATIENCE - 1) {
      priorities[move.node.thread] = --lowest;
    }
  }
  return step;
}
