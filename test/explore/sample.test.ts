import path from 'node:path';
import { expect, test } from 'vitest';
import { replay } from '../../src/explore/replay.ts';
import { sample } from '../../src/explore/sample.ts';
import type { Machine, Transition } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { type Traced, traced } from '../oracle/compare.ts';
import { ALONE, check, runs, SEED } from '../oracle/drawn.ts';
import { explicit } from '../oracle/explicit.ts';
import { bounded, TooBig } from '../oracle/findings.ts';
import type { RandomProgram } from '../oracle/program.ts';
import { normalForm } from '../oracle/traces.ts';
import { folder } from '../spec/folder.ts';

const RUNS = runs(200);

test(`samples pass, and no two are of one trace (seed ${SEED})`, {
  timeout: RUNS * 600 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  const counts = { compared: 0, brute: 0, all: 0, none: 0, cut: 0, short: 0 };
  const agree = (random: RandomProgram): void => {
    const make = (): Program => {
      (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
      return instantiate(loaded, 'only');
    };
    if (!bounded(() => explicit(random, 600))) return;
    const program = make();
    const found = sample(program, 5, 1, guarded);
    expect(sample(make(), 5, 1, guarded)).toEqual(found);
    for (const { schedule, ends } of found.schedules) {
      const { broken, diverged, steps } = replay(make(), schedule, guarded);
      expect([broken, diverged]).toEqual([[], null]);
      expect(steps.length).toBe(schedule.length);
      if (!ends) counts.cut++;
    }
    const exact = traced(make());
    if ('declined' in exact) return;
    const forms = found.schedules.map(({ schedule }) => formOf(exact, schedule));
    expect(new Set(forms).size).toBe(forms.length);
    counts.compared++;
    const all = bounded(() => everySchedule(exact.machine, 200));
    if (!all) return;
    // Of each trace, does one of its schedules break nothing?
    const passing = new Set<string>();
    for (const schedule of all) {
      const form = formOf(exact, schedule);
      if (!passing.has(form) && replay(make(), schedule, guarded).broken.length === 0)
        passing.add(form);
    }
    counts.brute++;
    for (const form of forms) expect(passing).toContain(form);
    if (found.all) {
      counts.all++;
      if (forms.length === 0) counts.none++;
      expect([...forms].sort()).toEqual([...passing].sort());
    }
    // It may give up, but not where there is much to find.
    if (forms.length < Math.min(5, passing.size)) counts.short++;
  };
  check(randomProgram, agree, RUNS);
  console.info(`seed ${SEED}: ${JSON.stringify(counts)}`);
  if (ALONE) return;
  expect(counts.compared).toBeGreaterThan(RUNS / 2);
  expect(counts.short).toBeLessThanOrEqual(counts.brute / 10);
  expect(Math.min(counts.brute, counts.none)).toBeGreaterThan(RUNS / 50);
  // Usually 10 and 30 of 200.
  expect(Math.min(counts.all - counts.none, counts.cut)).toBeGreaterThan(0);
});

function formOf({ machine, actions }: Traced, schedule: readonly string[]): string {
  const names = machine.threads.map(({ declaration }) => declaration.name);
  const rows = new Int32Array(machine.width + 16);
  const events = schedule.map((name) => {
    const move = machine.transition(rows, 0, names.indexOf(name))!;
    take(rows, move);
    return actions.get(move)!;
  });
  return normalForm(machine, events);
}

/** All schedules that cannot go on, by brute force. */
function everySchedule(machine: Machine, limit: number): string[][] {
  const found: string[][] = [];
  const visit = (schedule: readonly string[], rows: Int32Array): void => {
    let moved = false;
    for (const [thread, { declaration }] of machine.threads.entries()) {
      const move = machine.transition(rows, 0, thread);
      if (!move) continue;
      moved = true;
      // What is broken by then is broken.
      if (move.crash) continue;
      const after = rows.slice();
      take(after, move);
      visit([...schedule, declaration.name], after);
    }
    if (!moved && found.push([...schedule]) > limit) throw new TooBig();
  };
  visit([], new Int32Array(machine.width + 16));
  return found;
}

function take(rows: Int32Array, { node, next, changes, crash }: Transition): void {
  if (crash) return;
  rows[node.thread] = next.state.id;
  for (let i = 0; i < changes.length; i += 2) rows[changes[i]!] = changes[i + 1]!;
}

/** Two threads, of which one takes as many turns as `n`, around a lock. */
const LOOP = `
import { READ_ONCE, WRITE_ONCE, defineSpec, variable } from 'lockstep';
const flag = variable('flag', 0);
export default defineSpec({
  name: 's',
  variants: { only: {} },
  build: () => ({
    threads: {
      *flips() { for (;;) yield* WRITE_ONCE(flag, 1 - (yield* READ_ONCE(flag))); },
      *reads() { yield* READ_ONCE(flag); },
    },
  }),
});
`;

async function samplesOf(source: string, count: number, seed = 1) {
  const loaded = await loadSpec(path.join(folder({ 'spec.ts': source }), 'spec.ts'));
  return sample(instantiate(loaded, 'only'), count, seed, guarded);
}

test('where nothing ends, schedules are cut', async () => {
  const { schedules, all } = await samplesOf(LOOP, 3);
  expect(all).toBe(false);
  expect(schedules.map(({ schedule, ends }) => [schedule.length, ends])).toEqual(
    Array(3).fill([40, false]),
  );
  expect(new Set(schedules.map(({ schedule }) => schedule.join())).size).toBe(3);
});

const ORDERS = LOOP.replace(
  /\*flips.*\n.*/,
  `*a() { yield* WRITE_ONCE(flag, 1); yield* READ_ONCE(flag); },
   *b() { yield* WRITE_ONCE(flag, 2); yield* READ_ONCE(flag); },`,
);

test('other final states first; and no more than there are', async () => {
  const two = await samplesOf(ORDERS, 2);
  const finals = two.schedules.map(({ schedule }) => schedule.indexOf('a') < schedule.indexOf('b'));
  expect(new Set(finals).size).toBe(2);
  expect(two.all).toBe(false);
  // Two writes and, between or after them, reads: a a b b, a b (a b), and both with b before a.
  const { schedules, all } = await samplesOf(ORDERS, 100);
  expect([schedules.length, all]).toEqual([4, true]);
});
