import type { ChalkInstance } from 'chalk';
import { abbreviateAll, pad, plain, width, wrap } from '../text.ts';
import type { Row } from './story.ts';
import { breachLines, gutter, switchLines, switchText } from './stretches.ts';

const gap = 2;
/** What a column of a thread, and that of shared objects, must at least have. */
const leastLane = 22;
const leastShared = 26;

/** The threads that have a column, each with its number; several may share one. */
type Lanes = ReadonlyMap<string, number>;

interface Layout {
  readonly lanes: Lanes;
  /** Of the threads' columns, and then of the shared one. */
  readonly widths: readonly number[];
  readonly place: (row: Row) => string;
}

/**
 * The layout for wide terminals: a column per thread in the order in which they move first, one for
 * what became of shared objects, and the place in the spec. Threads that do none of the spec's own
 * statements share a column, if that leaves more room to the others. Null where they do not fit.
 */
export function lanes(
  rows: readonly Row[],
  columns: number,
  chalk: ChalkInstance,
): string[] | null {
  const having = new Set(rows.filter(hasLane).map(({ thread }) => thread));
  const threads = [...new Set(rows.map(({ thread }) => thread))].filter((each) => having.has(each));
  // A thread that is alone needs no column to be told from others.
  if (threads.length < 2) return null;
  const layout = choose(rows, threads, columns - gutter(rows, chalk).indent);
  return layout && draw(rows, layout, columns, chalk);
}

/** Each in a column of its own, and those below the spec in a common one, the last. */
function lanesOf(rows: readonly Row[], threads: readonly string[]): Lanes[] {
  const own = new Set(rows.filter(({ fn }) => fn !== '').map(({ thread }) => thread));
  const others = threads.filter((thread) => !own.has(thread));
  const all = new Map(threads.map((thread, at) => [thread, at]));
  const main = threads.filter((thread) => own.has(thread));
  if (others.length < 2 || main.length === 0) return [all];
  const common = new Map([...main, ...others].map((each, at) => [each, Math.min(at, main.length)]));
  return [all, common];
}

function hasLane({ kind }: Row): boolean {
  return kind !== 'breach' && kind !== 'also' && kind !== 'aside';
}

/** Whether its text has to fit into the column of its thread; else it may go over others. */
function isCell({ kind, place }: Row): boolean {
  return kind === 'step' || (kind === 'fold' && place !== '');
}

/** With the names of functions, unless more statements are whole without them. */
function choose(rows: readonly Row[], threads: readonly string[], room: number): Layout | null {
  const shared = Math.max(6, ...rows.flatMap(({ changes }) => changes.map(width)));
  const steps = rows.filter(({ kind }) => kind === 'step');
  let best: Layout | null = null;
  // A table of shreds is none.
  let least = steps.length / 2 + 1;
  for (const lanes of lanesOf(rows, threads)) {
    const naturals = headsOf(lanes).map((head, lane) => {
      const own = rows.filter((row) => lanes.get(row.thread) === lane && isCell(row));
      return Math.max(width(head), ...own.map(({ text }) => width(text)));
    });
    for (const place of [longPlace, shortPlace]) {
      const places = Math.max(0, ...rows.map((row) => width(place(row))));
      const widths = fit([...naturals, shared], room - gap - places);
      const torn = widths && steps.filter((row) => isTorn(row, lanes, widths)).length;
      if (torn === null || torn >= least) continue;
      best = { lanes, widths: widths!, place };
      least = torn;
    }
  }
  return best;
}

function isTorn({ thread, text, changes }: Row, lanes: Lanes, widths: readonly number[]): boolean {
  if (width(text) > widths[lanes.get(thread)!]!) return true;
  return changes.some((change) => width(change) > widths.at(-1)!);
}

/** The names above the columns. */
function headsOf(lanes: Lanes): string[] {
  const count = Math.max(...lanes.values()) + 1;
  return Array.from({ length: count }, (_, lane) =>
    [...lanes].flatMap(([thread, at]) => (at === lane ? [plain(thread)] : [])).join(', '),
  );
}

function longPlace(row: Row): string {
  return `${shortPlace(row)} ${row.fn}`.trim();
}

