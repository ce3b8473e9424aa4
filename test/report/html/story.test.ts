import { describe, expect, test } from 'vitest';
import type { Edge } from '../../../src/explore/explain.ts';
import type { StepRecord, ThreadRecord } from '../../../src/explore/outcome.ts';
import type { PageTrace } from '../../../src/report/html/data.ts';
import { objectsAt, reportsOf, storyOf, threadsAt } from '../../../src/report/html/story.ts';
import { changeOf, stepOf } from '../../fixtures/steps.ts';

const thread = (name: string, more: Partial<ThreadRecord> = {}): ThreadRecord => ({
  name,
  daemon: false,
  cpu: 0,
  kind: 'process',
  ...more,
});

function traceOf(steps: readonly StepRecord[], more: Partial<PageTrace> = {}): PageTrace {
  return {
    passes: false,
    property: 'p',
    message: '',
    shortest: true,
    fewestSwitches: true,
    file: null,
    threads: [thread('A'), thread('B'), thread('idler', { daemon: true })],
    initial: [{ name: 'x', text: '0' }],
    runs: [steps],
    broken: [],
    explanation: { edges: [], orders: [], weight: [] },
    ...more,
  };
}

const waiting = { thread: 'B', text: 'mutex_lock(m)', holder: 'A', idle: false, since: 1 };
const site = { file: 'a.ts', line: 1, fn: 'f', text: '' };

const contended = [
  stepOf({
    ...{ thread: 'A', text: 'mutex_lock(m)', taken: ['m'], held: ['m'], waits: [waiting] },
    enabled: ['A', 'B'],
  }),
  stepOf({
    ...{ thread: 'A', text: 'store(x, 1)', held: ['m'], waits: [waiting], enabled: ['A'] },
    ...{ changes: [changeOf('x', '0', '1')], calls: [site] },
  }),
  stepOf({ thread: 'A', text: 'mutex_unlock(m)', dropped: ['m'], enabled: ['A'] }),
  stepOf({
    ...{ thread: 'B', text: 'mutex_lock(m)', taken: ['m'], held: ['m'], enabled: ['A', 'B'] },
    calls: [{ ...site, line: 7 }],
  }),
];

describe('a story', () => {
  const story = storyOf(traceOf(contended), 0);

  test('has a lane for those that move or wait', () => {
    expect(story.threads.map(({ name }) => name)).toEqual(['A', 'B']);
    expect(story.idle).toEqual(['idler']);
    const [first] = contended;
    expect(storyOf(traceOf([first!]), 0).threads.map(({ name }) => name)).toEqual(['A', 'B']);
  });

  test('tells from when to when a lock is held, and who waits', () => {
    expect(story.held).toEqual([
      { thread: 'A', lock: 'm', from: 1, to: 3, depth: 0 },
      { thread: 'B', lock: 'm', from: 4, to: null, depth: 0 },
    ]);
    expect(story.waits).toEqual([
      { thread: 'B', text: 'mutex_lock(m)', holder: 'A', from: 1, to: 3 },
    ]);
  });

  test('puts locks held at once beside each other', () => {
    const take = (lock: string) => stepOf({ thread: 'A', text: `take(${lock})`, taken: [lock] });
    const drop = (lock: string) => stepOf({ thread: 'A', text: `drop(${lock})`, dropped: [lock] });
    const steps = [take('a'), take('b'), drop('a'), take('c')];
    const { held } = storyOf(traceOf(steps), 0);
    expect(held.map(({ lock, depth, to }) => [lock, depth, to])).toEqual([
      ['a', 0, 3],
      ['b', 1, null],
      ['c', 0, null],
    ]);
  });

  test('says why another thread goes on', () => {
    expect(story.switches).toEqual([{ at: 4, from: 'A', to: 'B', why: 'could go on' }]);
    const next = stepOf({ thread: 'A', text: 'load(x)', enabled: ['A'] });
    const after = (waits: StepRecord['waits']) =>
      storyOf(traceOf([stepOf({ thread: 'B', text: 'load(x)', waits }), next]), 0).switches[0]?.why;
    expect(after([])).toBe('has finished');
    expect(after([{ ...waiting, idle: true }])).toBe('has nothing to do');
    expect(after([waiting])).toBe('waits: mutex_lock(m), held by A');
  });

  test('knows each value, and which step it is from', () => {
    const x = (at: number) => objectsAt(story, at).find(({ name }) => name === 'x');
    expect(x(1)).toEqual({ name: 'x', value: '0', before: null, changed: 0 });
    expect(x(2)).toEqual({ name: 'x', value: '1', before: '0', changed: 2 });
    expect(x(4)).toEqual({ name: 'x', value: '1', before: null, changed: 2 });
  });

  test('knows where each thread stands', () => {
    const at = (step: number) =>
      threadsAt(story, step).map(({ calls, held, wait, moved }) => [
        calls.at(-1)?.line ?? null,
        held.join(),
        wait?.text ?? null,
        moved,
      ]);
    expect(at(0)).toEqual([
      [null, '', null, false],
      [7, '', null, false],
    ]);
    expect(at(2)).toEqual([
      [1, 'm', null, true],
      [7, '', 'mutex_lock(m)', false],
    ]);
  });

  test('one that is stuck stands where the report says', () => {
    const place = { what: '', thread: 'B', text: 'mutex_lock(m)', calls: [site], held: [] };
    const broken = [{ property: 'p', message: '', step: 1, places: [place] }];
    const stuck = storyOf(traceOf(contended.slice(0, 1), { broken }), 0);
    expect(threadsAt(stuck, 1)[1]?.calls).toEqual([site]);
  });

  test('says once what a step reports', () => {
    const report = { rule: 'use-after-free', message: 'use-after-free: x', property: 'p' };
    const step = stepOf({ thread: 'A', text: '', reports: [report, { ...report, property: 'q' }] });
    expect(reportsOf(step)).toEqual(['use-after-free: x']);
  });
});

