import type { Machine, Node, Transition } from '../model/machine.ts';
import type { Report } from '../model/operation.ts';
import { brokenBy, brokenByReport, deadlockIn } from './findings.ts';
import { Frontier } from './frontier.ts';
import { StateProperty } from './properties.ts';
import { leakReport, leaksIn } from './rules/leaks.ts';
import { Lockdep } from './rules/lockdep.ts';
import { raceReport, racesIn } from './rules/races.ts';

/**
 * What breaks one property, asked along runs on one machine. What lockdep makes of a run is asked
 * only of a property that claims other reports too: it is seldom of one run.
 */
export class Question {
  readonly machine: Machine;
  private readonly property: string;
  private readonly always: StateProperty | null;
  private readonly atEnd: StateProperty | null;
  /** Whether a report on a state may break it. */
  private readonly races: boolean;
  private readonly ends: boolean;
  private readonly claims: boolean;

  constructor(machine: Machine, property: string, guarded: <T>(code: () => T) => T) {
    const { always, atEnd, never } = machine.program;
    const find = (list: typeof always): StateProperty | null => {
      const predicate = list.find(({ name }) => name === property);
      return predicate ? new StateProperty(machine, predicate, guarded) : null;
    };
    const claims = never.some(({ name }) => name === property);
    this.machine = machine;
    this.property = property;
    this.claims = claims;
    this.always = find(always);
    this.atEnd = find(atEnd);
    this.races = claims || property.startsWith('data-race');
    this.ends = claims || property === 'deadlock' || property === 'memory leak';
  }

  /** Positions of the objects that the property reads in a state. */
  reads(state: Frontier): ReadonlySet<number> {
    const predicate = this.always ?? this.atEnd;
    this.holds(predicate, state, 0);
    return predicate?.footprint ?? new Set();
  }

  /** @param at index of the state among those there */
  brokenIn(state: Frontier, at = 0): boolean {
    if (!this.holds(this.always, state, at)) return true;
    if (!this.races) return false;
    const { machine } = this;
    const base = at * state.stride;
    const moves = machine.threads.map((_, thread) => machine.transition(state.rows, base, thread));
    return racesIn(machine, state.rows, base, moves).some((race) =>
      brokenByReport(machine, raceReport(machine, race), race.a.node).some(this.isIt),
    );
  }

  /** What is to see the local states of a run; null: it has no part in the property. */
  lockdep(): Lockdep | null {
    return this.claims ? new Lockdep() : null;
  }

  /** By what lockdep has seen of a run. */
  brokenFor(lockdep: Lockdep): boolean {
    return lockdep.news().some((report) => this.breaks(report));
  }

  brokenBy(move: Transition): boolean {
    return move.reports.length > 0 && brokenBy(this.machine, move).some(this.isIt);
  }

  /** In a state in which nothing can move. */
  brokenAtEnd(state: Frontier, at = 0): boolean {
    if (!this.holds(this.atEnd, state, at)) return true;
    if (!this.ends) return false;
    const { machine } = this;
    const base = at * state.stride;
    const deadlock = deadlockIn(machine, state.rows, base);
    if (deadlock) return this.breaks({ rule: 'deadlock', message: deadlock });
    const leaks = leaksIn(machine, state.rows, base, state.stride);
    return leaks.length > 0 && this.breaks(leakReport(leaks));
  }

  private readonly isIt = ({ property }: { readonly property: string }): boolean =>
    property === this.property;

  private breaks(report: Report): boolean {
    return brokenByReport(this.machine, report, null).some(this.isIt);
  }

  private holds(predicate: StateProperty | null, state: Frontier, at: number): boolean {
    if (!predicate) return true;
    const answer = predicate.holds(state.rows, at * state.stride, state.stride);
    if (this.machine.width > state.stride) state.widen(this.machine.width);
    return answer;
  }
}

/** One run, as far as somebody takes it. */
export class Trial {
  readonly state: Frontier;
  readonly moves: Transition[] = [];
  /** After how many steps the property was broken first; -1: not yet. */
  broken = -1;
  /** Nothing can be said of what comes after. */
  crashed = false;
  private readonly question: Question;
  private readonly lockdep: Lockdep | null;

  constructor(question: Question) {
    const { machine } = question;
    this.question = question;
    this.lockdep = question.lockdep();
    this.state = new Frontier(machine.width, 1);
    this.state.push(machine.initialRow(), 0, machine.width, 0, 0);
    const starts = machine.threads.map((_, thread) => machine.node(this.state.rows, 0, thread));
    if (question.brokenIn(this.state) || this.teaches(starts)) this.broken = 0;
  }

  /** @returns whether the thread could move */
  step(thread: number): boolean {
    return !this.crashed && this.unlessInvalid(() => this.move(thread));
  }

  private move(thread: number): boolean {
    const { question, state, moves } = this;
    const move = question.machine.transition(state.rows, 0, thread);
    if (!move) return false;
    moves.push(move);
    state.take(question.machine, move);
    if (move.crash) this.crashed = true;
    const broken =
      question.brokenBy(move) ||
      (!move.crash && (question.brokenIn(state) || this.teaches([move.next])));
    if (broken && this.broken < 0) this.broken = moves.length;
    return true;
  }

  /**
   * Steps of these threads in this order, as far as that can be: one that waits is passed over until
   * it can move.
   */
  follow(threads: readonly number[]): void {
    const left = [...threads];
    for (let at = 0; at < left.length; ) {
      const waiting = left.slice(0, at).includes(left[at]!);
      if (!waiting && this.step(left[at]!)) {
        left.splice(at, 1);
        at = 0;
      } else at++;
    }
  }

  /**
   * On until nothing can move: a thread goes on as long as it can, then the first that can.
   * @returns whether it came to an end within so many steps
   */
  finish(most: number): boolean {
    const threads = [...this.question.machine.threads.keys()];
    for (let thread = 0; thread >= 0 && !this.crashed; ) {
      if (!this.step(thread)) thread = threads.findIndex((each) => this.step(each));
      if (this.moves.length > most) return false;
    }
    const atEnd = (): boolean => this.question.brokenAtEnd(this.state);
    if (!this.crashed && this.broken < 0 && this.unlessInvalid(atEnd)) {
      this.broken = this.moves.length;
    }
    return true;
  }

  /** A search that was cut short has not been here: what is wrong with the spec is not told now. */
  private unlessInvalid(code: () => boolean): boolean {
    try {
      return code();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'SpecError')) throw error;
      this.crashed = true;
      return false;
    }
  }

  /** Does what lockdep learns of these break the property? */
  private teaches(nodes: readonly Node[]): boolean {
    const { lockdep, question } = this;
    if (!lockdep) return false;
    const news = nodes.filter((node) => lockdep.see(question.machine, node)).length > 0;
    return news && question.brokenFor(lockdep);
  }
}
