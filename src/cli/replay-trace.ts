import { checkedLines, countLines, ruleLines } from '../report/life-cycle.ts';
import { replayLines } from '../report/replay.ts';
import type { Replayed } from '../report/reporter.ts';
import { styleFor } from '../report/style.ts';
import { UsageError } from '../spec/errors.ts';
import { combine, type ExitCode, exitCodes } from '../verdict/verdict.ts';
import { type Check, checkTraces, damaged } from './check-traces.ts';
import type { Context } from './context.ts';
import { type Opened, showState, walkThrough } from './debugger/open.ts';
import type { Engine } from './engine.ts';
import { type FoundTraces, findTraces } from './find-traces.ts';
import type { ReplayOptions } from './options.ts';
import { reportsOfReplays } from './write-report.ts';

/** Re-runs kept traces step by step and says of each whether it is what it must be. */
export async function replayTrace(
  given: readonly string[],
  options: ReplayOptions,
  context: Context,
  engine: Engine,
): Promise<ExitCode> {
  const found = await findTraces(given, context.cwd);
  const show = chosen(found.traces, options);
  if (options.rerecord) {
    const { rerecord } = await import('./rerecord.ts');
    return rerecord(found.traces, context, engine);
  }
  const writeReports = await reportsOfReplays(found.traces.length, options, context);
  const one = found.traces.length + found.orphans.length === 1;
  const wanted = {
    variant: options.variant,
    unruled: options.variant !== null || show !== null,
    explained: one || options.html !== null || options.report.length > 0 || inWorkflow(context),
  };
  const checks = [
    ...(await checkTraces(found.traces, wanted, context, engine)),
    ...orphaned(found),
  ];
  for (const { life, spec } of checks) {
    if (spec === null) context.err(`lockstep: ${life.line}\n`);
  }
  if (!one) tellMany(checks, context);
  else if (checks[0]!.spec !== null) await tellOne(checks, show, context, engine);
  await writeReports(checks.map(replayedOf));
  return combine(
    checks.map(({ wrong }) => (wrong === null ? exitCodes.asExpected : exitCodes.notReproduced)),
  );
}

function inWorkflow({ env }: Context): boolean {
  return env.GITHUB_ACTIONS === 'true';
}

function orphaned({ orphans }: FoundTraces): Check[] {
  return orphans.map((file) => damaged(file, `${file} has no trace beside it`));
}

type Show = (opened: Opened, context: Context, engine: Engine) => void | Promise<void>;

/** What is to be shown of a trace under the debugger; null: what became of it. */
function chosen(
  files: readonly string[],
  { step, to, inspect, rerecord, variant, html, report }: ReplayOptions,
): Show | null {
  if (step && to !== null) {
    throw new UsageError('--step and --to do not go together; in a walk, g N goes to step N');
  }
  if (step && inspect) throw new UsageError('--step and --inspect do not go together');
  const one = step ? '--step' : inspect ? '--inspect' : to !== null ? '--to' : null;
  const others = [
    ...(one === null ? [] : [one]),
    ...(variant === null ? [] : ['--variant']),
    ...(html === null ? [] : ['--html']),
    ...(report.length === 0 ? [] : ['--report']),
  ];
  if (rerecord && others.length > 0) {
    throw new UsageError(`--rerecord and ${others[0]} do not go together`);
  }
  if (one !== null && files.length > 1) {
    throw new UsageError(`${one} takes one trace, not ${files.length}`);
  }
  if (inspect) return (opened, context, engine) => inspected(opened, to, context, engine);
  if (to !== null) return (opened, context, engine) => showState(opened, to, context, engine);
  return step ? walkThrough : null;
}

/** Stops on the way in the author's code, then shows what any replay shows. */
async function inspected(
  opened: Opened,
  to: number | null,
  context: Context,
  engine: Engine,
): Promise<void> {
  const { stopAt } = await import('./debugger/inspect.ts');
  await stopAt(opened, to, context, engine);
  showReplay(opened, context);
}

function showReplay(opened: Opened, context: Context): void {
  const lines = replayLines(opened, context.columns, styleFor(context.env));
  context.out(`${lines.join('\n')}\n`);
}

/** The first check in full, then whether each rule is kept. */
async function tellOne(
  checks: readonly Check[],
  show: Show | null,
  context: Context,
  engine: Engine,
): Promise<void> {
  const { columns } = context;
  const chalk = styleFor(context.env);
  const [first, ...others] = checks as [Check, ...Check[]];
  const { opened } = first;
  if (opened === null) {
    for (const check of [first, ...others]) {
      context.out(`${checkedLines(check, columns, chalk).join('\n')}\n`);
    }
    return;
  }
  if (show !== null) return show(opened, context, engine);
  showReplay(opened, context);
  const rules = ruleLines(checks, columns, chalk);
  if (rules.length > 0) context.out(`\n${rules.join('\n')}\n`);
}

function tellMany(checks: readonly Check[], context: Context): void {
  const { columns } = context;
  const chalk = styleFor(context.env);
  const told = checks.filter(({ spec }) => spec !== null);
  const lines = told.flatMap((check) => checkedLines(check, columns, chalk));
  context.out(`${[...lines, '', ...countLines(checks, chalk)].join('\n')}\n`);
}

export function replayedOf({ file, opened, life }: Check): Replayed {
  if (opened !== null) return { file, reproduced: opened };
  const message = life.word === 'damaged' ? life.line : `${file} is ${life.word}: ${life.line}`;
  return { file, reproduced: null, message };
}
