import { type Asked, type Behind, type Branch, NO, YES } from './branches.ts';
import { decided, runs, type When } from './condition.ts';
import { capturesOf, type Site } from './frames.ts';
import { runtime } from './runtime.ts';

/**
 * Which statements no thread came to, and whether somebody has to look at them. The rewrite tells
 * under which conditions each statement runs and from where each function is called; here it is seen
 * what the options of the variant make of that, and what build() made of its parameters.
 */

/** Where code stands. */
export interface Place {
  /** Id of the function; null: it runs when the module is loaded. */
  readonly fn: string | null;
  /** The conditions around it, with what they must come to. */
  readonly when: When;
  /** Id of the site that it is part of: it runs when a thread comes there. */
  readonly site?: string;
}

/** A place from where a function can be called. */
export interface Entry {
  /** Its id, or which of the module's values it is. */
  readonly fn: string | number;
  readonly from: Place;
  /** It is called there and then, so that it does not run before or after. */
  readonly atOnce: boolean;
  /** Under which id it is noted as made that the function was named here; null: it is not noted. */
  readonly named: string | null;
}

/** How code of a module comes to run. */
export interface Flow {
  readonly sites: readonly {
    readonly id: string;
    readonly place: Place;
    /** Why no schedule comes here, in the author's words. */
    readonly explained: string | null;
    /** The step may take a lock. */
    readonly locks: boolean;
  }[];
  readonly entries: readonly Entry[];
  /** Functions that are noted when they are made, and by which function that is. */
  readonly made: readonly (readonly [fn: string, by: string])[];
  /** Its generators; `excused`: other modules may call it, or somebody explains why nobody does. */
  readonly generators: readonly (SiteOf & {
    readonly id: string;
    /** Id of the function around it. */
    readonly within: string | null;
    readonly excused: boolean;
  })[];
  /** Functions that give the same whenever they are called. */
  readonly constants: readonly string[];
  readonly branches: readonly Branch[];
  /** Any function may be called in a way that `entries` does not tell. */
  readonly open: boolean;
  /** Variables of the module and what it imports; not to be asked before all modules are loaded. */
  readonly values: () => readonly unknown[];
}

type SiteOf = Pick<Site, 'file' | 'line' | 'fn' | 'text'>;

export interface Coverage {
  readonly unreached: readonly Site[];
  /** Of threads, and of what else build() may make, that are not there with these parameters. */
  readonly leftOut: readonly Site[];
  readonly explained: readonly (Site & { readonly reason: string })[];
}

/**
 * What was not reached in the search of the present variant, but for what its options rule out, and
 * for functions that only statements call which were not reached themselves: they stand for them.
 */
export function coverage(): Coverage {
  const modules = modulesNow();
  const open = modules.some((module) => module.open);
  const missing = notBuilt(modules);
  const called = functionsCalled(modules, missing);
  const callable = functionsCalled(modules, new Set());
  const unreached: Site[] = [];
  const leftOut: Site[] = [];
  const explained: (Site & { reason: string })[] = [];
  for (const { sites, values } of modules) {
    for (const { id, place, explained: reason } of sites) {
      if (runtime.reached.has(id) || !runs(place, values)) continue;
      const site = runtime.sites.get(id)!;
      if (open || called.has(place.fn)) {
        if (reason === null) unreached.push(site);
        else explained.push({ ...site, reason });
      } else if (callable.has(place.fn)) leftOut.push(site);
    }
  }
  return { unreached, leftOut, explained };
}

/** Generators that no code calls which runs in any variant. Another spec may call what is exported. */
export function uncalled(): readonly SiteOf[] {
  const modules = modulesNow();
  if (modules.some((module) => module.open)) return [];
  const generators = modules.flatMap((module) => module.generators);
  const called = new Set<string | null>([null]);
  for (const { id, excused } of generators) if (excused) called.add(id);
  spread(modules, called, () => true);
  return generators.filter(({ id, within }) => called.has(within) && !called.has(id));
}

/** Does it give the same whenever it is called? False where that is not certain. */
export function isConstant(fn: () => unknown): boolean {
  const id = idOf(fn);
  return id !== null && runtime.flows.some(({ constants }) => constants.includes(id));
}

/** May a statement that was not reached take a lock? */
export function leavesLocks(): boolean {
  return runtime.flows.some(({ sites }) =>
    sites.some(({ id, locks }) => locks && !runtime.reached.has(id)),
  );
}

/** A condition that had one outcome only. */
export interface Untaken {
  readonly branch: Branch;
  /** The outcome that it never had. */
  readonly outcome: boolean;
  readonly behind: Behind;
  /** Who asked, as in `Asked`. */
  readonly by: readonly string[];
}

