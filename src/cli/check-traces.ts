import path from 'node:path';
import type { Program } from '../model/program.ts';
import type { Checked } from '../report/life-cycle.ts';
import { UsageError } from '../spec/errors.ts';
import type { LoadedSpec } from '../spec/load.ts';
import { divergenceOf } from '../verdict/divergence.ts';
import { lifeOf } from '../verdict/life-cycle.ts';
import { readRules } from '../verdict/read-rules.ts';
import { readTrace } from '../verdict/read-trace.ts';
import { reproduce } from '../verdict/reproduce.ts';
import { type Trace, TraceError } from '../verdict/trace.ts';
import { rulesFileOf, rulesOf, type TraceRule, whyBroken } from '../verdict/trace-rules.ts';
import type { Context } from './context.ts';
import type { Opened } from './debugger/open.ts';
import type { Engine } from './engine.ts';
import { type Spec, specOf } from './find-traces.ts';
import { specSources } from './keep-trace.ts';

/** A trace that was held against one variant. */
export interface Check extends Checked {
  /** Null when it could not be run at all. */
  readonly opened: Opened | null;
}

export interface Wanted {
  /** The variant to be tried, whatever the rules of the traces are; null: what these say. */
  readonly variant: string | null;
  /** Do not ask for the rules of a trace. */
  readonly unruled: boolean;
  /** What is found again is to be told in full. */
  readonly explained: boolean;
}

/** A trace, and a variant to try it on. */
export interface Task {
  readonly file: string;
  readonly trace: Trace;
  readonly variant: string;
  readonly rule: TraceRule | null;
  readonly spec: Spec | null;
}

/** Runs the schedules of kept traces again, each on the variants that its rules name. */
export async function checkTraces(
  files: readonly string[],
  wanted: Wanted,
  context: Context,
  engine: Engine,
): Promise<Check[]> {
  const tasks: (Task | Check)[] = [];
  for (const file of files) tasks.push(...(await tasksOf(file, wanted, context)));
  return checkTasks(tasks, wanted, context, engine);
}

/** A task that is a check already is one of what cannot be read. */
export async function checkTasks(
  tasks: readonly (Task | Check)[],
  wanted: Wanted,
  context: Context,
  engine: Engine,
): Promise<Check[]> {
  // All are loaded before any is instantiated: one program is there at a time.
  const specs = new Map<string, LoadedSpec>();
  for (const task of tasks) {
    if ('life' in task || task.spec === null) continue;
    const { place } = task.spec;
    if (!specs.has(place)) specs.set(place, await engine.load(place));
  }
  const done = new Map<Task | Check, Check>();
  for (const some of byProgram(tasks).values()) {
    let program: Program | null = null;
    for (const task of some) {
      if ('life' in task) done.set(task, task);
      else if (task.spec === null) {
        done.set(task, stale(task, `its spec ${task.trace.spec.file} is not there any more`));
      } else {
        const loaded = specs.get(task.spec.place)!;
        try {
          program ??= engine.instantiate(loaded, task.variant, task.trace.params);
        } catch (error) {
          // A variant or parameter that is gone makes it stale; one that was typed is a typing error.
          const mistyped = wanted.variant !== null && !(wanted.variant in loaded.spec.variants);
          if (!(error instanceof UsageError) || mistyped) throw error;
          done.set(task, stale(task, error.message));
          continue;
        }
        done.set(task, checkOne(task, loaded, program, wanted, context, engine));
      }
    }
  }
  return tasks.map((task) => done.get(task)!);
}

/** Those of one program are run one after the other. */
function byProgram<T extends Task | Check>(tasks: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const task of tasks) {
    const key =
      'life' in task ? '' : JSON.stringify([task.spec?.place, task.variant, task.trace.params]);
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  return groups;
}

export async function tasksOf(
  file: string,
  wanted: Wanted,
  context: Context,
): Promise<(Task | Check)[]> {
  try {
    const place = path.resolve(context.cwd, file);
    const trace = await readTrace(place, file);
    const spec = specOf(trace.spec, file, context.cwd);
    const task = (variant: string, rule: TraceRule | null) => ({
      file,
      trace,
      variant,
      rule,
      spec,
    });
    if (wanted.unruled) return [task(wanted.variant ?? trace.variant, null)];
    const declared = await readRules(rulesFileOf(place), rulesFileOf(file));
    return rulesOf(trace, declared).map((rule) => task(rule.on, rule));
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return [damaged(file, error.message)];
  }
}

/** What cannot be read. */
export function damaged(file: string, line: string): Check {
  const unknown = { spec: null, variant: null, property: null, rule: null, opened: null };
  return { file, ...unknown, life: { word: 'damaged', line }, wrong: line };
}

function stale(task: Task, line: string): Check {
  const life = { word: 'stale', line } as const;
  return { ...subjectOf(task), life, wrong: whyBroken(task.rule, life, '', []), opened: null };
}

function subjectOf({ file, trace, variant, rule }: Task) {
  return { file, spec: trace.spec.name, variant, property: trace.property, rule };
}

function checkOne(
  task: Task,
  loaded: LoadedSpec,
  program: Program,
  { explained }: Wanted,
  context: Context,
  engine: Engine,
): Check {
  const { trace, variant, rule, spec } = task;
  const schedule = trace.steps.map(({ thread }) => thread);
  const earlier = (trace.earlier ?? []).map((steps) => steps.map(({ thread }) => thread));
  const replay = engine.replay(program, schedule, earlier);
  const reproduction = reproduce(trace, replay);
  const { result } = reproduction;
  const divergence =
    result === 'diverged'
      ? divergenceOf(
          trace,
          reproduction,
          specSources(context.cwd, loaded, spec?.base),
          (possible) => engine.standing(program, possible),
        )
      : null;
  const movable =
    result === 'holds'
      ? engine.standing(program, schedule).threads.filter(({ status }) => status === 'can move')
      : [];
  const life = lifeOf({
    ...{ trace, program, digest: loaded.digest, reproduction },
    changes: divergence?.changes ?? null,
    movable: movable.map(({ name }) => name),
  });
  const wrong = whyBroken(rule, life, trace.property, program.expected);
  const opened: Opened = {
    ...{ trace, variant, changed: loaded.digest !== trace.spec.digest, replay },
    explanation:
      explained && result === 'reproduced' ? engine.explain(program, replay, trace.property) : null,
    ...{ reproduction, divergence, life, wrong, program, loaded },
  };
  return { ...subjectOf(task), life, wrong, opened };
}
