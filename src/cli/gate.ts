import path from 'node:path';
import { styleFor } from '../report/style.ts';
import { UsageError } from '../spec/errors.ts';
import { tryFolder } from '../verdict/folder.ts';
import { exitCodeOf, type GateCheck, passes } from '../verdict/gate.ts';
import type { Receipt } from '../verdict/receipt.ts';
import { type ExitCode, exitCodes } from '../verdict/verdict.ts';
import type { Check, Task } from './check-traces.ts';
import type { Context } from './context.ts';
import type { Engine } from './engine.ts';
import { refusal, settle, settleOrphan } from './gate/claims.ts';
import { checkLinks } from './gate/links.ts';
import { readPatches } from './gate/patches.ts';
import { checkIsFolder, findProject, type Item, type Project } from './gate/project.ts';
import { Box, type GateSetting } from './gate/setting.ts';
import {
  aboutTask,
  aboutVariant,
  answerOf,
  checkOfKept,
  checkOfReceipt,
  checkOfSearch,
  checkOfUnloaded,
  isAnswered,
  keptTraceOf,
  receiptOf,
  tried,
  verified,
} from './gate/variant.ts';
import type { GateOptions } from './options.ts';
import { version } from './program.ts';
import { progressLine, silent } from './progress.ts';
import { wordsOf } from './verify-spec.ts';
import { reportsOfGate } from './write-report.ts';

/** Whether every spec still has the verdict it claims, and every kept trace is what it must be. */
export async function gate(
  dir: string,
  options: GateOptions,
  context: Context,
  engine: Engine,
): Promise<ExitCode> {
  checkIsFolder(dir, context);
  if (options.tree !== null) checkIsFolder(options.tree, context);
  if (options.patch.length > 0 && options.accept && options.tree === null) {
    throw new UsageError('--accept with --patch needs --tree: what the patch leaves is recorded');
  }
  const patches = await readPatches(options.patch, context);
  const writeReports = await reportsOfGate(options, context);
  await checkFolders(dir, options, context);
  const box = new Box(options.maxTime);
  const loading = loadingOnce(engine);
  const project = await findProject(dir, context, loading);
  const done: GateCheck[] = [];
  const written: string[] = [];
  const all = (why: string): GateCheck[] => [...done, ...notReached(project, done, why)];
  const print = await printer(options, context);
  const onInterrupt = (): void => print(all('interrupted'), written, exitCodes.interrupted);
  // Whoever hears of it ends the process at once.
  context.signal.addEventListener('abort', onInterrupt);
  const setting: GateSetting = {
    ...{ project, options, patches, context, box, lockstep: version, engine: loading },
    progress: options.quiet ? silent : await progressLine(context),
    tell: (check) => void done.push(check),
    wrote: (file) => void written.push(file),
  };
  await checkAll(setting);
  context.signal.removeEventListener('abort', onInterrupt);
  const checks = all(`the time is over (--max-time ${options.maxTime})`);
  print(checks, written, exitCodeOf(checks));
  await writeReports(checks);
  return exitCodeOf(checks);
}

/** Nothing is written among the kept traces, and what is to be written can be. */
async function checkFolders(
  dir: string,
  { traces, accept }: GateOptions,
  { cwd }: Context,
): Promise<void> {
  const project = path.resolve(cwd, dir);
  if (traces !== null) {
    const inside = path.relative(path.join(project, 'traces'), path.resolve(cwd, traces));
    if (!/^\.\.($|[\\/])/.test(inside) && !path.isAbsolute(inside)) {
      throw new UsageError(`--traces ${traces}: the kept traces are there; name another folder`);
    }
  }
  const receipts = accept ? [path.relative(cwd, path.join(project, 'receipts'))] : [];
  for (const folder of [...(traces === null ? [] : [traces]), ...receipts]) {
    try {
      await tryFolder(path.resolve(cwd, folder));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UsageError(`nothing can be written to ${folder} (${code ?? message})`);
    }
  }
}

