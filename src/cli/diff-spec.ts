import { existsSync } from 'node:fs';
import path from 'node:path';
import type { FinalSchedule } from '../explore/final-schedules.ts';
import {
  type End,
  FinalStates,
  type Scope,
  scopeOf,
  withoutStill,
} from '../explore/final-states.ts';
import type { Program } from '../model/program.ts';
import { styleFor } from '../report/style.ts';
import { SpecError, UsageError } from '../spec/errors.ts';
import type { LoadedSpec } from '../spec/load.ts';
import {
  type Comparison,
  type Difference,
  difference,
  differs,
  type Fate,
  groupFinals,
  type ShownFinals,
  type ShownGroup,
  type Side,
} from '../verdict/difference.ts';
import { reproduce } from '../verdict/reproduce.ts';
import { combine, type ExitCode, exitCodes } from '../verdict/verdict.ts';
import { type Context, Fault } from './context.ts';
import type { Engine } from './engine.ts';
import { findSpecs } from './find-specs.ts';
import { relative, traceOf } from './keep-trace.ts';
import type { DiffOptions, VerifyOptions } from './options.ts';
import { progressLine } from './progress.ts';
import { limitsOf, overridesFor, type RunSetting, runVariant, unknown } from './verify-spec.ts';

/** Final states of a direction that are followed and grouped; and those looked at to be near them. */
const MOST_FOLLOWED = 1000;
/** Groups with a schedule that is told step by step. */
const MOST_REPLAYED = 3;

/** Compares two variants, or all that two versions of a spec both have. */
export async function diffSpec(
  old: string,
  now: string,
  options: DiffOptions,
  context: Context,
  engine: Engine,
): Promise<ExitCode> {
  const first = await named(old, null, context);
  const second = await named(now, first.file, context);
  const [a, b] = [await engine.load(first.file), await engine.load(second.file)];
  checkParameters([a, b], options.param);
  const names = pairsOf({ ...first, loaded: a }, { ...second, loaded: b });
  const progress = await progressLine(context);
  const verifying: VerifyOptions = { ...options, ...asOptions };
  const setting: RunSetting = { options: verifying, context, engine, progress };
  const comparisons: Comparison[] = [];
  for (const [from, to] of names.pairs) {
    const pair = { a: { loaded: a, variant: from }, b: { loaded: b, variant: to } };
    comparisons.push(await compared(pair.a, pair.b, setting));
    progress.clear();
  }
  await report({ comparisons, ...names }, options, context);
  const only = names.onlyOld.length + names.onlyNew.length > 0;
  return combine([...comparisons.map(codeOf), ...(only ? [exitCodes.unexpected] : [])]);
}

/** One worker: it is told of all final states. */
const asOptions = {
  variant: [],
  workers: 1,
  reduction: true,
  // It finds traces, and not the states that they end in.
  without: ['traces'],
  first: false,
  traces: false,
  quiet: false,
  sample: null,
  html: null,
  report: [],
} as const;

function codeOf({ difference }: Comparison): ExitCode {
  if (differs(difference)) return exitCodes.unexpected;
  return difference.untold.length > 0 ? exitCodes.incomplete : exitCodes.asExpected;
}

async function report(
  all: Parameters<typeof import('../report/difference.ts').differenceLines>[0],
  { json }: DiffOptions,
  context: Context,
): Promise<void> {
  if (json) {
    const { differenceJson } = await import('../report/difference-json.ts');
    context.out(`${JSON.stringify(differenceJson(all), null, 2)}\n`);
    return;
  }
  const { differenceLines } = await import('../report/difference.ts');
  const { columns, env } = context;
  context.out(`${differenceLines(all, { columns, chalk: styleFor(env) }).join('\n')}\n`);
}

interface Named {
  readonly file: string;
  /** Null: all. */
  readonly variant: string | null;
}

