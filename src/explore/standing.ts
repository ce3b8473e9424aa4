import type { LocalState } from '../model/automaton.ts';
import { asData } from '../model/data.ts';
import { Machine, type Transition } from '../model/machine.ts';
import { describe } from '../model/operation.ts';
import type { Program } from '../model/program.ts';
import { show } from '../model/text.ts';
import { INTERRUPTED } from './findings.ts';
import { Frontier } from './frontier.ts';
import type { ObjectRecord, SiteLocation, StepRecord, ThreadRecord } from './outcome.ts';
import { callsOf, objectsOf } from './places.ts';
import { waitsSince } from './waits.ts';

/** The whole state after some steps: what a debugger shows of it. */
export interface Standing {
  /** How many steps led here. */
  readonly step: number;
  /** Those that the steps, and what the threads would do next, come across; in that order. */
  readonly objects: readonly ObjectStanding[];
  readonly threads: readonly ThreadStanding[];
  /** The thread whose last step was a crash, after which nothing can be said; null: none was. */
  readonly crashed: string | null;
}

export interface ObjectStanding extends ObjectRecord {
  /** Its value at the start, as shown to people. */
  readonly initial: string;
}

export type Status = 'can move' | 'waits' | 'idle' | 'interrupted' | 'finished' | 'crashed';

export interface ThreadStanding extends ThreadRecord {
  /** `idle`: a daemon that waits where it may wait for ever. */
  readonly status: Status;
  /** What it does next, in C-like form: `mutex_lock(slab_mutex)`; '' when it has finished. */
  readonly text: string;
  /** Names of the objects in the footprint of that. */
  readonly objects: readonly string[];
  /** The spec's functions that it is in, outermost first. */
  readonly calls: readonly Call[];
  /** Names of the locks that it holds. */
  readonly held: readonly string[];
  /** Who has what it waits for, when that is known; or the handler that interrupts it. */
  readonly holder: string | null;
  /** The step after which it waits thus, from 1; 0: from the start, or it does not wait. */
  readonly since: number;
}

/** A suspended call of a function of the spec. */
export interface Call extends SiteLocation {
  /** Id of the site that it is suspended at. */
  readonly site: string;
  /** Those that may still be read, name to text. */
  readonly locals: Readonly<Record<string, string>>;
}

/**
 * The state that a schedule leads to, from the start.
 * @throws Error when it cannot be followed
 */
export function standing(
  program: Program,
  schedule: readonly string[],
  guarded: <T>(code: () => T) => T,
): Standing {
  const machine = new Machine(program, guarded, true);
  const names = program.threads.map(({ name }) => name);
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  let waits = waitsSince(machine, state.rows, 0, []);
  let last = null as Transition | null;
  for (const [taken, name] of schedule.entries()) {
    last = last?.crash ? null : machine.transition(state.rows, 0, names.indexOf(name));
    if (!last) throw new Error(`step ${taken + 1} of a schedule cannot be taken: ${name}`);
    state.take(machine, last);
    waits = waitsSince(machine, state.rows, taken + 1, waits);
  }
  const crashed = last?.crash ? last.node.thread : null;
  const threads = program.threads.map(({ name, daemon, cpu, kind }, thread): ThreadStanding => {
    const { pending, sites, locals, context } = machine.node(state.rows, 0, thread).state;
    const wait = waits.find((other) => other.thread === name);
    return {
      ...{ name, daemon, cpu, kind },
      status: thread === crashed ? 'crashed' : statusOf(pending !== null, wait),
      text: pending ? describe(pending) : '',
      objects: objectsOf(pending),
      calls: callsIn(sites, locals),
      held: context.locks,
      holder: wait?.holder ?? null,
      since: wait?.since ?? 0,
    };
  });
  const objects = machine.slots.map(({ object, position, values }) => {
    const value = values[position < state.stride ? state.rows[position]! : 0];
    const [text, initial] = [show(value), show(values[0])];
    return { name: object.name, text, data: asData(value), initial };
  });
  const over = crashed === null ? null : names[crashed]!;
  return { step: schedule.length, objects, threads, crashed: over };
}

function statusOf(more: boolean, wait: StepRecord['waits'][number] | undefined): Status {
  if (!more) return 'finished';
  if (!wait) return 'can move';
  if (wait.text === INTERRUPTED) return 'interrupted';
  return wait.idle ? 'idle' : 'waits';
}

function callsIn(sites: readonly string[], locals: LocalState['locals']): Call[] {
  const own = sites.filter((site) => callsOf([site]).length > 0);
  return own.map((site, at) => {
    const shown = (locals[at] ?? []).filter(([name]) => !name.startsWith('$'));
    return { ...callsOf([site])[0]!, site, locals: Object.fromEntries(shown) };
  });
}
