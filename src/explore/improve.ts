import type { Machine } from '../model/machine.ts';
import type { Outcome } from './outcome.ts';
import { StateProperty } from './properties.ts';
import { type SearchOptions, searchOn } from './search.ts';
import { straighten } from './straighten.ts';

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
      const { schedule, last } = straighten(machine, each.schedule);
      const predicate = [...always, ...atEnd].find(({ name }) => name === each.name);
      if (!predicate) return { ...each, schedule };
      const property = new StateProperty(machine, predicate, options.guarded);
      const values = property.explain(last.rows, 0, last.stride);
      return { ...each, schedule, message: values ? `${each.message}: ${values}` : each.message };
    }),
  };
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
