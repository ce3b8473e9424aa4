import type { ChalkInstance } from 'chalk';
import { ruleIn } from '../model/rules.ts';
import type { Run } from '../verdict/run.ts';
import type { Reporter, Write } from './reporter.ts';
import { counterexampleLines, titleOf } from './terminal/counterexample.ts';
import { type Family, familiesOf } from './terminal/families.ts';
import { headlines } from './terminal/headline.ts';
import { sampleLines } from './terminal/samples.ts';
import { searchLines } from './terminal/search.ts';
import { summaryLines } from './terminal/summary.ts';
import { counted, listed, plain, wrap } from './text.ts';

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

export function terminalReporter(write: Write, options: TerminalOptions): Reporter {
  const runs: Run[] = [];
  return {
    run(run) {
      const gap = runs.length > 0 ? '\n' : '';
      runs.push(run);
      if (options.quiet) write(`${quietLine(run, options)}\n`);
      else write(`${gap}${blockOf(run, options).join('\n')}\n`);
    },
    end() {
      if (runs.length < 2 || options.quiet) return;
      write(`\n${summaryLines(runs, options.columns, options.chalk).join('\n')}\n`);
    },
  };
}

function blockOf(run: Run, options: TerminalOptions): string[] {
  const lines = headlines(run, options.chalk, options.columns);
  const say = (text: string) =>
    lines.push(...wrap(plain(text), options.columns - 2, 8).map((line) => `  ${line}`));
  const about = aboutOf(run);
  if (about !== '') say(about);
  surprises(run).forEach(say);
  // Not wrapped: it may hold source text with a caret below it.
  if (run.message !== null) lines.push(...run.message.split('\n').map((l) => `  ${plain(l)}`));
  if (run.outcome) lines.push(...searchLines(run, run.outcome, options));
  for (const property of run.outcome?.properties ?? []) {
    // That no state satisfies it, or that there is no end, has no schedule to show.
    if (property.verdict === 'violated' && property.schedule === null) {
      lines.push(
        '',
        ...wrap(plain(titleOf(property)), options.columns, 6).map((l) => options.chalk.bold(l)),
      );
    }
  }
  familiesOf(run).forEach((family, at) => {
    const steps = isToldWhole(run, family, at, options);
    const room = screen - (at === 0 ? lines.length + 1 : 0);
    lines.push('', ...counterexampleLines(run, family, { ...options, steps, lines: room }));
  });
  if (run.samples) lines.push('', ...sampleLines(run.samples, options));
  return lines;
}

/** Lines that a terminal is taken to have: what is told first of a variant has room on one screen. */
const screen = 50;

/** A schedule that needs no look into the trace: the reader sees all of it at once. */
const short = 12;

/**
 * Step by step: what is not expected; of the rest what tells most, what is short, and what was not
 * kept, if this is about one variant alone.
 */
function isToldWhole(run: Run, family: Family, at: number, { full }: TerminalOptions): boolean {
  const { head, others } = family;
  const names = [head, ...others].map(({ property }) => property.name);
  if (names.some((name) => !run.expected.includes(name))) return true;
  return full && (at === 0 || head.trace === null || head.replay.steps.length <= short);
}

/** `v5.3, f0a3a24b532d: as merged` */
function aboutOf({ kernel, about }: Run): string {
  return [kernel, about].filter((part) => part !== null).join(': ');
}

/** In which way a run is not as expected. */
function surprises({ unexpected, missing, outcome }: Run): string[] {
  const lines: string[] = [];
  if (unexpected.length > 0) lines.push(`not expected: ${listed(unexpected).join(', ')}`);
  if (missing.length > 0) {
    const word = outcome?.complete ? 'expected, but holds' : 'expected, not found so far';
    lines.push(`${word}: ${listed(missing).join(', ')}`);
    const known = new Set(outcome?.properties.map(({ name }) => name));
    const none = missing.filter((name) => !known.has(name) && ruleIn(name) === null);
    if (none.length > 0) lines.push(`no property or rule is called: ${listed(none).join(', ')}`);
  }
  return lines;
}

/** A verdict never stands alone, not even here: it says what it covers. */
function quietLine(run: Run, { chalk }: TerminalOptions): string {
  const { outcome, message } = run;
  const covers = outcome
    ? `${counted(outcome.states, 'state')}, ${outcome.complete ? 'complete' : outcome.limit}`
    : plain(message ?? '');
  return [...headlines(run, chalk), ...surprises(run).map(plain), covers].join('  ');
}
