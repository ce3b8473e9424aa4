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
import { Crew, type Link } from '../../src/pool/crew.ts';
import { Member } from '../../src/pool/member.ts';
import type { Answer } from '../../src/pool/messages.ts';
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
  mode: Pick<SearchOptions, 'reduction' | 'probe' | 'without'>,
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
  const details = await fc.check(
    fc.asyncProperty(
      randomProgram,
      fc.constantFrom(
        { reduction: false },
        { reduction: true },
        { reduction: true, without: new Set(['traces'] as const) },
        { reduction: true, probe: { from: 8, price: 0.1 }, without: new Set(['traces'] as const) },
        { reduction: true, probe: { from: 8, price: 0.1 } },
      ),
      fc.integer({ min: 1, max: 2 }),
      async (random, mode, helpers) => {
        (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
        const program = instantiate(loaded, 'only');
        const alone = searchAlone(program, mode);
        if (!alone?.complete) return;
        const links = Array.from({ length: helpers }, () => {
          const member = new Member(program, guarded);
          return {
            ask: async (order: Parameters<Member['carryOut']>[0]) => member.carryOut(order),
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
      },
    ),
    drawn(RUNS),
  );
  if (details.failed) {
    throw new Error(`${again(details.counterexamplePath)}\n${details.errorInstance}`);
  }
  if (ALONE) return;
  expect(complete).toBeGreaterThan(RUNS * 0.93);
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

/** What becomes of a search: a whole outcome, or what is wrong with the spec. */
async function told(search: () => Outcome | Promise<Outcome>): Promise<Outcome | string> {
  try {
    return await search();
  } catch (error) {
    if (error instanceof SpecError) return error.message;
    throw error;
  }
}

/** A worker that answers only after some turns of this thread. */
function late(member: Member, turns: number, heard: (answer: Answer) => void): Link {
  return {
    ask: async (order) => {
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      const answer = member.carryOut(order);
      heard(answer);
      return answer;
    },
  };
}

/** Long enough for all orders that nobody waits for any more: they are of this program. */
async function settled(turns: number): Promise<void> {
  for (let turn = 0; turn <= turns; turn++) await setImmediate();
}

const TRACED = runs(600);

test(`${TRACED} random programs: the same with traces explored by a worker (seed ${SEED})`, {
  timeout: TRACED * 100 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  const met = { traces: 0, states: 0, declined: 0, limit: 0, late: 0, crew: 0 };
  const details = await fc.check(
    fc.asyncProperty(
      randomProgram,
      fc.record({
        probe: fc.constantFrom({}, { probe: { from: 8, price: 0.1 } }),
        traceSlice: fc.integer({ min: 1, max: 8 }),
        maxStates: fc.constantFrom(20_000, 20_000, 20_000, 30),
        from: fc.constantFrom(0, 0, 10),
        turns: fc.integer({ min: 0, max: 4 }),
        helpers: fc.integer({ min: 1, max: 2 }),
      }),
      async (random, { probe, traceSlice, maxStates, from, turns, helpers }) => {
        (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
        const program = instantiate(loaded, 'only');
        const options = { ...OPTIONS, ...probe, reduction: true, traceSlice, maxStates };
        const alone = await told(() => {
          const machine = new Machine(program, guarded);
          return withLocks(machine, searchOn(machine, options), options);
        });
        let declined = false;
        const links = Array.from({ length: helpers }, () =>
          late(new Member(program, guarded), turns, ({ traced }) => {
            declined ||= traced?.done === true && traced.value && 'declined' in traced.value;
          }),
        );
        const crew = new Crew(links);
        // Nobody counts states alike who looks at a limit at other times.
        const share = helpers > 1 && maxStates > 30;
        let shared = false;
        let busy = 0;
        const together = await told(async () => {
          const machine = new Machine(program, guarded);
          const found = await searchTogether(
            machine,
            options,
            async ({ visited }) => {
              if (!share || visited.size < 10 || crew.size < 2) return null;
              shared = true;
              return crew;
            },
            { from, crew: async () => crew },
          );
          busy = found.workers - 1;
          return { ...withLocks(machine, found, options), workers: 1 };
        });
        await settled(turns);
        expect(together, show(random)).toEqual(alone);
        if (typeof alone === 'string' || busy === 0) return;
        if ('traces' in alone) met.traces++;
        else if (declined) met.declined++;
        else if (alone.complete) met.states++;
        else met.limit++;
        if (from > 0 && 'traces' in alone) met.late++;
        if (shared && busy === 2) met.crew++;
      },
    ),
    drawn(TRACED),
  );
  if (details.failed) {
    throw new Error(`${again(details.counterexamplePath)}\n${details.errorInstance}`);
  }
  if (ALONE) return;
  expect(met.traces).toBeGreaterThan(TRACED * 0.2);
  expect(met.states).toBeGreaterThan(TRACED * 0.15);
  expect(met.declined).toBeGreaterThan(TRACED * 0.03);
  expect(met.limit).toBeGreaterThan(TRACED * 0.03);
  expect(met.late).toBeGreaterThan(TRACED * 0.02);
  expect(met.crew).toBeGreaterThan(TRACED * 0.1);
});

test('a worker that ends while it explores traces ends the search, if it is waited for', async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../bench/families.ts'));
  const program = instantiate(loaded, 'lastzero', { n: 5 });
  const options = { ...OPTIONS, reduction: true, traceSlice: 4 };
  const search = async (answers: number): Promise<Outcome> => {
    const member = new Member(program, guarded);
    const link: Link = {
      ask: async (order) => {
        if (answers-- === 0) throw new Error('the worker is gone');
        return member.carryOut(order);
      },
    };
    const crew = new Crew([link]);
    const tracing = { from: 0, crew: async () => crew };
    return searchTogether(new Machine(program, guarded), options, async () => null, tracing);
  };
  const alone = searchOn(new Machine(program, guarded), options);
  const slices = Math.ceil(alone.transitions / 4);
  expect(await search(slices + 16)).toEqual({ ...alone, workers: 2 });
  await expect(search(1)).rejects.toThrow('the worker is gone');
});
