import type { ChalkInstance } from 'chalk';
import type { Explanation } from '../explore/explain.ts';
import type { Replay } from '../explore/outcome.ts';
import type { Divergence } from '../verdict/divergence.ts';
import type { Life } from '../verdict/life-cycle.ts';
import type { Diverged, Reproduction } from '../verdict/reproduce.ts';
import type { Trace } from '../verdict/trace.ts';
import { possibleLines, reasonLines } from './divergence.ts';
import { placeLines, placesOf } from './places.ts';
import { cutTo } from './terminal/headline.ts';
import { allSteps, lastSteps } from './terminal/schedule.ts';
import { plain, shellWord, width, wrap } from './text.ts';

/** A kept trace that was run again. */
export interface Reproduced {
  readonly trace: Trace;
  /** The variant it was run on. */
  readonly variant: string;
  /** The bundle of the spec is not, byte for byte, the one that the trace was recorded with. */
  readonly changed: boolean;
  readonly replay: Replay;
  /** Null when it is not reproduced. */
  readonly explanation: Explanation | null;
  readonly reproduction: Reproduction;
  /** Null unless it diverged. */
  readonly divergence: Divergence | null;
  readonly life: Life;
  /** Why it is not what it must be; null: it is. */
  readonly wrong: string | null;
}

export function replayLines(
  reproduced: Reproduced,
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const { trace, variant, changed, replay, reproduction, divergence, life } = reproduced;
  const { result } = reproduction;
  const expected = life.word === 'still reproduces' ? chalk.yellow.bold : chalk.green.bold;
  const colour = reproduced.wrong === null ? expected : chalk.red.bold;
  const where =
    result === 'diverged' ? `at step ${reproduction.step}${ofRun(reproduction, trace)}  ` : '';
  const subject = plain(`${trace.spec.name}/${variant}`);
  const room = columns - width(`${life.word}  ${where}  ${subject}`);
  const name = plain(trace.property);
  const property = cutTo(room, [name]);
  const lines = [`${colour(life.word)}  ${where}${chalk.bold(property)}  ${subject}`];
  const say = (text: string) =>
    lines.push(...wrap(plain(text), columns - 2, 8).map((l) => `  ${l}`));
  if (result === 'diverged' && divergence) {
    lines.push(...reasonLines(life.line, divergence, columns, chalk));
  }
  if (variant !== trace.variant) say(`recorded on variant ${trace.variant}`);
  if (changed) say('the spec, or Lockstep, has changed since the trace was recorded');
  if (result === 'diverged') {
    say(`recorded as: ${trace.property}: ${trace.message}`);
  } else {
    say(property === name ? life.line : `${name}: ${life.line}`);
  }
  if (result === 'diverged') {
    const runs = [...replay.earlier, replay.steps];
    const steps = (runs[reproduction.run - 1] ?? []).slice(0, reproduction.step - 1);
    if (steps.length > 0) lines.push('', ...lastSteps(steps, { columns, chalk }));
    if (divergence) lines.push(...possibleLines(divergence, columns));
  } else {
    const places = result === 'reproduced' ? placesOf(replay, trace.property) : [];
    lines.push(...placeLines(places, columns, replay.steps));
    lines.push('', ...allSteps(replay, trace.property, { columns, chalk }));
  }
  lines.push('');
  const command = `lockstep verify-spec ${shellWord(trace.spec.file)} --variant ${shellWord(variant)}`;
  return [...lines, `verify: ${command}`];
}

/** ` of run 1 of 2`, where the trace has several. */
function ofRun({ run }: Diverged, { earlier = [] }: Trace): string {
  return earlier.length > 0 ? ` of run ${run} of ${earlier.length + 1}` : '';
}
