import { lineDigest } from '../digest.ts';
import { normalLines } from '../tokens.ts';
import type { Hunk } from './diff.ts';

/**
 * What a hunk does to the code, whatever it does to comments and layout: the lines that it found,
 * and where it changes them.
 */
export interface Edits {
  /** Lines with tokens that were there before. */
  readonly old: readonly OldLine[];
  /** Places at which something else stands afterwards. */
  readonly insertions: readonly Insertion[];
  /** The same tokens are in other lines then, somewhere. */
  readonly relaid: boolean;
}

export interface OldLine {
  readonly normal: string;
  readonly digest: string;
  /** As it stands in the file. */
  readonly text: string;
  /** Of the text of the patch, from 0. */
  readonly row: number;
  readonly changed: boolean;
  /** It begins in the first column and is no label, as nothing in a body does. */
  readonly begins: boolean;
  /** It calls something, or looks into a struct: few functions have the same. */
  readonly tells: boolean;
}

export interface Insertion {
  /** How many old lines are before it. */
  readonly at: number;
  readonly lines: readonly NewLine[];
}

export interface NewLine {
  readonly normal: string;
  readonly text: string;
  readonly row: number;
  /** As of an old line. */
  readonly begins: boolean;
}

interface Line {
  readonly sign: string;
  readonly text: string;
  readonly row: number;
  /** Tokens before and after the patch: they differ in lines that it makes part of a comment. */
  before: string;
  after: string;
}

/** In all ways in which it can be read: it may begin within a comment, of which nothing tells. */
export function editsOf(hunk: Hunk): readonly Edits[] {
  // Each is held against many functions.
  const edits = known.get(hunk) ?? readings(hunk);
  known.set(hunk, edits);
  return edits;
}

const known = new WeakMap<Hunk, readonly Edits[]>();

function readings(hunk: Hunk): Edits[] {
  const shown = hunk.lines.filter((line) => !/^[+\\]/.test(line)).map((line) => line.slice(1));
  const end = endOfComment(shown.join('\n'));
  if (end === null) return [readAs(hunk, shown.length > 0 && shown.every(isStarred))];
  const starred = shown.slice(0, end).every(isStarred);
  return starred ? [readAs(hunk, true)] : [readAs(hunk, true), readAs(hunk, false)];
}

/** A line of a comment in the kernel's style. */
function isStarred(line: string): boolean {
  return /^\s*\*(?:\s|\/|$)/.test(line);
}

/** How many lines the rest of a comment has that began before the text; null: none did. */
function endOfComment(text: string): number | null {
  const end = /^(?:(?!\/\*)[\s\S])*?\*\//.exec(text);
  return end ? end[0].split('\n').length : null;
}

function readAs(hunk: Hunk, comment: boolean): Edits {
  const lines = hunk.lines.flatMap((line, at): Line[] => {
    // A context line that is empty may have lost its space on the way.
    const sign = line === '' ? ' ' : line[0]!;
    if (sign === '\\') return [];
    return [{ sign, text: line.slice(1), row: hunk.row + 1 + at, before: '', after: '' }];
  });
  for (const [side, without] of [
    ['before', '+'],
    ['after', '-'],
  ] as const) {
    const shown = lines.filter(({ sign }) => sign !== without);
    const text = shown.map((line) => line.text).join('\n');
    const normal = normalLines(comment ? withoutRest(text) : text);
    for (const [at, line] of shown.entries()) line[side] = normal[at]!;
  }
  const old: OldLine[] = [];
  const insertions: Insertion[] = [];
  let relaid = false;
  for (const group of groupsOf(lines)) {
    const gone = group.filter(({ before }) => before !== '');
    const come = group.filter(({ after }) => after !== '');
    const [changed, inserted] = changesIn(gone, come);
    if (changed.size === 0 && inserted.length === 0) {
      relaid ||= gone.some(({ before }, at) => before !== come[at]?.after);
    }
    if (inserted.length > 0) {
      const before = gone.findIndex((line) => changed.has(line));
      const at = old.length + (before < 0 ? sameStart(gone, come) : before);
      const lines = inserted.map(({ after: normal, text, row }) => {
        return { normal, text, row, begins: begins(text) };
      });
      insertions.push({ at, lines });
    }
    for (const line of gone) old.push(oldLine(line, changed.has(line)));
  }
  return { old, insertions, relaid };
}

function oldLine({ before: normal, text, row }: Line, changed: boolean): OldLine {
  const tells = /\b(?!(?:if|for|while|switch|return|sizeof|do)\b)[A-Za-z_]\w* (?:\(|->|\.)/.test(
    normal,
  );
  return { normal, digest: lineDigest(normal), text, row, changed, begins: begins(text), tells };
}

function begins(text: string): boolean {
  return /^[A-Za-z_]/.test(text) && !/^\w+:(?!:)/.test(text);
}

/** Changed lines that follow each other are one group, and each line of context is one of its own. */
function groupsOf(lines: readonly Line[]): Line[][] {
  const groups: Line[][] = [];
  let open = false;
  for (const line of lines) {
    const changes = line.sign !== ' ';
    if (changes && open) groups.at(-1)!.push(line);
    else groups.push([line]);
    open = changes;
  }
  return groups;
}

/** Which lines are gone and which have come: none if the tokens are the same, in whatever lines. */
function changesIn(gone: readonly Line[], come: readonly Line[]): [Set<Line>, readonly Line[]] {
  const tokens = (normal: readonly string[]) =>
    normal.join(directive.test(normal.join('\n')) ? '\n' : ' ');
  if (tokens(gone.map(({ before }) => before)) === tokens(come.map(({ after }) => after))) {
    return [new Set(), []];
  }
  const start = sameStart(gone, come);
  const most = Math.min(gone.length, come.length) - start;
  let end = 0;
  while (end < most && gone.at(-1 - end)!.before === come.at(-1 - end)!.after) end++;
  return [new Set(gone.slice(start, gone.length - end)), come.slice(start, come.length - end)];
}

/** A directive ends with its line: how it is broken is more than layout. */
const directive = /^#/m;

function sameStart(gone: readonly Line[], come: readonly Line[]): number {
  let start = 0;
  while (start < gone.length && gone[start]!.before === come[start]?.after) start++;
  return start;
}

/** With blanks up to the end of the comment that it begins in. */
function withoutRest(text: string): string {
  const end = endOfComment(text) === null ? text.length : text.indexOf('*/') + 2;
  return text.slice(0, end).replace(/[^\n]/g, ' ') + text.slice(end);
}
