import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from '../explore/outcome.ts';
import type { Program } from '../model/program.ts';
import { counted, plain } from '../report/text.ts';
import { UsageError } from '../spec/errors.ts';
import type { LoadedSpec } from '../spec/load.ts';
import { whyUnasked } from '../verdict/life-cycle.ts';
import { readTrace } from '../verdict/read-trace.ts';
import { printTrace, type Trace, TraceError, writeTrace } from '../verdict/trace.ts';
import { rulesFileOf } from '../verdict/trace-rules.ts';
import { combine, type ExitCode, exitCodes } from '../verdict/verdict.ts';
import { confirmed } from './confirm.ts';
import type { Context } from './context.ts';
import type { Engine } from './engine.ts';
import { specOf } from './find-traces.ts';
import { relative, traceOf } from './keep-trace.ts';
import { progressLine } from './progress.ts';

/** A kept trace that is to be found again. */
interface Kept {
  readonly file: string;
  readonly trace: Trace;
  /** The file of its spec. */
  readonly place: string;
}

/** What came of it, and how that is said. */
interface Answer {
  readonly code: ExitCode;
  readonly text: string;
}

/**
 * Searches for a violation of the same property again, on the same variant with the same parameters,
 * and puts its trace in the place of the kept one.
 */
export async function rerecord(
  files: readonly string[],
  context: Context,
  engine: Engine,
): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  const tell = ({ code, text }: Answer): void => {
    if (code === exitCodes.asExpected) context.out(`${plain(text)}\n`);
    else context.err(`lockstep: ${plain(text)}\n`);
    codes.push(code);
  };
  const all: Kept[] = [];
  for (const file of files) {
    try {
      all.push(await keptIn(file, context));
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      tell({ code: exitCodes.notReproduced, text: error.message });
    }
  }
  // Before any is instantiated, since one program is there at a time.
  const specs = new Map<string, LoadedSpec>();
  for (const { place } of all) {
    if (!specs.has(place)) specs.set(place, await engine.load(place));
  }
  for (const same of byProgram(all)) {
    const loaded = specs.get(same[0]!.place)!;
    for await (const answer of searched(same, loaded, context, engine)) tell(answer);
  }
  return combine(codes);
}

/** Those of one program, whose violations are all found by one search. */
function byProgram(all: readonly Kept[]): Kept[][] {
  const keyOf = ({ place, trace }: Kept) => JSON.stringify([place, trace.variant, trace.params]);
  const keys = [...new Set(all.map(keyOf))];
  return keys.map((key) => all.filter((kept) => keyOf(kept) === key));
}

async function keptIn(file: string, { cwd }: Context): Promise<Kept> {
  const trace = await readTrace(path.resolve(cwd, file), file);
  const spec = specOf(trace.spec, file, cwd);
  if (spec === null) {
    throw new TraceError(`${file}: its spec ${trace.spec.file} is not there any more`);
  }
  if (relative(cwd, spec.place) !== trace.spec.file) {
    throw new UsageError(`the paths in ${file} start from ${spec.base}: record it again there`);
  }
  return { file, trace, place: spec.place };
}

async function* searched(
  same: readonly Kept[],
  loaded: LoadedSpec,
  context: Context,
  engine: Engine,
): AsyncIterable<Answer> {
  const { variant, params } = same[0]!.trace;
  let program: Program;
  try {
    program = engine.instantiate(loaded, variant, params);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    for (const { file } of same) {
      yield { code: exitCodes.notReproduced, text: `${file} stays as it is: ${error.message}` };
    }
    return;
  }
  const asked: Kept[] = [];
  for (const kept of same) {
    const why = whyUnasked(kept.trace, program);
    if (why === null) asked.push(kept);
    else yield { code: exitCodes.notReproduced, text: `${kept.file} stays as it is: ${why}` };
  }
  if (asked.length === 0) return;
  const outcome = await search(loaded, program, context, engine);
  for (const kept of asked) {
    yield await replaced(kept, loaded, program, outcome, context, engine);
  }
}

async function search(
  loaded: LoadedSpec,
  program: Program,
  context: Context,
  engine: Engine,
): Promise<Outcome> {
  const progress = await progressLine(context);
  const outcome = await engine.verify(loaded, program, {
    reduction: true,
    without: new Set(),
    workers: null,
    maxStates: Number.POSITIVE_INFINITY,
    maxTimeMs: Number.POSITIVE_INFINITY,
    maxMemory: null,
    first: false,
    onProgress: (p) => progress.show(`${program.spec}/${program.variant}`, p),
    signal: context.signal,
  });
  progress.clear();
  return outcome;
}

async function replaced(
  { file, trace }: Kept,
  loaded: LoadedSpec,
  program: Program,
  outcome: Outcome,
  context: Context,
  engine: Engine,
): Promise<Answer> {
  const property = outcome.properties.find(({ name }) => name === trace.property);
  if (property?.verdict !== 'violated' || property.schedule === null) {
    return unfound(file, trace, program, outcome);
  }
  const replay = confirmed(program, property, property.schedule, engine);
  const again = traceOf(context.cwd, loaded, program, property, replay);
  const [before, after] = [trace.steps.length, again.steps.length];
  const steps = counted(before, 'step');
  if (printTrace(again) === printTrace(trace)) {
    return { code: exitCodes.asExpected, text: `${file} is as it was: ${steps}` };
  }
  await write(path.resolve(context.cwd, file), file, again);
  const rules = existsSync(path.resolve(context.cwd, rulesFileOf(file)))
    ? `; whether its rules are kept: lockstep replay-trace ${file}`
    : '';
  return {
    code: exitCodes.asExpected,
    text: `${file} recorded again: ${steps} before, ${after} now${rules}`,
  };
}

/** The file is left as it is. */
function unfound(file: string, trace: Trace, program: Program, outcome: Outcome): Answer {
  const { name, verdict } = outcome.properties.find((each) => each.name === trace.property) ?? {
    name: trace.property,
    verdict: 'holds',
  };
  const where = `${program.spec}/${program.variant}`;
  if (!outcome.complete || verdict === 'unknown') {
    const why = outcome.limit ?? 'it is not complete';
    return {
      code: exitCodes.incomplete,
      text: `${file} stays as it is: the search ended before '${name}' was found broken (${why})`,
    };
  }
  if (verdict === 'violated') {
    const text = `${file} stays as it is: no schedule shows any more that ${where} breaks '${name}'`;
    return { code: exitCodes.notReproduced, text };
  }
  const expected = program.expected.includes(name);
  return {
    code: expected ? exitCodes.unexpected : exitCodes.notReproduced,
    text: [
      `${file} stays as it is: ${where} does not break '${name}' any more`,
      expected ? ', though it says so in its violates' : '',
      `; keep it as a regression, with a rule in ${rulesFileOf(file)}, or delete it`,
    ].join(''),
  };
}

async function write(place: string, file: string, trace: Trace): Promise<void> {
  try {
    await writeTrace(place, trace);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} cannot be written (${code ?? message})`);
  }
}