/** `file` or `file:variant`; without a file the one that came before. */
async function named(text: string, before: string | null, { cwd }: Context): Promise<Named> {
  const colon = text.lastIndexOf(':');
  const whole = colon < 0 || existsSync(path.resolve(cwd, text));
  const [place, variant] = whole ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  if (place === '' && before !== null) return { file: before, variant };
  const files = await findSpecs([place], cwd);
  if (files.length > 1)
    throw new UsageError(`${place} has ${files.length} specs; name one of them`);
  return { file: files[0]!, variant };
}

function checkParameters(specs: readonly LoadedSpec[], given: DiffOptions['param']): void {
  const params = new Set(specs.flatMap(({ spec }) => Object.keys(spec.params ?? {})));
  for (const name of Object.keys(given)) {
    if (!params.has(name)) throw new UsageError(unknown('parameter', name, params));
  }
}

interface Pairs {
  readonly pairs: readonly (readonly [string, string])[];
  /** Variants that only one has, where all are compared. */
  readonly onlyOld: readonly string[];
  readonly onlyNew: readonly string[];
}

type Opened = Named & { readonly loaded: LoadedSpec };

/** A variant that is named for one alone is meant for both. */
function pairsOf(old: Opened, now: Opened): Pairs {
  const [before, after] = [old, now].map(({ loaded }) => Object.keys(loaded.spec.variants));
  if (old.variant === null && now.variant === null) {
    if (old.file === now.file) {
      const known = before!.join(', ');
      throw new UsageError(`name two variants of it, as FILE:VARIANT; there are: ${known}`);
    }
    const both = before!.filter((name) => after!.includes(name));
    if (both.length === 0) throw new UsageError('no variant has the same name in both; name two');
    return {
      pairs: both.map((name) => [name, name]),
      onlyOld: before!.filter((name) => !after!.includes(name)),
      onlyNew: after!.filter((name) => !before!.includes(name)),
    };
  }
  const [from, to] = [(old.variant ?? now.variant)!, (now.variant ?? old.variant)!];
  for (const [name, known] of [[from, before!] as const, [to, after!] as const]) {
    if (!known.includes(name)) throw new UsageError(unknown('variant', name, new Set(known)));
  }
  return { pairs: [[from, to]], onlyOld: [], onlyNew: [] };
}

interface Chosen {
  readonly loaded: LoadedSpec;
  readonly variant: string;
}

/** The programs are searched and followed one at a time: making one ends the one before. */
async function compared(a: Chosen, b: Chosen, setting: RunSetting): Promise<Comparison> {
  const { engine, context } = setting;
  const make = ({ loaded, variant }: Chosen): Program =>
    engine.instantiate(loaded, variant, overridesFor(loaded, setting.options.param));
  const [before, after] = [engine.surfaceOf(make(a)), engine.surfaceOf(make(b))];
  const whole = scopeOf(before, after);
  const searched = async ({ loaded, variant }: Chosen, surface: Side['surface']) => {
    const finals = new FinalStates(whole);
    const file = relative(context.cwd, loaded.file);
    const run = await runVariant(file, loaded, variant, { ...setting, onFinal: finals.see });
    if (run.message !== null) throw new SpecError(run.message);
    return { run, surface, finals };
  };
  const [inA, inB] = [await searched(a, before), await searched(b, after)];
  const { still, scope } = withoutStill(whole, inA, inB);
  const [old, now] = [inA, inB].map(({ run, surface, finals }): Side => {
    return { run, surface, finals: finals.without(still, surface), made: finals.made };
  }) as [Side, Side];
  const found = difference(old, now);
  const near = (lacking: readonly string[], { finals }: Side): Iterable<string> =>
    lacking.length > 0 ? finals.keys() : [];
  const follow = (program: Program, digests: Iterable<string>): Promise<Followed> =>
    followed(program, scope, digests, setting);
  const inNew = make(b);
  const fates = fatesOf(a.loaded, old, inNew, found, setting);
  const gained = await follow(inNew, found.gained);
  const nearLost = await follow(inNew, near(found.lost, now));
  const inOld = make(a);
  const lost = await follow(inOld, found.lost);
  const nearGained = await follow(inOld, near(found.gained, old));
  const shownLost = replayed(shownFinals(lost, nearLost, old, found.lost.length), inOld, engine);
  const shownGained = shownFinals(gained, nearGained, now, found.gained.length);
  return {
    old: old.run,
    now: now.run,
    finals: { old: old.finals.size, now: now.finals.size },
    compared: { objects: scope.objects.size, threads: scope.threads.size },
    difference: found,
    fates,
    gained: replayed(shownGained, make(b), engine),
    lost: shownLost,
  };
}

