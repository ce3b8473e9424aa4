import { setImmediate } from 'node:timers/promises';
import { ruleIn } from '../../model/rules.ts';
import { checkOfReplay, checkOfRun } from '../../report/check.ts';
import { adviceOf } from '../../report/life-cycle.ts';
import { placesOf } from '../../report/places.ts';
import { isSpecError } from '../../spec/errors.ts';
import { type GateCheck, passed } from '../../verdict/gate.ts';
import type { Receipt } from '../../verdict/receipt.ts';
import { memoryModel, type Run } from '../../verdict/run.ts';
import { checksum, contentOf } from '../../verdict/trace.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { type Check, checkTasks, type Task } from '../check-traces.ts';
import { keepTrace, traceOf } from '../keep-trace.ts';
import { replayedOf } from '../replay-trace.ts';
import { runVariant } from '../verify-spec.ts';
import { believed } from './claims.ts';
import { type Entry, type Item, named, subjectOf } from './project.ts';
import type { GateSetting } from './setting.ts';

/** The receipt of a variant that is as it was; null if it has to be verified. */
export function answerOf(item: Item, { options, lockstep }: GateSetting): Receipt | null {
  const receipt = believed(item);
  if (options.fresh || receipt === null) return null;
  return receipt.spec.digest === item.loaded.digest && receipt.lockstep === lockstep
    ? receipt
    : null;
}

export function checkOfReceipt(item: Item, { verdict }: Receipt): GateCheck {
  return { ...aboutVariant(item), word: verdict, exitCode: exitCodes.asExpected, from: 'receipt' };
}

/** Searches a variant; null when no time is left for it. */
export async function verified(item: Item, setting: GateSetting): Promise<Run | null> {
  const { box, options, engine } = setting;
  if (box.isOver()) return null;
  // What is expected is confirmed, and not told: no better schedules, and no reasons.
  const expected = new Set(item.loaded.spec.variants[item.variant]!.violates ?? []);
  const run = await runVariant(item.file, item.loaded, item.variant, {
    ...setting,
    options: { ...asOptions, ...options, maxTime: box.left(), traces: false },
    asFound: expected,
    engine: {
      ...engine,
      explain: (program, replay, property) =>
        expected.has(property) ? UNEXPLAINED : engine.explain(program, replay, property),
    },
  });
  setting.progress.clear();
  return options.traces === null ? run : withTraces(run, item, options.traces, setting);
}

const UNEXPLAINED = { edges: [], orders: [], weight: [] };

const asOptions = {
  variant: [],
  param: {},
  reduction: true,
  without: [],
  maxStates: null,
  first: false,
  sample: null,
  html: null,
} as const;

/** Keeps the traces of what was not expected. */
async function withTraces(
  run: Run,
  { loaded }: Item,
  folder: string,
  { context }: GateSetting,
): Promise<Run> {
  const { spec, variant, params, unexpected } = run;
  const counterexamples: Run['counterexamples'][number][] = [];
  for (const each of run.counterexamples) {
    const { property, replay } = each;
    const isKept = unexpected.includes(property.name);
    const subject = { spec, variant: variant!, params };
    const trace = () => traceOf(context.cwd, loaded, subject, property, replay);
    const file = isKept ? await keepTrace(context, folder, trace(), {}) : null;
    counterexamples.push({ ...each, trace: file });
  }
  return { ...run, counterexamples };
}

export function checkOfSearch(item: Item, run: Run): GateCheck {
  const bad = checkOfRun(run).findings.filter(({ expected }) => !expected);
  const race = raceIn(run);
  const word = run.verdict === 'verified' && bad.length > 0 ? bad[0]!.what : run.verdict;
  const told = bad.map(({ what, property, message, place }) => {
    const parts = [what === word ? null : what, property, message];
    const text = parts.filter((part) => part !== null && part !== '').join(': ');
    return { text, place: property !== null && property === race?.property ? race : place };
  });
  const first = told.find(({ place }) => place === race) ?? told[0];
  return {
    ...aboutVariant(item),
    ...{ file: first?.place.file ?? item.file, line: first?.place.line ?? null, run, word },
    reason: first?.text ?? '',
    details: told.map(({ text, place: { file, line } }) => `${file}:${line ?? 1}: ${text}`),
    exitCode: run.exitCode,
  };
}

/**
 * A data race that was not expected is next to its reason: a lock that is not there. It is forgotten
 * around a read more often than around a write.
 */
