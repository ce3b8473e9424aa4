import type { Hunk } from './diff.ts';
import type { Edits, OldLine } from './edits.ts';
import type { Lines } from './place.ts';

/**
 * What speaks for a hunk changing a function although its lines are not found there: the function
 * may be another one than was recorded. Gives the rows of the patch that it is about.
 */
export function hints(
  edits: Edits,
  hunk: Hunk,
  name: string,
  definitions: readonly Lines[],
): number[] {
  return [
    ...byName(edits, hunk, name),
    ...byConditions(edits, name),
    ...definitions.flatMap((lines) =>
      lines ? byLikeness(edits, hunk, lines) : unknown(edits, hunk, name),
    ),
  ];
}

/** Whether the hunk is said to start below the first line of another function. */
export function namesAnother({ heading }: Hunk, name: string): boolean {
  return isFunction(heading) && !mentions(heading, name);
}

export function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}

/** Git names the last line before the hunk that begins in the first column, as labels do. */
function isFunction(heading: string): boolean {
  return /\w\s*\(/.test(heading);
}

/** Whether a definition may start so: no declaration does, nor a macro that exports. */
export function starts(text: string, name: string): boolean {
  return mentions(text, name) && !/;\s*$/.test(text);
}

/** Rows that may begin one more definition of it: nothing that is recorded tells of that one. */
export function newDefinitions({ insertions }: Edits, name: string): number[] {
  return rowsOf(
    insertions.filter(({ lines }) =>
      lines.some(({ begins, text }) => begins && starts(text, name)),
    ),
  );
}

/** Named by git, or by a line that begins its definition: what changes up to its end may be in it. */
function byName({ old, insertions }: Edits, { heading }: Hunk, name: string): number[] {
  let within = starts(heading, name);
  const rows: number[] = [];
  for (const [at, line] of [...old, null].entries()) {
    if (within) rows.push(...rowsOf(insertions.filter((each) => each.at === at)));
    if (line?.begins) within = starts(line.text, name);
    if (within && line?.changed) rows.push(line.row);
    if (line?.text.startsWith('}')) within = false;
  }
  return rows;
}

/** Nothing is named: most of the telling lines are in it, in that order. */
function byLikeness(edits: Edits, { heading }: Hunk, lines: readonly string[]): number[] {
  if (isFunction(heading)) return [];
  const next = edits.old.findIndex(({ begins }) => begins);
  const old = next < 0 ? edits.old : edits.old.slice(0, next);
  const telling = old.filter(({ tells }) => tells);
  let after = 0;
  let found = 0;
  for (const { digest } of telling) {
    const at = lines.indexOf(digest, after);
    if (at < 0) continue;
    after = at + 1;
    found++;
  }
  if (2 * found <= telling.length) return [];
  return allRows({ old, insertions: edits.insertions.filter(({ at }) => next < 0 || at <= next) });
}

/** An earlier patch of the series left it so that its lines are not known. */
function unknown(edits: Edits, hunk: Hunk, name: string): number[] {
  const elsewhere =
    namesAnother(hunk, name) && !edits.old.some((line) => mentions(line.text, name));
  return elsewhere ? [] : allRows(edits);
}

/**
 * An `#if` around a function changes when it is compiled, wherever it stands. One that ends in the
 * same hunk is around what the hunk shows.
 */
function byConditions({ old, insertions }: Edits, name: string): number[] {
  const conditional = ({ normal }: { normal: string }) =>
    /^# (?:if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b/.test(normal);
  const gone = old.filter(({ changed }) => changed).filter(conditional);
  const groups = insertions.map(({ lines }) => lines.filter(conditional));
  // Around new lines alone.
  if (gone.length === 0 && groups.every(isBalanced)) return [];
  const shown = old.some((line) => line.begins && mentions(line.text, name));
  if (!shown && isBalanced(gone) && isBalanced(groups.flat())) return [];
  return [...gone, ...groups.flat()].map(({ row }) => row);
}

function isBalanced(lines: readonly { readonly normal: string }[]): boolean {
  let depth = 0;
  for (const { normal } of lines) {
    if (/^# if/.test(normal)) depth++;
    else if (depth === 0) return false;
    if (/^# endif/.test(normal)) depth--;
  }
  return depth === 0;
}

function allRows({ old, insertions }: Pick<Edits, 'old' | 'insertions'>): number[] {
  const gone = old.filter(({ changed }: OldLine) => changed).map(({ row }) => row);
  return [...gone, ...rowsOf(insertions)];
}

function rowsOf(insertions: Edits['insertions']): number[] {
  return insertions.flatMap(({ lines }) => lines.map(({ row }) => row));
}
