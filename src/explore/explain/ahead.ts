import type { Node, Transition } from '../../model/machine.ts';
import { Frontier } from '../frontier.ts';
import type { Lockdep } from '../rules/lockdep.ts';
import type { Question } from '../trial.ts';

/** States that are looked at, in all. */
const MOST = 6000;
/** And after one beginning. */
const MOST_EACH = 2500;

/**
 * Whether a property can be broken after some steps, however it goes on: every thread in every state,
 * breadth first, so a look that comes to its end is a proof.
 */
export class Ahead {
  private readonly question: Question;
  /** Fingerprints of states from which on the property holds. */
  private readonly safe = new Set<string>();
  private left = MOST;
  private readonly lockdep: Lockdep | null;
  /** Lockdep has seen enough to break the property, though perhaps not in one run. */
  private suspect = false;

  constructor(question: Question) {
    this.question = question;
    this.lockdep = question.lockdep();
  }

  /**
   * @returns `unknown`: there are more states, or a run comes to where nothing can be said of what
   * comes after, or lockdep could break it by what it has seen in all runs together
   */
  after(steps: readonly Transition[]): 'holds' | 'breaks' | 'unknown' {
    const found = this.lookFrom(steps);
    const { lockdep, question } = this;
    if (lockdep && !this.suspect) this.suspect = question.brokenFor(lockdep);
    return found === 'holds' && this.suspect ? 'unknown' : found;
  }

  private lookFrom(steps: readonly Transition[]): 'holds' | 'breaks' | 'unknown' {
    try {
      return this.search(steps);
    } catch (error) {
      // As in a trial: what is wrong with the spec is not told now.
      if (!(error instanceof Error && error.name === 'SpecError')) throw error;
      return 'unknown';
    }
  }

  private search(steps: readonly Transition[]): 'holds' | 'breaks' | 'unknown' {
    const { question, safe } = this;
    const { machine } = question;
    const states = new Frontier(machine.width);
    states.push(machine.initialRow(), 0, machine.width, 0, 0);
    for (const thread of machine.threads.keys()) this.see(machine.node(states.rows, 0, thread));
    for (const step of steps) {
      states.take(machine, step);
      this.see(step.next);
    }
    const start = `${states.his[0]} ${states.los[0]}`;
    if (safe.has(start)) return 'holds';
    const seen = new Set([start]);
    let known = true;
    for (let at = 0; at < states.count; at++) {
      let moves = false;
      for (const thread of machine.threads.keys()) {
        const move = machine.transition(states.rows, at * states.stride, thread);
        if (!move) continue;
        moves = true;
        if (question.brokenBy(move)) return 'breaks';
        if (move.crash) {
          known = false;
          continue;
        }
        const key = `${states.his[at]! ^ move.hi} ${states.los[at]! ^ move.lo}`;
        if (seen.has(key) || safe.has(key)) continue;
        if (seen.size > MOST_EACH || this.left === 0) return 'unknown';
        seen.add(key);
        this.left--;
        states.add(machine, at, move);
        this.see(move.next);
        if (question.brokenIn(states, states.count - 1)) return 'breaks';
      }
      if (!moves && question.brokenAtEnd(states, at)) return 'breaks';
    }
    if (!known) return 'unknown';
    for (const key of seen) safe.add(key);
    return 'holds';
  }

  private see(node: Node): void {
    this.lockdep?.see(this.question.machine, node);
  }
}
