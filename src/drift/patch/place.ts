import { lineDigest } from '../digest.ts';
import type { Hunk } from './diff.ts';
import { type Edits, editsOf, type Insertion } from './edits.ts';
import { hints, namesAnother, newDefinitions, starts } from './hints.ts';

/**
 * Whether hunks change a function of which only the digests of its lines are known. It must not be
 * said that they do not where they may: what is left open is `possibly`.
 */
export interface Placed {
  readonly touch: 'no' | 'possibly' | 'touches';
  /** Rows of the patch that do. */
  readonly rows: readonly number[];
  /** Every line of the function goes. */
  readonly whole: boolean;
  /** What its definitions may be afterwards, for the patches that follow. */
  readonly after: readonly Lines[];
}

/** Of a definition, a digest for each line that has tokens; null: they are not known. */
export type Lines = readonly string[] | null;

/** Where a hunk may be: its line `n` is line `n + shift` of the definition. */
interface Place {
  readonly shift: number;
  readonly edits: Edits;
  readonly touch: 'possibly' | 'touches';
  readonly rows: readonly number[];
  /** The patch names the function there: a few equal lines may as well be those of another one. */
  readonly named: boolean;
}

/** Of a hunk: its places in each definition, and rows of it that may change any of them. */
interface Found {
  readonly places: readonly (readonly Place[])[];
  readonly hinted: readonly number[];
  /** Lines may be others afterwards although the code is not. */
  readonly relaid: boolean;
}

export function placeOf(
  hunks: readonly Hunk[],
  name: string,
  definitions: readonly Lines[],
): Placed {
  const found = hunks.map((hunk) => find(hunk, name, definitions));
  const places = found.flatMap((each) => each.places.flat());
  const rows = [...places.flatMap((place) => place.rows), ...found.flatMap((each) => each.hinted)];
  const open = found.some(({ hinted, relaid }) => hinted.length > 0 || relaid);
  const after = definitions.flatMap((lines, at) =>
    lines && !open ? linesAfter(lines, at, found) : [null],
  );
  const told = places.some(({ touch }) => touch === 'touches');
  return {
    touch: told ? 'touches' : rows.length > 0 ? 'possibly' : 'no',
    rows: [...new Set(rows)].sort((a, b) => a - b),
    whole: after.length > 0 && after.every((lines) => lines?.length === 0),
    after: after.length > mostAfter ? [null] : after,
  };
}

/** Each patch of a series may double them. */
const mostAfter = 8;

function find(hunk: Hunk, name: string, definitions: readonly Lines[]): Found {
  const changing = editsOf(hunk).filter(
    ({ old, insertions }) => insertions.length > 0 || old.some(({ changed }) => changed),
  );
  const places = definitions.map((lines) =>
    lines === null ? [] : changing.flatMap((edits) => placesOf(edits, hunk, name, lines)),
  );
  // What is found in one definition is not looked for in another one.
  const known = places.flat().some(({ touch }) => touch === 'touches');
  const hinted = changing.flatMap((edits) => [
    ...newDefinitions(edits, name),
    ...(known ? [] : hints(edits, hunk, name, definitions)),
  ]);
  return { places, hinted, relaid: editsOf(hunk).some(({ relaid }) => relaid) };
}

function placesOf(edits: Edits, hunk: Hunk, name: string, lines: readonly string[]): Place[] {
  return (
    alignments(edits, lines)
      // Nothing is above the first line of a file.
      .filter((shift) => shift <= 0 || hunk.oldStart > 1)
      .map((shift) => placeAt(edits, shift, lines.length, hunk, name))
      .filter(({ rows }) => rows.length > 0)
  );
}

/** Shifts at which all lines are the same that the hunk and the function would then have in common. */
function alignments({ old }: Edits, lines: readonly string[]): number[] {
  const last = lines.length - 1;
  const same = (at: number, of: number): boolean =>
    old[at]!.digest === lines[of] ||
    // There may be more behind it that belongs to no function.
    (of === last && old[at]!.text.startsWith('}'));
  const shifts: number[] = [];
  for (let shift = 1 - old.length; shift < lines.length; shift++) {
    const from = Math.max(0, -shift);
    const to = Math.min(old.length, lines.length - shift);
    if (old.slice(from, to).every((_, at) => same(from + at, from + at + shift)))
      shifts.push(shift);
  }
  return shifts;
}

function placeAt(edits: Edits, shift: number, length: number, hunk: Hunk, name: string): Place {
  const { old, insertions } = edits;
  const common = old.slice(Math.max(0, -shift), Math.min(old.length, length - shift));
  const gone = common.filter(({ changed }) => changed);
  const inside = insertions.filter((each) => isInside(each, shift, length));
  const rows = [...gone, ...inside.flatMap(({ lines }) => lines)].map(({ row }) => row);
  const named =
    shift > 0
      ? starts(hunk.heading, name)
      : common.some((line) => line.begins && starts(line.text, name));
  if (rows.length === 0) {
    // What comes right before it may be the start of its declaration.
    const ahead = insertions.find(({ at }) => at + shift === 0)?.lines ?? [];
    const open = ahead.length > 0 && !ends(ahead.at(-1)!.normal);
    const rows = open ? ahead.map(({ row }) => row) : [];
    return { shift, edits, touch: 'possibly', rows, named };
  }
  const told = common.some((line) => line.tells) && (shift <= 0 || !namesAnother(hunk, name));
  return { shift, edits, touch: told ? 'touches' : 'possibly', rows, named };
}

function isInside({ at }: Insertion, shift: number, length: number): boolean {
  return at + shift > 0 && at + shift < length;
}

/** Whether a line ends what it is part of, so that the next begins something. */
function ends(normal: string): boolean {
  return /^#|[;}:]$/.test(normal);
}

/**
 * What a definition may be afterwards: with what the hunks change in it, and also as it was where
 * the only one may be for another function. Not known if it is not for each hunk that changes it
 * where it does.
 */
function linesAfter(lines: readonly string[], at: number, found: readonly Found[]): Lines[] {
  const own = found.filter(({ places }) => places[at]!.length > 0);
  const places = own.flatMap((each) => each.places[at]!);
  if (places.length > own.length || places.some(({ touch }) => touch === 'possibly')) return [null];
  if (places.length === 0) return [lines];
  const changed = edited(lines, places);
  if (own.every((each) => isCertain(each, at))) return [changed];
  return own.length === 1 ? [lines, changed] : [null];
}

/** Named, and not as well a place in another definition. */
function isCertain({ places }: Found, at: number): boolean {
  const [own] = places[at]!;
  const others = places.flat().filter((place) => place !== own);
  return own!.named && !others.some(({ rows }) => rows.some((row) => own!.rows.includes(row)));
}

function edited(lines: readonly string[], places: readonly Place[]): string[] {
  const after = [...lines];
  for (const { edits, shift } of [...places].sort((a, b) => b.shift - a.shift)) {
    const from = Math.max(0, -shift);
    const to = Math.min(edits.old.length, lines.length - shift);
    const now: string[] = [];
    for (let at = from; at <= to; at++) {
      const inserted = edits.insertions.filter((each) => each.at === at);
      for (const each of inserted) {
        if (isInside(each, shift, lines.length))
          now.push(...each.lines.map((l) => lineDigest(l.normal)));
      }
      const line = edits.old[at];
      if (at < to && line && !line.changed) now.push(line.digest);
    }
    after.splice(from + shift, to - from, ...now);
  }
  return after;
}
