import path from 'node:path';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Findings } from '../../src/explore/findings.ts';
import { raceReport, racesIn } from '../../src/explore/rules/races.ts';
import { Machine } from '../../src/model/machine.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { searched, traced } from '../oracle/compare.ts';
import { ALONE, check, runs, SEED } from '../oracle/drawn.ts';
import { bounded, TooBig } from '../oracle/findings.ts';
import type { RandomProgram, Statement } from '../oracle/program.ts';

/** LOCKSTEP_RANDOM_RUNS=100000 LOCKSTEP_RANDOM_SEED=1 npx vitest run test/explore/data-races.test.ts */
const RUNS = runs(1500);

/** Little else than accesses, waits and handlers that wait for what they interrupt the threads of. */
const interrupted: fc.Arbitrary<RandomProgram> = (() => {
  const some = fc.nat({ max: 1 });
  const small = fc.nat({ max: 2 });
  const value = small.map((constant) => ({ constant }));
  const op = <O extends Statement['op']>(name: O) => fc.constant(name);
  const plain = fc.boolean();
  const access = fc.oneof<fc.WeightedArbitrary<Statement>[]>(
    { weight: 4, arbitrary: fc.record({ op: op('store'), to: some, value, plain }) },
    { weight: 2, arbitrary: fc.record({ op: op('load'), to: some, from: some, plain }) },
    {
      weight: 3,
      arbitrary: fc.record({ op: op('wait'), on: some, value: small, not: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: op('wait-both'), a: some, b: some, x: small, y: small }),
    },
    { weight: 1, arbitrary: fc.record({ op: op('add'), to: some, of: some, by: fc.constant(1) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        op: op('cmpxchg'),
        to: some,
        of: some,
        expected: small,
        value: small,
      }),
    },
  );
  const inner = fc.array(access, { minLength: 1, maxLength: 2 });
  const section = fc.oneof<fc.Arbitrary<Statement>[]>(
    fc.record({
      op: op('locked'),
      lock: fc.constant(0),
      how: fc.constantFrom('plain', 'irqsave', 'bh', 'try'),
      body: inner,
    }),
    fc.record({
      op: op('locked'),
      lock: fc.constant(1),
      how: fc.constantFrom('read', 'read irqsave', 'write', 'write bh'),
      body: inner,
    }),
    fc.record({ op: op('off'), what: fc.constantFrom('irq', 'bh'), body: inner }),
  );
  const statement = fc.oneof({ weight: 4, arbitrary: access }, { weight: 1, arbitrary: section });
  const body = fc.array(statement, { minLength: 1, maxLength: 3, size: 'max' });
  const cpu = fc.constantFrom(0, 1, 1);
  const thread = fc.record({ daemon: fc.constant(false), cpu, body });
  const interrupt = fc.record({
    kind: fc.constantFrom('softirq', 'hardirq'),
    cpu,
    times: fc.constantFrom(1, 1, 2),
    body,
  });
  return fc.record({
    variables: fc.constant(2),
    locks: fc.constant([
      { kind: 'spinlock', grouped: false } as const,
      { kind: 'rwlock', grouped: false } as const,
    ]),
    structs: fc.constant(0),
    kcsan: fc.constantFrom('strict', 'strict', 'strict', 'default'),
    threads: fc.noBias(fc.tuple(thread, thread)),
    interrupts: fc.noBias(fc.array(interrupt, { minLength: 1, maxLength: 2 })),
    always: fc.constant([]),
    atEnd: fc.constant([]),
    sometimes: fc.constant([]),
  });
})();

/** The data races in all states that can be reached, each with its two operations. */
function everyRace(machine: Machine, limit: number): Set<string> {
  const races = new Set<string>();
  const start = new Int32Array(128);
  const seen = new Set([start.join()]);
  const stack = [start];
  for (let rows = stack.pop(); rows; rows = stack.pop()) {
    const moves = machine.threads.map((_, thread) => machine.transition(rows!, 0, thread));
    for (const race of racesIn(machine, rows, 0, moves)) {
      races.add(raceReport(machine, race).message);
    }
    for (const move of moves) {
      if (!move || move.crash) continue;
      const next = rows.slice();
      next[move.node.thread] = move.next.state.id;
      for (let i = 0; i < move.changes.length; i += 2)
        next[move.changes[i]!] = move.changes[i + 1]!;
      const text = next.join();
      if (seen.has(text)) continue;
      if (seen.size >= limit) throw new TooBig();
      seen.add(text);
      stack.push(next);
    }
  }
  return races;
}

test(`data races of ${RUNS} random programs, each pair of accesses: reduced and by traces as by all states (seed ${SEED})`, {
  timeout: RUNS * 200 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  const offered = vi.spyOn(Findings.prototype, 'offer');
  let [compared, racing] = [0, 0];
  const agree = (random: RandomProgram): void => {
    (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
    const make = () => instantiate(loaded, 'only');
    const machine = new Machine(make(), guarded);
    const expected = bounded(() => everyRace(machine, 300));
    if (!expected) return;
    for (const way of ['reduced', 'by traces'] as const) {
      offered.mockClear();
      if (way === 'reduced') searched(make(), true);
      else traced(make());
      const races = offered.mock.calls.filter(([{ property }]) => property.startsWith('data-race'));
      expect(new Set(races.map(([{ message }]) => message)), way).toEqual(expected);
    }
    compared++;
    if (expected.size > 0) racing++;
  };
  check(interrupted, agree, RUNS);
  console.info(`seed ${SEED}: ${compared} compared, ${racing} with data races`);
  if (ALONE) return;
  expect(compared).toBeGreaterThan(RUNS * 0.6);
  expect(racing).toBeGreaterThan(RUNS * 0.25);
});
