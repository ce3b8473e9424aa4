import type { ChalkInstance } from 'chalk';
import { INTERRUPTED } from '../explore/findings.ts';
import type { Replay, StepRecord } from '../explore/outcome.ts';
import { showChange } from './change.ts';
import { abbreviateAll, pack, pad, padStart, plain, width, wrap } from './text.ts';

/**
 * A schedule as a table: one column per thread that moves or waits, a row per step. What does not
 * fit is moved, in this order: the function name, then the changes and the source line to a line
 * of their own, then the columns give way to a list.
 */
export function lanes(replay: Replay, columns: number, chalk: ChalkInstance): string[] {
  const story = tell(replay);
  const layout = choose(story, columns);
  return layout.widths === null
    ? asList(story, layout, columns, chalk)
    : asTable(story, layout, layout.widths, columns, chalk);
}

/** One line of the table, before it is fitted. */
interface Row {
  readonly kind: 'step' | 'wait' | 'report';
  /** Number of the step, from 1. */
  readonly step: number;
  readonly thread: string;
  readonly text: string;
  /** The locals with which the step was taken. */
  readonly locals: readonly string[];
  /** What became of shared objects, or who holds what is waited for. */
  readonly shared: readonly string[];
  /** `file:line`, or ''. */
  readonly place: string;
  readonly fn: string;
}

interface Story {
  readonly threads: readonly string[];
  readonly rows: readonly Row[];
}

function tell(replay: Replay): Story {
  const rows: Row[] = [];
  const shown = new Map<string, string>();
  let waiting = new Set<string>();
  const deadlocked = replay.broken.some((broken) => broken.property === 'deadlock');
  replay.steps.forEach((step, i) => {
    const add = (kind: Row['kind'], thread: string, text: string, more: Partial<Row> = {}) =>
      rows.push({
        ...{ kind, step: i + 1, thread, text: plain(text), locals: [], place: '', fn: '' },
        ...more,
        shared: (more.shared ?? []).map(plain),
      });
    add('step', step.thread, step.result === '' ? step.text : `${step.text} = ${step.result}`, {
      locals: newLocals(step, shown).map(plain),
      shared: step.changes.map((c) => showChange(c.object, c.from, c.to)),
      place: step.site ? `${step.site.file}:${step.site.line}` : '',
      fn: step.site?.fn ?? '',
    });
    // One report may break several properties.
    for (const text of new Set(step.reports.map(reportLine))) add('report', step.thread, text);
    const last = i === replay.steps.length - 1;
    const waits = step.waits.filter(({ text, holder, idle }) =>
      deadlocked && last ? !idle : holder !== null && text !== INTERRUPTED,
    );
    for (const { thread, text, holder } of waits) {
      if (waiting.has(`${thread} ${text}`)) continue;
      const interrupted = text === INTERRUPTED;
      add('wait', thread, interrupted ? text : `waits: ${text}`, {
        shared: holder === null ? [] : [`${interrupted ? '' : 'held '}by ${holder}`],
      });
    }
    waiting = new Set(waits.map((wait) => `${wait.thread} ${wait.text}`));
  });
  return { threads: [...new Set(rows.map((row) => row.thread))], rows };
}

function reportLine({ rule, message }: StepRecord['reports'][number]): string {
  return message === '' || message.startsWith(rule) ? message || rule : `${rule}: ${message}`;
}

/** The step's locals, but for those that an earlier step of the same call showed already. */
function newLocals(step: StepRecord, shown: Map<string, string>): string[] {
  const call = `${step.thread} ${step.stack.join(' ')} `;
  return Object.entries(step.locals)
    .filter(([name, value]) => {
      // A handle in a variable of its own name tells nothing.
      if (name.startsWith('$') || name === value) return false;
      if (shown.get(call + name) === value) return false;
      shown.set(call + name, value);
      return true;
    })
    .map(([name, value]) => `${name}=${value}`);
}

interface Layout {
  readonly number: number;
  /** Of the threads' columns and then of the shared column, if it has one; null: a list. */
  readonly widths: readonly number[] | null;
  /** Shared changes and source line stand on a line below the statement. */
  readonly below: boolean;
  readonly place: (row: Row) => string;
}

const gap = 2;
const shortPlace = (row: Row) => row.place.slice(row.place.lastIndexOf('/') + 1);
const longPlace = (row: Row) => `${row.place} ${row.fn}`.trim();
const belowPlace = (row: Row) => `${shortPlace(row)} ${row.fn}`.trim();

function choose(story: Story, columns: number): Layout {
  const number = String(story.rows.at(-1)?.step ?? 0).length;
  const naturals = story.threads.map((thread) => {
    const own = story.rows.filter((row) => row.thread === thread && row.kind !== 'report');
    const wait = (row: Row) => (row.kind === 'wait' ? 2 : 0);
    const texts = own.flatMap((row) => [
      width(row.text) + wait(row),
      width(row.locals.join(' ')) + 2,
    ]);
    return Math.max(width(thread), ...texts);
  });
  const shared = Math.max(6, ...story.rows.flatMap((row) => row.shared.map(width)));
  for (const place of [longPlace, shortPlace]) {
    const places = Math.max(0, ...story.rows.map((row) => width(place(row))));
    const room = columns - number - gap - places - gap;
    const widths = fit([...naturals, shared], place === longPlace ? 28 : 20, room);
    if (widths) return { number, widths, below: false, place };
  }
  const widths = fit(naturals, 22, columns - number - gap);
  return { number, widths, below: true, place: belowPlace };
}

