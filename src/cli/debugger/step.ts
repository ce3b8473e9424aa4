import { indented } from '../../report/threads.ts';
import type { Context } from '../context.ts';
import { answer, type Desk, where } from './commands.ts';

/** Walks a schedule as the lines of stdin say, to their end. */
export async function stepThrough(
  desk: Desk,
  heading: readonly string[],
  context: Context,
): Promise<void> {
  const say = (lines: readonly string[]) => context.out(lines.map((line) => `${line}\n`).join(''));
  const told = heading.flatMap((line) => indented(line, desk.columns, 0, 2));
  say([...told, "'h' lists the commands", '', ...where(desk)]);
  for await (const line of context.lines(() => `(${desk.walk.standing.step}) `)) {
    const lines = answer(line, desk);
    if (lines === null) return;
    say(['', ...lines]);
  }
}
