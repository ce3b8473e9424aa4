import { Machine, type Transition } from '../model/machine.ts';
import { describe } from '../model/operation.ts';
import type { Program } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import { show } from '../model/text.ts';
import { brokenBy, deadlockIn, functionsOf, waitsIn } from './findings.ts';
import { Frontier } from './frontier.ts';
import type { Replay, SiteLocation, StepRecord } from './outcome.ts';
import { StateProperty } from './properties.ts';

/**
 * Runs one schedule step by step and tells all there is to tell about it. Independent of how the
 * schedule was found: no reduction, no table of states.
 */
export function replay(
  program: Program,
  schedule: readonly string[],
  guarded: <T>(code: () => T) => T,
): Replay {
  const machine = new Machine(program, guarded, true);
  const names = machine.threads.map(({ declaration }) => declaration.name);
  const properties = program.always.map((each) => new StateProperty(machine, each, guarded));
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  const steps: StepRecord[] = [];
  const broken: { property: string; message: string; step: number }[] = [];
  const checkState = (): void => {
    for (const property of properties) {
      if (!property.holds(state.rows, 0, state.stride)) {
        broken.push({ property: property.name, message: 'does not hold', step: steps.length });
      }
      if (machine.width > state.stride) state.widen(machine.width);
    }
  };
  const enabled = (): string[] =>
    names.filter((_, thread) => machine.transition(state.rows, 0, thread) !== null);
  checkState();
  for (const name of schedule) {
    const possible = enabled();
    const thread = names.indexOf(name);
    const move = thread < 0 ? null : machine.transition(state.rows, 0, thread);
    if (!move) {
      const message =
        thread < 0 ? `there is no thread '${name}'` : whyStill(machine, state, thread);
      return { steps, broken, diverged: { step: steps.length + 1, message, possible } };
    }
    const step = recordOf(machine, state, name, move, possible);
    state.take(machine, move);
    const reports = brokenBy(machine, move);
    steps.push({
      ...step,
      reports: reports.map(({ rule, message, property }) => ({ rule, message, property })),
      waits: move.crash ? [] : waitsIn(machine, state.rows, 0),
    });
    for (const { property, message } of reports) {
      broken.push({ property, message, step: steps.length });
    }
    if (move.crash) return { steps, broken, diverged: null };
    checkState();
  }
  if (enabled().length === 0) {
    const deadlock = deadlockIn(machine, state.rows, 0);
    if (deadlock) broken.push({ property: 'deadlock', message: deadlock, step: steps.length });
    for (const each of program.atEnd) {
      if (!new StateProperty(machine, each, guarded).holds(state.rows, 0, state.stride)) {
        const message = 'does not hold when nothing can move any more';
        broken.push({ property: each.name, message, step: steps.length });
      }
    }
  }
  return { steps, broken, diverged: null };
}

type StepBefore = Omit<StepRecord, 'reports' | 'waits'>;

function recordOf(
  machine: Machine,
  state: Frontier,
  thread: string,
  move: Transition,
  enabled: readonly string[],
): StepBefore {
  const { pending, sites, locals } = move.node.state;
  const changes = [];
  for (let i = 0; i < move.changes.length; i += 2) {
    const slot = machine.slotAt(move.changes[i]!);
    const old = slot.position < state.stride ? state.rows[slot.position]! : 0;
    const from = slot.values[old];
    const to = slot.values[move.changes[i + 1]!];
    changes.push({ object: slot.object.name, from: show(from), to: show(to) });
  }
  const objects = [...(pending!.writes ?? []), ...(pending!.reads ?? [])].map(({ name }) => name);
  return {
    thread,
    operation: pending!.name,
    text: describe(pending!),
    objects: [...new Set(objects)],
    result: show(move.result),
    changes,
    site: siteOf(sites),
    stack: functionsOf(sites),
    locals: Object.fromEntries(locals),
    enabled,
  };
}

/** The innermost line of the spec's own code. */
function siteOf(sites: readonly string[]): SiteLocation | null {
  const site = sites.map((id) => runtime.sites.get(id)).findLast((each) => each?.library === false);
  return site ? { file: site.file, line: site.line, fn: site.fn, text: site.text } : null;
}

function whyStill(machine: Machine, state: Frontier, thread: number): string {
  const { pending } = machine.node(state.rows, 0, thread).state;
  const name = machine.threads[thread]!.declaration.name;
  if (!pending) return `${name} has finished`;
  const holder = waitsIn(machine, state.rows, 0).find((wait) => wait.thread === name)?.holder;
  return `${name} waits at ${describe(pending)}${holder ? `, held by ${holder}` : ''}`;
}
