import type { Machine, Node, NodeAccess, Transition } from '../../model/machine.ts';
import { describe, type Report } from '../../model/operation.ts';
import { runtime } from '../../model/runtime.ts';

/** Two accesses that can overlap: the pending ones of two threads. */
export interface Race {
  readonly a: Racer;
  readonly b: Racer;
}

interface Racer {
  readonly node: Node;
  readonly access: NodeAccess;
}

/**
 * Data races (kernel/kcsan): two threads are at accesses to one object, at least one of them a
 * write, at least one plain. A lock that orders them keeps the two threads from being there at once;
 * so do the handlers that it holds back. A handler may come in the middle of a plain access of the
 * thread that it interrupts, so who is interrupted counts as being at its access.
 *
 * Such a state is never lost to the reduction. Let a path lead to it from a state of which only a
 * persistent set is explored. If the path has a step of the set, the first such comes first as well,
 * and what is left is shorter. If not, and one of the two threads is in the set, then so is the
 * other, which does something dependent on its next step (an operation that waits counts with the
 * data that it would write), and they are there already. And if neither is, the steps of the set are
 * independent of the path and of both accesses, which stay possible.
 *
 * By default KCSAN takes plain writes for atomic, reports a race only when the write changes the
 * value, and has interrupts off while it watches an access (KCSAN_ASSUME_PLAIN_WRITES_ATOMIC,
 * KCSAN_REPORT_VALUE_CHANGE_ONLY, no KCSAN_INTERRUPT_WATCHER).
 *
 * @param moves per thread its transition, null when it cannot move
 */
export function racesIn(
  machine: Machine,
  rows: Int32Array,
  base: number,
  moves: readonly (Transition | null)[],
): readonly Race[] {
  const threads = machine.threads.length;
  let found = NONE;
  for (let t = 0; t < threads; t++) {
    const a = machine.node(rows, base, t);
    if (a.accesses.length === 0) continue;
    for (let u = t + 1; u < threads; u++) {
      const b = machine.node(rows, base, u);
      // Most often not, and asked in every state: so it is asked without allocating anything.
      if (!meet(a, b)) continue;
      const race = raceOf(machine, rows, base, a, b, moves);
      if (race) found = [...found, race];
    }
  }
  return found;
}

const NONE: readonly Race[] = [];

/** Do the two access something in common? */
function meet(a: Node, b: Node): boolean {
  for (let i = 0; i < a.accesses.length; i++) {
    const mine = a.accesses[i]!;
    for (let j = 0; j < b.accesses.length; j++) {
      const other = b.accesses[j]!;
      if (mine.position === other.position && mine.part === other.part) return true;
    }
  }
  return false;
}

function raceOf(
  machine: Machine,
  rows: Int32Array,
  base: number,
  a: Node,
  b: Node,
  moves: readonly (Transition | null)[],
): Race | null {
  const strict = machine.program.kcsan === 'strict';
  const there = (node: Node): boolean =>
    moves[node.thread] !== null || (strict && machine.handlerOver(rows, base, node) !== null);
  if (!there(a) || !there(b)) return null;
  return strict ? conflict(a, b) : changeSeen(a, b, moves);
}

/** As KCSAN titles it, with the functions in which the two accesses are, in alphabetical order. */
export function raceReport(machine: Machine, { a, b }: Race): Report {
  const { object } = machine.slotAt(a.access.position);
  const [f, g] = [a, b].map(({ node }) => functionOf(machine, node)).sort() as [string, string];
  const access = ({ node }: Racer): string =>
    `${machine.threads[node.thread]!.declaration.name} at ${describe(node.state.pending!)}`;
  return {
    rule: 'data-race',
    title: `data-race in ${f} / ${g}`,
    message: `${access(a)} while ${access(b)}`,
    object: object.name,
    ...(object.owner && { type: object.owner.type }),
  };
}

/** The innermost function of the spec; in code that was not rewritten the thread. */
function functionOf(machine: Machine, { thread, state }: Node): string {
  const sites = state.sites.map((id) => runtime.sites.get(id));
  const { name } = machine.threads[thread]!.declaration;
  return sites.findLast((site) => site?.library === false)?.fn ?? name;
}

/** The first two accesses to one place, at least one a write, at least one plain. */
function conflict(a: Node, b: Node): Race | null {
  return pair(a, b, (mine, other) => (mine.write || other.write) && (mine.plain || other.plain));
}

/** The first plain read beside a write that changes the value. */
function changeSeen(a: Node, b: Node, moves: readonly (Transition | null)[]): Race | null {
  const changes = ({ thread }: Node, { write, position }: NodeAccess): boolean =>
    write && moves[thread]!.changes.some((changed, i) => i % 2 === 0 && changed === position);
  const reads = ({ write, plain }: NodeAccess): boolean => plain && !write;
  return pair(
    a,
    b,
    (mine, other) => (reads(mine) && changes(b, other)) || (reads(other) && changes(a, mine)),
  );
}

function pair(
  a: Node,
  b: Node,
  races: (mine: NodeAccess, other: NodeAccess) => boolean,
): Race | null {
  for (const mine of a.accesses) {
    for (const other of b.accesses) {
      const same = mine.position === other.position && mine.part === other.part;
      if (same && races(mine, other))
        return { a: { node: a, access: mine }, b: { node: b, access: other } };
    }
  }
  return null;
}
