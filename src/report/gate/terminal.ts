import type { ChalkInstance } from 'chalk';
import { type GateCheck, type Kind, passes } from '../../verdict/gate.ts';
import type { Run } from '../../verdict/run.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { terminalReporter } from '../terminal.ts';
import { abbreviate, counted, pack, pad, padStart, plain, width, wrap } from '../text.ts';
import { type Row, rowsOf, sumOf } from './rows.ts';

export interface GateStyle {
  readonly columns: number;
  readonly chalk: ChalkInstance;
  /** Only what fails, in a line each, and the sum. */
  readonly quiet: boolean;
  /** Limits of the searches, in words. */
  readonly limits: string;
}

/** The specs in a table, then all that a person has to look at, then the sum. */
export function gateLines(
  checks: readonly GateCheck[],
  written: readonly string[],
  style: GateStyle,
): string[] {
  const { columns, chalk, quiet } = style;
  const sum = wrap(sumOf(checks, written), columns, 4);
  const colour = checks.every(passes) ? chalk.green : chalk.red;
  const last = sum.map((line) => colour.bold(line));
  const groups = groupsOf(checks);
  if (quiet) return [...groups.map((group) => quietLine(group, style)), ...last];
  const blocks = groups.flatMap((group) => [...blockOf(group, style), '']);
  return [...table(rowsOf(checks), style), '', ...blocks, ...last];
}

function table(rows: readonly Row[], { columns, chalk }: GateStyle): string[] {
  const of = (kind: Kind) => (row: Row) => {
    const [good, all] = row.counts[kind];
    return all === 0 ? '-' : `${good}/${all}`;
  };
  const has = (kind: Kind) => rows.some(({ counts }) => counts[kind][1] > 0);
  const figures = [
    { head: 'variants', cell: of('variant') },
    { head: 'traces', cell: of('trace') },
    ...(has('link') ? [{ head: 'C functions', cell: of('link') }] : []),
    ...(has('patch') ? [{ head: 'patched', cell: of('patch') }] : []),
    { head: 'by receipts', cell: ({ fromReceipts }: Row) => String(fromReceipts) },
  ].map((column) => ({
    ...column,
    width: Math.max(width(column.head), ...rows.map((row) => width(column.cell(row)))),
  }));
  const right = figures.reduce((total, column) => total + column.width + 2, 0);
  const names = Math.max(width('spec'), ...rows.map(({ spec }) => width(plain(spec))));
  // The names give way: figures cut short would be wrong.
  const room = Math.max(8, Math.min(names, columns - right));
  const line = (name: string, cells: readonly string[]) =>
    [
      pad(abbreviate(plain(name), room), room),
      ...cells.map((cell, at) => padStart(cell, figures[at]!.width)),
    ].join('  ');
  return [
    chalk.bold(
      line(
        'spec',
        figures.map(({ head }) => head),
      ),
    ),
    ...rows.map((row) => {
      const text = line(
        row.spec,
        figures.map(({ cell }) => cell(row)),
      );
      return row.good ? text : chalk.red(text);
    }),
  ];
}

/** Checks of one spec of which the same is to be said, or of one variant's receipt. */
type Group = readonly [GateCheck, ...GateCheck[]];

/** What fails, and what passes with a note; the worst is not the first: the order is that of the flow. */
function groupsOf(checks: readonly GateCheck[]): Group[] {
  const groups = new Map<string, [GateCheck, ...GateCheck[]]>();
  for (const [at, check] of checks.entries()) {
    if (passes(check) && check.reason === '') continue;
    const { kind, spec, subject, word, reason, file, line, details, run } = check;
    // Of what was not looked at, nothing is to be seen in its file.
    const place = check.exitCode === exitCodes.incomplete ? null : [kind, file, line];
    const what = kind === 'receipt' ? subject : reason;
    const key = JSON.stringify(run ? at : [spec, word, what, place, details]);
    const group = groups.get(key);
    if (group) group.push(check);
    else groups.set(key, [check]);
  }
  return [...groups.values()];
}

function blockOf(group: Group, style: GateStyle): string[] {
  const { columns, chalk } = style;
  const [{ run, reason, file, line, details, spec, exitCode }] = group;
  if (run !== null) return runLines(run, style);
  const say = (text: string) => wrap(plain(text), columns - 2, 8).map((each) => `  ${each}`);
  const subjects = new Set(group.map(nameIn(spec)));
  const reasons = new Set(group.map((each) => each.reason));
  const place = file === null ? '' : line === null ? file : `${file}:${line}`;
  const isPlaceKnown = place === '' || reason.startsWith(place) || subjectOf(group[0]) === place;
  return [
    ...head(group, chalk, columns),
    ...(isPlaceKnown || exitCode === exitCodes.incomplete ? [] : [`  ${plain(place)}`]),
    ...[...reasons].flatMap(say),
    ...(subjects.size === 1
      ? []
      : pack([...subjects], columns - 4, 8).map((names) => `    ${names}`)),
    // Not wrapped: commands, and lines of a source.
    ...details.map((detail) => `  ${plain(detail)}`),
  ];
}

function nameIn(spec: string): (check: GateCheck) => string {
  return ({ subject }) =>
    plain(subject.startsWith(`${spec}/`) ? subject.slice(spec.length + 1) : subject);
}

function subjectOf({ subject }: GateCheck): string {
  return plain(subject);
}

function subjectOfAll(group: Group): string {
  const [first] = group;
  const many = new Set(group.map(({ subject }) => subject)).size > 1;
  return many ? `${plain(first.spec)}: ${counted(group.length, 'check')}` : subjectOf(first);
}

/** `weakened  kmem-cache-dying/v5.3`; the subject below where there is no room for it. */
function head(group: Group, chalk: ChalkInstance, columns: number): string[] {
  const [first] = group;
  const word = colourOf(first, chalk).bold(first.word);
  const subject = subjectOfAll(group);
  const room = columns - width(first.word) - 2;
  // The file is in a command below.
  if (first.kind === 'trace' && first.details.length > 0) {
    return [`${word}  ${abbreviate(subject, room)}`];
  }
  if (width(subject) <= room) return [`${word}  ${subject}`];
  return [word, ...wrap(subject, columns - 2, 4).map((line) => `  ${line}`)];
}

function colourOf(check: GateCheck, chalk: ChalkInstance): ChalkInstance {
  if (passes(check)) return chalk.green;
  return check.exitCode === exitCodes.incomplete ? chalk.yellow : chalk.red;
}

/** As verify-spec tells of it, but for what is as expected: no good schedules were looked for. */
function runLines(run: Run, { columns, chalk, limits }: GateStyle): string[] {
  const { unexpected } = run;
  const counterexamples = run.counterexamples.filter(({ property }) =>
    unexpected.includes(property.name),
  );
  let text = '';
  const options = { columns, chalk, quiet: false, full: false, limits };
  terminalReporter((part) => (text += part), options).run({ ...run, counterexamples });
  return text.trimEnd().split('\n');
}

function quietLine(group: Group, { chalk }: GateStyle): string {
  const [first] = group;
  const subject = subjectOfAll(group);
  const reasons = [...new Set(group.map(({ reason }) => reason))].join('; ');
  return `${colourOf(first, chalk).bold(first.word)}  ${subject}  ${plain(reasons)}`.trimEnd();
}
