import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Program } from '../../src/model/program.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { replayed, same, searched } from '../oracle/compare.ts';
import { explicit } from '../oracle/explicit.ts';
import { TooBig } from '../oracle/findings.ts';
import { type RandomProgram, show } from '../oracle/program.ts';

/** LOCKSTEP_RANDOM_RUNS=100000 LOCKSTEP_RANDOM_SEED=1 npx vitest run test/explore/random.test.ts */
const RUNS = Number(process.env.LOCKSTEP_RANDOM_RUNS ?? 5400);
const SEED = Number(process.env.LOCKSTEP_RANDOM_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`${RUNS} random programs: reduced, unreduced, the cheaper of both and oracle agree (seed ${SEED})`, {
  timeout: RUNS * 200 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  const make = (program: RandomProgram): Program => {
    (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = program;
    return instantiate(loaded, 'only');
  };
  let compared = 0;
  const chosen = { unreduced: 0, reduced: 0 };
  const states = { oracle: 0, unreduced: 0, reduced: 0 };
  const agree = (program: RandomProgram): void => {
    const expected = bounded(() => explicit(program, 2000));
    if (!expected) return;
    const unreduced = searched(make(program), false);
    same('unreduced', unreduced, expected);
    const reduced = searched(make(program), true);
    same('reduced', reduced, expected);
    // From all that is done with the first state to all that is done before the probe ends.
    const probed = searched(make(program), true, 1 + (compared % expected.states));
    same(probed.outcome.reduction ? 'probed, reduced' : 'probed, unreduced', probed, expected);
    if (probed.outcome.reduction) chosen.reduced++;
    else chosen.unreduced++;
    replayed(make(program), unreduced.outcome);
    replayed(make(program), reduced.outcome);
    replayed(make(program), probed.outcome);
    compared++;
    states.oracle += expected.states;
    states.unreduced += unreduced.states;
    states.reduced += reduced.states;
    if (reduced.states > unreduced.states) throw new Error('reduction adds states');
  };
  const details = fc.check(fc.property(randomProgram, agree), { numRuns: RUNS, seed: SEED });
  if (details.failed) {
    const [program] = details.counterexample!;
    throw new Error(
      `seed ${SEED}, path ${details.counterexamplePath}\n${show(program)}\n${details.errorInstance}`,
    );
  }
  console.info(
    `seed ${SEED}: ${compared} programs compared, states ${JSON.stringify(states)}, ` +
      `after a probe ${JSON.stringify(chosen)}`,
  );
  expect(Math.min(chosen.unreduced, chosen.reduced)).toBeGreaterThan(RUNS / 100);
  // Programs too big for the oracle are few: with the default, 5,000 are left at the least.
  expect(compared).toBeGreaterThan(RUNS * 0.93);
});

function bounded<T>(oracle: () => T): T | null {
  try {
    return oracle();
  } catch (error) {
    if (error instanceof TooBig) return null;
    throw error;
  }
}
