import { Explorer, SLICE } from '../explore/explorer.ts';
import type { Frontier } from '../explore/frontier.ts';
import { Growth } from '../explore/growth.ts';
import { ALL_ON } from '../explore/optimisations.ts';
import { VisitedTable } from '../explore/visited.ts';
import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import type { Answer, Order } from './messages.ts';
import { lessons, Peer, pack } from './peer.ts';

/** A worker's part of a search: its own machine and frontier, driven by the coordinator's orders. */
export class Member {
  private explorer: Explorer;
  private readonly guarded: <T>(code: () => T) => T;
  private readonly coordinator: Peer;
  private current: Frontier;
  private next: Frontier;
  private told = 0;
  /** First state of the level not explored yet, when the table was full. */
  private at = 0;

  constructor(program: Program, guarded: <T>(code: () => T) => T) {
    const machine = new Machine(program, guarded);
    this.guarded = guarded;
    this.explorer = new Explorer(machine, { guarded, reduction: false, without: ALL_ON });
    this.coordinator = new Peer(machine);
    this.current = this.explorer.makeFrontier();
    this.next = this.explorer.makeFrontier();
  }

  carryOut(order: Order): Answer {
    if (order.do === 'begin') {
      const { guarded } = this;
      const { reduce: reduction, without } = order;
      this.explorer = new Explorer(this.explorer.machine, { guarded, reduction, without });
    }
    const { explorer } = this;
    switch (order.do) {
      case 'begin':
        this.coordinator.learn(order.known);
        explorer.checks.extendFootprints(order.footprints);
        explorer.beginRound();
        this.coordinator.learn(order.since);
        this.current.clear(explorer.machine.width);
        this.next.clear(explorer.machine.width);
        return this.answer(this.current);
      case 'take':
        this.coordinator.learn(order.known);
        this.coordinator.unpack(order.states, this.current);
        return this.answer(this.current);
      case 'give': {
        // Before the answer, which says how many are left.
        const states = pack(explorer.machine, this.current, order.keep);
        return { ...this.answer(this.current), states };
      }
      case 'grow':
        new Growth(order.buffers).move(order.part);
        return this.answer(this.current);
      case 'expand':
        return this.expand(order);
    }
  }

  private expand(order: Extract<Order, { do: 'expand' }>): Answer {
    this.coordinator.learn(order.known);
    this.explorer.checks.extendFootprints(order.footprints);
    for (const name of order.witnessed) this.explorer.findings.witnessed.add(name);
    const { current, next } = this;
    if (!order.again) this.at = 0;
    const visited = new VisitedTable(order.table);
    while (this.at < current.count && !visited.stopped) {
      const to = Math.min(this.at + SLICE, current.count);
      this.at = this.explorer.expand(current, this.at, to, next, order.level, visited);
      if (this.at < to) return { ...this.answer(next), full: true };
    }
    [this.current, this.next] = [next, current];
    this.next.clear(this.explorer.machine.width);
    return this.answer(this.current);
  }

  private answer(waiting: Frontier): Answer {
    const { explorer } = this;
    const learned = lessons(explorer.machine, this.told);
    this.told = explorer.machine.learned.length;
    const { transitions, checks } = explorer;
    const { finalStates } = checks;
    explorer.transitions = checks.finalStates = 0;
    return {
      count: waiting.count,
      full: false,
      learned,
      footprints: explorer.checks.footprints(),
      transitions,
      finalStates,
      findings: [...explorer.findings.byProperty.values()],
      witnessed: [...explorer.findings.witnessed],
      asked: runtime.branches,
      contended: [...explorer.machine.contention.contended()],
      facts: explorer.findings.facts,
      states: null,
      error: null,
    };
  }
}
