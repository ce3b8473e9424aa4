import type { Action } from '../../src/explore/traces/dependence.ts';
import type { Machine, Transition } from '../../src/model/machine.ts';
import { TooBig } from './findings.ts';

/**
 * Foata's normal form: level by level the threads whose events depend on none of that level, each on
 * one of the level before. Two executions have the same just when they are of one trace.
 */
export function normalForm({ threads }: Machine, events: readonly Action[]): string {
  const levels: string[][] = [];
  const levelOf: number[] = [];
  events.forEach((event, n) => {
    let level = 0;
    for (let earlier = 0; earlier < n; earlier++) {
      if (dependent(events[earlier]!, event)) level = Math.max(level, levelOf[earlier]! + 1);
    }
    levelOf.push(level);
    levels[level] ??= [];
    levels[level]!.push(threads[event.thread]!.declaration.name);
  });
  return levels.map((level) => level.sort().join()).join(' ');
}

function dependent(a: Action, b: Action): boolean {
  const touch = (x: Action, y: Action): boolean =>
    x.writes.some((cell) => y.writes.includes(cell) || y.reads.includes(cell));
  return a.thread === b.thread || touch(a, b) || touch(b, a);
}

/**
 * The normal forms of all executions that cannot go on, by brute force: every prefix is extended by
 * every thread that can move, and only of equivalent prefixes all but one are left out.
 * @param actions of all transitions; one that is missing is an error
 */
export function allTraces(
  machine: Machine,
  actions: ReadonlyMap<Transition, Action>,
  limit: number,
): Set<string> {
  const traces = new Set<string>();
  const seen = new Set<string>(['']);
  const stack: Action[][] = [[]];
  for (let events = stack.pop(); events; events = stack.pop()) {
    const rows = new Int32Array(machine.width + 16);
    const crashed = new Set<number>();
    for (const { thread, transition } of events) {
      if (transition.crash) crashed.add(thread);
      else take(rows, transition);
    }
    let moved = false;
    for (const thread of machine.threads.keys()) {
      const move = crashed.has(thread) ? null : machine.transition(rows, 0, thread);
      if (!move) continue;
      moved = true;
      const action = actions.get(move);
      if (!action)
        throw new Error(`never done by thread ${thread}: ${normalForm(machine, events)}`);
      const longer = [...events, action];
      const form = normalForm(machine, longer);
      if (seen.has(form)) continue;
      seen.add(form);
      if (seen.size > limit) throw new TooBig();
      stack.push(longer);
    }
    if (!moved) traces.add(normalForm(machine, events));
  }
  return traces;
}

function take(rows: Int32Array, { node, next, changes }: Transition): void {
  rows[node.thread] = next.state.id;
  for (let i = 0; i < changes.length; i += 2) rows[changes[i]!] = changes[i + 1]!;
}
