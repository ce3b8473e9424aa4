import type { ChalkInstance } from 'chalk';
import type { Outcome } from '../../explore/outcome.ts';
import { endsSchedule } from '../../model/rules.ts';
import { memoryModel, type Run } from '../../verdict/run.ts';
import { counted, duration, pad, plain, thousands, wrap } from '../text.ts';

/** Unreached statements, and warnings, that are listed; a search that a limit ended may have many. */
const shownSites = 5;

/** What was covered, and under which assumptions. */
export function searchLines(
  run: Run,
  outcome: Outcome,
  options: { columns: number; chalk: ChalkInstance; limits: string },
): string[] {
  const { reduction, without, symmetry, traces, unreached, leftOut, explained } = outcome;
  // A line that says that nothing is missing is about a proof, as warnings are; and about what no
  // state is a witness of.
  const noWitness = outcome.properties.some(
    ({ kind, verdict }) => kind === 'sometimes' && verdict === 'violated',
  );
  const isTold = run.verdict !== 'violated' || unreached.length > 0 || noWitness;
  // What was searched to the end had no limit, whatever was asked for.
  const bounds = outcome.complete ? [] : [options.limits];
  const facts: Fact[] = [
    [
      'searched',
      [
        counted(outcome.states, 'state'),
        counted(outcome.transitions, 'transition'),
        `depth ${thousands(outcome.depth)}`,
        outcome.complete ? 'complete' : `not complete (${outcome.limit ?? 'ended by a limit'})`,
      ],
    ],
    [
      'how',
      [
        `reduction ${reduction ? 'on' : 'off'}`,
        ...(without.length === 0 ? [] : [`without ${without.join(' and ')}`]),
        ...(traces === undefined ? [] : [`by ${counted(traces, 'trace')}`]),
        ...symmetry.map((group) => `symmetry of ${group.length}`),
        counted(outcome.workers, 'worker'),
        counted(outcome.rounds, 'round'),
        duration(run.durationMs),
        `collision chance ${probability(outcome.fingerprintCollisionProbability)}`,
      ],
    ],
    ['model', [memoryModel, ...sizes(run.params), ...bounds]],
    ...(outcome.complete && outcome.finalStates === 0
      ? [['ends', ['no schedule does, so none was asked for a deadlock or a leak']] as Fact]
      : []),
    ...(isTold ? [['reached', [reached(unreached.length, explained.length)]] as Fact] : []),
  ];
  const fact = (name: string, text: string, most = 4): string[] =>
    wrap(plain(text), Math.max(20, options.columns - 12), most).map(
      (line, i) => `  ${options.chalk.dim(pad(i === 0 ? name : '', 8))}  ${line}`,
    );
  const lines = facts.flatMap(([name, values]) => fact(name, values.join(', ')));
  for (const site of unreached.slice(0, shownSites)) {
    const text = `${site.file}:${site.line} ${site.fn}: ${site.text}`;
    lines.push(`            ${wrap(plain(text), Math.max(20, options.columns - 12), 1)[0]}`);
  }
  const more = unreached.length - shownSites;
  if (more > 0) lines.push(`            and ${more} more (--json lists all)`);
  if (isTold && leftOut.length > 0) {
    const names = [...new Set(leftOut.map(({ fn }) => fn))].join(', ');
    const text = `by this configuration: ${counted(leftOut.length, 'statement')} of ${names}`;
    lines.push(...fact('left out', text, 2));
  }
  for (const [rule, reason] of Object.entries(outcome.unchecked)) {
    const ends = endsSchedule(rule) ? ', though no schedule goes on after it' : '';
    lines.push(...fact('skipped', `${rule} is not checked${ends}: ${reason}`, 6));
  }
  // They are about a proof: who has a violation to look at has no use for them, but for one that
  // says why.
  const warnings =
    run.verdict === 'violated'
      ? outcome.warnings.filter(({ kind }) => kind === 'reads nothing')
      : outcome.warnings;
  for (const { message, site } of warnings.slice(0, shownSites)) {
    lines.push(...fact('warning', site ? `${site.file}:${site.line} ${message}` : message));
  }
  const others = warnings.length - shownSites;
  if (others > 0) lines.push(...fact('', `and ${others} more (--json lists all)`));
  return lines;
}

type Fact = [name: string, values: readonly string[]];

/** What of the spec's code; the statements that are missing are listed below. */
function reached(missing: number, explained: number): string {
  const all = missing + explained;
  const some = missing > 0 ? `${thousands(explained)} of them ` : '';
  const why = explained > 0 ? `, ${some}explained in the spec` : '';
  return `all statements${all > 0 ? ` but ${thousands(all)}` : ''}${why}`;
}

/** The parameters; those that leave something out have no names. */
function sizes(params: Run['params']): string[] {
  const all = Object.entries(params);
  const some = all.filter(([, value]) => value !== 0).map(([name, value]) => `${name}=${value}`);
  const none = all.length - some.length;
  if (none < 3) return all.map(([name, value]) => `${name}=${value}`);
  return [...some, `${none} others 0`];
}

function probability(p: number): string {
  return p === 0 ? '0' : p.toExponential(1);
}
