import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/explore/outcome.ts';
import type { SearchOptions } from '../../src/explore/search.ts';
import type { VerifyOptions } from '../../src/pool/coordinator.ts';
import type { LoadedSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { codegen } from '../oracle/codegen.ts';
import { replayed, same, violations } from '../oracle/compare.ts';
import { ALONE, again, drawn, SEED } from '../oracle/drawn.ts';
import { explicit } from '../oracle/explicit.ts';
import { TooBig } from '../oracle/findings.ts';
import { show } from '../oracle/program.ts';
import { instantiate, loadSpec, verify } from './built.ts';

const RUNS = Number(process.env.LOCKSTEP_WORKER_RUNS ?? (ALONE ? 1 : 50));

/** Everything but how it was done. */
function result({ workers: _, ...outcome }: Outcome): Omit<Outcome, 'workers'> {
  return outcome;
}

type Mode = Required<Pick<SearchOptions, 'reduction' | 'without' | 'probe'>>;

const probe = { from: 8, price: 0.1 };
const [REDUCED, FULL, PROBED]: readonly [Mode, Mode, Mode] = [
  { reduction: true, without: new Set(['probe', 'traces']), probe },
  { reduction: false, without: new Set(), probe },
  { reduction: true, without: new Set(), probe },
];

/** `workers: 2` shares the work from the first state on, if nothing else is said. */
async function outcomeOf(
  loaded: LoadedSpec,
  variant: string,
  mode: Mode,
  workers: number,
  sizes: Pick<VerifyOptions, 'hireFrom' | 'shareFrom'> = { shareFrom: 1 },
): Promise<Outcome> {
  const outcome = await verify(loaded, instantiate(loaded, variant, {}), {
    workers,
    ...mode,
    ...sizes,
    first: false,
    maxStates: 1_000_000,
    maxTimeMs: Number.POSITIVE_INFINITY,
    maxMemory: Number.POSITIVE_INFINITY,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  if (!outcome.complete) throw new Error(`incomplete: ${outcome.limit}`);
  return outcome;
}

describe('known programs', () => {
  const files = [
    'classics/peterson',
    'classics/bakery',
    'classics/philosophers',
    'classics/treiber',
    'classics/two-flags',
    'classics/counter',
  ];
  for (const file of files) {
    test(file, async () => {
      const loaded = await loadSpec(path.join(import.meta.dirname, `../fixtures/${file}.ts`));
      for (const variant of Object.keys(loaded.spec.variants)) {
        for (const mode of [REDUCED, FULL, PROBED]) {
          const alone = await outcomeOf(loaded, variant, mode, 1);
          const shared = await outcomeOf(loaded, variant, mode, 2);
          // A probe is not shared, and may be all that there is to do.
          if (mode !== PROBED) expect(shared.workers).toBe(2);
          expect(result(shared)).toEqual(result(alone));
        }
      }
    });
  }
});

/** What is told of each broken property, and that it is the best there is. */
function claims({ properties }: Outcome): unknown[] {
  return properties.map(({ name, verdict, schedule, shortest, fewestSwitches }) => {
    const switches = schedule?.filter((thread, at) => at > 0 && schedule[at - 1] !== thread);
    const weight = schedule && [schedule.length, switches!.length];
    return [name, verdict, weight, shortest, fewestSwitches];
  });
}

describe('symmetric programs', () => {
  for (const name of ['counter', 'queue', 'rcu']) {
    test(name, async () => {
      const file = path.join(import.meta.dirname, `../fixtures/symmetry/${name}.ts`);
      const loaded = await loadSpec(file);
      for (const variant of Object.keys(loaded.spec.variants)) {
        for (const mode of [REDUCED, FULL]) {
          const alone = await outcomeOf(loaded, variant, mode, 1);
          const shared = await outcomeOf(loaded, variant, mode, 2);
          expect(shared.workers).toBe(2);
          expect(shared.symmetry).toEqual(instantiate(loaded, variant, {}).symmetric);
          expect(result(shared)).toEqual(result(alone));
          const without = new Set([...mode.without, 'symmetry' as const]);
          const all = await outcomeOf(loaded, variant, { ...mode, without }, 2);
          expect(all.symmetry).toEqual([]);
          expect(claims(shared)).toEqual(claims(all));
        }
      }
    });
  }
});

test('warnings are the same, with what witnesses asked', async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/warned.ts'));
  for (const mode of [REDUCED, FULL, PROBED]) {
    for (const workers of [1, 2, 2, 2]) {
      const { warnings } = await outcomeOf(loaded, 'only', mode, workers);
      expect(warnings.map(({ message }) => message)).toEqual(WARNED);
    }
  }
});

const WARNED: readonly string[] = [
  "always 'constant' reads no shared object: it says the same in every state",
  "always 'implication': 'peek(z) < 2' always holds, so 'peek(x) === 0' is never asked",
  'forgotten: nothing that runs calls it',
  'own: only z ever takes it',
  "'n === 10' is never true",
  'idle: nobody ever takes it',
];

test('workers that have been started for nothing', async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/classics/bakery.ts'));
  const [variant] = Object.keys(loaded.spec.variants);
  const alone = await outcomeOf(loaded, variant!, FULL, 1);
  for (const hireFrom of [1, Math.floor(alone.states / 2), alone.states]) {
    const sizes = { hireFrom, shareFrom: Number.POSITIVE_INFINITY };
    expect(await outcomeOf(loaded, variant!, FULL, 3, sizes)).toEqual(alone);
  }
});

describe(`${RUNS} random programs as generated source (seed ${SEED})`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'lockstep-random-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('one worker, two workers and oracle agree', { timeout: RUNS * 5000 }, async () => {
    let compared = 0;
    for (const [n, program] of fc.sample(randomProgram, drawn(RUNS)).entries()) {
      try {
        const expected = explicit(program, 2000);
        const file = path.join(folder, `random${n}.ts`);
        await writeFile(file, codegen(program));
        const loaded = await loadSpec(file);
        for (const mode of [REDUCED, FULL, PROBED]) {
          const alone = await outcomeOf(loaded, 'only', mode, 1);
          same(JSON.stringify(mode), { violated: violations(alone) }, expected);
          expect(alone.finalStates).toBeGreaterThanOrEqual(expected.finals.size);
          replayed(instantiate(loaded, 'only', {}), alone);
          const shared = await outcomeOf(loaded, 'only', mode, 2);
          expect(result(shared)).toEqual(result(alone));
        }
        compared++;
      } catch (error) {
        if (error instanceof TooBig) continue;
        throw new Error(`${again(n)}\n${show(program)}\n${error}`);
      }
    }
    if (ALONE) return;
    expect(compared).toBeGreaterThan(RUNS * 0.8);
  });
});
