import { digestOf } from '../digest.ts';
import type { CFunction } from '../functions.ts';
import type { LinkRecord } from '../link.ts';
import type { Applied } from './apply.ts';
import type { Paths } from './paths.ts';
import { type Lines, placeOf } from './place.ts';
import type { Change } from './read.ts';

/** What a patch does to one modelled function. */
export interface Touch {
  readonly changed: 'no' | 'possibly' | 'yes';
  /** The file that it is in afterwards; null: in none. */
  readonly home: string | null;
  /** The lines of the patch: `series.mbox:45-47`, and what stands there. */
  readonly where: string;
  readonly lines: readonly string[];
}

/** A file of a patch. */
export interface Touched extends Paths {
  readonly change: Change;
}

/** In a tree: the functions before and after; none where no linked one is named. */
export interface Patched extends Touched {
  readonly applied: Applied;
  readonly before: readonly CFunction[];
  readonly after: readonly CFunction[];
}

/** Compares a function before and after, in whatever files of the patch it is. */
export function touchInTree(name: string, home: string, files: readonly Patched[]): Touch | null {
  if (!files.some(({ from, to }) => from === home || to === home)) return null;
  const had = ({ before }: Patched) => before.some((each) => each.name === name);
  const has = ({ after }: Patched) => after.some((each) => each.name === name);
  const old =
    files.find((file) => file.from === home && had(file)) ??
    files.find((file) => file.to === home && had(file)) ??
    files.find((file) => had(file) && !has(file));
  const now =
    files.find((file) => file === old && has(file)) ??
    files.find((file) => file.to === home && has(file)) ??
    files.find((file) => has(file) && !had(file));
  if (!old && !now) return null;
  const before = old?.before.filter((each) => each.name === name) ?? [];
  const after = now?.after.filter((each) => each.name === name) ?? [];
  const same = digestOf(before) === digestOf(after);
  if (same && old!.from === now!.to) return null;
  const gone = rowsIn(old?.applied.removed, changedOf(before, after));
  const come = rowsIn(now?.applied.added, changedOf(after, before));
  const { change } = (now ?? old)!;
  const rows = old === now ? [...gone, ...come] : now ? come : gone;
  const changed = same ? 'no' : 'yes';
  return { changed, home: now?.to ?? null, ...told(change, rows) };
}

/** Definitions that the other side has not. */
function changedOf(some: readonly CFunction[], others: readonly CFunction[]): CFunction[] {
  const digests = new Set(others.map((each) => digestOf([each])));
  return some.filter((each) => !digests.has(digestOf([each])));
}

/** Rows of the patch that stand for lines with tokens of these functions. */
function rowsIn(
  rows: ReadonlyMap<number, number> | undefined,
  functions: readonly CFunction[],
): number[] {
  return functions.flatMap(({ line, normal }) =>
    normal.flatMap((tokens, at) => {
      const row = rows?.get(line - 1 + at);
      return tokens === '' || row === undefined ? [] : [row];
    }),
  );
}

function told(change: Change, rows: readonly number[]): Pick<Touch, 'where' | 'lines'> {
  // Of a change as a whole, such as a rename, its first line.
  const sorted = rows.length > 0 ? [...new Set(rows)].sort((a, b) => a - b) : [change.row];
  return { where: change.where(sorted), lines: sorted.map((row) => change.text[row]!) };
}

/** Without a tree: by the recorded lines of a function, as the patches before left them. */
export class RecordedFunction {
  private readonly name: string;
  private definitions: readonly Lines[];

  constructor(name: string, record: LinkRecord | null) {
    this.name = name;
    const known = record?.definitions ?? [];
    // Of a function without a definition nothing can be told.
    this.definitions = known.map(({ lines }) => lines.filter((digest) => digest !== ''));
    if (known.length === 0) this.definitions = [null];
  }

  touch(home: string, files: readonly Touched[]): Touch | null {
    const file = files.find(
      ({ from, to, change }) => (from === home && !change.copy) || to === home,
    );
    if (!file) return null;
    const { to, change } = file;
    const from = change.copy ? null : file.from;
    if (to === null) return { changed: 'yes', home: null, ...told(change, []) };
    if (from === null || change.binary)
      return { changed: 'possibly', home: to, ...told(change, []) };
    const { touch, rows, whole, after } = placeOf(change.hunks, this.name, this.definitions);
    this.definitions = whole ? [null] : after;
    if (touch === 'no' && from === to) return null;
    const changed = touch === 'touches' ? 'yes' : touch;
    return { changed, home: whole ? this.newHome(files) : to, ...told(change, rows) };
  }

  /** Where a patch that removes the function adds one of that name. */
  private newHome(files: readonly Touched[]): string | null {
    const begins = new RegExp(`^\\+[A-Za-z_][^;=]*\\b${this.name}\\s*\\(|^\\+${this.name}\\s*\\(`);
    const home = files.find(({ change }) =>
      change.hunks.some(({ lines }) =>
        lines.some((line) => begins.test(line) && !/;\s*$/.test(line)),
      ),
    );
    return home?.to ?? null;
  }
}
