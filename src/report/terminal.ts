import type { ChalkInstance } from 'chalk';
import type { Outcome, Place, Replay, StepRecord } from '../explore/outcome.ts';
import { endsSchedule } from '../model/rules.ts';
import { type Counterexample, memoryModel, type Run } from '../verdict/run.ts';
import { exitCodes } from '../verdict/verdict.ts';
import { lanes } from './lanes.ts';
import { placeLines } from './places.ts';
import type { Reporter, Write } from './reporter.ts';
import {
  abbreviate,
  counted,
  duration,
  pad,
  padStart,
  plain,
  shellWord,
  thousands,
  width,
  wrap,
} from './text.ts';

export interface TerminalOptions {
  readonly columns: number;
  readonly chalk: ChalkInstance;
  /** Only the line with the verdict of each run. */
  readonly quiet: boolean;
  /** Expected counterexamples are shown step by step too; else only unexpected ones are. */
  readonly full: boolean;
  /** Limits of the search, in words. */
  readonly limits: string;
}

/** Unreached statements that are listed; a search that a limit ended may have many. */
const shownSites = 5;

export function terminalReporter(write: Write, options: TerminalOptions): Reporter {
  const runs: Run[] = [];
  return {
    run(run) {
      const gap = runs.length > 0 ? '\n' : '';
      runs.push(run);
      if (options.quiet) write(`${quietLine(run, options.chalk)}\n`);
      else write(`${gap}${blockOf(run, options).join('\n')}\n`);
    },
    end() {
      if (runs.length > 1 && !options.quiet) write(`\n${summary(runs, options).join('\n')}\n`);
    },
  };
}

function blockOf(run: Run, options: TerminalOptions): string[] {
  const lines = [headline(run, options.chalk, options.columns)];
  const say = (text: string) =>
    lines.push(...wrap(plain(text), options.columns - 2, 8).map((line) => `  ${line}`));
  const about = aboutOf(run);
  if (about !== '') say(about);
  surprises(run).forEach(say);
  // Not wrapped: it may hold source text with a caret below it.
  if (run.message !== null) lines.push(...run.message.split('\n').map((l) => `  ${plain(l)}`));
  if (run.outcome) lines.push(...searchLines(run, run.outcome, options));
  for (const counterexample of run.counterexamples) {
    lines.push('', ...counterexampleLines(run, counterexample, options));
  }
  return lines;
}

/** `violated  deadlock  two-locks/crossed  as expected`, with the properties cut to what fits. */
function headline(run: Run, chalk: ChalkInstance, columns = Number.POSITIVE_INFINITY): string {
  const colour = run.asExpected
    ? chalk.green
    : run.verdict === 'incomplete'
      ? chalk.yellow
      : chalk.red;
  const names = (run.outcome?.properties ?? [])
    .filter((property) => property.verdict === 'violated')
    .map((property) => plain(property.name));
  const subject = plain(subjectOf(run));
  const said = expectation(run);
  const room = columns - [run.verdict, '', subject, said].join('  ').length;
  return [
    colour.bold(run.verdict),
    ...(names.length > 0 ? [chalk.bold(cutTo(room, names))] : []),
    subject,
    colour(said),
  ].join('  ');
}

function cutTo(room: number, names: readonly string[]): string {
  const all = names.join(', ');
  if (width(all) <= room) return all;
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  return wrap(names[0]!, Math.max(12, room - more.length), 1)[0] + more;
}

function subjectOf(run: Run): string {
  return run.variant === null ? run.spec : `${run.spec}/${run.variant}`;
}

/** `v5.3, f0a3a24b532d: as merged` */
function aboutOf({ kernel, about }: Run): string {
  return [kernel, about].filter((part) => part !== null).join(': ');
}

function expectation(run: Run): string {
  if (run.verdict === 'invalid') return 'the spec has to be mended';
  if (run.asExpected) return 'as expected';
  return run.exitCode === exitCodes.incomplete ? 'ended early' : 'not as expected';
}

/** In which way a run is not as expected. */
function surprises({ unexpected, missing, outcome }: Run): string[] {
  const lines: string[] = [];
  if (unexpected.length > 0) lines.push(`not expected: ${unexpected.join(', ')}`);
  if (missing.length > 0) {
    const word = outcome?.complete ? 'expected, but holds' : 'expected, not found so far';
    lines.push(`${word}: ${missing.join(', ')}`);
  }
  return lines;
}

/** A verdict never stands alone, not even here: it says what it covers. */
function quietLine(run: Run, chalk: ChalkInstance): string {
  const { outcome, message } = run;
  const covers = outcome
    ? `${counted(outcome.states, 'state')}, ${outcome.complete ? 'complete' : outcome.limit}`
    : plain(message ?? '');
  return [headline(run, chalk), ...surprises(run).map(plain), covers].join('  ');
}

