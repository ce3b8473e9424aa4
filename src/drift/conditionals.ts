import { blank, type Token, tokensOf, withoutComments } from './tokens.ts';

/**
 * What #if and its kin leave of a text. No configuration is known, so the text is read several
 * times, until each branch was part of one reading.
 */

/** `#if`, or `#elif` or `#else` of it, and what stands under it. */
interface Branch {
  /** As a condition on its own, without those before it. */
  readonly own: string;
  readonly conditions: readonly string[];
  /** First and last row of what is under it. */
  readonly first: number;
  last: number;
  readonly inner: Group[];
}

/** From `#if` to `#endif`. There is always a branch for none of its conditions, if an empty one. */
interface Group {
  readonly first: number;
  last: number;
  readonly branches: Branch[];
}

export interface Conditionals {
  /** What must hold for a line to be compiled, the outermost first; of an `#if` line, for all of it. */
  conditionsAt(row: number): readonly string[];
  /** The text with blanks for all directives and for the branches not taken, for each reading. */
  readonly readings: readonly string[];
  /** Of an `#if` without `#endif`, or the other way round; null where there is none. */
  readonly unbalanced: number | null;
}

export function conditionalsOf(text: string): Conditionals {
  const directives = directivesOf(text);
  const { groups, unbalanced } = nest(directives, text.split('\n').length);
  const code = withoutComments(text);
  const own = new Set<number>();
  for (const { rows } of directives) for (let row = rows[0]; row <= rows[1]; row++) own.add(row);
  return {
    conditionsAt: (row) => conditionsAt(groups, row),
    readings: readings(groups).map((dropped) => blanked(code, own, dropped)),
    unbalanced,
  };
}

interface Directive {
  readonly name: string;
  readonly rest: string;
  readonly rows: readonly [first: number, last: number];
}

function directivesOf(text: string): Directive[] {
  const found = new Map<number, Token[]>();
  for (const token of tokensOf(text)) {
    if (token.directive === 0) continue;
    const tokens = found.get(token.directive) ?? [];
    found.set(token.directive, [...tokens, token]);
  }
  return [...found.values()].map((tokens) => {
    const [hash, name, ...rest] = tokens;
    return {
      name: name?.text ?? '',
      rest: rest.map((token) => token.text).join(' '),
      rows: [hash!.row, tokens.at(-1)!.row],
    };
  });
}

function nest(directives: readonly Directive[], rows: number) {
  const groups: Group[] = [];
  const open: Group[] = [];
  let unbalanced: number | null = null;
  for (const {
    name,
    rest,
    rows: [first, last],
  } of directives) {
    const opens = /^if(n?def)?$/.test(name);
    if (!opens && !/^(elif(n?def)?|else|endif)$/.test(name)) continue;
    if (opens) {
      const group: Group = { first, last: rows - 1, branches: [] };
      (open.at(-1)?.branches.at(-1)?.inner ?? groups).push(group);
      open.push(group);
    }
    const group = open.at(-1);
    if (!group) {
      unbalanced ??= first;
      continue;
    }
    const before = group.branches.at(-1);
    if (before) before.last = first - 1;
    if (name === 'endif') {
      group.last = last;
      const none = group.branches.map(({ own }) => not(own));
      if (group.branches.every(({ own }) => own !== 'true')) {
        group.branches.push({
          own: 'true',
          conditions: none,
          first: last,
          last: last - 1,
          inner: [],
        });
      }
      open.pop();
      continue;
    }
    const own = conditionOf(name, rest);
    const conditions = group.branches.map((branch) => not(branch.own));
    if (own !== 'true') conditions.push(own);
    group.branches.push({ own, conditions, first: last + 1, last: rows - 1, inner: [] });
  }
  return { groups, unbalanced: unbalanced ?? open[0]?.first ?? null };
}

function conditionOf(name: string, rest: string): string {
  if (name === 'else') return 'true';
  if (name.endsWith('ndef')) return not(`defined(${rest})`);
  if (name.endsWith('def')) return `defined(${rest})`;
  return rest
    .replaceAll('! ', '!')
    .replace(/\bdefined (?:\( (\w+) \)|(\w+))/g, (_, a, b) => `defined(${a ?? b})`);
}

/** The other way round twice is the same. */
function not(condition: string): string {
  if (/^!defined\(\w+\)$/.test(condition)) return condition.slice(1);
  if (/^!\(.*\)$/.test(condition) && isWhole(condition.slice(1))) return condition.slice(2, -1);
  return /^defined\(\w+\)$/.test(condition) ? `!${condition}` : `!(${condition})`;
}

/** The first parenthesis is closed by the last. */
function isWhole(text: string): boolean {
  let depth = 0;
  for (const [at, letter] of [...text].entries()) {
    if (letter === '(') depth++;
    if (letter === ')' && --depth === 0) return at === text.length - 1;
  }
  return false;
}

function conditionsAt(groups: readonly Group[], row: number): string[] {
  const group = groups.find(({ first, last }) => first <= row && row <= last);
  const branch = group?.branches.find(({ first, last }) => first <= row && row <= last);
  return branch ? [...branch.conditions, ...conditionsAt(branch.inner, row)] : [];
}

/** For each reading, the rows that are not part of it. */
function readings(groups: readonly Group[]): ReadonlySet<number>[] {
  const read = new Set<Branch>();
  const found: ReadonlySet<number>[] = [];
  const readWith = (conditions: readonly string[]) => {
    const dropped = new Set<number>();
    choose(groups, read, new Set(conditions), dropped);
    found.push(dropped);
  };
  const readAll = (inside: readonly Group[], outer: readonly string[]) => {
    for (const branch of inside.flatMap(({ branches }) => branches)) {
      if (!agree(branch.conditions, new Set(outer))) continue;
      const conditions = [...outer, ...branch.conditions];
      if (!read.has(branch)) readWith(conditions);
      readAll(branch.inner, conditions);
    }
  };
  readWith([]);
  readAll(groups, []);
  return found;
}

/**
 * Takes one branch of each group, rather one that was not read yet. Where the same condition stands
 * in several places it holds in all or none, as the halves of a block do that are left out together.
 */
function choose(
  groups: readonly Group[],
  read: Set<Branch>,
  holds: Set<string>,
  dropped: Set<number>,
): void {
  for (const { branches } of groups) {
    const possible = branches.filter(({ conditions }) => agree(conditions, holds));
    const taken = possible.find((branch) => !read.has(branch)) ?? possible[0];
    for (const branch of branches) {
      if (branch === taken) continue;
      for (let row = branch.first; row <= branch.last; row++) dropped.add(row);
    }
    if (!taken) continue;
    read.add(taken);
    for (const condition of taken.conditions) holds.add(condition);
    choose(taken.inner, read, holds, dropped);
  }
}

function agree(conditions: readonly string[], holds: ReadonlySet<string>): boolean {
  return conditions.every((each) => !NEVER.has(each) && !holds.has(not(each)));
}

const NEVER: ReadonlySet<string> = new Set(['0', '!(1)']);

function blanked(text: string, ...rows: readonly ReadonlySet<number>[]): string {
  return text
    .split('\n')
    .map((line, row) => (rows.some((set) => set.has(row)) ? blank(line) : line))
    .join('\n');
}
