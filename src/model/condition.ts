import { runtime } from './runtime.ts';

/** What the options of a variant make of the conditions of the spec's code. */

/** A condition as far as options and literals decide it; null: something else does. */
export type Condition =
  | { readonly literal: string | number | boolean | null }
  /** Field of one of the module's values, which counts if that is an `options()` object. */
  | { readonly option: string; readonly of: number }
  /** Nobody knows what it comes to, but all that have this number come to the same. */
  | { readonly term: number }
  | { readonly operator: string; readonly operands: readonly Condition[] }
  | null;

/** Conditions around a place in the code, with what they must come to. */
export type When = readonly (readonly [condition: Condition, truth: boolean])[];

/** False when the options rule it out. What would run with no options at all is not their doing. */
export function runs({ when }: { readonly when: When }, values: readonly unknown[]): boolean {
  const known = { values, terms: NONE };
  if (contradicts(when, known)) return false;
  const asking = when.filter(([condition]) => termsOf(condition).length > 0);
  return (
    isPossible(asking, known) !== false || isPossible(asking, { ...known, values: null }) !== true
  );
}

/**
 * Those of the conditions that have to do with options, themselves or by terms that they share with
 * others; all else options cannot rule out.
 * @param own a condition that is asked there
 */
export function optional(when: When, own: Condition = null): When {
  const connected = new Set<number>();
  const isOptional = (condition: Condition): boolean =>
    hasOption(condition) || termsOf(condition).some((term) => connected.has(term));
  const all = [...when.map(([condition]) => condition), own];
  for (let before = -1; before < connected.size; ) {
    before = connected.size;
    for (const condition of all) {
      if (isOptional(condition)) for (const term of termsOf(condition)) connected.add(term);
    }
  }
  return when.filter(([condition]) => isOptional(condition));
}

function hasOption(condition: Condition): boolean {
  if (condition === null) return false;
  if ('operands' in condition) return condition.operands.some(hasOption);
  return !('term' in condition);
}

/** What the options alone make of it; null: they do not tell. */
export function decided(condition: Condition, values: readonly unknown[]): boolean | null {
  return truthOf(condition, { values, terms: NONE });
}

/** Do some values of the terms let all conditions come to what they must? Null: too many to try. */
function isPossible(when: When, known: Known, tried = { count: 0 }): boolean | null {
  if (contradicts(when, known)) return false;
  if (++tried.count > MOST_TRIED) return null;
  // First those that leave least open.
  const open = when
    .map(([condition]) => [...new Set(termsOf(condition))].filter((term) => !known.terms.has(term)))
    .filter((terms) => terms.length > 0)
    .sort((a, b) => a.length - b.length);
  const next = open[0]?.[0];
  if (next === undefined) return true;
  for (const value of [true, false]) {
    const terms = new Map([...known.terms, [next, value] as const]);
    const possible = isPossible(when, { ...known, terms }, tried);
    if (possible !== false) return possible;
  }
  return false;
}

const MOST_TRIED = 100;

function contradicts(when: When, known: Known): boolean {
  return when.some(([condition, truth]) => truthOf(condition, known) === !truth);
}

function termsOf(condition: Condition): readonly number[] {
  if (condition === null) return [];
  if ('term' in condition) return [condition.term];
  return 'operands' in condition ? condition.operands.flatMap(termsOf) : [];
}

/** What conditions are decided by. */
interface Known {
  /** The module's; null: options and literals may have any value. */
  readonly values: readonly unknown[] | null;
  readonly terms: ReadonlyMap<number, boolean>;
}

const NONE: Known['terms'] = new Map();

/** Null: not known. `(yield* load(x)) && variant.y` may be known, though not its value. */
function truthOf(condition: Condition, known: Known): boolean | null {
  if (condition && 'term' in condition) return known.terms.get(condition.term) ?? null;
  if (condition && 'operator' in condition && LOGICAL.has(condition.operator)) {
    const { operator } = condition;
    const [first = null, second = null, third = null] = condition.operands.map((each) =>
      truthOf(each, known),
    );
    if (operator === '!') return first === null ? null : !first;
    if (operator === '?:') return first === false || second === third ? third : first && second;
    const decisive = operator === '||';
    if (first === decisive || second === decisive) return decisive;
    return first === null || second === null ? null : !decisive;
  }
  const value = worth(condition, known);
  return value === UNKNOWN ? null : Boolean(value);
}

function worth(condition: Condition, known: Known): unknown {
  const { values } = known;
  if (condition === null || 'term' in condition || values === null) return UNKNOWN;
  if ('literal' in condition) return condition.literal;
  if ('option' in condition) {
    const view = values[condition.of] as Readonly<Record<string, unknown>>;
    const declared = runtime.optionViews.has(view) && Object.hasOwn(view, condition.option);
    return declared ? view[condition.option] : UNKNOWN;
  }
  const { operator, operands } = condition;
  if (operator === '!') return truthOf(condition, known) ?? UNKNOWN;
  if (operator === '?:') {
    const test = truthOf(operands[0]!, known);
    return test === null ? UNKNOWN : worth(operands[test ? 1 : 2]!, known);
  }
  const left = worth(operands[0]!, known);
  if (left === UNKNOWN) return UNKNOWN;
  if (LOGICAL.has(operator) && Boolean(left) === (operator === '||')) return left;
  const right = worth(operands[1]!, known);
  if (right === UNKNOWN || LOGICAL.has(operator)) return right;
  return COMPARED[operator]!(left as number, right as number);
}

const UNKNOWN = Symbol('unknown');
const LOGICAL: ReadonlySet<string> = new Set(['!', '&&', '||', '?:']);

/** What `Condition` may have as operators, beside the logical ones. */
export const COMPARED: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '===': (left, right) => left === right,
  '!==': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
