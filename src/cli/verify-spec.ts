import type { FinalState } from '../explore/checks.ts';
import type { Program } from '../model/program.ts';
import type { Reporter } from '../report/reporter.ts';
import { styleFor } from '../report/style.ts';
import { terminalReporter } from '../report/terminal.ts';
import { thousands } from '../report/text.ts';
import { isSpecError, UsageError } from '../spec/errors.ts';
import type { LoadedSpec } from '../spec/load.ts';
import type { Run, Samples } from '../verdict/run.ts';
import { combine, type ExitCode, exitCodes, judge } from '../verdict/verdict.ts';
import { confirmAll, type Setting } from './confirm.ts';
import type { Context } from './context.ts';
import type { Engine } from './engine.ts';
import { findSpecs } from './find-specs.ts';
import { checkFolder, relative } from './keep-trace.ts';
import type { VerifyOptions } from './options.ts';
import { type ProgressLine, progressLine, silent } from './progress.ts';
import { reportsOfRuns } from './write-report.ts';

/** Verifies the chosen variants of the chosen specs, in a fixed order. */
export async function verifySpec(
  files: readonly string[],
  options: VerifyOptions,
  context: Context,
  engine: Engine,
): Promise<ExitCode> {
  const writeReports = await reportsOfRuns(options, context);
  if (options.traces) await checkFolder(options.traces, context);
  const entries = await loadAll(await findSpecs(files, context.cwd), context, engine);
  checkChoice(entries, options);
  const runs = entries.flatMap((entry) => runsOf(entry, options));
  const reporter = await reporterFor(options, context, runs.length === 1);
  const progress = options.quiet ? silent : await progressLine(context);
  const all: Run[] = [];
  for (const run of runs) {
    const done = await run({ options, context, engine, progress });
    progress.clear();
    all.push(done);
    reporter.run(done);
  }
  reporter.end();
  await writeReports(all);
  return combine(all.map(({ exitCode }) => exitCode));
}

/** A spec file: loaded, or the reason why it does not load. */
interface Entry {
  /** As shown to people. */
  readonly file: string;
  readonly loaded: LoadedSpec | null;
  readonly message: string;
}

export interface RunSetting extends Setting {
  readonly progress: ProgressLine;
  /** Told of final states. */
  readonly onFinal?: FinalState;
  /** Properties of which any schedule will do. */
  readonly asFound?: ReadonlySet<string>;
}

async function loadAll(
  files: readonly string[],
  context: Context,
  engine: Engine,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const place of files) {
    const file = relative(context.cwd, place);
    try {
      const loaded = await engine.load(place);
      const twin = entries.find((entry) => entry.loaded?.spec.name === loaded.spec.name);
      const message = twin ? `${twin.file} has a spec of the same name, '${loaded.spec.name}'` : '';
      entries.push({ file, loaded: twin ? null : loaded, message });
    } catch (error) {
      entries.push({ file, loaded: null, message: messageOfSpecError(error) });
    }
  }
  return entries;
}

/** The message, if the spec is at fault; else the error goes on. */
function messageOfSpecError(error: unknown): string {
  if (isSpecError(error)) return error.message;
  throw error;
}

/** What was asked for by name must exist in one of the specs, or else a typo would pass in silence. */
function checkChoice(entries: readonly Entry[], options: VerifyOptions): void {
  const specs = entries.flatMap((entry) => entry.loaded?.spec ?? []);
  if (specs.length < entries.length) return;
  const variants = new Set(specs.flatMap((spec) => Object.keys(spec.variants)));
  const params = new Set(specs.flatMap((spec) => Object.keys(spec.params ?? {})));
  for (const name of options.variant) {
    if (!variants.has(name)) throw new UsageError(unknown('variant', name, variants));
  }
  for (const name of Object.keys(options.param)) {
    if (!params.has(name)) throw new UsageError(unknown('parameter', name, params));
  }
}

export function unknown(what: string, name: string, known: ReadonlySet<string>): string {
  const list = known.size === 0 ? 'there are none' : `there are: ${[...known].join(', ')}`;
  return `unknown ${what} '${name}'; ${list}`;
}

async function reporterFor(
  options: VerifyOptions,
  context: Context,
  full: boolean,
): Promise<Reporter> {
  if (options.json) return (await import('../report/json.ts')).jsonReporter(context.out);
  return terminalReporter(context.out, {
    columns: context.columns,
    chalk: styleFor(context.env),
    quiet: options.quiet,
    full,
    limits: wordsOf(options),
  });
}

