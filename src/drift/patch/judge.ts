import type { Link, LinkRecord } from '../link.ts';
import type { Touch } from './touched.ts';

export type PatchWord =
  /** The C changes, and the spec has changed since it was recorded. */
  | 'both changed'
  | 'changed'
  /** The record is of what the patches leave. */
  | 'recorded'
  | 'moved'
  | 'gone'
  | 'cannot be told'
  | 'does not apply'
  | 'damaged'
  | 'touches none'
  | 'no patch';

/** What one patch does to one link. */
export interface PatchCheck {
  /** Null: it is about the patch as a whole. */
  readonly link: Link | null;
  /** The subject of the mail, or the name of the file. */
  readonly patch: string;
  readonly file: string;
  readonly line: number;
  readonly word: PatchWord;
  readonly ok: boolean;
  /** In one line. */
  readonly reason: string;
  /** Lines of the patch, to be printed below. */
  readonly details: readonly string[];
}

/** What is at hand: a tree, recorded lines, or a record of what the patches leave. */
export type State = 'tree' | 'lines' | 'after';

type Judged = Pick<PatchCheck, 'word' | 'ok' | 'reason' | 'details'>;

export function judge(touch: Touch, link: Link, record: LinkRecord | null, state: State): Judged {
  const { cFile, cFunction, version, specFile, specLine, specFunction } = link;
  const { changed, home, where, lines } = touch;
  const name = `${cFile} ${cFunction}`;
  const spec = `${specFunction} at ${specFile}:${specLine}`;
  const details = shown(lines);
  if (home === null) {
    const reason = `${name} is gone (${where}): change ${spec} and what it says of it in @models`;
    return { word: 'gone', ok: false, reason, details };
  }
  if (home !== cFile) {
    const too = changed === 'no' ? '' : ', and changes';
    const reason = `${name} moves${too} (${where}): write @models ${home} ${cFunction} ${version} at ${specFile}:${specLine}`;
    return { word: 'moved', ok: false, reason, details };
  }
  if (changed === 'no') {
    return { word: 'moved', ok: true, reason: `${name} moves there (${where})`, details: [] };
  }
  if (state === 'after') {
    const reason = `${name} changes (${where}), and is recorded as it is then`;
    return { word: 'recorded', ok: true, reason, details: [] };
  }
  if (record && record.specDigest !== link.specDigest) {
    const reason = `${name} changes (${where}), and so did ${spec}: --accept with --tree records it`;
    return { word: 'both changed', ok: true, reason, details: [] };
  }
  if (changed === 'possibly') {
    const reason = `${name} may change (${where}), which cannot be told without --tree; if it does, change ${spec}`;
    return { word: 'cannot be told', ok: false, reason, details };
  }
  const accept = state === 'tree' ? '--accept that it stays' : '--accept with --tree that it stays';
  const reason = `${name} changes (${where}), and ${spec} does not: change it too, or ${accept}`;
  return { word: 'changed', ok: false, reason, details };
}

const MOST_LINES = 12;

function shown(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES - 1), `... and ${lines.length - MOST_LINES + 1} lines`];
}
