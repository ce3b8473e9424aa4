import path from 'node:path';
import { expect, test } from 'vitest';
import type { Program } from '../../../src/model/program.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';
import { randomProgram } from '../../oracle/arbitrary.ts';
import { replayed, same, searched, traced } from '../../oracle/compare.ts';
import { ALONE, check, runs, SEED, turnOf } from '../../oracle/drawn.ts';
import { explicit } from '../../oracle/explicit.ts';
import { bounded } from '../../oracle/findings.ts';
import { Kinds } from '../../oracle/kinds.ts';
import type { RandomProgram } from '../../oracle/program.ts';
import { allTraces } from '../../oracle/traces.ts';

/** LOCKSTEP_RANDOM_RUNS=100000 LOCKSTEP_RANDOM_SEED=1 npx vitest run test/explore/traces/random.test.ts */
const RUNS = runs(2000);

test(`${RUNS} random programs: by traces the same as by states, each trace once (seed ${SEED})`, {
  timeout: RUNS * 400 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../../fixtures/random-program.ts'));
  const make = (program: RandomProgram): Program => {
    (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = program;
    return instantiate(loaded, 'only');
  };
  const counts = { oracle: 0, unreduced: 0, exact: 0, turned: 0, declined: 0, traces: 0 };
  const kinds = new Kinds();
  const agree = (program: RandomProgram): void => {
    const expected = bounded(() => explicit(program, 1200));
    if (!expected) return;
    const found = traced(make(program));
    if ('declined' in found) {
      expect(found.declined).toMatch(/^thread '\w+' loops$/);
      counts.declined++;
      return;
    }
    same('traces', found, expected);
    replayed(make(program), found.outcome);
    counts.oracle++;
    counts.traces += found.traces.size;
    kinds.add(expected);
    const every = bounded(() => allTraces(found.machine, found.actions, 1000));
    if (every) {
      counts.exact++;
      sameTraces('brute force', found.traces, every);
    }
    const turn = turnOf(program) % 4;
    if (turn === 0) {
      // The names of lockdep's classes, too, which the oracle leaves out.
      same('traces, of the unreduced', found, searched(make(program), false));
      counts.unreduced++;
    }
    if (turn === 2) {
      const { threads, ...rest } = make(program);
      const turned = traced({ ...rest, threads: threads.toReversed() });
      if ('declined' in turned) throw new Error(turned.declined);
      same('another order of threads', turned, expected);
      sameTraces('another order of threads', turned.traces, found.traces);
      counts.turned++;
    }
  };
  check(randomProgram, agree, RUNS);
  console.info(`seed ${SEED}: ${JSON.stringify(counts)}, violated ${kinds}`);
  if (ALONE) return;
  // What is declined has loops without a limit.
  expect(counts.oracle).toBeGreaterThan(RUNS * 0.7);
  expect(counts.exact).toBeGreaterThan(RUNS * 0.55);
  expect(Math.min(counts.unreduced, counts.turned)).toBeGreaterThan(RUNS * 0.15);
  expect(kinds.missed(RUNS >= 2000 ? LEAST : {})).toEqual([]);
});

/** How many of the programs have a violation, at the least: about a third of what is usual. */
const LEAST: Readonly<Record<string, number>> = {
  always: 250,
  atEnd: 120,
  sometimes: 80,
  assert: 50,
  deadlock: 130,
  'data-race': 140,
  'data race of an interrupted thread only': 30,
  'memory leak': 25,
  'use-after-free': 8,
  'lock held at exit': 25,
  'unlock imbalance': 40,
  'recursive locking': 12,
  'possible recursive locking detected': 4,
  'possible circular locking dependency detected': 14,
  'inconsistent lock state': 50,
  'HARDIRQ-safe -> HARDIRQ-unsafe lock order detected': 10,
  'SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected': 7,
  'Invalid wait context': 14,
  'IRQs not enabled as expected': 30,
  'sleeping function called from invalid context': 40,
  'handler sleeps': 12,
  'handler waits for a lock': 25,
};

function sameTraces(what: string, found: ReadonlySet<string>, expected: ReadonlySet<string>): void {
  const missing = [...expected].filter((each) => !found.has(each));
  const extra = [...found].filter((each) => !expected.has(each));
  if (missing.length + extra.length === 0) return;
  throw new Error(
    `${what}: of ${expected.size} traces ${missing.length} are missing, ${extra.length} too many\n` +
      `  missing: ${missing[0]}\n  extra: ${extra[0]}`,
  );
}
