import type { ChalkInstance } from 'chalk';
import type { Run } from '../../verdict/run.ts';
import { abbreviate, counted, duration, pad, padStart, plain, thousands, width } from '../text.ts';
import { subjectOf } from './headline.ts';

/** All runs in a table, and whether each was as expected. */
export function summaryLines(
  runs: readonly Run[],
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const all: Column[] = [
    { head: 'variant', cell: (run) => plain(subjectOf(run)), least: 12 },
    { head: 'verdict', cell: (run) => run.verdict },
    { head: 'expected', cell: expectedOf, least: 8 },
    { head: 'as expected', cell: (run) => (run.asExpected ? 'yes' : 'NO') },
    {
      head: 'states',
      cell: ({ outcome }) => (outcome ? thousands(outcome.states) : '-'),
      numeric: true,
    },
    { head: 'time', cell: ({ durationMs }) => duration(durationMs), numeric: true },
  ];
  // Where not even short names would fit, figures give way.
  const needed = [all, all.slice(0, 5), [all[0]!, all[1]!, all[3]!]].find(
    (some) => total(some.map((column) => column.least ?? natural(column, runs))) <= columns,
  );
  const shown = needed ?? [all[0]!, all[3]!];
  const widths = shown.map((column) => natural(column, runs));
  // The names give way: figures cut short would be wrong.
  for (const name of ['expected', 'variant']) {
    const at = shown.findIndex(({ head }) => head === name);
    const excess = Math.max(0, total(widths) - columns);
    if (at >= 0) widths[at] = Math.max(shown[at]!.least!, widths[at]! - excess);
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const text = abbreviate(cell, widths[i]!);
        return shown[i]!.numeric ? padStart(text, widths[i]!) : pad(text, widths[i]!);
      })
      .join('  ')
      .trimEnd();
  const good = runs.filter((run) => run.asExpected).length;
  const verdict =
    good === runs.length
      ? chalk.green.bold(`all ${counted(runs.length, 'run')} as expected`)
      : chalk.red.bold(`${good} of ${counted(runs.length, 'run')} as expected`);
  const rows = runs.map((run) => {
    const cells = line(shown.map(({ cell }) => cell(run)));
    return run.asExpected ? cells : chalk.red(cells);
  });
  return [chalk.bold(line(shown.map(({ head }) => head))), ...rows, '', verdict];
}

interface Column {
  readonly head: string;
  readonly cell: (run: Run) => string;
  readonly numeric?: boolean;
  /** Of a column of names, which may be cut to this. */
  readonly least?: number;
}

function natural({ head, cell }: Column, runs: readonly Run[]): number {
  return Math.max(width(head), ...runs.map((run) => width(cell(run))));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each + 2, -2);
}

/** The names of the properties where they are short, else how many. */
function expectedOf({ verdict, expected }: Run): string {
  if (verdict === 'invalid') return '-';
  if (expected.length === 0) return 'verified';
  const names = plain(expected.join(', '));
  return width(names) <= 24 ? names : `${expected.length} violated`;
}
