import path from 'node:path';
import type { PropertyOutcome, Replay, StepRecord } from '../explore/outcome.ts';
import type { Program } from '../model/program.ts';
import { UsageError } from '../spec/errors.ts';
import type { LoadedSpec } from '../spec/load.ts';
import { tryFolder } from '../verdict/folder.ts';
import { passedBy, type Sources, sourcesOf } from '../verdict/sources.ts';
import { type Trace, type TraceStep, writeTrace } from '../verdict/trace.ts';
import { tracePath } from '../verdict/trace-path.ts';
import type { Context } from './context.ts';

/** The trace of a replayed violation. */
export function traceOf(
  cwd: string,
  loaded: LoadedSpec,
  program: Pick<Program, 'spec' | 'variant' | 'params'>,
  property: PropertyOutcome,
  replay: Replay,
): Trace {
  return {
    spec: { name: program.spec, file: relative(cwd, loaded.file), digest: loaded.digest },
    variant: program.variant,
    params: program.params,
    property: property.name,
    message: property.message ?? '',
    ...(replay.earlier.length > 0 && {
      earlier: replay.earlier.map((steps) => steps.map((step) => recorded(cwd, step))),
    }),
    steps: replay.steps.map((step) => recorded(cwd, step)),
    sources: passedBy([...replay.earlier, replay.steps].flat(), specSources(cwd, loaded)),
  };
}

/**
 * The statements of a spec, by its files as they are named in traces: from the folder `base`, in which
 * they were recorded.
 */
export function specSources(cwd: string, { baseline }: LoadedSpec, base = cwd): Sources {
  const sites = [...baseline.sites.values()].filter(({ library }) => !library);
  const named = (file: string) => relative(base, path.resolve(cwd, file));
  return sourcesOf(sites.map((site) => ({ ...site, file: named(site.file) })));
}

function recorded(cwd: string, step: StepRecord): TraceStep {
  return {
    thread: step.thread,
    operation: step.operation,
    text: step.text,
    objects: [...step.objects],
    result: step.result,
    file: step.site ? relative(cwd, step.site.file) : null,
    line: step.site?.line ?? null,
  };
}

/** For before a search: not only after it should it be known that no trace can be kept there. */
export async function checkFolder(folder: string, { cwd }: Context): Promise<void> {
  try {
    await tryFolder(path.resolve(cwd, folder));
  } catch (error) {
    throw new UsageError(
      `traces cannot be written to ${folder} (${whyOf(error)}); '--no-traces' keeps none`,
    );
  }
}

/**
 * Writes the trace and gives its file as shown to people; null when it could not be written, which
 * takes nothing from the verdict and so is only said.
 */
export async function keepTrace(
  context: Context,
  folder: string,
  trace: Trace,
  overrides: Readonly<Record<string, number>>,
): Promise<string | null> {
  const { variant, property } = trace;
  const file = tracePath(folder, { spec: trace.spec.name, variant, property, overrides });
  try {
    await writeTrace(path.resolve(context.cwd, file), trace);
    return file;
  } catch (error) {
    context.err(
      `lockstep: ${file} could not be written (${whyOf(error)}); the trace is not kept\n`,
    );
    return null;
  }
}

function whyOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** A path without the machine in it: from the working directory, with forward slashes. */
export function relative(cwd: string, file: string): string {
  return path.isAbsolute(file) ? path.relative(cwd, file).split(path.sep).join('/') : file;
}