function shortPlace({ place }: Row): string {
  return place.slice(place.lastIndexOf('/') + 1);
}

/** Takes from the widest columns until all fit; null when they do not. */
function fit(naturals: readonly number[], room: number): number[] | null {
  const widths = [...naturals];
  let excess = widths.reduce((sum, w) => sum + w + gap, -gap) - room;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= (widest === widths.length - 1 ? leastShared : leastLane)) return null;
    widths[widest]!--;
    excess--;
  }
  return widths;
}

function draw(
  rows: readonly Row[],
  layout: Layout,
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const { margin, indent, head } = gutter(rows, chalk);
  const { lanes, widths } = layout;
  const plainly = headsOf(lanes);
  const names = abbreviateAll(plainly, Math.min(...widths.slice(0, plainly.length)));
  const heads = plainly.map((thread, i) =>
    pad(width(thread) <= widths[i]! ? thread : names.get(thread)!, widths[i]!),
  );
  const blank = ' '.repeat(indent);
  const lines = [blank + chalk.bold([...heads, 'shared'].join(' '.repeat(gap)))];
  for (const row of rows) {
    const lane = lanes.get(row.thread) ?? 0;
    const start = widths.slice(0, lane).reduce((sum, w) => sum + w + gap, indent);
    if (row.kind === 'breach' || row.kind === 'also') {
      lines.push(...breachLines(row, margin, columns, chalk));
    } else if (row.kind === 'aside' || (row.kind === 'fold' && !isCell(row))) {
      const [text] = wrap(row.text, columns - indent, 1);
      const from = Math.max(indent, Math.min(start, columns - width(text!)));
      lines.push(head(row) + ' '.repeat(from - indent) + chalk.dim(text!));
    } else {
      if (row.kind === 'switch') {
        lines.push(...switchAt(start, row, columns, chalk));
      } else if (row.kind === 'wait') {
        lines.push(...across(row.text, start, indent, columns, chalk.yellow));
      } else {
        const cells = cellsOf(row, lane, layout, chalk);
        lines.push(...cells.map((line, i) => (i === 0 ? head(row) : blank) + line));
        const notes = row.notes.join(', ');
        lines.push(...across(notes, start + 2, indent, columns, chalk.dim));
      }
    }
  }
  return lines;
}

/** From a column on, or further left if it is too long. */
function across(
  text: string,
  start: number,
  least: number,
  columns: number,
  paint: (text: string) => string,
): string[] {
  if (text === '') return [];
  const from = Math.max(least, Math.min(start, columns - width(text)));
  return wrap(text, columns - from, 4).map((line) => ' '.repeat(from) + paint(line));
}

/** In the column of who runs from now on, or further left if it is too long. */
function switchAt(start: number, row: Row, columns: number, chalk: ChalkInstance): string[] {
  const room = columns - Math.max(0, Math.min(start, columns - width(switchText(row, columns))));
  return switchLines(row, room, chalk, 3).map((line) => ' '.repeat(columns - room) + line);
}

type Cell = readonly [text: string, paint: (text: string) => string];

function cellsOf(row: Row, lane: number, layout: Layout, chalk: ChalkInstance): string[] {
  const { widths, place } = layout;
  const paint = row.kind === 'fold' ? chalk.dim : String;
  const own = wrap(row.text, widths[lane]!, 5).map((text): Cell => [text, paint]);
  const changes = row.changes.flatMap((text) => wrap(text, widths.at(-1)!, 3));
  return Array.from({ length: Math.max(own.length, changes.length) }, (_, i) => {
    const cells = widths.map((_, column): Cell => {
      if (column === lane) return own[i] ?? ['', String];
      return [column === widths.length - 1 ? (changes[i] ?? '') : '', chalk.cyan];
    });
    return joined([...cells, [i === 0 ? place(row) : '', chalk.dim]], widths);
  });
}

/** Cells side by side, without blanks after the last one that holds something. */
function joined(cells: readonly Cell[], widths: readonly number[]): string {
  const last = cells.findLastIndex(([text]) => text !== '');
  return cells
    .slice(0, last + 1)
    .map(([text, paint], i) => paint(text) + (i === last ? '' : pad('', widths[i]! - width(text))))
    .join(' '.repeat(gap));
}
