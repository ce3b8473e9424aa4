import { expect, test } from 'vitest';
import type { Replay, StepRecord } from '../../src/explore/outcome.ts';
import { confirms, reproduce } from '../../src/verdict/reproduce.ts';
import type { Trace } from '../../src/verdict/trace.ts';
import { replayOf, stepOf } from '../fixtures/steps.ts';

function step(thread: string, text: string, result = ''): StepRecord {
  const [, operation, object] = /^(\w+)\((\w+)/.exec(text)!;
  return stepOf({
    ...{ thread, operation: operation!, text, result },
    ...{ objects: [object!], enabled: ['A', 'B'] },
  });
}

function traceOf(steps: readonly StepRecord[]): Trace {
  return {
    spec: { name: 's', file: 's.ts', digest: 'd' },
    variant: 'v',
    params: {},
    property: 'P',
    message: 'broken',
    steps: steps.map(({ thread, operation, text, objects, result }) => ({
      thread,
      operation,
      text,
      objects: [...objects],
      result,
      file: null,
      line: null,
    })),
  };
}

const steps = [step('A', 'mutex_lock(m)'), step('B', 'load(x)', '1'), step('A', 'store(x, 2)')];
const broken = [{ property: 'P', message: 'x is 2', step: 3, places: [] }];
const replayWith = (change: Partial<Replay> = {}): Replay => replayOf({ steps, broken, ...change });
const changed = (at: number, to: StepRecord) =>
  reproduce(traceOf(steps), replayWith({ steps: steps.map((old, i) => (i === at ? to : old)) }));

test('the same steps that break the same property reproduce', () => {
  expect(reproduce(traceOf(steps), replayWith())).toEqual({
    result: 'reproduced',
    message: 'x is 2',
  });
});

test('the same steps that break nothing, or something else, do not', () => {
  expect(reproduce(traceOf(steps), replayWith({ broken: [] }))).toMatchObject({
    result: 'holds',
    message: "all 3 steps are possible, and 'P' is not broken by them",
  });
  const other = [{ property: 'Q', message: '', step: 1, places: [] }];
  expect(reproduce(traceOf(steps), replayWith({ broken: other })).message).toMatch(
    /; it breaks Q instead$/,
  );
});

test.each([
  [
    'operation',
    1,
    step('B', 'READ_ONCE(x)', '1'),
    'recorded: B does load(x); now: B does READ_ONCE(x)',
  ],
  [
    'argument',
    2,
    step('A', 'store(x, 3)'),
    'recorded: A does store(x, 2); now: A does store(x, 3)',
  ],
  [
    'result',
    1,
    step('B', 'load(x)', '0'),
    'recorded: B does load(x), giving 1; now: B does load(x), giving 0',
  ],
  [
    'object',
    0,
    { ...step('A', 'mutex_lock(m)'), objects: ['n'] },
    'recorded: A does mutex_lock(m) on m; now: A does mutex_lock(m) on n',
  ],
] as const)('another %s is named at its step', (what, at, to, message) => {
  expect(changed(at, to)).toEqual({
    result: 'diverged',
    run: 1,
    step: at + 1,
    kind: what === 'result' ? 'result' : 'operation',
    message,
    now: message.split('; now: ')[1],
    possible: ['A', 'B'],
  });
});

test('a thread that cannot move is named with the reason and what can', () => {
  const diverged = {
    step: 2,
    why: 'waits',
    message: 'B waits at mutex_lock(m), held by A',
    possible: ['A'],
  } as const;
  const replay = replayWith({ steps: steps.slice(0, 1), broken: [], diverged });
  expect(reproduce(traceOf(steps), replay)).toEqual({
    result: 'diverged',
    run: 1,
    step: 2,
    kind: 'waits',
    message: 'recorded: B does load(x); now: B waits at mutex_lock(m), held by A',
    now: 'B waits at mutex_lock(m), held by A',
    possible: ['A'],
  });
});

test('a run that crashes earlier than recorded diverges there', () => {
  const crash = { ...steps[0]!, reports: [{ rule: 'double-free', message: '', property: 'Q' }] };
  const replay = replayWith({ steps: [crash], broken: [] });
  expect(reproduce(traceOf(steps), replay).message).toBe(
    'recorded: B does load(x); now: the run ends at step 1 with double-free',
  );
});

test('a violation is confirmed only by a replay to its end that breaks that property', () => {
  expect(confirms(replayWith(), 'P')).toBe(true);
  expect(confirms(replayWith(), 'Q')).toBe(false);
  expect(
    confirms(
      replayWith({ diverged: { step: 4, why: 'finished', message: '', possible: [] } }),
      'P',
    ),
  ).toBe(false);
});

test('the run that diverges is named, and no later one is looked at', () => {
  const trace = { ...traceOf(steps), earlier: [steps, steps].map((run) => traceOf(run).steps) };
  const other = [step('A', 'mutex_lock(n)')];
  const runs = (...earlier: StepRecord[][]) => reproduce(trace, replayWith({ earlier, steps }));
  expect(runs(steps, steps)).toMatchObject({ result: 'reproduced' });
  expect(runs(steps, other)).toMatchObject({ result: 'diverged', run: 2, step: 1 });
  expect(runs(other, other)).toMatchObject({ result: 'diverged', run: 1, step: 1 });
  const last = reproduce(trace, replayWith({ earlier: [steps, steps], steps: other }));
  expect(last).toMatchObject({ result: 'diverged', run: 3, step: 1 });
});
