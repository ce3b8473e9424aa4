import type { Machine, Node, NodeAccess } from '../../model/machine.ts';
import { raceReport, racesIn } from '../rules/races.ts';
import type { Checks } from './checks.ts';
import { type Dependence, mayOverlap, type Waiting } from './dependence.ts';
import { type Cut, type Execution, join } from './execution.ts';

/** Where a thread comes to an access: an event, or, at the end of an execution, none. */
interface Visit {
  readonly node: Node;
  /** -1: the thread stops there. */
  readonly event: number;
  /** The event of its thread before; -1: none. */
  readonly previous: number;
}

type Known = 'no' | 'possible' | 'found';

/**
 * Data races (see racesIn) from traces. Every state that can be reached is a cut of some trace, so
 * two threads can be at two accesses at once just when there is a trace with a cut at which they
 * are: neither access comes before the event that leads up to the other.
 *
 * There, threads can make their accesses, or are interrupted, which by the strict rule is enough.
 * Else the state at the cut must be looked at. Of two operations that wait none has a plain access;
 * one that does not wait is there at every cut at which its thread is. If the other can be made in
 * some state, take the trace in which it is, next, and then what comes. In that, the cut of all that
 * the two come from and that the one made follows from is such a state too: the guard and the values
 * that it depends on are the same at both. So are those of the second, if it can be made as well and
 * comes next: since only what changes an object can keep its reader from moving, it still can in one
 * of the two orders. But if it is interrupted it comes only when its handlers have returned, at times
 * after others that follow from the first. One that waits and is interrupted: see meetings().
 */
export class DataRaces {
  private readonly machine: Machine;
  private readonly checks: Checks;
  private readonly dependence: Dependence;
  /** What is known of two local states, by their numbers. */
  private readonly pairs = new Map<number, Known>();
  private readonly numbers = new Map<Node, number>();
  private readonly strict: boolean;

  constructor(machine: Machine, checks: Checks, dependence: Dependence) {
    this.machine = machine;
    this.dependence = dependence;
    this.checks = checks;
    this.strict = machine.program.kcsan === 'strict';
  }

  /** Looks at the events from `first` on, each with all before it that it may overlap with. */
  find(execution: Execution, first: number): void {
    if (!this.dependence.plain) return;
    for (let event = first; event < execution.length; event++) {
      const action = execution.actions[event]!;
      if (action.access === 0) continue;
      this.compare(execution, action.transition.node, event, action);
    }
    const ends: Visit[] = [];
    for (let thread = 0; thread < execution.threads; thread++) {
      const node = execution.node(thread);
      if (node.accesses.length === 0 || execution.crashed & (1 << thread)) continue;
      this.compare(execution, node, -1, this.dependence.waitingAt(node));
      const end = { node, event: -1, previous: execution.last[thread]! };
      for (const other of ends) this.pair(execution, other, end);
      ends.push(end);
    }
  }

  private compare(execution: Execution, node: Node, event: number, operation: Waiting): void {
    const { index, previous, last, threads } = execution;
    const { pending } = node.state;
    if (pending!.blocks && operation.access === 2) {
      execution.unfit = `${pending!.name} waits and has a plain access in one step`;
    }
    const before = event < 0 ? last[node.thread]! : previous[event]!;
    for (let thread = 0; thread < threads; thread++) {
      if (thread === node.thread) continue;
      const known = execution.count(before, thread);
      for (let other = last[thread]!; other >= 0; other = previous[other]!) {
        if (index[other]! <= known) break;
        // The later of two sees the earlier.
        if (event >= 0 && other > event) continue;
        const action = execution.actions[other]!;
        if (!mayOverlap(action, operation)) continue;
        const earlier = { node: action.transition.node, event: other, previous: previous[other]! };
        this.pair(execution, earlier, { node, event, previous: before });
      }
    }
  }