/** Takes from the widest columns until all fit, down to `least`; null when they do not. */
function fit(naturals: readonly number[], least: number, room: number): number[] | null {
  const widths = [...naturals];
  let excess = widths.reduce((sum, w) => sum + w + gap, -gap) - room;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= least) return null;
    widths[widest]!--;
    excess--;
  }
  return widths;
}

/** A line of a thread's own text and how it is painted. */
type Painted = readonly [text: string, paint: (text: string) => string];

function ownLines(row: Row, layout: Layout, room: number, chalk: ChalkInstance): Painted[] {
  const as = (lines: readonly string[], paint: Painted[1]) =>
    lines.map((line): Painted => [line, paint]);
  if (row.kind === 'wait') {
    const holder = layout.below && row.shared.length > 0 ? `, ${row.shared.join(', ')}` : '';
    return as(indented(row.text + holder, room, 3), chalk.yellow);
  }
  const statement = as(wrap(row.text, room, 4), String);
  const locals = pack(row.locals, room - 2, 4).map((line) => `  ${line}`);
  return [...statement, ...as(locals, chalk.dim)];
}

function indented(text: string, room: number, maxLines: number): string[] {
  return wrap(text, room - 2, maxLines).map((line) => `  ${line}`);
}

function asTable(
  story: Story,
  layout: Layout,
  widths: readonly number[],
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const short = abbreviateAll(story.threads, Math.min(...widths.slice(0, story.threads.length)));
  const names = story.threads.map((thread, i) =>
    pad(width(thread) <= widths[i]! ? thread : short.get(thread)!, widths[i]!),
  );
  const heads = [padStart('#', layout.number), ...names, ...(layout.below ? [] : ['shared'])];
  const lines = [chalk.bold(heads.join(' '.repeat(gap)).trimEnd())];
  for (const row of story.rows) {
    if (row.kind === 'report') {
      lines.push(...reportLines(row, layout, columns, chalk));
      continue;
    }
    const lane = story.threads.indexOf(row.thread);
    const own = ownLines(row, layout, widths[lane]!, chalk);
    const sharedWidth = widths.at(-1)!;
    const shared = layout.below ? [] : row.shared.flatMap((change) => wrap(change, sharedWidth, 2));
    for (let i = 0; i < Math.max(own.length, shared.length); i++) {
      const [text, paint] = own[i] ?? ['', String];
      const cells: Painted[] = widths.map((_, column) =>
        column === lane ? [text, paint] : ['', String],
      );
      if (!layout.below) {
        cells[cells.length - 1] = [shared[i] ?? '', chalk.cyan];
        cells.push([i === 0 ? layout.place(row) : '', chalk.dim]);
      }
      lines.push(numbered(row, i, layout, chalk) + joined(cells, widths));
    }
    lines.push(...below(row, layout, columns, chalk));
  }
  return lines;
}

/** Cells side by side, without blanks after the last one that holds something. */
function joined(cells: readonly Painted[], widths: readonly number[]): string {
  const last = cells.findLastIndex(([text]) => text !== '');
  return cells
    .slice(0, last + 1)
    .map(([text, paint], i) => paint(text) + (i === last ? '' : pad('', widths[i]! - width(text))))
    .join(' '.repeat(gap));
}

function asList(story: Story, layout: Layout, columns: number, chalk: ChalkInstance): string[] {
  const longest = Math.max(...story.threads.map(width), 0);
  const name = Math.min(longest, 14, Math.floor(columns / 4));
  const names = abbreviateAll(story.threads, name);
  const room = columns - layout.number - gap - name - gap;
  return story.rows.flatMap((row) => {
    if (row.kind === 'report') return reportLines(row, layout, columns, chalk);
    const lines = ownLines(row, layout, room, chalk).map(([text, paint], i) => {
      const thread = pad(i === 0 ? names.get(row.thread)! : '', name);
      return `${numbered(row, i, layout, chalk)}${thread}${' '.repeat(gap)}${paint(text)}`;
    });
    return [...lines, ...below(row, layout, columns, chalk)];
  });
}

function numbered(row: Row, line: number, layout: Layout, chalk: ChalkInstance): string {
  const number = row.kind === 'step' && line === 0 ? String(row.step) : '';
  return chalk.dim(padStart(number, layout.number)) + ' '.repeat(gap);
}

/** The lines under a statement that hold what has no column: changes, then where it is. */
function below(row: Row, layout: Layout, columns: number, chalk: ChalkInstance): string[] {
  if (!layout.below || row.kind !== 'step') return [];
  const indent = ' '.repeat(layout.number + gap + 4);
  const text = [row.shared.join('; '), layout.place(row)].filter((part) => part !== '').join('  ');
  if (text === '') return [];
  return wrap(text, columns - indent.length, 4).map((line) => indent + chalk.cyan(line));
}

function reportLines(row: Row, layout: Layout, columns: number, chalk: ChalkInstance): string[] {
  const indent = ' '.repeat(layout.number + gap);
  return wrap(row.text, columns - indent.length - 3, 6).map(
    (line, i) => `${indent}${chalk.red.bold(`${i === 0 ? '!! ' : '   '}${line}`)}`,
  );
}
