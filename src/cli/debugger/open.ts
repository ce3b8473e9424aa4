import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Program } from '../../model/program.ts';
import { type Reproduced, replayLines } from '../../report/replay.ts';
import { stateLines, stepLines } from '../../report/state.ts';
import { styleFor } from '../../report/style.ts';
import { indented } from '../../report/threads.ts';
import { UsageError } from '../../spec/errors.ts';
import type { LoadedSpec } from '../../spec/load.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../engine.ts';
import type { Desk } from './commands.ts';
import { stepThrough } from './step.ts';
import { Walk } from './walk.ts';

/** A trace that was run again, and the program that it was run on. */
export interface Opened extends Reproduced {
  readonly program: Program;
  readonly loaded: LoadedSpec;
}

/** The state after `to` steps. */
export function showState(opened: Opened, to: number, context: Context, engine: Engine): void {
  const { walk, columns, chalk, read } = deskFor(opened, context, engine);
  const { length } = walk.replay.steps;
  if (to > length) {
    if (opened.reproduction.result !== 'diverged') {
      throw new UsageError(`there is no step ${to}: the trace has ${length}`);
    }
    context.out(`${replayLines(opened, columns, chalk).join('\n')}\n`);
    return;
  }
  walk.go(to);
  const lines = [
    ...heading(opened).flatMap((line) => indented(line, columns, 0, 2)),
    '',
    ...stepLines(walk, columns, chalk, read),
    '',
    ...stateLines(walk, columns),
  ];
  context.out(`${lines.join('\n')}\n`);
}

export function walkThrough(opened: Opened, context: Context, engine: Engine): Promise<void> {
  return stepThrough(deskFor(opened, context, engine), heading(opened), context);
}

function deskFor(opened: Opened, context: Context, engine: Engine): Desk {
  const { program } = opened;
  const walks = possible(opened).map((steps, at, runs) => {
    const earlier = runs.slice(0, at);
    const stage = {
      replay: (schedule: readonly string[]) => engine.replay(program, schedule, earlier),
      standing: (schedule: readonly string[]) => engine.standing(program, schedule),
    };
    return () => new Walk(stage, steps);
  });
  return {
    walk: walks.at(-1)!(),
    walks,
    columns: context.columns,
    chalk: styleFor(context.env),
    read: (file) => readSource(path.resolve(context.cwd, file)),
  };
}

/** The threads of the recorded steps, run by run, as far as they are possible. */
export function possible({ trace, reproduction }: Opened): readonly (readonly string[])[] {
  const runs = [...(trace.earlier ?? []), trace.steps].map((steps) =>
    steps.map(({ thread }) => thread),
  );
  if (reproduction.result !== 'diverged') return runs;
  const { run, step } = reproduction;
  return [...runs.slice(0, run - 1), runs[run - 1]!.slice(0, step - 1)];
}

/** What the walk is through, and whether it is as it was recorded. */
function heading({ trace, variant, changed, reproduction, life }: Opened): string[] {
  const { result, message } = reproduction;
  const lines = [`${trace.spec.name}/${variant}  ${trace.property}`];
  if (changed) lines.push('the spec, or Lockstep, has changed since the trace was recorded');
  if (result === 'reproduced') lines.push(message);
  if (result === 'holds') lines.push(`${life.word}: ${life.line}`);
  if (result === 'diverged') {
    lines.push(`diverges at step ${reproduction.step}: ${message}; the steps before it are shown`);
  }
  const runs = (trace.earlier?.length ?? 0) + 1;
  const run = result === 'diverged' ? reproduction.run : runs;
  if (runs > 1) lines.push(`run ${run} of ${runs}`);
  return lines;
}

function readSource(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
