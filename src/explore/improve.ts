import type { Machine } from '../model/machine.ts';
import { brokenByReport } from './findings.ts';
import type { Outcome, PropertyOutcome } from './outcome.ts';
import { StateProperty } from './properties.ts';
import { replay } from './replay.ts';
import { Lockdep } from './rules/lockdep.ts';
import type { SearchOptions } from './search.ts';
import { leaveOut } from './shortest/leave-out.ts';
import { shortestSchedules } from './shortest/search.ts';
import { alongStates, straighten, walk } from './straighten.ts';

/** States that may be spent on looking for shorter schedules. */
const EFFORT = 500_000;

/**
 * Better schedules for what a search found: fewer steps, then fewer switches between threads, and
 * what a broken predicate saw in the last state. Both are the least that there are, and called so,
 * where an unreduced search comes to them within its effort.
 */
export function improve(machine: Machine, outcome: Outcome, options: SearchOptions): Outcome {
  const { properties, ...rest } = shorten(machine, outcome, options);
  const { always, atEnd } = machine.program;
  return {
    ...rest,
    properties: properties.map((found) => {
      if (!found.schedule || options.asFound?.has(found.name)) return found;
      if (found.earlier.length > 0) return withFewerRuns(machine, found);
      const each = found.shortest ? found : withoutNeedless(machine, found, options);
      const { schedule, last } = each.fewestSwitches
        ? { schedule: each.schedule, last: walk(machine, each.schedule!).state }
        : straighten(machine, each.schedule!);
      const predicate = [...always, ...atEnd].find(({ name }) => name === each.name);
      if (!predicate) return { ...each, schedule };
      const property = new StateProperty(machine, predicate, options.guarded);
      const values = property.explain(last.rows, 0, last.stride);
      return { ...each, schedule, message: values ? `${each.message}: ${values}` : each.message };
    }),
  };
}

/** Leaves out steps; what then happens may be told otherwise. */
function withoutNeedless(
  machine: Machine,
  property: PropertyOutcome,
  { guarded }: SearchOptions,
): PropertyOutcome {
  const schedule = leaveOut(machine, property.schedule!, property.name, guarded);
  if (schedule.length === property.schedule!.length) return property;
  const { broken } = replay(machine.program, schedule, guarded);
  const { message } = broken.find((each) => each.property === property.name)!;
  return { ...property, schedule, message };
}

/** Leaves out the runs in which lockdep learns nothing that it does not learn in the others. */
function withFewerRuns(machine: Machine, property: PropertyOutcome): PropertyOutcome {
  const straight = (run: readonly string[]) => straighten(machine, run).schedule;
  const schedule = straight(property.schedule!);
  let earlier = property.earlier.map(straight);
  const found = (runs: readonly (readonly string[])[]): boolean =>
    breaksLockRule(machine, [...runs, schedule], property.name);
  for (const run of earlier) {
    const others = earlier.filter((other) => other !== run);
    if (found(others)) earlier = others;
  }
  return { ...property, schedule, earlier };
}

/** Whether lockdep, having seen these runs, reports what breaks the property. */
function breaksLockRule(
  machine: Machine,
  runs: readonly (readonly string[])[],
  property: string,
): boolean {
  const lockdep = new Lockdep();
  for (const run of runs) alongStates(machine, run, (node) => lockdep.see(machine, node));
  return lockdep
    .news()
    .some((report) =>
      brokenByReport(machine, report, null).some((broken) => broken.property === property),
    );
}

/** Shortest schedules, with the fewest switches, of the properties of which they are found. */
function shorten(machine: Machine, outcome: Outcome, options: SearchOptions): Outcome {
  const maxStates = Math.min(EFFORT, options.maxStates);
  const within = outcome.properties.filter(
    ({ name, schedule, behind = 0 }) =>
      schedule !== null && behind < maxStates && !options.asFound?.has(name),
  );
  if (options.first || within.length === 0) return outcome;
  const names = within.map(({ name }) => name);
  const shortest = shortestSchedules(machine, names, { ...options, maxStates });
  const properties = outcome.properties.map((each) => {
    const found = shortest.get(each.name);
    if (!found) return each;
    const { finding, schedule, earlier } = found;
    const { message } = finding;
    const fewestSwitches = finding.earlier === undefined;
    return { ...each, message, schedule, earlier, shortest: true, fewestSwitches };
  });
  return { ...outcome, properties };
}
