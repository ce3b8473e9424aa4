import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import type { Replay } from '../../src/explore/outcome.ts';
import type { Standing } from '../../src/explore/standing.ts';
import type { Program } from '../../src/model/program.ts';
import { readTrace } from '../../src/verdict/read-trace.ts';

/** The state after each number of steps is what the records of a replay add up to. */

const walks: [spec: string, variant: string][] = [
  ['test/cli/fixtures/two-locks.ts', 'crossed'],
  ['test/fixtures/checks/irq-self-deadlock.ts', ''],
  ['test/fixtures/checks/kthread-stop-lost.ts', ''],
  ['test/fixtures/checks/rwsem-recursive-read.ts', ''],
];

/** Any schedule will do, if it is the same each time: threads in turn, by a stride. */
function walk(program: Program, stride: number): { schedule: string[]; states: Standing[] } {
  const schedule: string[] = [];
  const states = [engine.standing(program, schedule)];
  while (schedule.length < 60) {
    const { threads, crashed } = states.at(-1)!;
    const movable = threads.filter(({ status }) => status === 'can move');
    if (crashed !== null || movable.length === 0) break;
    schedule.push(movable[(schedule.length * stride) % movable.length]!.name);
    states.push(engine.standing(program, schedule));
  }
  return { schedule, states };
}

const waiting = (status: string) => ['waits', 'idle', 'interrupted'].includes(status);

/** Of all threads in all states that were checked. */
const seen = new Set<string>();

function check(replay: Replay, states: readonly Standing[]): void {
  expect(replay.diverged).toBeNull();
  expect(states.length).toBe(replay.steps.length + 1);
  const values = new Map(replay.initial.map(({ name, text }) => [name, text]));
  const held = new Map<string, readonly string[]>();
  /** The state from which on each thread has waited as it does. */
  const from = new Map<string, number>();
  for (const [n, { step, objects, threads, crashed }] of states.entries()) {
    const [last, next] = [replay.steps[n - 1], replay.steps[n]];
    for (const { object, to } of last?.changes ?? []) values.set(object, to);
    if (last) held.set(last.thread, last.held);
    expect(step).toBe(n);
    for (const { status } of threads) seen.add(status);
    for (const { name, text } of objects) expect([name, text]).toEqual([name, values.get(name)]);
    // What was not come across yet has its initial value.
    const met = new Set(objects.map(({ name }) => name));
    for (const { name, text } of replay.initial)
      if (!met.has(name)) expect(values.get(name)).toBe(text);
    for (const { name, held: locks } of threads) expect(locks).toEqual(held.get(name) ?? []);
    if (crashed !== null) {
      expect([n, crashed]).toEqual([replay.steps.length, last?.thread]);
      continue;
    }
    const waits = threads.filter(({ status }) => waiting(status));
    for (const { name, status, text } of threads) {
      const old = states[n - 1]?.threads.find((thread) => thread.name === name);
      const same = old && waiting(old.status) && (old.text === text || status === 'interrupted');
      if (!same || (old.status === 'interrupted') !== (status === 'interrupted')) from.set(name, n);
    }
    for (const { name, since } of waits) expect(since).toBe(from.get(name));
    const told = waits.map(({ name: thread, status, text, holder, since }) =>
      // One that is interrupted may wait for ever besides.
      status === 'interrupted'
        ? { thread, text: status, holder, idle: expect.any(Boolean), since }
        : { thread, text, holder, idle: status === 'idle', since },
    );
    if (last) expect(last.waits).toEqual(told);
    if (!next) continue;
    const movable = threads.filter(({ status }) => status === 'can move').map(({ name }) => name);
    expect(movable).toEqual(next.enabled);
    const mover = threads.find(({ name }) => name === next.thread)!;
    expect([mover.text, mover.objects]).toEqual([next.text, next.objects]);
    expect(mover.calls.map(({ site, locals, ...call }) => call)).toEqual(next.calls);
    expect(next.locals).toMatchObject(mover.calls.at(-1)?.locals ?? {});
  }
}

describe('the records of a replay add up to the state', () => {
  test.each(walks)('%s %s', async (file, given) => {
    const loaded = await engine.load(file);
    for (const variant of given ? [given] : Object.keys(loaded.spec.variants)) {
      const program = engine.instantiate(loaded, variant, {});
      for (const stride of [0, 1, 3, 5]) {
        const { schedule, states } = walk(program, stride);
        check(engine.replay(program, schedule, []), states);
      }
    }
  });

  test('of kept traces, one per property of a variant', async () => {
    const folder = path.resolve('traces/kmem-cache-dying');
    const names = readdirSync(folder).filter((name) => /^(seed|v5.2)\..*\.trace\.json$/.test(name));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const trace = await readTrace(path.join(folder, name));
      const loaded = await engine.load(trace.spec.file);
      const program = engine.instantiate(loaded, trace.variant, trace.params);
      const schedule = trace.steps.map(({ thread }) => thread);
      const states = [...Array(schedule.length + 1).keys()].map((n) =>
        engine.standing(program, schedule.slice(0, n)),
      );
      check(engine.replay(program, schedule, []), states);
    }
  });
});

test('threads in every standing were among them', () => {
  const all = ['can move', 'waits', 'idle', 'interrupted', 'finished', 'crashed'];
  expect([...seen].sort()).toEqual(all.sort());
});

test('every call on the stack has its locals', async () => {
  const loaded = await engine.load('test/cli/fixtures/two-locks.ts');
  const program = engine.instantiate(loaded, 'crossed', {});
  const { threads } = engine.standing(program, ['bob']);
  expect(threads[1]).toMatchObject({
    name: 'bob',
    status: 'can move',
    text: 'mutex_lock(a)',
    objects: ['a'],
    calls: [{ fn: 'both', line: 25, locals: { first: 'b', second: 'a', round: '0' } }],
    held: ['b'],
  });
});

test('a schedule that cannot be followed has no state', async () => {
  const loaded = await engine.load('test/cli/fixtures/two-locks.ts');
  const program = engine.instantiate(loaded, 'crossed', {});
  expect(() => engine.standing(program, ['bob', 'alice', 'alice'])).toThrow(/step 3 .* alice/);
});
