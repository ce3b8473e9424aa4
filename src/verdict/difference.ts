import type { End, Initials, Part, Surface } from '../explore/final-states.ts';
import type { PropertyKind, PropertyOutcome, Replay } from '../explore/outcome.ts';
import type { Run } from './run.ts';

/** What is known of one of two programs that are compared. */
export interface Side {
  readonly run: Run;
  readonly surface: Surface;
  /** By digest: how many final states there are. */
  readonly finals: ReadonlyMap<string, number>;
  /** Objects made at run time. */
  readonly made: Initials;
}

type PropertyVerdict = PropertyOutcome['verdict'];

export interface PropertyChange {
  readonly name: string;
  readonly kind: PropertyKind;
  /** Null: that program has no such property. */
  readonly from: PropertyVerdict | null;
  readonly to: PropertyVerdict | null;
}

/** A thread, an object, a parameter or a rule that only one has, or that is not the same at the start. */
export interface Declared {
  readonly what: 'thread' | 'object' | 'parameter' | 'unchecked rule';
  readonly name: string;
  /** As people see it; null: it is not there. */
  readonly from: string | null;
  readonly to: string | null;
}

/** What two programs differ in: the second as seen from the first. */
export interface Difference {
  /** In the order of the spec: properties and asserts, then witnesses, then reports of the kernel's. */
  readonly properties: readonly PropertyChange[];
  readonly declared: readonly Declared[];
  /** Digests of final states, in their order. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  readonly kept: number;
  readonly warnings: { readonly gained: readonly string[]; readonly lost: readonly string[] };
  /** What a limit left open. */
  readonly untold: readonly string[];
}

/** Is it known to differ? If not, `untold` may still say that it is not known. */
export function differs({ properties, declared, gained, lost, warnings }: Difference): boolean {
  const lists = [declared, gained, lost, warnings.gained, warnings.lost];
  return lists.some((list) => list.length > 0) || properties.some(isKnown);
}

export function isKnown({ from, to }: PropertyChange): boolean {
  return from !== 'unknown' && to !== 'unknown';
}

/**
 * A final state of the one is gained, or lost, if the search of the other was complete and had it
 * not: whether its own was complete does not matter.
 */
export function difference(old: Side, now: Side): Difference {
  const all = propertyChanges(old, now);
  const [oldOver, nowOver] = [isComplete(old), isComplete(now)];
  const messages = ({ run }: Side): string[] => run.outcome!.warnings.map(({ message }) => message);
  const warned = oldOver && nowOver;
  return {
    properties: all,
    declared: declaredChanges(old, now),
    gained: oldOver ? lacking(now.finals.keys(), old.finals) : [],
    lost: nowOver ? lacking(old.finals.keys(), now.finals) : [],
    kept: [...now.finals.keys()].filter((digest) => old.finals.has(digest)).length,
    warnings: {
      gained: warned ? lacking(messages(now), new Set(messages(old))) : [],
      lost: warned ? lacking(messages(old), new Set(messages(now))) : [],
    },
    untold: [
      ...all.filter((change) => !isKnown(change)).map(untoldOf),
      ...(oldOver ? [] : ['final states gained', 'reports gained']),
      ...(nowOver ? [] : ['final states lost', 'reports lost']),
      ...(warned ? [] : ['warnings']),
    ],
  };
}

function untoldOf({ name, from }: PropertyChange): string {
  return `${name}: not known in ${from === 'unknown' ? 'old' : 'new'}`;
}

function isComplete({ run }: Side): boolean {
  return run.outcome!.complete;
}

function lacking(all: Iterable<string>, known: { has(name: string): boolean }): string[] {
  return [...new Set(all)].filter((each) => !known.has(each)).sort();
}

const RANKS: Partial<Record<PropertyKind, number>> = { sometimes: 1, rule: 2 };

function propertyChanges(old: Side, now: Side): PropertyChange[] {
  const [before, after] = [old, now].map(({ run }) => run.outcome!.properties);
  const names = new Map([...after!, ...before!].map(({ name, kind }) => [name, kind]));
  const changes = [...names].map(([name, kind]): PropertyChange => {
    return { name, kind, from: verdictIn(old, name, kind), to: verdictIn(now, name, kind) };
  });
  const rank = ({ kind }: PropertyChange): number => RANKS[kind] ?? 0;
  return changes
    .filter(({ from, to }) => from !== to || from === 'unknown')
    .sort((a, b) => rank(a) - rank(b));
}

/** A rule is there without being named, and of an assert nothing is known until it is reached. */
function verdictIn(side: Side, name: string, kind: PropertyKind): PropertyVerdict | null {
  const property = side.run.outcome!.properties.find((each) => each.name === name);
  if (property) return property.verdict;
  if (!isComplete(side) && (kind === 'rule' || kind === 'assert')) return 'unknown';
  return kind === 'rule' ? 'holds' : null;
}