/** The limits of a search, in words. */
export function wordsOf(options: Limits): string {
  const { maxStates, maxTime, maxMemory } = options;
  const limits = [
    ...(maxStates === null ? [] : [`up to ${thousands(maxStates)} states`]),
    ...(maxTime === null ? [] : [`up to ${maxTime} s`]),
    ...(maxMemory === null ? [] : [`up to ${thousands(maxMemory)} MB`]),
    ...(options.first ? ['up to the first violation'] : []),
  ];
  return limits.length === 0 ? 'no limit of states or time' : limits.join(', ');
}

type Limits = Pick<VerifyOptions, 'maxStates' | 'maxTime' | 'maxMemory' | 'first'>;

function runsOf(entry: Entry, options: VerifyOptions): ((setting: RunSetting) => Promise<Run>)[] {
  const { loaded } = entry;
  if (!loaded) return [async () => invalid(entry.file, entry.file, [], null, entry.message, 0)];
  return Object.keys(loaded.spec.variants)
    .filter((name) => options.variant.length === 0 || options.variant.includes(name))
    .map((variant) => (setting) => runVariant(entry.file, loaded, variant, setting));
}

export async function runVariant(
  file: string,
  loaded: LoadedSpec,
  variant: string,
  setting: RunSetting,
): Promise<Run> {
  const { options, context, engine, progress, onFinal, asFound } = setting;
  const overrides = overridesFor(loaded, options.param);
  const { about = null, kernel = null } = loaded.spec.variants[variant]!;
  const files = filesOf(loaded, context.cwd);
  const start = performance.now();
  try {
    const program = engine.instantiate(loaded, variant, overrides);
    const outcome = await engine.verify(loaded, program, {
      reduction: options.reduction && !options.without.includes('reduction'),
      without: new Set(options.without),
      workers: options.workers,
      ...limitsOf(options),
      first: options.first,
      onProgress: (p) => progress.show(`${program.spec}/${variant}`, p),
      signal: context.signal,
      ...(onFinal && { onFinal }),
      ...(asFound && { asFound }),
    });
    const durationMs = performance.now() - start;
    const counterexamples = await confirmAll(loaded, program, outcome, overrides, setting);
    const samples = options.sample === null ? null : samplesOf(loaded, program, setting);
    const { params, expected } = program;
    const judgement = judge(outcome, expected, options.first);
    const subject = { spec: program.spec, file, files, variant, about, kernel, params, expected };
    const done = { ...subject, ...judgement, outcome, counterexamples, message: null, durationMs };
    return { ...done, ...(samples && { samples }) };
  } catch (error) {
    const message = messageOfSpecError(error);
    const run = invalid(loaded.spec.name, file, files, variant, message, performance.now() - start);
    return { ...run, about, kernel };
  }
}

export function limitsOf({ maxStates, maxTime, maxMemory }: VerifyOptions) {
  return {
    maxStates: maxStates ?? Number.POSITIVE_INFINITY,
    maxTimeMs: maxTime === null ? Number.POSITIVE_INFINITY : maxTime * 1000,
    maxMemory: maxMemory === null ? null : maxMemory * 2 ** 20,
  };
}

/** Those of the parameters given that the spec has. */
export function overridesFor(
  { spec }: LoadedSpec,
  given: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const own = Object.keys(spec.params ?? {});
  return Object.fromEntries(Object.entries(given).filter(([name]) => own.includes(name)));
}

/** Chosen by the digest, so that they change with the spec only. */
function samplesOf(
  { digest }: LoadedSpec,
  program: Program,
  { options, engine }: RunSetting,
): Samples {
  const seed = Number.parseInt(digest.slice(0, 8), 16);
  const { schedules, all } = engine.sample(program, options.sample ?? 0, seed);
  const replayed = schedules.map(({ schedule, ends }) => ({
    replay: engine.replay(program, schedule, []),
    ends,
  }));
  return { schedules: replayed, all };
}

/** The files that have the spec's own code. */
function filesOf({ baseline }: LoadedSpec, cwd: string): string[] {
  const own = [...baseline.sites.values()].filter(({ library }) => !library);
  return [...new Set(own.map(({ file }) => relative(cwd, file)))].sort();
}

function invalid(
  spec: string,
  file: string,
  files: readonly string[],
  variant: string | null,
  message: string,
  durationMs: number,
): Run {
  return {
    spec,
    file,
    files,
    variant,
    about: null,
    kernel: null,
    params: {},
    verdict: 'invalid',
    expected: [],
    asExpected: false,
    unexpected: [],
    missing: [],
    exitCode: exitCodes.invalidSpec,
    outcome: null,
    counterexamples: [],
    message,
    durationMs,
  };
}