  private pair(execution: Execution, a: Visit, b: Visit): void {
    const key = this.numberOf(a.node) * 2 ** 24 + this.numberOf(b.node);
    let known = this.pairs.get(key);
    if (known === undefined) {
      known = mayRace(a.node, b.node, this.strict) ? 'possible' : 'no';
      this.pairs.set(key, known);
    }
    if (known !== 'possible') return;
    for (const cut of this.meetings(execution, a, b)) {
      const rows = this.stateAt(execution, cut);
      const moves = this.machine.threads.map((_, thread) =>
        this.machine.transition(rows, 0, thread),
      );
      for (const race of racesIn(this.machine, rows, 0, moves)) {
        const nodes = [race.a.node, race.b.node];
        this.checks.offerReport(execution, raceReport(this.machine, race), race.a.node, cut);
        if (nodes.includes(a.node) && nodes.includes(b.node)) this.pairs.set(key, 'found');
      }
    }
  }

  /** Cuts at which the two threads are there: what can be seen at any is seen at one of these. */
  private meetings(execution: Execution, a: Visit, b: Visit): Cut[] {
    const cuts = [this.meeting(execution, a, b)];
    // Whoever waits is there by the strict rule while a handler runs, whether its guard holds or not.
    // When a handler begins depends on every step of its CPU: before this one, or it comes after it.
    for (const { node } of [a, b]) {
      const cpu = this.mayWaitInterrupted(node);
      if (cpu < 0) continue;
      for (let event = 0; event < execution.length; event++) {
        if (!execution.actions[event]!.transition.changes.includes(cpu)) continue;
        const cut = this.coming(execution, a, b);
        join(cut, 0, execution.past(event), 0, cut.length);
        const there = [a, b].every(
          (each) => cut[each.node.thread] === indexOf(execution, each.previous),
        );
        if (there) cuts.push(cut);
      }
    }
    return cuts;
  }

  /** The position of the handlers of its CPU, if it is there at times because of them only; else -1. */
  private mayWaitInterrupted({ thread, state }: Node): number {
    const { interrupted } = this.machine.program.threads[thread]!;
    if (!this.strict || !interrupted || !state.pending?.blocks) return -1;
    return this.machine.slotOf(interrupted).position;
  }

  /** What the two come from. */
  private coming(execution: Execution, a: Visit, b: Visit): Cut {
    const cut = execution.past(a.previous).slice();
    join(cut, 0, execution.past(b.previous), 0, cut.length);
    return cut;
  }

  /**
   * All that the two follow from; where the later follows from the earlier by way of others, it could
   * only be there before these: then what they come from, and all that the earlier follows from.
   */
  private meeting(execution: Execution, a: Visit, b: Visit): Cut {
    const cut = this.coming(execution, a, b);
    const [first, second] = a.event < b.event ? [a, b] : [b, a];
    const made = this.between(execution, first, second) ? [first] : [first, second];
    for (const { event } of made) {
      if (event >= 0) join(cut, 0, execution.past(event), 0, cut.length);
    }
    for (const { node, previous } of [a, b]) cut[node.thread] = indexOf(execution, previous);
    return cut;
  }

  private stateAt(execution: Execution, cut: Cut): Int32Array {
    const rows = new Int32Array(this.machine.width);
    for (const { thread, transition } of execution.eventsIn(cut)) {
      const { next, changes } = transition;
      rows[thread] = next.state.id;
      for (let i = 0; i < changes.length; i += 2) rows[changes[i]!] = changes[i + 1]!;
    }
    return rows;
  }

  /** Does the later event follow from the earlier by way of another? */
  private between(execution: Execution, first: Visit, second: Visit): boolean {
    if (first.event < 0 || second.event < 0) return false;
    if (!execution.precedes(first.event, second.event)) return false;
    for (let each = first.event + 1; each < second.event; each++) {
      if (execution.precedes(first.event, each) && execution.precedes(each, second.event)) {
        return true;
      }
    }
    return false;
  }

  private numberOf(node: Node): number {
    let number = this.numbers.get(node);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(node, number);
    }
    return number;
  }
}

function indexOf({ index }: Execution, event: number): number {
  return event < 0 ? 0 : index[event]!;
}

/** In some state. */
function mayRace(a: Node, b: Node, strict: boolean): boolean {
  const reads = ({ write, plain }: NodeAccess): boolean => plain && !write;
  return a.accesses.some((mine) =>
    b.accesses.some((other) => {
      if (mine.position !== other.position || mine.part !== other.part) return false;
      return strict
        ? (mine.write || other.write) && (mine.plain || other.plain)
        : (reads(mine) && other.write) || (reads(other) && mine.write);
    }),
  );
}