function declaredChanges(old: Side, now: Side): Declared[] {
  // What only one has made at run time is in the final states.
  const both = [...now.made.keys()].filter((name) => old.made.has(name));
  const objects = ({ surface, made }: Side) =>
    new Map([...surface.objects, ...both.map((name) => [name, made.get(name)!] as const)]);
  const threads = ({ surface }: Side) =>
    new Map(surface.threads.map((name) => [name, { text: 'there', key: '' }]));
  const params = ({ run }: Side) => valuesOf(run.params);
  const unchecked = ({ run }: Side) => valuesOf(run.outcome!.unchecked, () => '');
  const changes = (what: Declared['what'], values: (side: Side) => Initials): Declared[] => {
    const [before, after] = [values(old), values(now)];
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((name) => before.get(name)?.key !== after.get(name)?.key)
      .map((name) => {
        const [from, to] = [before.get(name)?.text ?? null, after.get(name)?.text ?? null];
        return { what, name, from, to };
      });
  };
  return [
    ...changes('parameter', params),
    ...changes('thread', threads),
    ...changes('object', objects),
    ...changes('unchecked rule', unchecked),
  ];
}

function valuesOf(
  values: Readonly<Record<string, unknown>>,
  keyOf: (value: unknown) => string = String,
): Initials {
  const entries = Object.entries(values);
  return new Map(
    entries.map(([name, value]) => [name, { text: String(value), key: keyOf(value) }]),
  );
}

/** What makes a final state differ from the nearest one of the other program. */
export interface PartChange {
  readonly part: Part;
  /** What it is there; null: the other program has no final state. */
  readonly other: Part | null;
}

/** Final states that differ in the same from the nearest of the other program. */
export interface FinalGroup {
  readonly changes: readonly PartChange[];
  readonly ends: readonly End[];
}

/** @param others final states of the other program, in a fixed order: the first of the nearest counts */
export function groupFinals(ends: readonly End[], others: readonly End[]): FinalGroup[] {
  const groups = new Map<string, { changes: PartChange[]; ends: End[] }>();
  for (const end of ends) {
    const changes = changesOf(end, nearest(end, others));
    const key = JSON.stringify(
      changes.map(({ part, other }) => [part.what, part.name, part.key, other?.key]),
    );
    const group = groups.get(key) ?? { changes, ends: [] };
    group.ends.push(end);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function nearest(end: End, others: readonly End[]): End | null {
  let best: End | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const other of others) {
    const distance = keysOf(end, other).filter((key) => isOther(end, other, key)).length;
    if (distance < least) [best, least] = [other, distance];
  }
  return best;
}

function changesOf(end: End, other: End | null): PartChange[] {
  if (!other) {
    const moved = [...end.parts.values()].filter(({ untouched }) => !untouched);
    return moved.map((part) => ({ part, other: null }));
  }
  return keysOf(end, other)
    .filter((key) => isOther(end, other, key))
    .map((key) => {
      const [here, there] = [end.parts.get(key), other.parts.get(key)];
      return { part: here ?? initialOf(there!), other: there ?? initialOf(here!) };
    });
}

/** An object that was made at run time, and has its initial value or was not made. */
function initialOf({ what, name }: Part): Part {
  return { what, name, text: 'initial', data: null, key: '', untouched: true };
}

function keysOf(a: End, b: End): string[] {
  return [...new Set([...a.parts.keys(), ...b.parts.keys()])];
}

function isOther(a: End, b: End, key: string): boolean {
  return a.parts.get(key)?.key !== b.parts.get(key)?.key;
}

/** What two programs differ in, with what shows it. */
export interface Comparison {
  readonly old: Run;
  readonly now: Run;
  /** How many final states each has, as far as they are compared. */
  readonly finals: { readonly old: number; readonly now: number };
  /** How many names both have from their start, by which final states are compared. */
  readonly compared: { readonly objects: number; readonly threads: number };
  readonly difference: Difference;
  /** By property that only the old one breaks: what its schedule comes to in the new one. */
  readonly fates: ReadonlyMap<string, Fate>;
  readonly gained: ShownFinals;
  readonly lost: ShownFinals;
}

export interface Fate {
  /** Of the schedule that breaks the old program. */
  readonly steps: number;
  /** Runs that it takes, itself the last. */
  readonly runs: number;
  /** The first step that is not possible any more, from 1; null: all are. */
  readonly stops: { readonly run: number; readonly step: number } | null;
  readonly message: string;
}

export interface ShownFinals {
  /** Those that are seen first come first. */
  readonly groups: readonly ShownGroup[];
  /** Final states beyond those in groups. */
  readonly more: number;
}

export interface ShownGroup extends FinalGroup {
  /** Final states, told apart by all there is in them too. */
  readonly whole: number;
  /** Names of threads. */
  readonly schedule: readonly string[];
  /** No shorter schedule leads to this very final state (proved). */
  readonly shortest: boolean;
  /** Only of the first groups. */
  readonly replay: Replay | null;
}
