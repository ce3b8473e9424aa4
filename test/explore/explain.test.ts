import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { weightsOf } from '../../src/explore/explain/weight.ts';
import { type Explanation, explain } from '../../src/explore/explain.ts';
import { INTERRUPTED } from '../../src/explore/findings.ts';
import { improve } from '../../src/explore/improve.ts';
import type { Replay } from '../../src/explore/outcome.ts';
import { replay } from '../../src/explore/replay.ts';
import { searchOn } from '../../src/explore/search.ts';
import { standing } from '../../src/explore/standing.ts';
import { Question, Trial } from '../../src/explore/trial.ts';
import { Machine } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';

const root = path.join(import.meta.dirname, '../..');

interface Explained {
  readonly program: Program;
  readonly property: string;
  readonly shown: Replay;
  readonly explanation: Explanation;
}

/** What is found of a program, explained. */
function explained(program: Program, maxStates = 100_000): Explained[] {
  const options = { ...UNLIMITED, maxStates, reduction: false };
  const machine = new Machine(program, guarded);
  const { properties } = improve(machine, searchOn(machine, options), options);
  return properties.flatMap(({ name: property, schedule, earlier }) => {
    if (!schedule) return [];
    const shown = replay(program, schedule, guarded, earlier);
    return [{ program, property, shown, explanation: explain(program, shown, property, guarded) }];
  });
}

async function inSpec(
  file: string,
  variant: string,
  params: Readonly<Record<string, number>> = {},
): Promise<Explained[]> {
  return explained(instantiate(await loadSpec(path.join(root, file)), variant, params));
}

/** The orders that matter as `first | then`, each step as `thread: statement = result`. */
function told({ shown: { steps }, explanation: { orders } }: Explained): string[] {
  const step = (at: number): string => {
    const { thread, text, result } = steps[at - 1]!;
    return `${thread}: ${text}${result && ` = ${result}`}`;
  };
  return orders.map(
    (order) => `${step(order.first)} | ${order.then ? step(order.then) : `${order.thread} waits`}`,
  );
}

const ofThread = (name: string) => (step: { readonly thread: string }) => step.thread === name;

/** Each order is as told: the schedule that shows it can be run, has the two the other way round, and the property holds. */
function check({ program, property, shown, explanation }: Explained): void {
  const { steps } = shown;
  expect(explanation.weight).toHaveLength(steps.length);
  for (const { first, then, thread, object, holds, schedule } of explanation.orders) {
    const other = replay(program, schedule, guarded);
    expect(other.diverged).toBe(null);
    expect(other.broken.filter((broken) => broken.property === property)).toEqual([]);
    // On to the end, and nothing else ended it.
    const end = standing(program, schedule, guarded);
    expect(end.crashed).toBe(null);
    expect(end.threads.filter(({ status }) => status === 'can move')).toEqual([]);
    const placeOf = (at: number): number => {
      const { thread, text } = steps[at - 1]!;
      const turn = steps.slice(0, at).filter((step) => step.thread === thread).length;
      const places = [...other.steps.keys()].filter((each) => other.steps[each]!.thread === thread);
      const place = places[turn - 1] ?? -1;
      expect(other.steps[place]?.text).toBe(text);
      return place;
    };
    if (then !== null) {
      expect(then).toBeGreaterThan(first);
      expect(steps[then - 1]!.thread).toBe(thread);
      expect(placeOf(then)).toBeLessThan(placeOf(first));
      expect(explanation.weight[then - 1]).toBe(3);
    } else {
      const { text } = shown.steps.at(-1)!.waits.find((wait) => wait.thread === thread)!;
      const turn = steps.filter((step) => step.thread === thread).length;
      const waited = other.steps.map((step, at) => ({ ...step, at })).filter(ofThread(thread))[
        turn
      ]!;
      if (text !== INTERRUPTED) expect(waited.text).toBe(text);
      expect(waited.at).toBeLessThan(placeOf(first));
    }
    expect(explanation.weight[first - 1]).toBe(3);
    expect(object).not.toBe('');
    if (holds === 'always') {
      const turn = steps.slice(0, then ?? steps.length).filter((step) => step.thread === thread);
      const turns = then === null ? turn.length + 1 : turn.length;
      const own = [...schedule.keys()].filter((at) => schedule[at] === thread);
      for (const draws of WALKS) {
        const walked = walk(program, schedule.slice(0, own[turns - 1]! + 1), draws);
        expect(walked.broken.filter((broken) => broken.property === property)).toEqual([]);
      }
    }
  }
}

/** Runs tried where an order is said to matter however it goes on. */
const WALKS = fc.sample(fc.array(fc.nat(), { minLength: 300, maxLength: 300 }), {
  numRuns: 4,
  seed: 20191204,
});

/** On from the end of a schedule, now this thread and now that, by code that explains nothing. */
function walk(program: Program, schedule: readonly string[], draws: readonly number[]): Replay {
  const names = program.threads.map(({ name }) => name);
  const machine = new Machine(program, guarded);
  const question = new Question(machine, '', guarded);
  const trial = new Trial(question);
  trial.follow(schedule.map((name) => names.indexOf(name)));
  for (const draw of draws) {
    names.some((_, at) => trial.step((draw + at) % names.length));
  }
  return replay(
    program,
    trial.moves.map(({ node }) => names[node.thread]!),
    guarded,
  );
}

test('a lost update: each of the two stores comes after the load of the other thread', async () => {
  const [found] = await inSpec('test/fixtures/classics/lost-update.ts', 'bare');
  check(found!);
  expect(told(found!)).toEqual([
    'b: READ_ONCE(count) = 0 | a: WRITE_ONCE(count, 1)',
    'a: READ_ONCE(count) = 0 | b: WRITE_ONCE(count, 1)',
  ]);
});

