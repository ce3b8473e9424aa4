import { pad, padStart, thousands, width } from '../../src/report/text.ts';
import type { Result } from './ours.ts';
import type { Peer } from './spin.ts';
import type { Optimisation } from './without.ts';

/** Markdown that can be read in a terminal as it is. */

export interface Ablation {
  readonly optimisation: Optimisation;
  readonly on: Result;
  readonly off: Result;
}

export function costTable(results: readonly Result[]): string {
  const heads = ['row', 'verdict', 'workers', 'states', 'transitions', 'CPU s', 'wall s', 'MB'];
  const rows = results.map((result) => {
    const { row, workers, ended, states, transitions, cpu, wall, memory } = result;
    const cost = [seconds(cpu), seconds(wall), megabytes(memory)];
    if (ended !== 'by itself') return [row.name, ended, `${workers}`, '', '', ...cost, '', ''];
    const counts = [thousands(states), thousands(transitions)];
    const rates = [thousands(Math.round(states / cpu)), thousands(Math.round(memory / states))];
    return [row.name, verdictOf(result), `${workers}`, ...counts, ...cost, ...rates];
  });
  return table([...heads, 'states / CPU s', 'bytes / state'], 2, rows);
}

function verdictOf({ runs }: Result): string {
  return runs.length === 1 ? runs[0]!.verdict : `${runs.length} as expected`;
}

/** A search that did not come to its end took at least what it took until then. */
export function peerTable(pairs: readonly { ours: Result; peer: Peer }[]): string {
  const heads = [
    'row',
    'SPIN search',
    'SPIN states',
    'our states',
    'SPIN / ours',
    'verifier CPU s',
    'compile CPU s',
    'our CPU s',
    'verifier / ours',
    'all / ours',
    'SPIN MB',
    'our MB',
  ];
  const rows = pairs.map(({ ours, peer }) => {
    const { verifier, compile, states, ended, reduction } = peer;
    const whole = ended === 'complete';
    const known = ours.ended === 'by itself';
    const least = whole ? '' : '> ';
    const over = (cost: number) => (known ? `${least}${ratio(cost, ours.cpu)}` : '');
    return [
      ours.row.name,
      reduction ? 'reduced' : 'full',
      whole ? thousands(states) : ended,
      known ? thousands(ours.states) : ours.ended,
      whole && known ? ratio(states, ours.states) : '',
      least + seconds(verifier.cpu),
      seconds(compile),
      known ? seconds(ours.cpu) : `> ${seconds(ours.cpu)}`,
      over(verifier.cpu),
      over(verifier.cpu + compile),
      megabytes(verifier.memory),
      megabytes(ours.memory),
    ];
  });
  return table(heads, 2, rows);
}

export function ablationTable(ablations: readonly Ablation[]): string {
  const names = [...new Set(ablations.map(({ optimisation }) => optimisation.name))];
  const results = [...new Set(ablations.map(({ on }) => on))];
  const rows = results.map((on) => {
    const cells = names.flatMap((name) => {
      const found = ablations.find((each) => each.on === on && each.optimisation.name === name);
      if (!found) return ['failed', ''];
      const { cpu, states, ended } = found.off;
      if (ended !== 'by itself') return [`> ${ratio(cpu, on.cpu)}`, ended];
      return [ratio(cpu, on.cpu), ratio(states, on.states)];
    });
    return [on.row.name, thousands(on.states), seconds(on.cpu), ...cells];
  });
  const heads = names.flatMap((name) => [`no ${name}: CPU`, 'states']);
  return table(['row', 'states', 'CPU s', ...heads], 1, rows);
}

/** The first columns are of text. */
function table(heads: readonly string[], text: number, rows: readonly string[][]): string {
  const widths = heads.map((head, n) =>
    Math.max(3, ...[head, ...rows.map((row) => row[n]!)].map(width)),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, n) => (n < text ? pad : padStart)(cell, widths[n]!));
    return `| ${padded.join(' | ')} |\n`;
  };
  const rule = widths.map((columns, n) => {
    const dashes = '-'.repeat(columns - 1);
    return n < text ? `:${dashes}` : `${dashes}:`;
  });
  return [heads, rule, ...rows].map(line).join('');
}

function seconds(value: number): string {
  return value.toFixed(2);
}

function megabytes(bytes: number): string {
  return thousands(Math.round(bytes / 2 ** 20));
}

function ratio(one: number, other: number): string {
  const value = one / other;
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : thousands(Math.round(value))} x`;
}