/** What was covered, and under which assumptions. */
function searchLines(run: Run, outcome: Outcome, options: TerminalOptions): string[] {
  const params = Object.entries(run.params).map(([name, value]) => `${name}=${value}`);
  const { reduction, without, symmetry, traces, unreached, explained } = outcome;
  const facts: [string, string[]][] = [
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
      ],
    ],
    ['model', [memoryModel, ...params, options.limits]],
    [
      'missed',
      [
        unreached.length === 0
          ? 'no statement'
          : `${counted(unreached.length, 'statement')} not reached`,
        ...(explained.length === 0 ? [] : [`${explained.length} explained`]),
        ...(outcome.complete && outcome.finalStates === 0
          ? ['no schedule ends, so none was asked for a deadlock or a leak']
          : []),
        `${probability(outcome.fingerprintCollisionProbability)} chance of two states with one fingerprint`,
      ],
    ],
  ];
  const lines = facts.flatMap(([name, values]) =>
    wrap(plain(values.join(', ')), Math.max(20, options.columns - 12), 4).map(
      (line, i) => `  ${options.chalk.dim(pad(i === 0 ? name : '', 8))}  ${line}`,
    ),
  );
  for (const [rule, reason] of Object.entries(outcome.unchecked)) {
    const ends = endsSchedule(rule) ? ', though no schedule goes on after it' : '';
    const text = `${rule} is not checked${ends}: ${reason}`;
    const rest = wrap(plain(text), Math.max(20, options.columns - 12), 6);
    lines.push(...rest.map((line) => `            ${line}`));
  }
  for (const site of unreached.slice(0, shownSites)) {
    const text = `${site.file}:${site.line} ${site.fn}: ${site.text}`;
    lines.push(`            ${wrap(plain(text), Math.max(20, options.columns - 12), 1)[0]}`);
  }
  const more = unreached.length - shownSites;
  if (more > 0) lines.push(`            and ${more} more (--json lists all)`);
  return lines;
}

function probability(p: number): string {
  return p === 0 ? 'no' : p.toExponential(1);
}

function counterexampleLines(
  run: Run,
  { property, replay, trace }: Counterexample,
  options: TerminalOptions,
): string[] {
  const { chalk } = options;
  const expected = run.expected.includes(property.name);
  const about = [
    counted(replay.steps.length, 'step'),
    counted(switches(replay.steps), 'switch', 'switches'),
    ...(replay.earlier.length > 0 ? [`after ${counted(replay.earlier.length, 'other run')}`] : []),
    ...(property.shortest ? ['shortest'] : []),
    ...(expected ? ['expected'] : ['not expected']),
  ];
  const message = property.message ?? '';
  const title = plain(message === '' ? property.name : `${property.name}: ${message}`);
  const lines = [
    ...wrap(title, options.columns, 6).map((line) => chalk.bold(line)),
    `  ${about.join(', ')}`,
  ];
  if (options.full || !expected) {
    const places = placesOf(replay, property.name);
    lines.push(...placeLines(places, options.columns), '', ...runLines(replay, options), '');
  }
  const command =
    trace === null ? 'no trace was kept' : `lockstep replay-trace ${shellWord(trace)}`;
  return [...lines, `replay: ${command}`];
}

/** Where the property is broken for the last time, which is what the schedule leads to. */
export function placesOf(replay: Replay, property: string): readonly Place[] {
  return replay.broken.findLast((broken) => broken.property === property)?.places ?? [];
}

/** The schedule; before it those of other runs that it takes. */
export function runLines(
  replay: Replay,
  { columns, chalk }: Pick<TerminalOptions, 'columns' | 'chalk'>,
): string[] {
  const runs = [...replay.earlier, replay.steps];
  const lines = (steps: Replay['steps']): string[] =>
    steps.length === 0 ? ['at the start'] : lanes({ ...replay, steps }, columns, chalk);
  if (runs.length === 1) return lines(replay.steps);
  return runs.flatMap((steps, at) => [
    ...(at === 0 ? [] : ['']),
    chalk.bold(`run ${at + 1} of ${runs.length}, from the start`),
    ...lines(steps),
  ]);
}

/** How often the running thread changes. */
function switches(steps: readonly StepRecord[]): number {
  return steps.filter((step, i) => i > 0 && steps[i - 1]!.thread !== step.thread).length;
}

function summary(runs: readonly Run[], options: TerminalOptions): string[] {
  const rows = runs.map((run) => [
    plain(subjectOf(run)),
    run.verdict,
    expectedOf(run),
    run.asExpected ? 'yes' : 'NO',
    run.outcome ? thousands(run.outcome.states) : '-',
    duration(run.durationMs),
  ]);
  const heads = ['variant', 'verdict', 'expected', 'as expected', 'states', 'time'];
  const numeric = [false, false, false, false, true, true];
  const widths = heads.map((head, i) =>
    Math.max(width(head), ...rows.map((row) => width(row[i]!))),
  );
  // The names give way: figures cut short would be wrong.
  const excess = widths.reduce((sum, w) => sum + w + 2, -2) - options.columns;
  widths[2] = Math.max(8, widths[2]! - Math.max(0, excess));
  const rest = widths.reduce((sum, w) => sum + w + 2, -2) - options.columns;
  widths[0] = Math.max(12, widths[0]! - Math.max(0, rest));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const text = abbreviate(cell, widths[i]!);
        return numeric[i] ? padStart(text, widths[i]!) : pad(text, widths[i]!);
      })
      .join('  ')
      .trimEnd();
  const good = runs.filter((run) => run.asExpected).length;
  const verdict =
    good === runs.length
      ? options.chalk.green.bold(`all ${counted(runs.length, 'run')} as expected`)
      : options.chalk.red.bold(`${good} of ${counted(runs.length, 'run')} as expected`);
  const coloured = rows.map((row, i) =>
    runs[i]!.asExpected ? line(row) : options.chalk.red(line(row)),
  );
  return [options.chalk.bold(line(heads)), ...coloured, '', verdict];
}

/** The names of the properties where they are short, else how many. */
function expectedOf({ verdict, expected }: Run): string {
  if (verdict === 'invalid') return '-';
  if (expected.length === 0) return 'verified';
  const names = plain(expected.join(', '));
  return width(names) <= 24 ? names : `${expected.length} violated`;
}