/**
 * The conditions that had one outcome only, though the options of the variant leave both open, and
 * it is a finding that they never had the other; of those within each other the innermost. Code that
 * is run for no thread or property is no reason to look at a condition, but the outcomes it had there
 * count. Properties that are not among the askers stop asking early: of what they ask, nothing is known.
 */
export function untaken(asked: Asked, askers: ReadonlySet<string>): Untaken[] {
  const found: Untaken[] = [];
  const others = [...asked].filter(([asker]) => asker !== null && !askers.has(asker));
  for (const flow of runtime.flows) {
    const values = flow.values();
    const own: Untaken[] = [];
    // From the inside out.
    for (const branch of flow.branches.toReversed()) {
      const by = [...askers].filter((asker) => asked.get(asker)?.has(branch.id)).sort();
      if (by.length === 0 || others.some(([, seen]) => seen.has(branch.id))) continue;
      const had = [...asked.values()].reduce((all, seen) => all | (seen.get(branch.id) ?? 0), 0);
      const behind = had === YES ? branch.behind[0] : had === NO ? branch.behind[1] : null;
      if (!behind) continue;
      if ([branch.decided, branch.rest].some((each) => decided(each, values) !== null)) continue;
      if (!runs({ when: [...branch.when, [branch.decided, had === NO]] }, values)) continue;
      if (behind.asked === null && !by.includes('')) continue;
      if (own.some((inner) => isWithin(inner.branch, branch))) continue;
      own.push({ branch, outcome: had === NO, behind, by });
    }
    found.push(...own.filter(({ behind }) => !behind.told).reverse());
  }
  return found;
}

function isWithin({ range: [start, end] }: Branch, { range }: Branch): boolean {
  return range[0] <= start && end <= range[1];
}

type Module = Omit<Flow, 'values'> & { readonly values: readonly unknown[] };

function modulesNow(): readonly Module[] {
  return runtime.flows.map((flow) => ({ ...flow, values: flow.values() }));
}

/**
 * The functions that loading calls, and those that they call in turn at places that run.
 * @param missing ids of functions and of places that were not come to
 */
function functionsCalled(
  modules: readonly Module[],
  missing: ReadonlySet<string>,
): ReadonlySet<string | null> {
  const called = new Set<string | null>([null]);
  spread(modules, called, ({ from, named }, id, { values }) => {
    if (missing.has(id) || (named !== null && missing.has(named))) return false;
    if (from.site !== undefined && !runtime.reached.has(from.site)) return false;
    return runs(from, values);
  });
  return called;
}

/** Adds what is called from the functions, and so on. */
function spread(
  modules: readonly Module[],
  called: Set<string | null>,
  counts: (entry: Entry, id: string, module: Module) => boolean,
): void {
  for (let before = -1; before < called.size; ) {
    before = called.size;
    for (const module of modules) {
      for (const entry of module.entries) {
        const id = calledAt(entry, module);
        if (id === null || called.has(id) || !called.has(entry.from.fn)) continue;
        if (counts(entry, id, module)) called.add(id);
      }
    }
  }
}

/** What only build() comes to, and did not: it runs once, before the search. */
function notBuilt(modules: readonly Module[]): ReadonlySet<string> {
  if (runtime.builder === null) return new Set();
  const building = new Set<string | null>([runtime.builder]);
  const generators = new Set(modules.flatMap((module) => module.generators).map(({ id }) => id));
  const callers = new Map<string, { entry: Entry; by: string | null }[]>();
  for (const module of modules) {
    for (const entry of module.entries) {
      const id = calledAt(entry, module);
      if (id === null) continue;
      callers.set(id, [...(callers.get(id) ?? []), { entry, by: entry.from.fn }]);
    }
  }
  const isPart = (all: readonly { entry: Entry; by: string | null }[]): boolean =>
    all.every(({ entry, by }) => entry.atOnce && building.has(by));
  for (let before = 0; before < building.size; ) {
    before = building.size;
    for (const [id, all] of callers) if (!generators.has(id) && isPart(all)) building.add(id);
  }
  const made = modules.flatMap((module) => module.made).filter(([, by]) => building.has(by));
  const named = [...callers.values()].flat().filter(({ by }) => building.has(by));
  const expected = [...made.map(([fn]) => fn), ...named.map(({ entry }) => entry.named)];
  return new Set(expected.filter((id) => id !== null && !runtime.made.has(id)) as string[]);
}

function calledAt({ fn }: Entry, { values }: Module): string | null {
  return typeof fn === 'string' ? fn : idOf(values[fn]);
}

function idOf(value: unknown): string | null {
  return typeof value === 'function' ? (capturesOf(value)?.site ?? null) : null;
}
