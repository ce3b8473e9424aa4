import { diffArrays } from 'diff';
import { lineDigest } from './digest.ts';
import type { CFunction } from './functions.ts';
import type { DefinitionRecord, Link, LinkRecord } from './link.ts';

/** What of a function is new and what is gone, as lines to be read beside those of the spec. */
export interface Change {
  /** `2 lines are new, 1 is gone` */
  readonly summary: string;
  readonly details: readonly string[];
}

/** A line of the C that has tokens. Of the record, there is no text where no history has it. */
interface Line {
  readonly digest: string;
  readonly line: number;
  readonly text: string | null;
}

export function changeOf(
  link: Link,
  record: LinkRecord,
  now: readonly CFunction[],
  then: readonly CFunction[] | null,
): Change {
  const before = then ? then.flatMap(linesOf) : record.definitions.flatMap(recordedLines);
  const changes = diffArrays(before, now.flatMap(linesOf), {
    comparator: (a, b) => a.digest === b.digest,
  });
  const count = (of: 'added' | 'removed') =>
    changes.filter((change) => change[of]).reduce((sum, { value }) => sum + value.length, 0);
  const conditions = conditionsOf(record.definitions, now);
  const parts = [some(count('added'), 'new'), some(count('removed'), 'gone'), ...conditions];
  const [first, last] = link.specLines;
  return {
    summary:
      parts.filter((part) => part !== '').join(', ') || 'the same lines are broken otherwise',
    details: [
      `${link.cFile}, ${record.version} (-) and the tree (+)`,
      ...changes.flatMap((change, at) => shown(change, at, changes)),
      `${link.specFile}:${first}-${last} ${link.specFunction}, as it was`,
      ...link.specText.map((text, at) => row(' ', first + at, text)),
    ],
  };
}

function some(count: number, what: string): string {
  if (count === 0) return '';
  return count === 1 ? `1 line is ${what}` : `${count} lines are ${what}`;
}

function linesOf({ line, lines, normal }: CFunction): Line[] {
  return normal.flatMap((each, at) =>
    each === '' ? [] : [{ digest: lineDigest(each), line: line + at, text: lines[at]! }],
  );
}

function recordedLines({ line, lines }: DefinitionRecord): Line[] {
  return lines.flatMap((digest, at) =>
    digest === '' ? [] : [{ digest, line: line + at, text: null }],
  );
}

function conditionsOf(then: readonly DefinitionRecord[], now: readonly CFunction[]): string[] {
  const of = (all: readonly { conditions: readonly string[] }[]) =>
    all.map(({ conditions }) => conditions.join(' && ') || 'always').join('; ');
  return of(then) === of(now) ? [] : [`compiled ${of(now)}, before ${of(then)}`];
}

function shown(
  change: { added: boolean; removed: boolean; value: Line[] },
  at: number,
  all: readonly object[],
): string[] {
  const { added, removed, value } = change;
  if (added || removed) {
    const sign = added ? '+' : '-';
    return value.map(({ line, text }) => row(sign, line, text ?? '(no text is kept of it)'));
  }
  const head = at === 0 ? [] : value.slice(0, CONTEXT);
  const tail = at === all.length - 1 ? [] : value.slice(-CONTEXT);
  if (head.length + tail.length >= value.length) return value.map(same);
  return [...head.map(same), '  ...', ...tail.map(same)];
}

/** Lines that are the same, on each side of those that are not. */
const CONTEXT = 2;

function same({ line, text }: Line): string {
  return row(' ', line, text ?? '');
}

function row(sign: string, line: number, text: string): string {
  return `${sign} ${String(line).padStart(5)}  ${text.replaceAll('\t', '    ').trimEnd()}`;
}
