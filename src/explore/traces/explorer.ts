import type { Machine, Node, Transition } from '../../model/machine.ts';
import type { Checks } from './checks.ts';
import type { DataRaces } from './data-races.ts';
import { type Action, type Dependence, dependent, type Waiting } from './dependence.ts';
import { Execution, join } from './execution.ts';
import { type Branch, branch, insert } from './wakeup.ts';

/**
 * The events of an execution in which nothing can move any more, the n-th of its round, from 1.
 * 0: it went on only to what was explored already, and so was explored in vain; there is none such.
 */
export type OnTrace = (events: readonly Action[], n: number) => void;

/**
 * One round of Optimal-DPOR (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014, JACM 2017): explores one
 * execution for each Mazurkiewicz trace. From a complete execution each race, two events of which
 * the second could come first, is reversed: what does not follow from the first, then the second, is
 * put into the wakeup tree of the state before the first, unless it begins with what was explored
 * there. The deepest state that has something left comes next.
 *
 * That is done anew from each execution for all of its races, those among steps that it shares with
 * the one before as well: the second step may do something else in the place of the first, which
 * what comes after it now, but did not then, can come before.
 */
export class TraceExplorer {
  readonly execution: Execution;
  traces = 0;
  steps = 0;
  depth = 0;
  private readonly dependence: Dependence;
  private readonly checks: Checks;
  private readonly races: DataRaces | null;
  private readonly onTrace: OnTrace | undefined;
  /** Per depth what is to be explored from there; the first branch is being explored. */
  private readonly branches: (Branch | null)[] = [null];
  /** Per depth, threads whose next step need not be explored: since before; since it was, there. */
  private readonly asleep: number[] = [0];
  private readonly done: number[] = [0];
  /** Per depth and thread of those, the step. */
  private readonly sleepers: Action[] = [];
  /** The first depth whose step is not shared with the execution before. */
  private fresh = 0;
  private readonly past: Int32Array;
  private readonly sequence: Action[] = [];

  constructor(
    machine: Machine,
    dependence: Dependence,
    checks: Checks,
    races: DataRaces | null,
    onTrace: OnTrace | undefined,
  ) {
    this.dependence = dependence;
    this.checks = checks;
    this.races = races;
    this.onTrace = onTrace;
    this.execution = new Execution(machine, dependence);
    this.past = new Int32Array(this.execution.threads);
    checks.start(this.execution);
  }

  /**
   * Explores one more execution.
   * @returns whether there are more; meaningless when the round has become stale or unfit
   */
  next(): boolean {
    const { execution, dependence } = this;
    for (;;) {
      if (dependence.stale || execution.unfit !== null) return false;
      const depth = execution.length;
      this.branches[depth] ??= this.choose(depth);
      const at = this.branches[depth];
      if (!at) break;
      this.step(at);
    }
    if (this.movable()) this.tell(0);
    else this.complete();
    if (dependence.stale) return false;
    this.reversals();
    return this.backtrack();
  }

  private step({ action, child }: Branch): void {
    const { execution } = this;
    const depth = execution.length;
    const { threads } = execution;
    const asleep = this.wake(depth, this.asleep[depth]! | this.done[depth]!, action);
    for (let rest = asleep; rest !== 0; rest &= rest - 1) {
      const thread = 31 - Math.clz32(rest & -rest);
      this.sleepers[(depth + 1) * threads + thread] = this.sleepers[depth * threads + thread]!;
    }
    this.asleep[depth + 1] = asleep;
    this.done[depth + 1] = 0;
    this.branches[depth + 1] = child;
    if (execution.node(action.thread) !== action.transition.node) {
      throw new Error('an event of a wakeup tree is not what its thread does next');
    }
    execution.step(action);
    this.steps++;
    this.checks.step(execution);
  }

  /** Some thread that can move and does not sleep; the one that moved last if possible. */
  private choose(depth: number): Branch | null {
    const { execution } = this;
    const { threads } = execution;
    const asleep = this.asleep[depth]!;
    const latest = depth > 0 ? execution.actions[depth - 1]!.thread : 0;
    for (let i = 0; i < threads; i++) {
      const thread = (latest + i) % threads;
      if (asleep & (1 << thread)) continue;
      const move = execution.move(thread);
      if (move) return branch(this.dependence.actionOf(move));
    }
    return null;
  }

