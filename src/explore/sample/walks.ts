import type { Machine, Transition } from '../../model/machine.ts';
import { Frontier } from '../frontier.ts';
import { type Action, Dependence } from '../traces/dependence.ts';
import { type Candidate, candidate, normalForm } from './candidate.ts';

/** Steps after which a walk is given up, and cut to what people read. */
const LONGEST = 400;
const CUT = 40;

/** Priorities that change within a walk, at most. */
const MOST_CHANGES = 5;

/**
 * Schedules by random priorities, of which a few change on the way, as in `learnByWalking`; one for
 * each trace that they are of. The dependence is the one that all walks together show, which is not
 * more than there is: two that it tells apart are of two traces.
 */
export function walks(machine: Machine, seed: number, count: number): Candidate[] {
  const draw = generator(seed);
  const found = Array.from({ length: 32 + 8 * count }, () => walk(machine, draw));
  const dependence = new Dependence([]);
  dependence.begin();
  const kept = new Map<string, Candidate>();
  for (const { moves, ends } of found) {
    if (moves.at(-1)?.crash) continue;
    const events: Action[] = moves
      .slice(0, ends ? moves.length : CUT)
      .map((move) => dependence.actionOf(move));
    const form = normalForm(events);
    if (!kept.has(form)) kept.set(form, candidate(machine, events, ends));
  }
  return [...kept.values()];
}

/** Numerical Recipes' linear congruence. */
function generator(seed: number): (limit: number) => number {
  let at = seed >>> 0;
  return (limit) => {
    at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
    return Math.floor((at / 2 ** 32) * limit);
  };
}

interface Walk {
  readonly moves: readonly Transition[];
  readonly ends: boolean;
}

function walk(machine: Machine, draw: (limit: number) => number): Walk {
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  const priorities = machine.threads.map(() => draw(2 ** 16));
  const changes = Array.from({ length: draw(MOST_CHANGES) }, () => draw(LONGEST / 10));
  const moves: Transition[] = [];
  for (let lowest = 0; moves.length < LONGEST; ) {
    let next: Transition | null = null;
    for (const thread of machine.threads.keys()) {
      if (machine.width > state.stride) state.widen(machine.width);
      const move = machine.transition(state.rows, 0, thread);
      if (move && (!next || priorities[thread]! > priorities[next.node.thread]!)) next = move;
    }
    if (!next) return { moves, ends: true };
    moves.push(next);
    if (next.crash) return { moves, ends: false };
    state.take(machine, next);
    // Or a loop that waits for others would keep them waiting.
    if (changes.includes(moves.length) || moves.length % 50 === 0) {
      priorities[next.node.thread] = --lowest;
    }
  }
  return { moves, ends: false };
}
