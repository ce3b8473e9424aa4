import { parsePatch, type StructuredPatch, type StructuredPatchHunk } from 'diff';

/** What a patch does to one file. */
export interface FileChange {
  /** Names as they are written, with their prefix; null: not there before, or after. */
  readonly from: string | null;
  readonly to: string | null;
  readonly git: boolean;
  readonly copy: boolean;
  /** No lines can be told of it. */
  readonly binary: boolean;
  readonly hunks: readonly Hunk[];
  /** Of its first line in the text, from 0. */
  readonly row: number;
}

export interface Hunk extends StructuredPatchHunk {
  /** Of its header in the text, from 0; its lines follow. */
  readonly row: number;
  /** What stands behind the second `@@`: a line before the hunk that begins a function. */
  readonly heading: string;
}

/** A patch that cannot be read, or that does not fit; says where. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly row: number;
  constructor(row: number, message: string) {
    super(message);
    this.row = row;
  }
}

const damaged = 'mail clients wrap and cut lines: take the patch as it was sent';

/** All changes in a text, which may have anything else around them, as mails do. */
export function fileChangesIn(text: string): FileChange[] {
  const lines = text.split('\n');
  const starts = startsIn(lines);
  strayIn(lines.slice(0, starts[0] ?? lines.length), 0);
  return starts.map((start, at) => {
    const next = starts[at + 1] ?? lines.length;
    // `-- ` stands before the signature of a mail, where git writes its version.
    const signature = lines.slice(start, next).findIndex((line) => /^-- ?$/.test(line));
    const end = signature < 0 ? next : start + signature;
    strayIn(lines.slice(end, next), end);
    // Where more follows, a blank line at the end may be one of a hunk that lost its space.
    const section = [...lines.slice(start, end), ...(end < lines.length ? [''] : [])];
    return changeOf(section, start);
  });
}

function startsIn(lines: readonly string[]): number[] {
  const starts: number[] = [];
  // Whether a header of git still waits for its `---`.
  let waits = false;
  for (const [row, line] of lines.entries()) {
    const git = /^diff --git /.test(line);
    if (git || (!waits && isHeader(lines, row))) starts.push(row);
    if (git) waits = true;
    else if (isHeader(lines, row) || /^@@ /.test(line)) waits = false;
  }
  return starts;
}

/** No line of a hunk begins with `@@`. */
function isHeader(lines: readonly string[], row: number): boolean {
  const [from = '', to = '', hunk = ''] = lines.slice(row, row + 3);
  return /^--- \S/.test(from) && /^\+\+\+ \S/.test(to) && /^@@ -/.test(hunk);
}

/** What must not be passed over: hunks where none are looked for, and other kinds of diffs. */
function strayIn(lines: readonly string[], first: number): void {
  otherKind(lines, first);
  const row = lines.findIndex((line) => /^@@ -\d/.test(line));
  if (row >= 0) {
    throw new PatchError(first + row, `a hunk without the name of its file; ${damaged}`);
  }
}

function otherKind(lines: readonly string[], first: number): void {
  for (const [row, line] of lines.entries()) {
    if (/^diff --(?:cc|combined) |^@@@+ -/.test(line)) {
      throw new PatchError(first + row, 'a diff of a merge: give one against one of its sides');
    }
    if (/^\*{15}(?: |$)/.test(line))
      throw new PatchError(first + row, 'no unified diff: make it with diff -u');
  }
}

function changeOf(lines: readonly string[], first: number): FileChange {
  otherKind(lines, first);
  const parsed = parsed1(lines, first);
  const hunks = withRows(parsed.hunks, lines, first);
  for (const { row, lines: inside } of hunks)
    afterHunk(lines, row - first + 1 + inside.length, first);
  const { oldFileName: from, newFileName: to } = { ...sameNames(lines[0]!), ...parsed };
  if (from === undefined || to === undefined) {
    throw new PatchError(first, `the names of the files cannot be read; ${damaged}`);
  }
  return {
    from: parsed.isCreate || from === '/dev/null' ? null : from,
    to: parsed.isDelete || to === '/dev/null' ? null : to,
    git: parsed.isGit === true,
    copy: parsed.isCopy === true,
    binary: parsed.isBinary === true || lines.some((line) => /^GIT binary patch$/.test(line)),
    hunks,
    row: first,
  };
}

/** Of `diff --git x.c x.c`, which git writes without prefixes. */
function sameNames(header: string): { oldFileName?: string; newFileName?: string } {
  const name = /^diff --git (\S.*) \1$/.exec(header)?.[1];
  return name === undefined ? {} : { oldFileName: name, newFileName: name };
}

function parsed1(lines: readonly string[], first: number): StructuredPatch {
  try {
    // Behind it there may be the `Index:` line of the next, which is one without hunks to it.
    const [parsed, ...more] = parsePatch(lines.join('\n'));
    if (more.every(({ hunks }) => hunks.length === 0)) return parsed!;
    throw new Error('it has hunks of a second file without its name');
  } catch (error) {
    const { message } = error as Error;
    const row = / at line (\d+)/.exec(message)?.[1];
    const at = row === undefined ? 0 : Number(row) - 1;
    throw new PatchError(first + at, `${readable(message, lines[at]!)}; ${damaged}`);
  }
}

/** In our words, with the header of the hunk instead of its line, which is told beside it. */
function readable(message: string, header: string): string {
  const hunk = /^@@.*?@@/.exec(header)?.[0] ?? header;
  const invalid = /contained invalid line (.*)$/s.exec(message)?.[1];
  if (invalid === '') return `hunk ${hunk} ends before it has all lines that it says`;
  if (invalid !== undefined)
    return `hunk ${hunk} has a line that begins as none does: '${invalid}'`;
  if (/^Added line count/.test(message))
    return `hunk ${hunk} has other than its count of new lines`;
  if (/^Removed line count/.test(message))
    return `hunk ${hunk} has other than its count of old lines`;
  if (/more lines than expected/.test(message)) return `hunk ${hunk} has more lines than it says`;
  return message;
}

function withRows(
  hunks: readonly StructuredPatchHunk[],
  lines: readonly string[],
  first: number,
): Hunk[] {
  let row = 0;
  return hunks.map((hunk) => {
    while (!/^@@\s/.test(lines[row]!)) row++;
    const heading = /^@@.*?@@ ?(.*)$/.exec(lines[row]!)?.[1] ?? '';
    const found = { ...hunk, row: first + row, heading };
    row += 1 + hunk.lines.length;
    return found;
  });
}

/**
 * Whatever follows a hunk must not look like more of it. An added line that was wrapped leaves its
 * rest behind; a blank line may be one that lost its space.
 */
function afterHunk(lines: readonly string[], row: number, first: number): void {
  const next = lines.slice(row).findIndex((line) => line.trim() !== '');
  if (next < 0) return;
  const line = lines[row + next]!;
  const known =
    /^(?:@@ -|--- \S|diff |Index: |={67}$|Only in |Property changes |Binary files |_{20,}$)/;
  if (known.test(line)) return;
  if (next === 0 || /^[-+ \t]/.test(line)) {
    throw new PatchError(
      first + row + next,
      `a line behind the last of its hunk: '${line}'; ${damaged}`,
    );
  }
}
