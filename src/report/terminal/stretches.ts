import type { ChalkInstance } from 'chalk';
import { abbreviate, pad, padStart, width, wrap } from '../text.ts';
import type { Row } from './story.ts';

/** Right of this, a place is too far from its statement for the eye. */
const widest = 120;

/** The layout for narrow terminals: under the name of who runs, the steps until the next one does. */
export function stretches(rows: readonly Row[], columns: number, chalk: ChalkInstance): string[] {
  const { margin, indent, head } = gutter(rows, chalk);
  const room = Math.min(columns, widest) - indent;
  const all = columns - indent;
  const blank = ' '.repeat(indent);
  // Where steps are folded there is no room to say of one all there is.
  const tight = rows.some(({ kind }) => kind === 'fold' || kind === 'aside');
  const most = tight ? 1 : 4;
  let joined: Row | null = null;
  return rows.flatMap((row, at) => {
    if (row === joined) return [];
    if (row.kind === 'switch') return switchLines(row, columns, chalk, most);
    const breach = breachAfter(rows, at);
    if (tight && breach && width(row.text) + 2 + leastBreach <= all) {
      joined = breach;
      const left = all - width(row.text) - 2;
      const changes = row.changes.join('; ');
      // What the step changed may be why; it is left out where the breach would have to be cut.
      if (changes !== '' && width(changes) + width(breach.text) + 5 <= left) {
        return [
          `${head(row)}${row.text}  ${chalk.cyan(changes)}  ${chalk.red.bold(`!! ${breach.text}`)}`,
        ];
      }
      const [text] = wrap(`!! ${breach.text}`, left, 1);
      return [`${head(row)}${row.text}  ${chalk.red.bold(text)}`];
    }
    if (row.kind === 'breach' || row.kind === 'also')
      return breachLines(row, margin, columns, chalk);
    if (row.kind === 'wait')
      return wrap(row.text, all, 3).map((line) => blank + chalk.yellow(line));
    if (row.kind === 'aside') return [head(row) + chalk.dim(wrap(row.text, all, 1)[0]!)];
    const lines =
      row.kind === 'fold' ? foldLines(row, room, chalk) : stepLines(row, room, chalk, most);
    return lines.map((line, i) => (i === 0 ? head(row) : blank) + line);
  });
}

/** Columns in which a breach can stand beside its step and still be told from others. */
const leastBreach = 24;

/** The one breach at a step. */
function breachAfter(rows: readonly Row[], at: number): Row | null {
  const [step, next, other] = rows.slice(at, at + 3);
  const isBreach = (row: Row | undefined) => row?.kind === 'breach' || row?.kind === 'also';
  return step!.kind === 'step' && isBreach(next) && !isBreach(other) ? next! : null;
}

/** What stands left of the steps: the letters of the orders they are in, and their numbers. */
export function gutter(rows: readonly Row[], chalk: ChalkInstance) {
  const marks = Math.max(0, ...rows.map(({ mark }) => mark.length));
  const margin = marks === 0 ? 0 : marks + 1;
  const numbers = Math.max(0, ...rows.map(({ number }) => number.length));
  const head = ({ mark, number }: Row) =>
    `${chalk.red(pad(mark, margin))}${chalk.dim(padStart(number, numbers))}  `;
  return { margin, indent: margin + numbers + 2, head };
}

/** With as many of the locks that who runs now holds as there is room for, the last ones. */
export function switchText({ text, notes: locks }: Row, columns: number): string {
  const [runs, ...why] = text.split('; ');
  const ways = locks.map((_, from) => {
    const more = from === 0 ? '' : ` and ${from} more`;
    const holding = `${runs}, holding ${locks.slice(from).join(', ')}${more}`;
    return `--- ${[holding, ...why].join('; ')} ---`;
  });
  return ways.find((way) => width(way) <= columns) ?? `--- ${text} ---`;
}

export function switchLines(
  row: Row,
  columns: number,
  chalk: ChalkInstance,
  most: number,
): string[] {
  const line = switchText(row, columns);
  const lines = width(line) <= columns ? [line] : wrap(`--- ${row.text}`, columns - 4, most);
  return lines.map((each, i) => chalk.bold(i === 0 ? each : `    ${each}`));
}

export function breachLines(
  { kind, text }: Row,
  margin: number,
  columns: number,
  chalk: ChalkInstance,
): string[] {
  return wrap(text, columns - margin - 3, kind === 'also' ? 1 : 4).map(
    (line, i) => ' '.repeat(margin) + chalk.red.bold((i === 0 ? '!! ' : '   ') + line),
  );
}

function foldLines(row: Row, room: number, chalk: ChalkInstance): string[] {
  const places = row.place === '' ? (row.fn === '' ? [] : [`in ${row.fn}`]) : placesOf(row);
  const line = beside(row.text, places, room) ?? wrap(row.text, room, 1)[0]!;
  return [chalk.dim(line)];
}

/** With the name of the function, and without. */
function placesOf({ place, fn }: Row): string[] {
  const short = place.slice(place.lastIndexOf('/') + 1);
  return short === '' ? [] : [`${short} ${fn}`.trim(), short];
}

/** The statement with its place at the right, if there is room; what changed between them, or below. */
function stepLines(row: Row, room: number, chalk: ChalkInstance, most: number): string[] {
  const places = placesOf(row);
  const changes = row.changes.join('; ');
  const locals = row.notes.length === 0 ? '' : `with ${row.notes.join(', ')}`;
  const parts: Cell[] = [
    [row.text, String],
    [changes, chalk.cyan],
    [locals, chalk.dim],
  ];
  const told = parts.filter(([text]) => text !== '');
  for (const inLine of [told, told.slice(0, -1)]) {
    const text = inLine.map(([part]) => part).join('  ');
    const line =
      inLine.length === 0 ? null : beside(text, places.length === 0 ? [''] : places, room);
    if (line === null) continue;
    const painted = inLine.map(([part, paint]) => paint(part)).join('  ');
    const rest = told.slice(inLine.length).flatMap((part) => below(part, room, most));
    return [`${painted}${line.slice(text.length)}`.trimEnd(), ...rest];
  }
  const statement = wrap(row.text, room, 4);
  const last = statement.pop()!;
  const line = beside(last, places, room);
  const more = told.slice(1).flatMap((part) => below(part, room, most));
  if (line === null && places.length > 0) more.push(abbreviate(`  ${places[0]}`, room));
  return [...statement, line ?? last, ...more];
}

type Cell = readonly [text: string, paint: (text: string) => string];

function below([text, paint]: Cell, room: number, most: number): string[] {
  return wrap(text, room - 2, most).map((line) => `  ${paint(line)}`);
}

/** The text with the first of the notes that fits at the right end; null if none does. */
function beside(text: string, notes: readonly string[], room: number): string | null {
  const note = notes.find((each) => width(text) + 2 + width(each) <= room);
  return note === undefined ? null : pad(text, room - width(note)) + note;
}
