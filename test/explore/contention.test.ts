import path from 'node:path';
import { expect, test } from 'vitest';
import { withLocks } from '../../src/explore/contention.ts';
import type { Outcome } from '../../src/explore/outcome.ts';
import { searchOn } from '../../src/explore/search.ts';
import { exploreTraces } from '../../src/explore/traces.ts';
import { Machine } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { OPTIONS } from '../oracle/compare.ts';
import { ALONE, check, runs, SEED } from '../oracle/drawn.ts';
import { explicit } from '../oracle/explicit.ts';
import { bounded, type Findings } from '../oracle/findings.ts';
import type { RandomProgram } from '../oracle/program.ts';
import { folder } from '../spec/folder.ts';

const RUNS = runs(1500);

function uncontended(program: Program, way: 'unreduced' | 'reduced' | 'traces'): string[] | null {
  const machine = new Machine(program, guarded);
  const options = { ...OPTIONS, reduction: way !== 'unreduced' };
  const outcome = way === 'traces' ? byTraces(machine) : searchOn(machine, options);
  if (!outcome) return null;
  const { warnings } = withLocks(machine, outcome, options);
  return warnings
    .filter(({ kind }) => kind === 'never contended')
    .map(({ message }) => message.replace(/: .*/, ''));
}

function byTraces(machine: Machine): Outcome | null {
  const exploration = exploreTraces(machine, { guarded });
  let step = exploration.next();
  while (!step.done) step = exploration.next();
  return 'declined' in step.value ? null : step.value;
}

/** By class, as the engine names it: those in structs of one type are one. */
function expected({ locks: sorts }: RandomProgram, { locks }: Findings): string[] {
  const nameOf = (n: number): string => {
    const { kind, grouped } = sorts[n]!;
    if (!grouped) return `l${n}`;
    return `${kind === 'mutex' ? 'mutexe' : kind === 'raw' ? 'raw_spinlock' : kind}s.lock`;
  };
  const contended = new Set([...locks!.contended].map(nameOf));
  const taken = new Set([...locks!.taken].map(nameOf));
  return [...taken].filter((name) => !contended.has(name)).sort();
}

test(`locks that nobody waits for are those of the oracle (seed ${SEED})`, {
  timeout: RUNS * 200 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));
  const counts = { compared: 0, traces: 0, uncontended: 0, contended: 0 };
  const agree = (random: RandomProgram): void => {
    const found = bounded(() => explicit(random, 1200));
    if (!found) return;
    const make = (): Program => {
      (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
      return instantiate(loaded, 'only');
    };
    const wanted = expected(random, found);
    expect(uncontended(make(), 'unreduced'), 'unreduced').toEqual(wanted);
    expect(uncontended(make(), 'reduced'), 'reduced').toEqual(wanted);
    const traced = uncontended(make(), 'traces');
    if (traced) expect(traced, 'by traces').toEqual(wanted);
    counts.compared++;
    if (traced) counts.traces++;
    counts.uncontended += wanted.length;
    counts.contended += found.locks!.contended.size;
  };
  check(randomProgram, agree, RUNS);
  console.info(`seed ${SEED}: ${JSON.stringify(counts)}`);
  if (ALONE) return;
  expect(counts.compared).toBeGreaterThan(RUNS * 0.9);
  expect(counts.traces).toBeGreaterThan(RUNS * 0.6);
  expect(Math.min(counts.uncontended, counts.contended)).toBeGreaterThan(RUNS / 4);
});

/**
 * The waiter has to see each store. Once it is let through, the setter's next operation is its unlock,
 * which nothing comes before that the reduction would have to exchange with it.
 */
const SPEC = `
import { DEFINE_MUTEX, READ_ONCE, WRITE_ONCE, defineSpec, mutex_lock, mutex_unlock, variable } from 'lockstep';
const lock = DEFINE_MUTEX('lock');
const own = DEFINE_MUTEX('own');
const flag = variable('flag', 0);
export default defineSpec({
  name: 's',
  variants: { only: {} },
  build() {
    return {
      threads: {
        *setter() {
          yield* mutex_lock(lock);
          for (const n of [1, 2, 3]) yield* WRITE_ONCE(flag, n);
          yield* mutex_unlock(lock);
          yield* WRITE_ONCE(flag, 0);
          yield* mutex_lock(own);
          yield* mutex_unlock(own);
        },
        *waiter() {
          for (const n of [1, 2, 3]) if ((yield* READ_ONCE(flag)) !== n) return;
          yield* mutex_lock(lock);
          yield* mutex_unlock(lock);
        },
      },
    };
  },
});
`;

test('a lock that the reduction leaves nobody waiting for', async () => {
  const loaded = await loadSpec(path.join(folder({ 'spec.ts': SPEC }), 'spec.ts'));
  const machine = new Machine(instantiate(loaded, 'only'), guarded);
  const options = { ...OPTIONS, reduction: true };
  const outcome = searchOn(machine, options);
  // Else it is about nothing.
  expect([...machine.contention.contended()]).toEqual([]);
  const { warnings } = withLocks(machine, outcome, options);
  expect(warnings.map(({ kind, message, site }) => [kind, message, site?.text])).toEqual([
    ['never contended', 'own: only setter ever takes it', 'yield* mutex_lock(own);'],
  ]);
  // Too small a search decides nothing but what is certain.
  const short = new Machine(instantiate(loaded, 'only'), guarded);
  const told = withLocks(short, searchOn(short, options), { ...options, maxStates: 1 });
  expect(told.warnings.map(({ message }) => message)).toEqual(['own: only setter ever takes it']);
});
