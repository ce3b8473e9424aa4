import { type Asked, type Behind, type Branch, NO, YES } from './branches.ts';
import { capturesOf, type Site } from './frames.ts';
import { runtime } from './runtime.ts';

/**
 * Which statements no thread came to, and whether somebody has to look at them. The rewrite tells
 * under which conditions each statement runs and from where each function is called; here it is seen
 * what the options of the variant make of that, and what build() made of its parameters.
 */

/** A condition as far as options and literals decide it; null: something else does. */
export type Condition =
  | { readonly literal: string | number | boolean | null }
  /** Field of one of the module's values, which counts if that is an `options()` object. */
  | { readonly option: string; readonly of: number }
  | { readonly operator: string; readonly operands: readonly Condition[] }
  | null;

/** Where code stands. */
export interface Place {
  /** Id of the function; null: it runs when the module is loaded. */
  readonly fn: string | null;
  /** The conditions around it, with what they must come to. */
  readonly when: readonly (readonly [condition: Condition, truth: boolean])[];
  /** Id of the site that it is part of: it runs when a thread comes there. */
  readonly site?: string;
}

/** How code of a module comes to run. */
export interface Flow {
  readonly sites: readonly {
    readonly id: string;
    readonly place: Place;
    /** Why no schedule comes here, in the author's words. */
    readonly explained: string | null;
  }[];
  /** From where a function can be called: its id, or which of `values` it is. */
  readonly entries: readonly (readonly [fn: string | number, from: Place])[];
  /** Functions that are noted when they are made, and by which function that is. */
  readonly made: readonly (readonly [fn: string, by: string])[];
  readonly branches: readonly Branch[];
  /** Any function may be called in a way that `entries` does not tell. */
  readonly open: boolean;
  /** Variables of the module and what it imports; not to be asked before all modules are loaded. */
  readonly values: () => readonly unknown[];
}

export interface Coverage {
  readonly unreached: readonly Site[];
  readonly explained: readonly (Site & { readonly reason: string })[];
}

/**
 * What was not reached in the search of the present variant, but for what its options rule out, for
 * threads that build() does not make with its parameters, and for functions that only statements
 * call which were not reached themselves: they stand for them.
 */
export function coverage(): Coverage {
  const modules = runtime.flows.map((flow) => ({ ...flow, values: flow.values() }));
  const open = modules.some((module) => module.open);
  const called = functionsCalled(modules);
  const unreached: Site[] = [];
  const explained: (Site & { reason: string })[] = [];
  for (const { sites, values } of modules) {
    for (const { id, place, explained: reason } of sites) {
      if (runtime.reached.has(id)) continue;
      if (!(open || called.has(place.fn)) || !runs(place, values)) continue;
      const site = runtime.sites.get(id)!;
      if (reason === null) unreached.push(site);
      else explained.push({ ...site, reason });
    }
  }
  return { unreached, explained };
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
 * it is a finding that they never had the other; of those within each other the innermost. Others
 * than `askers` are no reason to look at a condition, but the outcomes it had for them count.
 */
export function untaken(asked: Asked, askers: ReadonlySet<string>): Untaken[] {
  const found: Untaken[] = [];
  for (const flow of runtime.flows) {
    const values = flow.values();
    const own: Untaken[] = [];
    // From the inside out.
    for (const branch of flow.branches.toReversed()) {
      const by = [...askers].filter((asker) => asked.get(asker)?.has(branch.id)).sort();
      if (by.length === 0) continue;
      const had = [...asked.values()].reduce((all, seen) => all | (seen.get(branch.id) ?? 0), 0);
      const behind = had === YES ? branch.behind[0] : had === NO ? branch.behind[1] : null;
      if (!behind) continue;
      if ([branch.decided, branch.rest].some((each) => truthOf(each, values) !== null)) continue;
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

/** The functions that loading calls, and those that they call in turn at places that run. */
function functionsCalled(modules: readonly Module[]): ReadonlySet<string | null> {
  const without = leftOut(modules);
  const called = new Set<string | null>([null]);
  for (let before = 0; before < called.size; ) {
    before = called.size;
    for (const { entries, values } of modules) {
      for (const [fn, from] of entries) {
        const id = typeof fn === 'string' ? fn : idOf(values[fn]);
        if (id === null || without.has(id)) continue;
        if (from.site !== undefined && !runtime.reached.has(from.site)) continue;
        if (called.has(from.fn) && runs(from, values)) called.add(id);
      }
    }
  }
  return called;
}

/** Functions that only build() makes, and did not: it runs once, before the search. */
function leftOut(modules: readonly Module[]): ReadonlySet<string> {
  const made = modules.flatMap((module) => module.made);
  const missing = made.filter(([fn, by]) => by === runtime.builder && !runtime.made.has(fn));
  return new Set(missing.map(([fn]) => fn));
}

function idOf(value: unknown): string | null {
  return typeof value === 'function' ? (capturesOf(value)?.site ?? null) : null;
}

/** False when the options rule it out. */
function runs({ when }: Place, values: readonly unknown[]): boolean {
  return when.every(([condition, truth]) => truthOf(condition, values) !== !truth);
}

/** Null: the options do not tell. `(yield* load(x)) && variant.y` they may tell, though not its value. */
function truthOf(condition: Condition, values: readonly unknown[]): boolean | null {
  if (condition && 'operator' in condition && LOGICAL.has(condition.operator)) {
    const [left = null, right = null] = condition.operands.map((each) => truthOf(each, values));
    if (condition.operator === '!') return left === null ? null : !left;
    const decisive = condition.operator === '||';
    if (left === decisive || right === decisive) return decisive;
    return left === null || right === null ? null : !decisive;
  }
  const value = worth(condition, values);
  return value === UNKNOWN ? null : Boolean(value);
}

function worth(condition: Condition, values: readonly unknown[]): unknown {
  if (condition === null) return UNKNOWN;
  if ('literal' in condition) return condition.literal;
  if ('option' in condition) {
    const view = values[condition.of] as Readonly<Record<string, unknown>>;
    const known = runtime.optionViews.has(view) && Object.hasOwn(view, condition.option);
    return known ? view[condition.option] : UNKNOWN;
  }
  const { operator, operands } = condition;
  if (operator === '!') return truthOf(condition, values) ?? UNKNOWN;
  const left = worth(operands[0]!, values);
  if (left === UNKNOWN) return UNKNOWN;
  if (LOGICAL.has(operator) && Boolean(left) === (operator === '||')) return left;
  const right = worth(operands[1]!, values);
  if (right === UNKNOWN || LOGICAL.has(operator)) return right;
  return COMPARED[operator]!(left as number, right as number);
}

const UNKNOWN = Symbol('unknown');
const LOGICAL: ReadonlySet<string> = new Set(['!', '&&', '||']);

/** What `Condition` may have as operators, beside the logical ones. */
export const COMPARED: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '===': (left, right) => left === right,
  '!==': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
