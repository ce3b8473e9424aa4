import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withLocks } from '../../src/explore/contention.ts';
import type { Outcome } from '../../src/explore/outcome.ts';
import { type SearchOptions, searchOn } from '../../src/explore/search.ts';
import { Machine } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { runtime } from '../../src/model/runtime.ts';
import { SpecError } from '../../src/model/shared.ts';
import { searchTogether } from '../../src/pool/coordinator.ts';
import { Crew } from '../../src/pool/crew.ts';
import { Member } from '../../src/pool/member.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { ALONE, again, drawn, runs, SEED } from '../oracle/drawn.ts';
import { show } from '../oracle/program.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';

const RUNS = runs(5400);

const OPTIONS = { ...UNLIMITED, maxStates: 20_000 };

/** Null: a loop takes locks without end. */
function searchAlone(
  program: Program,
  mode: Pick<SearchOptions, 'reduction' | 'probe' | 'without' | 'traceSlice'>,
): Omit<Outcome, 'workers'> | null {
  try {
    const machine = new Machine(program, guarded);
    const options = { ...OPTIONS, ...mode };
    const found = withLocks(machine, searchOn(machine, options), options);
    const { workers: _, ...outcome } = found;
    return outcome;
  } catch (error) {
    if (error instanceof SpecError && /holds 48 locks/.test(error.message)) return null;
    throw error;
  }
}

/**
 * The whole protocol between coordinator and members, with members in this thread: as fast as a
 * search alone, so that every random program can be asked. Real threads are in workers.test.ts.
 */
test(`${RUNS} random programs: alone, in twos and in threes the same (seed ${SEED})`, {
  timeout: RUNS * 100 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  let complete = 0;
  const won = { traces: 0, states: 0 };
  const details = await fc.check(
    fc.asyncProperty(
      randomProgram,
      fc.constantFrom(
        { reduction: false },
        { reduction: true },
        { reduction: true, traceSlice: 1 },
        { reduction: true, traceSlice: 4 },
        { reduction: true, without: new Set(['traces'] as const) },
        { reduction: true, probe: { from: 8, price: 0.1 }, without: new Set(['traces'] as const) },
        { reduction: true, probe: { from: 8, price: 0.1 } },
      ),
      fc.integer({ min: 1, max: 2 }),
      fc.boolean(),
      async (random, mode, helpers, late) => {
        (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
        const program = instantiate(loaded, 'only');
        const alone = searchAlone(program, mode);
        if (!alone?.complete) return;
        const links = Array.from({ length: helpers }, () => {
          const member = new Member(program, guarded);
          return {
            ask: async (order: Parameters<Member['carryOut']>[0]) => {
              // Before or after this thread has done its part.
              if (late) await setImmediate();
              return member.carryOut(order);
            },
          };
        });
        const crew = new Crew(links);
        const machine = new Machine(program, guarded);
        const options = { ...OPTIONS, ...mode };
        const found = await searchTogether(machine, options, async () => crew);
        const { workers, ...together } = withLocks(machine, found, options);
        expect(workers).toBe(helpers + 1);
        expect(together, show(random)).toEqual(alone);
        complete++;
        if ('traceSlice' in mode) won[alone.traces ? 'traces' : 'states']++;
      },
    ),
    drawn(RUNS),
  );
  if (details.failed) {
    throw new Error(`${again(details.counterexamplePath)}\n${details.errorInstance}`);
  }
  if (ALONE) return;
  expect(complete).toBeGreaterThan(RUNS * 0.93);
  expect(Math.min(won.traces, won.states)).toBeGreaterThan(RUNS * 0.05);
});

test('what members saw of locks and conditions is known to all', async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/classics/counter.ts'));
  const program = instantiate(loaded, Object.keys(loaded.spec.variants)[0]!);
  const member = new Member(program, guarded);
  const seen = { contended: ['far'], asked: new Map([['p', new Map([['far:c0', 2]])]]) };
  const ask = async (order: Parameters<Member['carryOut']>[0]) => ({
    ...member.carryOut(order),
    ...seen,
  });
  const crew = new Crew([{ ask }]);
  const machine = new Machine(program, guarded);
  await searchTogether(machine, { ...OPTIONS, reduction: false }, async () => crew);
  expect(machine.contention.contended()).toContain('far');
  expect(runtime.branches.get('p')).toEqual(new Map([['far:c0', 2]]));
  // And a member says what it saw.
  expect(member.carryOut({ do: 'give', keep: 0 }).asked).toBe(runtime.branches);
});