describe('arrows', () => {
  const arrows = (
    edges: readonly Edge[],
    steps: readonly StepRecord[] = contended,
    threads = [thread('A'), thread('B')],
  ) =>
    storyOf(
      traceOf(steps, { threads, explanation: { edges, orders: [], weight: [] } }),
      0,
    ).arrows.map(
      ({ from, to, kind, objects, track }) => `${from}-${to} ${kind} ${objects.join()} ${track}`,
    );
  const edge = (from: number, to: number, object: string, kind: Edge['kind'] = 'flow'): Edge => {
    return { from, to, object, kind };
  };

  test('a lock goes from who gives it back to who takes it', () => {
    expect(arrows([edge(3, 4, 'm'), edge(2, 4, 'm')])).toEqual(['3-4 hand-over m 0']);
  });

  const two = [stepOf({ thread: 'A', text: 'a' }), stepOf({ thread: 'B', text: 'b' })];
  const served = (name: string, more: Partial<ThreadRecord>) => {
    const steps = [two[0]!, stepOf({ thread: name, text: 'b' })];
    return arrows([edge(1, 2, 'o')], steps, [thread('A'), thread(name, more)]);
  };

  test('work is queued for daemons, workers and softirqs', () => {
    expect(served('B', { daemon: true })).toEqual(['1-2 queueing o 0']);
    expect(served('B', { kind: 'worker' })).toEqual(['1-2 queueing o 0']);
    expect(served('B', { kind: 'softirq' })).toEqual(['1-2 queueing o 0']);
    expect(served('B', {})).toEqual([]);
  });

  test('that the code which is run then meets it too is no queueing', () => {
    const steps = [two[0]!, { ...two[1]!, calls: [site] }];
    expect(arrows([edge(1, 2, 'o')], steps, [thread('A'), thread('B', { daemon: true })])).toEqual(
      [],
    );
  });

  test('a grace period, from and to', () => {
    expect(served('rcu_gp', { daemon: true })).toEqual(['1-2 grace period o 0']);
    const back = [stepOf({ thread: 'rcu_gp', text: 'a' }), two[1]!];
    expect(arrows([edge(1, 2, 'o')], back)).toEqual(['1-2 grace period o 0']);
    expect(arrows([edge(1, 2, 'rcu:B')], back)).toEqual([]);
    expect(arrows([edge(1, 2, 'rcu:B', 'enables')], back)).toEqual(['1-2 grace period rcu:B 0']);
  });

  test('another is woken when it waited', () => {
    expect(arrows([edge(1, 2, 'o', 'enables')], two)).toEqual(['1-2 wake-up o 0']);
    expect(arrows([edge(1, 2, 'o', 'order')], two)).toEqual([]);
  });

  test('those that come in to one thread at once stand beside each other', () => {
    const steps = [...two, ...two];
    const threads = [thread('A'), thread('B', { daemon: true })];
    const edges = [edge(1, 4, 'o'), edge(1, 2, 'o'), edge(3, 4, 'p'), edge(1, 4, 'q')];
    expect(arrows(edges, steps, threads)).toEqual([
      '1-2 queueing o 0',
      '1-4 queueing o,q 1',
      '3-4 queueing p 0',
    ]);
  });
});