function raceIn({ counterexamples, unexpected }: Run) {
  for (const { property, replay } of counterexamples) {
    if (!unexpected.includes(property.name) || ruleIn(property.name) !== 'data-race') continue;
    const places = placesOf(replay, property.name);
    const site = (places.find(({ what }) => what.startsWith('read')) ?? places[0])?.calls.at(-1);
    if (site) return { file: site.file, line: site.line, property: property.name };
  }
  return null;
}

export function aboutVariant(item: Item): GateCheck {
  return passed({
    kind: 'variant',
    spec: item.loaded.spec.name,
    subject: subjectOf(item),
    file: item.file,
  });
}

/** What a receipt has to say of a search that went as expected. */
export function receiptOf(item: Item, run: Run, setting: GateSetting): Receipt | null {
  const { loaded, variant, file } = item;
  const { outcome, verdict } = run;
  if (!outcome?.complete) return null;
  const { unchecked, reduction, symmetry, states, transitions, traces, depth } = outcome;
  const { kcsan } = setting.engine.instantiate(loaded, variant, {});
  return {
    lockstep: setting.lockstep,
    spec: {
      name: run.spec,
      file: named(setting.project.folder, file, setting.context),
      digest: loaded.digest,
    },
    variant,
    params: { ...run.params },
    memoryModel,
    kcsan,
    unchecked: { ...unchecked },
    reduction,
    symmetry: symmetry.map((group) => [...group]),
    verdict: verdict === 'violated' ? 'violated' : 'verified',
    violates: [...run.expected],
    properties: outcome.properties.map(({ name, kind, verdict: found }) => ({
      name,
      kind,
      verdict: found === 'violated' ? 'violated' : 'holds',
    })),
    ...{ states, transitions, depth, keptTraces: [] },
    ...(traces !== undefined && { traces }),
  };
}

export function keptTraceOf(
  { file, trace, rule }: Task,
  { project, context }: GateSetting,
): Receipt['keptTraces'][number] {
  return {
    file: named(project.folder, file, context),
    checksum: checksum(contentOf(trace)),
    property: trace.property,
    became: rule!.must,
  };
}

/** Whether the receipt tells what becomes of the trace: of this one, and it is what must. */
export function isAnswered(task: Task, receipt: Receipt | null, setting: GateSetting): boolean {
  const now = keptTraceOf(task, setting);
  return (receipt?.keptTraces ?? []).some(
    (kept) =>
      kept.file === now.file && kept.checksum === now.checksum && kept.became === now.became,
  );
}

export function aboutTask({ file, trace, variant }: Task): GateCheck {
  return passed({
    kind: 'trace',
    spec: trace.spec.name,
    subject: `${file} on ${variant}`,
    file,
  });
}

/** Runs a trace again; null when no time is left for it. */
export async function tried(
  task: Task | Check,
  { box, context, engine }: GateSetting,
): Promise<GateCheck | null> {
  if (box.isOver()) return null;
  // Lets signals through.
  await setImmediate();
  const wanted = { variant: null, unruled: false, explained: false };
  try {
    const [check] = await checkTasks([task], wanted, context, engine);
    return checkOfTrace(check!);
  } catch (error) {
    if (!isSpecError(error) || 'life' in task) throw error;
    const reason = error.message;
    return { ...aboutTask(task), word: 'invalid', reason, exitCode: exitCodes.invalidSpec };
  }
}

export function checkOfTrace(check: Check): GateCheck {
  const { file, spec, variant, life, wrong } = check;
  const [finding] = checkOfReplay(replayedOf(check)).findings;
  const good = wrong === null;
  return {
    kind: 'trace',
    spec: spec ?? file,
    subject: variant === null ? file : `${file} on ${variant}`,
    file: finding!.place.file,
    line: finding!.place.line,
    word: life.word,
    reason: good ? '' : wrong === life.line ? life.line : `${life.line}; ${wrong}`,
    details: adviceOf(check),
    exitCode: good ? exitCodes.asExpected : exitCodes.notReproduced,
    from: 'run',
    run: null,
  };
}

/** A trace of which the receipt tells. */
export function checkOfKept(task: Task): GateCheck {
  return { ...aboutTask(task), word: task.rule!.must, from: 'receipt' };
}

export function checkOfUnloaded({ file, message }: Entry): GateCheck {
  const [, place, line] = /^([^\s:]+):(\d+):\d+: /.exec(message) ?? [];
  return {
    kind: 'variant',
    spec: file,
    subject: file,
    file: place ?? file,
    line: line === undefined ? null : Number(line),
    word: 'invalid',
    // The line with a caret below it, if there is one.
    reason: message.split('\n')[0]!,
    details: message.split('\n').slice(1),
    exitCode: exitCodes.invalidSpec,
    from: 'run',
    run: null,
  };
}
