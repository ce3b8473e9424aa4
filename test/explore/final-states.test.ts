import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finalSchedules } from '../../src/explore/final-schedules.ts';
import {
  endsOf,
  FinalStates,
  type Scope,
  scopeOf,
  surfaceOf,
} from '../../src/explore/final-states.ts';
import type { Without } from '../../src/explore/optimisations.ts';
import { search } from '../../src/explore/search.ts';
import type { Program } from '../../src/model/program.ts';
import { runtime } from '../../src/model/runtime.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { type LoadedSpec, loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { brute } from '../oracle/brute.ts';
import { OPTIONS } from '../oracle/compare.ts';
import { ALONE, again, drawn, runs, SEED, turnOf } from '../oracle/drawn.ts';
import { bounded, endText } from '../oracle/findings.ts';
import { type RandomProgram, type Statement, show } from '../oracle/program.ts';

/** LOCKSTEP_RANDOM_RUNS=20000 LOCKSTEP_RANDOM_SEED=1 npx vitest run test/explore/final-states.test.ts */
const RUNS = runs(300);

const fixture = (name: string): string => path.join(import.meta.dirname, '../fixtures', name);

/** A body with one change at one place: what somebody who edits a protocol does to it. */
function mutated(body: readonly Statement[], at: number, how: number): readonly Statement[] {
  const n = at % body.length;
  const each = body[n]!;
  if (each.op === 'locked' && how % 3 === 0) {
    // The unlock is dropped, or the lock altogether.
    const lock: Statement = { op: 'lock', lock: each.lock, how: each.how };
    return body.toSpliced(n, 1, ...(how % 2 === 0 ? [lock] : []), ...each.body);
  }
  if (n + 1 < body.length && how % 3 === 1) return body.toSpliced(n, 2, body[n + 1]!, each);
  return body.toSpliced(n, 1);
}

interface Pair {
  readonly before: RandomProgram;
  readonly after: RandomProgram;
}

const pairs: fc.Arbitrary<Pair> = fc
  .record({ before: randomProgram, thread: fc.nat(3), at: fc.nat(5), how: fc.nat(11) })
  .map(({ before, thread, at, how }) => {
    const n = thread % before.threads.length;
    const changed = before.threads[n]!;
    const body = mutated(changed.body, at, how);
    return { before, after: { ...before, threads: before.threads.with(n, { ...changed, body }) } };
  });

const finalsOf = (
  program: Program,
  scope: Scope,
  reduction: boolean,
  without: Without = OPTIONS.without,
): FinalStates => {
  const finals = new FinalStates(scope);
  const { complete } = search(program, { ...OPTIONS, without, reduction, onFinal: finals.see });
  if (!complete) throw new Error('incomplete');
  return finals;
};

function waysTo(program: Program, scope: Scope, digests: Iterable<string>, effort?: number) {
  const finding = finalSchedules(program, scope, new Set(digests), OPTIONS, effort);
  for (let step = finding.next(); ; step = finding.next()) if (step.done) return step.value;
}

/** What final states with these digests are, found and followed; shortest where that is promised. */
function textsOf(program: Program, scope: Scope, digests: readonly string[], effort?: number) {
  const ways = waysTo(program, scope, digests, effort);
  const endOf = endsOf(program, scope, guarded);
  return digests.map((digest) => {
    const { schedule, shortest } = ways.get(digest)!;
    if (shortest !== (effort === undefined || schedule.length === 0))
      throw new Error('not shortest');
    const end = endOf(schedule)!;
    if (end.digest !== digest) throw new Error('the schedule leads elsewhere');
    const parts = [...end.parts.values()];
    const objects = parts.filter(({ what, untouched }) => what === 'object' && !untouched);
    const threads = parts.filter(({ what }) => what === 'thread');
    return endText(
      objects.map(({ name, key }) => [name, parsed(key)]),
      threads.map(({ name, text }) => [name, text]),
    );
  });
}

/** Back from what it is compared by: names, numbers, NULL, and lists of these. */
function parsed(key: string): unknown {
  const json = key
    .replace(/&([^,\]}]+)/g, '{"name":"$1"}')
    .replace(/(?<![\w"])_(?![\w"])/g, 'null')
    .replace(/(?<![\w"])t(?![\w"])/g, 'true')
    .replace(/(?<![\w"])f(?![\w"])/g, 'false');
  return JSON.parse(json);
}