test('a flag tested under a lock, and what it guards used outside', async () => {
  const [found] = await inSpec('test/fixtures/minimal/flag.ts', 'bad');
  check(found!);
  expect(told(found!)).toEqual([
    'remove: kfree(dev) | use: store(dev.events, 1)',
    'use: load(gone) = false | remove: store(gone, true)',
  ]);
  // The one waited for the lock of the other.
  expect(found!.explanation.weight).toEqual([1, 3, 2, 2, 3, 1, 3, 3]);
});

test('a timer armed after the lock: the flag that was tested, and no order that held by luck', async () => {
  const found = await inSpec('test/fixtures/minimal/heartbeat.ts', 'bad');
  expect(found).toHaveLength(2);
  for (const each of found) {
    check(each);
    // Had the timer fired before the grace period began, it could have been armed once more.
    expect(told(each)).toEqual([
      'driver: del_timer_sync(dev.beat) = false | kworker/0-link_wq: mod_timer(dev.beat) = false',
      'kworker/0-link_wq: load(dev.down) = false | driver: store(dev.down, true)',
    ]);
    expect(each.explanation.orders.map(({ holds }) => holds)).toEqual(['always', 'always']);
    const { steps } = each.shown;
    const below = steps.findIndex(({ operation }) => operation === 'timer_fn_return');
    expect(each.explanation.weight[below]).toBe(1);
  }
});

test('a read of what is overwritten while the reader goes on weighs as much as that write', async () => {
  const [{ shown, explanation }] = (await inSpec('test/fixtures/minimal/heartbeat.ts', 'bad')) as [
    Explained,
  ];
  const { steps } = shown;
  const without = weightsOf(steps, shown.broken.at(-1)!, [], explanation.edges, [], new Set());
  const weightAt = (text: string): number =>
    without[steps.findIndex((step) => step.text === text)]!;
  expect(weightAt('load(dev.down)')).toBe(2);
  expect(weightAt('store(dev.down, true)')).toBe(2);
  expect(weightAt('timer_fn_return(0)')).toBe(1);
});

test('a deadlock of two locks: one that is waited for is taken before', async () => {
  const found = await inSpec('test/fixtures/checks/abba.ts', 'bad');
  const deadlock = found.find(({ property }) => property === 'deadlock')!;
  check(deadlock);
  expect(told(deadlock)).toEqual(['ba: mutex_lock(b) | ab waits', 'ab: mutex_lock(a) | ba waits']);
  expect(deadlock.explanation.weight).toEqual([3, 3]);
  // What lockdep says is not of one order of steps.
  const circle = found.find(({ property }) => property !== 'deadlock')!;
  expect(circle.explanation.orders).toEqual([]);
});

test('who waits would not have come to wait', async () => {
  const found = await inSpec('test/fixtures/minimal/trylock.ts', 'bad');
  const deadlock = found.find(({ property }) => property === 'deadlock')!;
  check(deadlock);
  expect(told(deadlock)).toEqual(['keeps: mutex_lock(lock) | tries: mutex_trylock(lock) = false']);
});

test('a run that shows that the spec throws shows nothing else', async () => {
  const loaded = await loadSpec(path.join(root, 'test/fixtures/minimal/throws.ts'));
  const program = instantiate(loaded, 'bad');
  const options = { ...UNLIMITED, reduction: false, first: true };
  const { properties } = searchOn(new Machine(program, guarded), options);
  const { schedule } = properties.find(({ name }) => name === 'p')!;
  const shown = replay(program, schedule!, guarded);
  expect(explain(program, shown, 'p', guarded).orders).toEqual([]);
});

test('a work that is not waited for', async () => {
  const [found] = await inSpec('test/fixtures/checks/cancel-work.ts', 'bad-running');
  check(found!);
  expect(told(found!)).toEqual(['remove: kfree(dev) | kworker/0-wq: store(dev.events, 0)']);
});

test('the kernel bug of December 2019: the callback is queued behind the barrier', async () => {
  const found = await inSpec('specs/kmem-cache-dying/spec.ts', 'seed', { allocators: 0 });
  expect(found).toHaveLength(4);
  for (const each of found) {
    check(each);
    expect(each.explanation.orders.every(({ holds }) => holds === 'always')).toBe(true);
    const [first] = told(each);
    expect(first).toMatch(
      /^destroy: rcu_barrier\(\) \| kworker.*: percpu_ref_kill\(child.refcnt\)$/,
    );
  }
});

/** Claims all that is reported, lockdep's reports too. */
const CLAIM = { name: 'no trouble', matches: () => true };

test('random programs: the other way round the property holds, to the end', async () => {
  const loaded = await loadSpec(path.join(root, 'test/fixtures/random-program.ts'));
  const counts = { always: 0, tried: 0, waiting: 0, claimed: 0, none: 0 };
  let n = 0;
  fc.assert(
    fc.property(randomProgram, (random) => {
      (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
      const program = instantiate(loaded, 'only');
      const never = n++ % 3 === 0 ? [CLAIM] : [];
      for (const each of explained({ ...program, never }, 3000)) {
        check(each);
        const { orders } = each.explanation;
        for (const { holds } of orders) counts[holds]++;
        counts.waiting += orders.filter(({ then }) => then === null).length;
        if (each.property === CLAIM.name) counts.claimed += orders.length;
        if (orders.length === 0) counts.none++;
      }
    }),
    { numRuns: 1000, seed: 20191204, endOnFailure: true },
  );
  expect(counts.always).toBeGreaterThan(150);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
}, 120_000);
