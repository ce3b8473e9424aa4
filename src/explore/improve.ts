import type { Machine } from '../model/machine.ts';
import { brokenByReport } from './findings.ts';
import type { Outcome, PropertyOutcome } from './outcome.ts';
import { StateProperty } from './properties.ts';
import { Lockdep } from './rules/lockdep.ts';
import { type SearchOptions, searchOn } from './search.ts';
import { alongStates, straighten } from './straighten.ts';

/** States that may be spent on looking for shorter schedules. */
const EFFORT = 500_000;

/**
 * Better schedules for what a search found: fewer steps, then fewer switches between threads, and
 * what a broken predicate saw in the last state.
 *
 * Looks for shorter schedules than a reduced search found, by an unreduced one, breadth first: the
 * first it finds for a property is a shortest. Where that would take too long the reduced search's
 * own stay, and are not called shortest.
 */
export function improve(machine: Machine, outcome: Outcome, options: SearchOptions): Outcome {
  const { properties, ...rest } = shorten(machine, outcome, options);
  const { always, atEnd } = machine.program;
  return {
    ...rest,
    properties: properties.map((each) => {
      if (!each.schedule) return each;
      if (each.earlier.length > 0) return withFewerRuns(machine, each);
      const { schedule, last } = straighten(machine, each.schedule);
      const predicate = [...always, ...atEnd].find(({ name }) => name === each.name);
      if (!predicate) return { ...each, schedule };
      const property = new StateProperty(machine, predicate, options.guarded);
      const values = property.explain(last.rows, 0, last.stride);
      return { ...each, schedule, message: values ? `${each.message}: ${values}` : each.message };
    }),
  };
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

function shorten(machine: Machine, outcome: Outcome, options: SearchOptions): Outcome {
  const broken = outcome.properties.filter(({ schedule }) => schedule !== null);
  if (!outcome.reduction || options.first || broken.length === 0) return outcome;
  const { properties } = searchOn(machine, {
    ...options,
    reduction: false,
    until: new Set(broken.map(({ name }) => name)),
    maxStates: Math.min(EFFORT, options.maxStates),
  });
  const shortest = new Map(
    properties.filter(({ schedule }) => schedule !== null).map((each) => [each.name, each]),
  );
  return {
    ...outcome,
    properties: outcome.properties.map((each) => shortest.get(each.name) ?? each),
  };
}
