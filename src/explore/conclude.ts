import { coverage } from '../model/coverage.ts';
import type { Site } from '../model/frames.ts';
import type { Machine } from '../model/machine.ts';
import { runtime } from '../model/runtime.ts';
import type { Finding, Findings, Sighting } from './findings.ts';
import type { Outcome, PropertyKind, PropertyOutcome, SiteLocation } from './outcome.ts';
import { lockOrderOf } from './rules/lock-order.ts';
import { warningsOf } from './warnings.ts';

/** A finding with the runs that lead to it, by names of threads. */
export interface Found {
  readonly finding: Finding;
  readonly schedule: readonly string[];
  readonly earlier: readonly (readonly string[])[];
}

/** What a search found, and how much it looked at. */
export interface Searched {
  readonly found: ReadonlyMap<string, Found>;
  readonly witnessed: ReadonlySet<string>;
  /** What lockdep knows, by key. */
  readonly lockFacts: Iterable<string>;
  /** Why it is not complete; null: it is. */
  readonly limit: string | null;
  /** No shorter schedules break the properties than those found. */
  readonly shortest: boolean;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly rounds: number;
  readonly finalStates: number;
  readonly reduction: boolean;
  readonly symmetry: readonly (readonly string[])[];
  /** Of how many fingerprints the least stands for a state: 1 without symmetry. */
  readonly members: number;
  /** How many states were told apart by their fingerprints alone. */
  readonly fingerprints: number;
  /** Of a search level by level: how many there were as each began. */
  readonly sizes?: readonly number[];
}

/** @param pathTo the threads that move, one by one, to a state in which something was seen */
export function withSchedules(
  machine: Machine,
  findings: Findings,
  pathTo: (sighting: Sighting) => readonly number[],
): Map<string, Found> {
  const named = (path: readonly number[]): string[] =>
    path.map((thread) => machine.threads[thread]!.declaration.name);
  const found = new Map<string, Found>();
  for (const [name, finding] of findings.all()) {
    const path = pathTo(finding);
    const last = finding.thread >= 0 ? [finding.thread] : [];
    const runs = (finding.earlier ?? []).map((sighting) => named(pathTo(sighting)));
    const earlier = [...new Map(runs.map((run) => [run.join('\n'), run])).values()];
    found.set(name, { finding, schedule: named([...path, ...last]), earlier });
  }
  return found;
}

export function conclude(machine: Machine, searched: Searched): Outcome {
  const { limit, states, transitions, depth, rounds, finalStates } = searched;
  const { reduction, symmetry, members } = searched;
  const { unreached, leftOut, explained } = coverage();
  const steps = stepsBySite(machine);
  return {
    properties: propertyOutcomes(machine, searched),
    complete: limit === null,
    limit,
    states,
    transitions,
    depth,
    rounds,
    workers: 1,
    reduction,
    without: [],
    symmetry,
    fingerprintCollisionProbability: collisionProbability(searched.fingerprints, members),
    reached: [...runtime.sites.values()]
      .filter(({ id, library }) => !library && runtime.reached.has(id))
      .map((site) => ({ ...locationOf(site), steps: steps.get(site.id) ?? 0 })),
    unreached: unreached.map(locationOf),
    leftOut: leftOut.map(locationOf),
    explained: explained.map((site) => ({ ...locationOf(site), reason: site.reason })),
    lockOrder: lockOrderOf(searched.lockFacts, machine.program.unchecked),
    // Of a search that is not over, that something never happened is not known.
    warnings: limit === null ? warningsOf(machine, new Set(searched.found.keys())) : [],
    finalStates,
    unchecked: machine.program.unchecked,
  };
}

function stepsBySite({ learned }: Machine): Map<string, number> {
  const steps = new Map<string, number>();
  for (const { transition } of learned) {
    for (const site of new Set(transition.node.state.sites)) {
      steps.set(site, (steps.get(site) ?? 0) + 1);
    }
  }
  return steps;
}

/**
 * Birthday bound: n(n-1)/2 pairs, each with chance 2^-64; more if each is the least of k, since these
 * lie closer together: the chance that two such are equal is the integral of k^2 (1-x)^(2k-2).
 */
function collisionProbability(states: number, members: number): number {
  const closer = members ** 2 / (2 * members - 1);
  return Math.min(1, ((states * (states - 1)) / 2 / 2 ** 64) * closer);
}

function propertyOutcomes(
  { program }: Machine,
  { found, witnessed, limit, finalStates, shortest, sizes = [] }: Searched,
): PropertyOutcome[] {
  const complete = limit === null;
  const declared: [string, PropertyKind][] = [
    ...program.always.map(({ name }): [string, PropertyKind] => [name, 'always']),
    ...program.atEnd.map(({ name }): [string, PropertyKind] => [name, 'atEnd']),
    ...program.sometimes.map(({ name }): [string, PropertyKind] => [name, 'sometimes']),
    ...program.never.map(({ name }): [string, PropertyKind] => [name, 'never']),
    ...[...runtime.assertions].sort().map((name): [string, PropertyKind] => [name, 'assert']),
    ['deadlock', 'rule'],
  ];
  const names = new Set(declared.map(([name]) => name));
  for (const [name, { finding }] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!names.has(name)) declared.push([name, finding.kind]);
  }
  return declared.map(([name, kind]): PropertyOutcome => {
    const broken = found.get(name);
    const missing =
      (kind === 'sometimes' && !witnessed.has(name)) ||
      // A claim about the end of schedules that never end, and are not cut short by a report either.
      (kind === 'atEnd' && complete && finalStates + found.size === 0);
    const violated = broken !== undefined || (missing && complete);
    const before = broken && shortest ? stepsBefore(broken.finding) : null;
    return {
      name,
      kind,
      verdict: violated
        ? 'violated'
        : complete || (kind === 'sometimes' && !missing)
          ? 'holds'
          : 'unknown',
      message: broken?.finding.message ?? (violated ? WHY_MISSING[kind]! : null),
      schedule: broken?.schedule ?? null,
      earlier: broken?.earlier ?? [],
      shortest: before !== null,
      fewestSwitches: false,
      ...(before !== null && { behind: sizes[before] ?? 0 }),
    };
  });
}

/** How many steps come before the one that breaks the property, in every schedule; null: it is not known. */
function stepsBefore({ kind, level, thread, earlier }: Finding): number | null {
  // Lockdep may have reported it before it knew what it makes of it in the end.
  if (kind === 'never' || earlier) return null;
  return thread < 0 ? level - 1 : level;
}

const WHY_MISSING: Partial<Record<PropertyKind, string>> = {
  sometimes: 'no reachable state is a witness',
  atEnd: 'there is no state in which nothing can move',
};

function locationOf({ file, line, fn, text }: Site): SiteLocation {
  return { file, line, fn, text };
}
