import { without } from '../model/bag.ts';
import { asData } from '../model/data.ts';
import { Machine, type Node, type Transition } from '../model/machine.ts';
import { describe, type Report } from '../model/operation.ts';
import type { Program } from '../model/program.ts';
import { show } from '../model/text.ts';
import { brokenBy, brokenByReport, deadlockIn, functionsOf, waitsIn } from './findings.ts';
import { Frontier } from './frontier.ts';
import type { BrokenProperty, Place, Replay, StepRecord } from './outcome.ts';
import { callsOf, Heap, objectsOf, placeOf, placesOfDeadlock, placesOfRace } from './places.ts';
import { StateProperty } from './properties.ts';
import { leakReport, leaksIn } from './rules/leaks.ts';
import { Lockdep } from './rules/lockdep.ts';
import { raceReport, racesIn } from './rules/races.ts';
import { waitsSince } from './waits.ts';

/**
 * Runs one schedule step by step and tells all there is to tell about it. Independent of how the
 * schedule was found: no reduction, no table of states.
 *
 * @param earlier schedules of runs before it, each from the start, of which lockdep remembers all
 */
export function replay(
  program: Program,
  schedule: readonly string[],
  guarded: <T>(code: () => T) => T,
  earlier: readonly (readonly string[])[] = [],
): Replay {
  const lockdep = new Lockdep();
  const before: Run[] = [];
  for (const each of earlier) {
    const run = runOnce(program, each, guarded, lockdep);
    if (run.diverged) return { ...run, earlier: before.map(({ steps }) => steps) };
    before.push(run);
  }
  const run = runOnce(program, schedule, guarded, lockdep);
  return { ...run, earlier: before.map(({ steps }) => steps) };
}

type Run = Omit<Replay, 'earlier'>;

function runOnce(
  program: Program,
  schedule: readonly string[],
  guarded: <T>(code: () => T) => T,
  lockdep: Lockdep,
): Run {
  const machine = new Machine(program, guarded, true);
  const names = machine.threads.map(({ declaration }) => declaration.name);
  const properties = program.always.map((each) => new StateProperty(machine, each, guarded));
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  const steps: StepRecord[] = [];
  const broken: BrokenProperty[] = [];
  const heap = new Heap();
  // Of this run: what the earlier ones break together is broken from its first state on.
  const reported = new Set<string>();
  const breaks = (report: Report, node: Node | null, places: () => readonly Place[]): void => {
    for (const { property, message } of brokenByReport(machine, report, node)) {
      broken.push({ property, message, step: steps.length, places: places() });
    }
  };
  let waiting: StepRecord['waits'] = [];
  const told = (diverged: Replay['diverged']): Run => ({
    threads: program.threads.map(({ name, daemon, cpu, kind }) => ({ name, daemon, cpu, kind })),
    initial: machine.slots.map(({ object, values }) => ({
      name: object.name,
      text: show(values[0]),
      data: asData(values[0]),
    })),
    steps,
    broken,
    diverged,
  });
  const checkState = (): void => {
    for (const property of properties) {
      if (!property.holds(state.rows, 0, state.stride)) {
        const { name } = property;
        broken.push({ property: name, message: 'does not hold', step: steps.length, places: [] });
      }
      if (machine.width > state.stride) state.widen(machine.width);
    }
    const moves = names.map((_, thread) => machine.transition(state.rows, 0, thread));
    for (const race of racesIn(machine, state.rows, 0, moves)) {
      breaks(raceReport(machine, race), race.a.node, () => placesOfRace(machine, race));
    }
    for (const thread of names.keys()) lockdep.see(machine, machine.node(state.rows, 0, thread));
    for (const report of lockdep.news(reported))
      breaks(report, null, () => lockdep.placesOf(report));
  };
  const enabled = (): string[] =>
    names.filter((_, thread) => machine.transition(state.rows, 0, thread) !== null);
  checkState();
  waiting = waitsSince(machine, state.rows, 0, []);
  for (const name of schedule) {
    const possible = enabled();
    const thread = names.indexOf(name);
    const move = thread < 0 ? null : machine.transition(state.rows, 0, thread);
    if (!move) {
      const still =
        thread < 0
          ? ({ why: 'no such thread', message: `there is no thread '${name}'` } as const)
          : whyStill(machine, state, thread);
      return told({ step: steps.length + 1, ...still, possible });
    }
    const step = recordOf(machine, state, name, move, possible);
    const here = placeOf(machine, move.node, '');
    heap.follow(step, here);
    state.take(machine, move);
    const reports = brokenBy(machine, move);
    waiting = move.crash ? [] : waitsSince(machine, state.rows, steps.length + 1, waiting);
    steps.push({
      ...step,
      reports: reports.map(({ rule, message, property }) => ({ rule, message, property })),
      waits: waiting,
    });
    for (const { property, message, object } of reports) {
      const places = [here, ...heap.placesOf(object)];
      broken.push({ property, message, step: steps.length, places });
    }
    if (move.crash) return told(null);
    checkState();
  }
  if (enabled().length === 0) {
    const deadlock = deadlockIn(machine, state.rows, 0);
    const leaks = leaksIn(machine, state.rows, 0, state.stride);
    if (deadlock) {
      const stuck = () => placesOfDeadlock(machine, state.rows);
      breaks({ rule: 'deadlock', message: deadlock }, null, stuck);
    } else if (leaks.length > 0) {
      breaks(leakReport(leaks), null, () => leaks.flatMap(({ name }) => heap.placesOf(name)));
    }
    for (const each of program.atEnd) {
      if (!new StateProperty(machine, each, guarded).holds(state.rows, 0, state.stride)) {
        const message = 'does not hold when nothing can move any more';
        broken.push({ property: each.name, message, step: steps.length, places: [] });
      }
    }
  }
  return told(null);
}

type StepBefore = Omit<StepRecord, 'reports' | 'waits'>;

function recordOf(
  machine: Machine,
  state: Frontier,
  thread: string,
  move: Transition,
  enabled: readonly string[],
): StepBefore {
  const { pending, sites, locals, context } = move.node.state;
  const [before, held] = [
    context.locks,
    move.crash ? context.locks : move.next.state.context.locks,
  ];
  const changes = [];
  for (let i = 0; i < move.changes.length; i += 2) {
    const slot = machine.slotAt(move.changes[i]!);
    const old = slot.position < state.stride ? state.rows[slot.position]! : 0;
    const from = slot.values[old];
    const to = slot.values[move.changes[i + 1]!];
    changes.push({ object: slot.object.name, from: show(from), to: show(to), data: asData(to) });
  }
  return {
    thread,
    operation: pending!.name,
    text: describe(pending!),
    objects: objectsOf(pending),
    result: show(move.result),
    changes,
    site: callsOf(sites).at(-1) ?? null,
    stack: functionsOf(sites),
    calls: callsOf(sites),
    taken: without(held, before),
    dropped: without(before, held),
    held,
    locals: Object.fromEntries(locals.at(-1) ?? []),
    enabled,
  };
}

function whyStill(
  machine: Machine,
  state: Frontier,
  thread: number,
): Pick<NonNullable<Replay['diverged']>, 'why' | 'message'> {
  const { pending } = machine.node(state.rows, 0, thread).state;
  const name = machine.threads[thread]!.declaration.name;
  if (!pending) return { why: 'finished', message: `${name} has finished` };
  const holder = waitsIn(machine, state.rows, 0).find((wait) => wait.thread === name)?.holder;
  const message = `${name} waits at ${describe(pending)}${holder ? `, held by ${holder}` : ''}`;
  return { why: 'waits', message };
}
