import { type FileChange, fileChangesIn, PatchError } from './diff.ts';
import { type Body, type Letter, lettersIn } from './mail.ts';

/** One patch of a series: a mail, or a plain diff. */
export interface Patch {
  /** The subject, or the name of the file. */
  readonly title: string;
  readonly file: string;
  /** First line in the file, from 1. */
  readonly line: number;
  readonly changes: readonly Change[];
  /** Why it cannot be taken for a patch; null: it can. */
  readonly fault: Fault | null;
  /** What it is without a diff; null: it has one. */
  readonly no: string | null;
}

/** `where` names lines of the patch, which are rows from 0 of the text that it is in. */
export interface Change extends FileChange {
  readonly text: readonly string[];
  readonly where: (rows: readonly number[]) => string;
}

export interface Fault {
  readonly where: string;
  readonly message: string;
}

/** The patches of a file, in the order in which they are to be applied. */
export async function patchesIn(file: string, bytes: Uint8Array): Promise<Patch[]> {
  const patches = (await lettersIn(bytes)).map((letter) => patchOf(file, letter));
  if (patches.some(({ changes, fault }) => changes.length > 0 || fault)) return inSeries(patches);
  const fault = { where: file, message: `no patch is in it; ${patches[0]?.no ?? 'it is empty'}` };
  return [{ title: file, file, line: 1, changes: [], fault, no: null }];
}

function patchOf(file: string, letter: Letter): Patch {
  const { subject, bodies, line } = letter;
  const title = subject?.replace(/\s+/g, ' ').trim() || file;
  const patch = { title, file, line, changes: [], fault: null, no: null };
  const changes: Change[] = [];
  for (const body of bodies) {
    const where = (rows: readonly number[]) => whereOf(file, line, body, rows);
    try {
      const text = body.text.split('\n');
      changes.push(...fileChangesIn(body.text).map((change) => ({ ...change, text, where })));
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      return { ...patch, fault: { where: where([error.row]), message: error.message } };
    }
  }
  if (changes.length > 0) return { ...patch, changes };
  const fault = faultOf(letter);
  if (fault !== null) return { ...patch, fault: { where: `${file}:${line}`, message: fault } };
  return { ...patch, no: withoutDiff(subject) };
}

/** Of a mail that says it is a patch. */
function faultOf({ subject, html }: Letter): string | null {
  if (subject === null || isReply(subject) || numberOf(subject)?.n === 0) return null;
  if (!/\[[^\]]*\b(?:PATCH|RFC)\b[^\]]*\]/i.test(subject)) return null;
  return html
    ? 'the mail is in HTML, which no patch can be read from; take it as it was sent'
    : 'its subject says that it is a patch, and no diff is in it';
}

function withoutDiff(subject: string | null): string {
  if (subject === null) return 'it has no diff';
  if (isReply(subject)) return 'a reply without a diff of its own';
  return numberOf(subject)?.n === 0 ? 'a cover letter' : 'a mail without a diff';
}

function isReply(subject: string): boolean {
  return /^\s*(?:re|aw|sv|antw)\s*:/i.test(subject);
}

/** `[PATCH v6 07/10]`: the seventh of `PATCH v6 /10`. */
function numberOf(subject: string): { n: number; series: string } | null {
  const found = /\[([^\]]*?)(\d+)(?:\/| of )(\d+)\s*\]/.exec(subject);
  return found && { n: Number(found[2]), series: `${found[1]}/${found[3]}` };
}

/** Mails may be kept in the order in which they came; their numbers say which is first. */
function inSeries(patches: readonly Patch[]): Patch[] {
  const sorted = [...patches];
  const seriesOf = ({ title }: Patch) => (isReply(title) ? null : numberOf(title)?.series);
  for (const series of new Set(patches.map(seriesOf))) {
    if (!series) continue;
    const slots = [...patches.keys()].filter((at) => seriesOf(patches[at]!) === series);
    const members = slots.map((at) => patches[at]!);
    members.sort((a, b) => numberOf(a.title)!.n - numberOf(b.title)!.n);
    for (const [at, slot] of slots.entries()) sorted[slot] = members[at]!;
  }
  return sorted;
}

/** `series.mbox:45-47,52`. Of an encoded mail, lines of what it says. */
function whereOf(file: string, line: number, body: Body, rows: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const row of rows) {
    const open = ranges.at(-1);
    if (open && row === open[1] + 1) open[1] = row;
    else ranges.push([row, row]);
  }
  const first = body.line ?? 1;
  const told = ranges
    .map(([from, to]) => (from === to ? `${from + first}` : `${from + first}-${to + first}`))
    .join(',');
  if (body.line !== null) return `${file}:${told}`;
  return `${file}:${line}, decoded line ${told}`;
}
