import { expect, test } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import { piecesOf } from '../../src/explore/rerun.ts';
import { runtime } from '../../src/model/runtime.ts';
import { guarded } from '../../src/spec/guard.ts';

test('a schedule in pieces: each runs its thread up to the step that it says', async () => {
  const loaded = await engine.load('test/fixtures/checks/kthread-stop-lost.ts');
  const program = engine.instantiate(loaded, Object.keys(loaded.spec.variants)[0]!, {});
  const schedule: string[] = [];
  for (;;) {
    const { threads, crashed } = engine.standing(program, schedule);
    const movable = threads.filter(({ status }) => status === 'can move');
    if (crashed !== null || movable.length === 0) break;
    schedule.push(movable[(schedule.length * 3) % movable.length]!.name);
  }
  const { steps } = engine.replay(program, schedule, []);
  expect(steps.length).toBeGreaterThan(5);
  const pieces = piecesOf(program, schedule, guarded);
  expect(pieces.slice(program.threads.length).map(({ thread }) => thread)).toEqual(schedule);
  const coming = pieces.flatMap(({ step }) => step ?? []);
  expect(coming.toSorted((a, b) => a - b)).toEqual(steps.map((_, at) => at + 1));
  for (const { thread, step, run } of pieces) {
    runtime.reached.clear();
    run();
    if (step === null) continue;
    expect(steps[step - 1]!.thread).toBe(thread);
    const { calls } = engine
      .standing(program, schedule.slice(0, step - 1))
      .threads.find(({ name }) => name === thread)!;
    const innermost = calls.at(-1);
    if (innermost) expect(innermost.line).toBe(steps[step - 1]!.site!.line);
  }
});