/** What becomes in the new program of the schedules that break only the old one. */
function fatesOf(
  loaded: LoadedSpec,
  old: Side,
  program: Program,
  { properties }: Difference,
  { engine, context }: RunSetting,
): Map<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const { name, from, to } of properties) {
    if (from !== 'violated') continue;
    const shown = old.run.counterexamples.find(({ property }) => property.name === name);
    if (!shown) continue;
    const { property, replay } = shown;
    const subject = { spec: old.run.spec, variant: old.run.variant!, params: old.run.params };
    const trace = traceOf(context.cwd, loaded, subject, property, replay);
    const again = engine.replay(program, property.schedule!, property.earlier);
    const result = reproduce(trace, again);
    if (result.result === 'reproduced' && to === 'holds') {
      throw new Fault(`${name} holds in ${program.variant}, but a schedule of the other breaks it`);
    }
    const stops = result.result === 'diverged' ? { run: result.run, step: result.step } : null;
    const runs = replay.earlier.length + 1;
    fates.set(name, { steps: replay.steps.length, runs, stops, message: result.message });
  }
  return fates;
}

interface Followed {
  readonly ends: readonly End[];
  readonly ways: ReadonlyMap<string, FinalSchedule>;
}

/** Finds schedules to final states, and follows each to its end, which must be that state. */
async function followed(
  program: Program,
  scope: Scope,
  digests: Iterable<string>,
  { options, engine, context }: RunSetting,
): Promise<Followed> {
  const wanted = new Set([...digests].sort().slice(0, MOST_FOLLOWED));
  if (wanted.size === 0) return { ends: [], ways: new Map() };
  const { signal } = context;
  const limits = { ...limitsOf(options), signal };
  const ways = await engine.finalSchedules(program, scope, wanted, limits);
  const endOf = engine.endsOf(program, scope);
  const ends = [...wanted].flatMap((digest) => {
    const way = ways.get(digest);
    if (!way) return [];
    const end = endOf(way.schedule);
    if (end?.digest === digest) return [end];
    throw new Fault(
      `a final state of ${program.spec}/${program.variant} was not confirmed: ` +
        `${way.schedule.join(' ')} does not lead to it`,
    );
  });
  return { ends, ways };
}

function shownFinals(
  { ends, ways }: Followed,
  others: Followed,
  { finals }: Side,
  all: number,
): ShownFinals {
  const lengthOf = ({ digest }: End): number => ways.get(digest)!.schedule.length;
  const inOrder = [...ends].sort((a, b) => lengthOf(a) - lengthOf(b));
  const groups = groupFinals(inOrder, others.ends).map((group): ShownGroup => {
    const { schedule, shortest } = ways.get(group.ends[0]!.digest)!;
    const whole = group.ends.reduce((sum, { digest }) => sum + finals.get(digest)!, 0);
    return { ...group, whole, schedule, shortest, replay: null };
  });
  return { groups, more: all - ends.length };
}

function replayed({ groups, more }: ShownFinals, program: Program, engine: Engine): ShownFinals {
  const told = groups.map((group, at) =>
    at < MOST_REPLAYED ? { ...group, replay: engine.replay(program, group.schedule, []) } : group,
  );
  return { groups: told, more };
}
