import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Program } from '../model/program.ts';
import { replayLines } from '../report/replay.ts';
import type { Replayed } from '../report/reporter.ts';
import { styleFor } from '../report/style.ts';
import { UsageError } from '../spec/errors.ts';
import type { LoadedSpec } from '../spec/load.ts';
import { divergenceOf } from '../verdict/divergence.ts';
import { readTrace } from '../verdict/read-trace.ts';
import { reproduce } from '../verdict/reproduce.ts';
import { type Trace, TraceError } from '../verdict/trace.ts';
import { combine, type ExitCode, exitCodes } from '../verdict/verdict.ts';
import type { Context } from './context.ts';
import { type Opened, showState, walkThrough } from './debugger/open.ts';
import type { Engine } from './engine.ts';
import { specSources } from './keep-trace.ts';
import type { ReplayOptions } from './options.ts';
import { reportsOfReplays } from './write-report.ts';

/** Re-runs kept traces step by step and says of each whether it still happens. */
export async function replayTrace(
  files: readonly string[],
  options: ReplayOptions,
  context: Context,
  engine: Engine,
): Promise<ExitCode> {
  for (const file of files) {
    if (!existsSync(path.resolve(context.cwd, file))) throw new UsageError(`no such file: ${file}`);
  }
  const writeReports = await reportsOfReplays(files.length, options, context);
  const all: Replayed[] = [];
  const show = chosen(files, options);
  const codes: ExitCode[] = [];
  const load = loadOnce(engine);
  for (const [i, file] of files.entries()) {
    if (i > 0) context.out('\n');
    try {
      const reproduced = await replayOne(file, options, context, engine, load);
      await show(reproduced, context, engine);
      all.push({ file, reproduced });
      const again = reproduced.reproduction.result === 'reproduced';
      codes.push(again ? exitCodes.asExpected : exitCodes.notReproduced);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      context.err(`lockstep: ${error.message}\n`);
      all.push({ file, reproduced: null, message: error.message });
      codes.push(exitCodes.notReproduced);
    }
  }
  await writeReports(all);
  return combine(codes);
}

type Show = (opened: Opened, context: Context, engine: Engine) => void | Promise<void>;

/** What is to be shown of each trace. */
function chosen(files: readonly string[], { step, to, inspect }: ReplayOptions): Show {
  if (step && to !== null) {
    throw new UsageError('--step and --to do not go together; in a walk, g N goes to step N');
  }
  if (step && inspect) throw new UsageError('--step and --inspect do not go together');
  const one = step ? '--step' : inspect ? '--inspect' : to !== null ? '--to' : null;
  if (one !== null && files.length > 1) {
    throw new UsageError(`${one} takes one trace, not ${files.length}`);
  }
  if (inspect) return (opened, context, engine) => inspected(opened, to, context, engine);
  if (to !== null) return (opened, context, engine) => showState(opened, to, context, engine);
  return step ? walkThrough : showReplay;
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

/** Many traces share a spec, and bundling one takes longer than the replay of a hundred steps. */
function loadOnce(engine: Engine): Engine['load'] {
  const specs = new Map<string, LoadedSpec>();
  return async (file) => {
    const loaded = specs.get(file) ?? (await engine.load(file));
    specs.set(file, loaded);
    return loaded;
  };
}

async function replayOne(
  file: string,
  options: ReplayOptions,
  context: Context,
  engine: Engine,
  load: Engine['load'],
): Promise<Opened> {
  const trace = await readTrace(path.resolve(context.cwd, file), file);
  const loaded = await load(specFileOf(trace, file, context.cwd));
  const variant = options.variant ?? trace.variant;
  const program = instantiateFor(trace, file, loaded, options, engine);
  const scheduleOf = (steps: Trace['steps']) => steps.map(({ thread }) => thread);
  const earlier = (trace.earlier ?? []).map(scheduleOf);
  const replay = engine.replay(program, scheduleOf(trace.steps), earlier);
  const changed = loaded.digest !== trace.spec.digest;
  const reproduction = reproduce(trace, replay);
  const divergence =
    reproduction.result === 'diverged'
      ? divergenceOf(trace, reproduction, specSources(context.cwd, loaded), (schedule) =>
          engine.standing(program, schedule),
        )
      : null;
  const explanation =
    reproduction.result === 'reproduced' ? engine.explain(program, replay, trace.property) : null;
  return {
    trace,
    variant,
    changed,
    replay,
    explanation,
    reproduction,
    divergence,
    program,
    loaded,
  };
}

/** The spec is looked for from the trace upwards, so that a trace finds its own project first. */
function specFileOf(trace: Trace, file: string, cwd: string): string {
  const folders: string[] = [];
  let folder = path.dirname(path.resolve(cwd, file));
  while (!folders.includes(folder)) {
    folders.push(folder);
    folder = path.dirname(folder);
  }
  const places = [...folders, cwd].map((start) => path.join(start, trace.spec.file));
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new TraceError(`${file} is stale: its spec ${trace.spec.file} is not there any more`);
}

/** A trace whose variant or parameter is gone is stale; a variant that was typed is a typing error. */
function instantiateFor(
  trace: Trace,
  file: string,
  loaded: LoadedSpec,
  options: ReplayOptions,
  engine: Engine,
): Program {
  try {
    return engine.instantiate(loaded, options.variant ?? trace.variant, trace.params);
  } catch (error) {
    const mistyped = options.variant !== null && !(options.variant in loaded.spec.variants);
    if (!(error instanceof UsageError) || mistyped) throw error;
    throw new TraceError(`${file} is stale: ${error.message}`);
  }
}
