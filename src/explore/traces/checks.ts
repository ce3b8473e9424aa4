import type { Machine, Node } from '../../model/machine.ts';
import type { Report } from '../../model/operation.ts';
import {
  type Broken,
  brokenBy,
  brokenByReport,
  deadlockIn,
  Findings,
  type Sighting,
} from '../findings.ts';
import { Growth } from '../growth.ts';
import type { StateProperty } from '../properties.ts';
import { leakReport, leaksIn } from '../rules/leaks.ts';
import { LockFacts } from '../rules/lock-facts.ts';
import { keysOf } from '../rules/lockdep.ts';
import { FULL, NEW, VisitedTable } from '../visited.ts';
import type { Action, Dependence } from './dependence.ts';
import type { Cut, Execution } from './execution.ts';

/** Properties of a program, by when they are asked. */
export interface Asked {
  readonly always: readonly StateProperty[];
  readonly sometimes: readonly StateProperty[];
  readonly atEnd: readonly StateProperty[];
}

/**
 * What is asked of the states and steps of an execution, each the first time that there is an answer.
 * A finding is put down with the least run that leads to it: the events that it follows from. All
 * stay true from round to round, whatever the next takes for dependent.
 */
export class Checks {
  readonly findings = new Findings();
  /** Runs to the states in which something was found, by their fingerprints. */
  readonly runs = new Map<string, readonly number[]>();
  private readonly machine: Machine;
  private readonly asked: Asked;
  private readonly dependence: Dependence;
  private readonly locks: LockFacts;
  /** Per thread, the local states that it was seen in, by id. */
  private readonly met: boolean[][];
  private readonly reported = new Set<Action['transition']>();
  /** Final states that were asked about. */
  private finals = VisitedTable.make(1 << 10);

  constructor(machine: Machine, asked: Asked, dependence: Dependence) {
    this.machine = machine;
    this.asked = asked;
    this.dependence = dependence;
    this.locks = new LockFacts(machine, this.findings);
    this.met = machine.threads.map(() => []);
  }

  get finalStates(): number {
    return this.finals.size;
  }

  /** Violations found, but for what lockdep makes of all it has seen. */
  get violations(): number {
    return this.findings.byProperty.size;
  }

  /** Asks about the start state. */
  start(execution: Execution): void {
    this.ask(execution, [...this.asked.always, ...this.asked.sometimes]);
    for (let thread = 0; thread < execution.threads; thread++) {
      this.meet(execution, execution.node(thread), execution.past(-1));
    }
  }

  /** Asks about the last step, and about the state that it leads to. */
  step(execution: Execution): void {
    const event = execution.length - 1;
    const { transition, visible } = execution.actions[event]!;
    if (transition.reports.length > 0) this.report(execution, transition);
    if (transition.crash) return;
    const { next } = transition;
    if (!this.met[next.thread]![next.state.id]) this.meet(execution, next, execution.past(event));
    if (visible.length > 0) this.ask(execution, visible);
  }

  /** Asks about a state in which nothing can move; not when a thread has crashed. */
  finish(execution: Execution): void {
    const { rows, hi, lo } = execution;
    let seen = this.finals.insert(hi, lo, 0, 0, 0);
    if (seen === FULL) {
      const grown = Growth.of(this.finals)?.done();
      // Asked again, at worst.
      if (grown) this.finals = grown;
      seen = grown ? grown.insert(hi, lo, 0, 0, 0) : NEW;
    }
    if (seen !== NEW) return;
    const cut = execution.whole();
    const deadlock = deadlockIn(this.machine, rows, 0);
    if (deadlock) {
      this.offerReport(execution, { rule: 'deadlock', message: deadlock }, null, cut);
    } else {
      const leaks = leaksIn(this.machine, rows, 0, rows.length);
      if (leaks.length > 0) this.offerReport(execution, leakReport(leaks), null, cut);
    }
    for (const property of this.asked.atEnd) {
      if (property.holds(rows, 0, rows.length)) continue;
      const message = 'does not hold when nothing can move any more';
      this.offer(execution, { property: property.name, kind: 'atEnd', message }, cut);
    }
  }

  /** A report on the state that a cut leads to. */
  offerReport(execution: Execution, report: Report, node: Node | null, cut: Cut): void {
    for (const broken of brokenByReport(this.machine, report, node)) {
      this.offer(execution, broken, cut);
    }
  }

  /** What lockdep makes of all that was seen. */
  conclude(): void {
    const levels = [...this.findings.facts.values()].map(({ level }) => level);
    this.locks.report(Math.max(0, ...levels) + 1);
  }

  private ask(execution: Execution, properties: readonly StateProperty[]): void {
    const { rows, length } = execution;
    for (const property of properties) {
      // What it reads may have been changed by events that the last does not follow from.
      if (this.dependence.stale) return;
      const { name, footprint } = property;
      if (this.findings.byProperty.has(name) || this.findings.witnessed.has(name)) continue;
      const { size } = footprint;
      const holds = property.holds(rows, 0, rows.length);
      if (footprint.size > size) {
        this.dependence.reconsider();
      } else if (this.asked.sometimes.includes(property)) {
        if (holds) this.findings.witnessed.add(name);
      } else if (!holds) {
        const broken = { property: name, kind: 'always', message: 'does not hold' } as const;
        this.offer(execution, broken, execution.past(length - 1));
      }
    }
  }

  private meet(execution: Execution, node: Node, cut: Cut): void {
    this.met[node.thread]![node.state.id] = true;
    this.dependence.meet(node);
    if (keysOf(node).length === 0) return;
    const sighting = this.sight(execution, cut);
    this.locks.see(node, sighting.level, sighting.hi, sighting.lo);
    this.keep(execution, sighting, cut);
  }

  private report(execution: Execution, transition: Action['transition']): void {
    if (this.reported.has(transition)) return;
    this.reported.add(transition);
    const { thread } = transition.node;
    const cut = execution.before(execution.length - 1);
    for (const broken of brokenBy(this.machine, transition)) {
      this.offer(execution, broken, cut, thread);
    }
  }

  private offer(
    execution: Execution,
    { property, kind, message }: Omit<Broken, 'rule'>,
    cut: Cut,
    thread = -1,
  ): void {
    const sighting = this.sight(execution, cut);
    this.findings.offer({ property, kind, message, thread, ...sighting });
    this.keep(execution, sighting, cut);
  }

  private sight(execution: Execution, cut: Cut): Sighting {
    const events = execution.eventsIn(cut);
    let [hi, lo] = [0, 0];
    for (const { transition } of events) {
      hi ^= transition.hi;
      lo ^= transition.lo;
    }
    return { level: events.length, hi, lo };
  }

  private keep(execution: Execution, { hi, lo }: Sighting, cut: Cut): void {
    const key = runKey(hi, lo);
    if (this.runs.has(key)) return;
    this.runs.set(
      key,
      execution.eventsIn(cut).map(({ thread }) => thread),
    );
  }
}

export function runKey(hi: number, lo: number): string {
  return `${hi},${lo}`;
}