  private movable(): boolean {
    const { execution } = this;
    if (this.asleep[execution.length] === 0) return false;
    for (let thread = 0; thread < execution.threads; thread++) {
      if (execution.move(thread)) return true;
    }
    return false;
  }

  private complete(): void {
    const { execution, checks } = this;
    this.traces++;
    this.depth = Math.max(this.depth, execution.length);
    if (execution.crashed === 0) checks.finish(execution);
    this.races?.find(execution, this.fresh);
    this.tell(this.traces);
  }

  private tell(n: number): void {
    const { actions, length } = this.execution;
    this.onTrace?.(actions.slice(0, length), n);
  }

  /** Reverses the races of all events, and of those that would come next if they could. */
  private reversals(): void {
    const { execution } = this;
    for (let event = 0; event < execution.length; event++) {
      const action = execution.actions[event]!;
      const { node } = action.transition;
      if (node.blocks) {
        this.reverseGuarded(event, node, action);
        continue;
      }
      const races = execution.races[event]!;
      if (!races) continue;
      for (let i = races.length - 1; i >= 0; i--) {
        this.reverse(races[i]!, node);
      }
    }
    for (let thread = 0; thread < execution.threads; thread++) {
      const node = execution.node(thread);
      if (!node.blocks || execution.crashed & (1 << thread)) continue;
      this.reverseGuarded(execution.length, node, this.dependence.waitingAt(node));
    }
  }

  /**
   * The same for an operation with a guard. What it follows from directly may be what made the guard
   * hold, as the unlock before a lock; then it cannot come before that, but may before something
   * earlier, as the other's lock. So all that it depends on is tried, the latest first, but for what
   * one that was reversed follows from: the races with that are those of the execution in which it
   * is reversed.
   */
  private reverseGuarded(event: number, node: Node, operation: Waiting): void {
    const { execution } = this;
    const { threads, index, clocks } = execution;
    const previous =
      event < execution.length ? execution.previous[event]! : execution.last[node.thread]!;
    const { past } = this;
    for (let t = 0; t < threads; t++) past[t] = execution.count(previous, t);
    for (let other = event - 1; other >= 0; other--) {
      const action = execution.actions[other]!;
      if (action.thread === node.thread || index[other]! <= past[action.thread]!) continue;
      if (!dependent(action, operation)) continue;
      const move = execution.moveWithout(other, node);
      if (!move) continue;
      this.reverse(other, node, move);
      join(past, 0, clocks, other * threads, threads);
    }
  }

  /**
   * To be explored: what does not follow from the first event, and then, in its stead, what comes
   * next at `node`. Not if a thread that sleeps there could come first: that was explored.
   */
  private reverse(first: number, node: Node, known?: Transition): void {
    const { execution, sequence } = this;
    sequence.length = 0;
    let sleeping = this.asleep[first]! | this.done[first]!;
    for (let event = first + 1; event < execution.length; event++) {
      if (execution.precedes(first, event)) continue;
      const action = execution.actions[event]!;
      // Has it slept, something before that is in the sequence as well has woken it.
      sleeping = this.wake(first, sleeping, action);
      sequence.push(action);
    }
    if (sleeping & (1 << node.thread)) return;
    const second = this.dependence.actionOf(known ?? execution.moveWithout(first, node)!);
    // Done earlier it may do something else, which goes with the first event.
    if (!dependent(execution.actions[first]!, second)) return;
    sleeping = this.wake(first, sleeping, second);
    // Whoever sleeps still is independent of all of it.
    if (sleeping !== 0) return;
    sequence.push(second);
    insert(this.branches[first]!, sequence);
  }

  /** Who still sleeps after the step, of those who do at that depth. */
  private wake(depth: number, sleeping: number, action: Action): number {
    const { threads } = this.execution;
    let rest = sleeping;
    for (let all = sleeping; all !== 0; all &= all - 1) {
      const thread = 31 - Math.clz32(all & -all);
      if (dependent(this.sleepers[depth * threads + thread]!, action)) rest &= ~(1 << thread);
    }
    return rest;
  }

  /** Takes steps back, down to the deepest state that has a branch left. */
  private backtrack(): boolean {
    const { execution } = this;
    while (execution.length > 0) {
      const action = execution.undo();
      const depth = execution.length;
      const next = this.branches[depth]!.sibling;
      this.branches[depth] = next;
      if (!next) continue;
      this.done[depth]! |= 1 << action.thread;
      this.sleepers[depth * execution.threads + action.thread] = action;
      this.fresh = depth;
      return true;
    }
    return false;
  }
}