async function checkAll(setting: GateSetting): Promise<void> {
  const { project, tell } = setting;
  for (const entry of project.specs) if (entry.loaded === null) tell(checkOfUnloaded(entry));
  for (const item of project.items) await checkVariant(item, setting);
  for (const task of project.others) {
    const check = await checkOther(task, setting);
    if (check !== null) tell(check);
  }
  for (const orphan of project.orphans) await settleOrphan(orphan, setting);
  await checkLinks(setting);
}

/** A variant and the traces that are tried on it: by its receipt, or else by what they do now. */
async function checkVariant(item: Item, setting: GateSetting): Promise<void> {
  const { tell } = setting;
  const problems = await refusal(item, setting);
  const checks: GateCheck[] = [];
  const receipt = answerOf(item, setting);
  let now: Receipt | null = receipt;
  if (receipt !== null) {
    checks.push(checkOfReceipt(item, receipt));
  } else {
    const run = await verified(item, setting);
    if (run === null) return;
    checks.push(checkOfSearch(item, run));
    now = receiptOf(item, run, setting);
  }
  tell(checks[0]!);
  for (const task of item.tasks) {
    const answered = isAnswered(task, receipt, setting);
    const check = answered ? checkOfKept(task) : await tried(task, setting);
    if (check === null) return;
    checks.push(check);
    tell(check);
  }
  if (now === null) return;
  const keptTraces = item.tasks.map((task) => keptTraceOf(task, setting));
  await settle(item, { ...now, keptTraces }, { green: checks.every(passes), problems }, setting);
}

/** A trace that is tried on no variant of the specs that there are. */
async function checkOther(task: Task | Check, setting: GateSetting): Promise<GateCheck | null> {
  const unloaded = setting.project.specs.find(
    ({ loaded, place }) => loaded === null && 'trace' in task && task.spec?.place === place,
  );
  if (!unloaded || 'life' in task) return tried(task, setting);
  const reason = `its spec ${unloaded.file} does not load`;
  return { ...aboutTask(task), word: 'not tried', reason, exitCode: exitCodes.incomplete };
}

/** What nobody came to. */
function notReached({ items, others }: Project, done: readonly GateCheck[], reason: string) {
  // `a/b` of the spec `x` is not `b` of the spec `x/a`.
  const keyOf = ({ kind, spec, subject }: GateCheck) => JSON.stringify([kind, spec, subject]);
  const known = new Set(done.map(keyOf));
  const planned = [
    ...items.flatMap((item) => [aboutVariant(item), ...item.tasks.map(aboutTask)]),
    ...others.flatMap((task) => ('life' in task ? [] : [aboutTask(task)])),
  ];
  return planned
    .filter((check) => !known.has(keyOf(check)))
    .map((check) => ({ ...check, word: 'not reached', reason, exitCode: exitCodes.incomplete }));
}

/** Each spec is bundled and evaluated once. */
function loadingOnce(engine: Engine): Engine {
  const loads = new Map<string, ReturnType<Engine['load']>>();
  return {
    ...engine,
    load: (file) => {
      const load = loads.get(file) ?? engine.load(file);
      loads.set(file, load);
      return load;
    },
  };
}

type Print = (checks: readonly GateCheck[], written: readonly string[], code: ExitCode) => void;

/** All is imported before it is needed: an interrupted gate has no time for it. */
async function printer(options: GateOptions, context: Context): Promise<Print> {
  const { json, quiet } = options;
  const { out, columns, env } = context;
  if (json) {
    const { gateJson } = await import('../report/gate/json.ts');
    return (checks, written, code) => {
      out(`${JSON.stringify(gateJson(checks, written, code), null, 2)}\n`);
    };
  }
  const { gateLines } = await import('../report/gate/terminal.ts');
  const limits = wordsOf({ ...options, maxStates: null, first: false });
  const style = { columns, chalk: styleFor(env), quiet, limits };
  return (checks, written) => out(`${gateLines(checks, written, style).join('\n')}\n`);
}
