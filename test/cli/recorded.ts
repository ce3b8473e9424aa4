import path from 'node:path';
import { engine } from '../../src/cli/built-in-engine.ts';
import { traceOf } from '../../src/cli/keep-trace.ts';
import type { PropertyOutcome } from '../../src/explore/outcome.ts';
import { writeTrace } from '../../src/verdict/trace.ts';
import { root } from './lockstep.ts';

/** Traces that the tests of the debugger walk through. */
export const deadlockIn = (folder: string): Promise<string> =>
  recorded(folder, 'test/cli/fixtures/two-locks.ts', 'crossed', 'deadlock', ['bob', 'alice']);

export const lostUpdateIn = (folder: string): Promise<string> => {
  const spec = 'test/fixtures/classics/lost-update.ts';
  return recorded(folder, spec, 'bare', 'nothing lost', ['a', 'b', 'b', 'a']);
};

/** The trace of a schedule of one's own choice, which a search need not find; gives its file. */
export async function recorded(
  folder: string,
  spec: string,
  variant: string,
  property: string,
  schedule: readonly string[],
): Promise<string> {
  const loaded = await engine.load(path.join(root, spec));
  const program = engine.instantiate(loaded, variant, {});
  const replay = engine.replay(program, schedule, []);
  const { message } = replay.broken.find((broken) => broken.property === property)!;
  const outcome = { name: property, message } as PropertyOutcome;
  const file = path.join(folder, `${path.basename(spec)}.${variant}.trace.json`);
  await writeTrace(file, traceOf(root, loaded, program, outcome, replay));
  return file;
}
