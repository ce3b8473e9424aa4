import { applyPatch, reversePatch, type StructuredPatchHunk } from 'diff';
import { type FileChange, type Hunk, PatchError } from './diff.ts';

/** What a patch makes of a text, and by which of its rows (of the text of the patch, from 0). */
export interface Applied {
  readonly text: string;
  /** Rows of the text before that are gone; and of the text after that are new. */
  readonly removed: ReadonlyMap<number, number>;
  readonly added: ReadonlyMap<number, number>;
}

/**
 * Applies it as `git apply` does: every line of the old side must be there, at any distance. Lines
 * carry a mark of where they are from, so that the result tells what was taken and what is new.
 */
export function apply(before: string, change: FileChange, name: string): Applied {
  const lines = before.split('\n');
  const last = lines.length - 1;
  const source = lines
    // An empty last one says that the text ends with a newline.
    .map((line, row) => (row === last && line === '' ? '' : mark(`${row}`, line)))
    .join('\n');
  const hunks = change.hunks.map(marked);
  const result = applied(source, hunks);
  if (result === false) throw doesNotApply(source, hunks, change, name);
  const after = result.split('\n').map(unmark);
  const added = new Map<number, number>();
  const kept = new Set<number>();
  for (const [row, { from }] of after.entries()) {
    if (from.startsWith('+')) added.set(row, Number(from));
    else if (from !== '') kept.add(Number(from));
  }
  const gone = [...lines.keys()].filter(
    (row) => !kept.has(row) && !(row === last && lines[row] === ''),
  );
  const minus = change.hunks.flatMap(({ row, lines: inside }) =>
    [...inside.keys()].filter((at) => inside[at]!.startsWith('-')).map((at) => row + 1 + at),
  );
  const removed = new Map(gone.map((row, at) => [row, minus[at]!]));
  return { text: after.map(({ line }) => line).join('\n'), removed, added };
}

function applied(source: string, hunks: StructuredPatchHunk[]): string | false {
  return applyPatch(source, structured(hunks), {
    autoConvertLineEndings: false,
    compareLine: (_, line, __, content) =>
      line !== undefined && ascii(unmark(line).line) === ascii(unmark(content).line),
  });
}

/** A name in another encoding than the mail's is no difference. */
function ascii(line: string): string {
  return line.replace(/[^\0-\x7f]+/g, '?');
}

const structured = (hunks: StructuredPatchHunk[]) => ({
  oldFileName: 'a',
  newFileName: 'b',
  oldHeader: undefined,
  newHeader: undefined,
  hunks,
});

const MARK = '\0';

function mark(from: string, line: string): string {
  return `${from}${MARK}${line}`;
}

function unmark(line: string): { from: string; line: string } {
  const end = line.indexOf(MARK);
  return end < 0 ? { from: '', line } : { from: line.slice(0, end), line: line.slice(end + 1) };
}

function marked(hunk: Hunk): Hunk {
  const lines = hunk.lines.map((line, at) => {
    if (line.startsWith('\\')) return line;
    const [sign, content] = line === '' ? [' ', ''] : [line[0]!, line.slice(1)];
    return `${sign}${mark(`+${hunk.row + 1 + at}`, content)}`;
  });
  return { ...hunk, lines };
}

/** Which hunk it is that does not, and whether it may be there already. */
function doesNotApply(source: string, hunks: Hunk[], change: FileChange, name: string): PatchError {
  const at = hunks.findIndex((_, n) => applied(source, hunks.slice(0, n + 1)) === false);
  const { row, oldStart, oldLines, newStart, newLines } = change.hunks[at]!;
  const header = `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`;
  const already = applied(source, reversePatch(structured(hunks)).hunks) !== false;
  const why = already ? 'it looks as if it was applied before' : 'its lines are not there';
  return new PatchError(row, `hunk ${header} does not apply to ${name}: ${why}`);
}
