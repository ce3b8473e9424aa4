import { createRequire } from 'node:module';

/** Fits text to columns of a terminal. All of it is ASCII but for names that a spec itself chose. */

const require = createRequire(import.meta.url);

export function width(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  // Not above: loading it takes longer than a small search.
  const { default: stringWidth } = require('string-width') as typeof import('string-width');
  return stringWidth(text);
}

/** One line without control characters, whatever a spec put into a name or message. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}

/** Shortens in the middle, because names that differ tend to do so at their ends. */
export function abbreviate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns <= 4) return head(text, columns);
  const tail = [...text].reverse().join('');
  const end = [...head(tail, Math.floor((columns - 2) / 2))].reverse().join('');
  return `${head(text, columns - 2 - width(end))}..${end}`;
}

/** Short forms that are as different as the names: cut in the middle, or else where they allow it. */
export function abbreviateAll(names: readonly string[], columns: number): Map<string, string> {
  const ways: ((name: string, i: number) => string)[] = [
    (name) => abbreviate(name, columns),
    (name) => (width(name) <= columns ? name : `${head(name, columns - 2)}..`),
    (name, i) => (width(name) <= columns ? name : `${head(name, columns - 4)}..${i}`),
  ];
  for (const way of ways) {
    const short = names.map(way);
    if (new Set(short).size === names.length || way === ways.at(-1)) {
      return new Map(names.map((name, i) => [name, short[i]!]));
    }
  }
  return new Map();
}

/** Breaks into lines of at most `columns`, at best after a blank, else after a comma, `(` or `.`. */
export function wrap(text: string, columns: number, maxLines = 3): string[] {
  const lines: string[] = [];
  let rest = text;
  while (width(rest) > columns) {
    if (lines.length === maxLines - 1) return [...lines, `${head(rest, columns - 3)}...`];
    const piece = head(rest, columns);
    const cut = lastBreak(piece) || piece.length;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

/** Puts as many items on each line as fit; an item that is too long for any line is abbreviated. */
export function pack(items: readonly string[], columns: number, maxLines: number): string[] {
  const lines: string[] = [];
  for (const item of items.map((each) => abbreviate(each, columns))) {
    const last = lines.at(-1);
    if (last !== undefined && width(last) + 1 + width(item) <= columns) {
      lines[lines.length - 1] = `${last} ${item}`;
    } else if (lines.length === maxLines) {
      return [...lines, '...'];
    } else {
      lines.push(item);
    }
  }
  return lines;
}

function head(text: string, columns: number): string {
  let taken = '';
  for (const letter of text) {
    // At least one, so that wrapping always gets on.
    if (taken !== '' && width(taken + letter) > columns) break;
    taken += letter;
  }
  return taken;
}

/** Length of the longest part that ends at a good place to break; 0 when there is none. */
function lastBreak(piece: string): number {
  return (/^.*\S /s.exec(piece) ?? /^.*[(,.]/s.exec(piece))?.[0].length ?? 0;
}

export function thousands(count: number): string {
  // Not toLocaleString: its first call loads what it knows of languages, longer than a small search.
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function counted(count: number, noun: string, many = `${noun}s`): string {
  return `${thousands(count)} ${count === 1 ? noun : many}`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Names to be listed: all in quotes where one has in it what stands between them. */
export function listed(names: readonly string[]): string[] {
  const unclear = names.length > 1 && names.some((name) => /[,;]/.test(name));
  return unclear ? names.map((name) => `'${name}'`) : [...names];
}

/** Of a function; '' if it has none. */
export function nameOf(fn: string): string {
  return fn === '(anonymous)' ? '' : fn;
}

/** A command line argument as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