test(`${RUNS} random programs and a mutation of each: the difference is the oracle's (seed ${SEED})`, {
  timeout: RUNS * 300 + 60_000,
}, async () => {
  const loaded = await loadSpec(fixture('random-program.ts'));
  const make = (program: RandomProgram): Program => {
    (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = program;
    return instantiate(loaded, 'only');
  };
  const met = { compared: 0, gained: 0, lost: 0, waiting: 0 };
  const agree = ({ before, after }: Pair): void => {
    const oracle = [before, after].map((each) => bounded(() => brute(make(each), 250)));
    if (!oracle[0] || !oracle[1]) return;
    const scope = scopeOf(surfaceOf(make(before)), surfaceOf(make(after)));
    const [old, now] = [before, after].map((each) => {
      const unreduced = finalsOf(make(each), scope, false).found;
      const reduced = finalsOf(make(each), scope, true).found;
      expect([...reduced].sort()).toEqual([...unreduced].sort());
      return unreduced;
    });
    const lacking = (all: ReadonlyMap<string, number>, known: ReadonlyMap<string, number>) =>
      [...all.keys()].filter((digest) => !known.has(digest));
    const effort = turnOf(before) % 3 === 0 ? 1 : undefined;
    const gained = textsOf(make(after), scope, lacking(now!, old!), effort);
    const lost = textsOf(make(before), scope, lacking(old!, now!), effort);
    const [a, b] = oracle.map((each) => each!.ends!);
    expect(gained.sort()).toEqual([...b!].filter((text) => !a!.has(text)).sort());
    expect(lost.sort()).toEqual([...a!].filter((text) => !b!.has(text)).sort());
    met.compared++;
    if (gained.length > 0) met.gained++;
    if (lost.length > 0) met.lost++;
    if (gained.some((text) => text.includes(' waits at '))) met.waiting++;
  };
  const details = fc.check(fc.property(pairs, agree), drawn(RUNS));
  if (details.failed) {
    const [{ before, after }] = details.counterexample!;
    const which = again(details.counterexamplePath);
    throw new Error(`${which}\n${show(before)}\n${show(after)}\n${details.errorInstance}`);
  }
  console.info(`seed ${SEED}: ${JSON.stringify(met)}`);
  if (ALONE) return;
  expect(met.compared).toBeGreaterThan(RUNS * 0.4);
  expect(Math.min(met.gained, met.lost)).toBeGreaterThan(RUNS * 0.05);
  expect(met.waiting).toBeGreaterThan(0);
});

describe('with threads that are symmetric', () => {
  test.each(['counter', 'queue', 'rcu'])('%s: the same final states as without', async (name) => {
    const loaded = await loadSpec(fixture(`symmetry/${name}.ts`));
    for (const variant of Object.keys(loaded.spec.variants)) {
      const make = (): Program => instantiate(loaded, variant);
      const surface = surfaceOf(make());
      const scope = scopeOf(surface, surface);
      const without = new Set(['traces', 'symmetry'] as const);
      const all = finalsOf(make(), scope, false, without).found;
      expect(finalsOf(make(), scope, false).found).toEqual(all);
      expect(finalsOf(make(), scope, true).found).toEqual(all);
      const ways = waysTo(make(), scope, all.keys());
      const endOf = endsOf(make(), scope, guarded);
      for (const [digest, { schedule }] of ways) expect(endOf(schedule)!.digest).toBe(digest);
      expect(ways.size).toBe(all.size);
    }
  });
});

describe('the scope', () => {
  const surface = async (name: string, variant: string) => {
    const loaded: LoadedSpec = await loadSpec(fixture(name));
    return surfaceOf(instantiate(loaded, variant));
  };

  test('has the names of both, and leaves out what one has', async () => {
    const a = await surface('classics/lost-update.ts', 'bare');
    const b = { threads: ['add0', 'other'], objects: new Map([...a.objects].slice(1)) };
    const [first] = [...a.objects.keys()];
    const { objects, without, threads } = scopeOf(a, b);
    expect([...without]).toEqual([first]);
    expect([...objects]).toEqual([...a.objects.keys()].slice(1));
    expect([...threads]).toEqual(a.threads.filter((name) => name === 'add0'));
    expect(runtime.objects.size).toBe(a.objects.size);
  });
});
