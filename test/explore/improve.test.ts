import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frontier } from '../../src/explore/frontier.ts';
import { improve } from '../../src/explore/improve.ts';
import type { Outcome } from '../../src/explore/outcome.ts';
import { replay } from '../../src/explore/replay.ts';
import { searchOn } from '../../src/explore/search.ts';
import { straighten, walk } from '../../src/explore/straighten.ts';
import { Machine } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { replayed } from '../oracle/compare.ts';
import type { Condition, RandomProgram, RandomThread, Statement } from '../oracle/program.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';

const OPTIONS = { ...UNLIMITED, maxStates: 100_000 };

const switches = (schedule: readonly string[]): number =>
  schedule.filter((thread, at) => at > 0 && schedule[at - 1] !== thread).length;

const loaded = await loadSpec(path.join(import.meta.dirname, '../fixtures/random-program.ts'));

function make(random: RandomProgram): Program {
  (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
  return instantiate(loaded, 'only');
}

test('improved schedules break what they broke, in fewest steps and no more switches', () => {
  let shorter = 0;
  let straighter = 0;
  fc.assert(
    fc.property(randomProgram, (random) => {
      const program = make(random);
      const machine = new Machine(program, guarded);
      const found = searchOn(machine, { ...OPTIONS, reduction: true });
      const better = improve(machine, found, { ...OPTIONS, reduction: true });
      const full = searchOn(machine, { ...OPTIONS, reduction: false });
      if (!found.complete || !full.complete) return;
      replayed(program, better);
      better.properties.forEach((property, at) => {
        expect(property.verdict).toBe(found.properties[at]!.verdict);
        const old = found.properties[at]!.schedule;
        if (!property.schedule || !old) return;
        const least = full.properties.find(({ name }) => name === property.name)!.schedule!;
        expect(property.shortest).toBe(true);
        // What lockdep learns first may be another circle than the one with the fewest facts.
        expect(property.fewestSwitches).toBe(!ofLockdep(property.name));
        if (!property.fewestSwitches) return;
        expect(property.schedule.length).toBe(least.length);
        if (property.schedule.length < old.length) shorter++;
        if (switches(property.schedule) < switches(least)) straighter++;
        expect(switches(property.schedule)).toBeLessThanOrEqual(switches(least));
      });
    }),
    { numRuns: 400, seed: 20190604 },
  );
  expect(shorter).toBeGreaterThan(0);
  expect(straighter).toBeGreaterThan(0);
});

/** Most interleavings of a program, and steps of each, for all of them to be replayed. */
const FEW = 150;
const SHORT = 40;

test('no interleaving breaks a property with fewer steps, or as many and fewer switches', () => {
  let compared = 0;
  let straightened = 0;
  fc.assert(
    fc.property(randomProgram, (random) => {
      const program = make(random);
      const machine = new Machine(program, guarded);
      const least = leastOf(program, machine);
      if (!least) return;
      // A machine that has learned nothing, and one that has learned all.
      const other = compared % 2 ? new Machine(program, guarded) : machine;
      const found = searchOn(other, { ...OPTIONS, reduction: compared % 3 > 0 });
      const better = improve(other, found, { ...OPTIONS, reduction: found.reduction });
      for (const { name, schedule, shortest, fewestSwitches } of better.properties) {
        if (!schedule) continue;
        expect(shortest).toBe(true);
        const best = least.get(name);
        expect(fewestSwitches).toBe(!ofLockdep(name));
        if (!fewestSwitches) continue;
        expect(schedule).toEqual(best);
        compared++;
        const first = found.properties.find((each) => each.name === name)!.schedule!;
        if (switches(straighten(other, first).schedule) > switches(best!)) straightened++;
      }
    }),
    { numRuns: 400, seed: 20191203 },
  );
  expect(compared).toBeGreaterThan(100);
  // What greedy reordering of what was found first does not come to.
  expect(straightened).toBeGreaterThan(0);
});

test('tables that grow lose no path', () => {
  const threads = [0, 1, 2, 3, 4].map((own): RandomThread => {
    const body = [1, 2, 3, 4, 5].map((constant): Statement => {
      return { op: 'store', to: own, value: { constant }, plain: false };
    });
    return { daemon: false, cpu: 0, body };
  });
  // Broken after some steps of one thread and some of another, for all such.
  const pairs = [0, 1, 2, 3, 4].flatMap((first) =>
    [0, 1, 2, 3, 4].slice(first + 1).flatMap((then) =>
      [1, 2, 3, 4, 5].flatMap((steps) =>
        [1, 2, 3, 4, 5].map((more) => [
          { thread: first, steps },
          { thread: then, steps: more },
        ]),
      ),
    ),
  );
  const always = pairs.map((pair): Condition => {
    const clauses = pair.map(({ thread: variable, steps }) => {
      return { object: { variable }, equals: steps };
    });
    return { negated: true, clauses };
  });
  const none = { locks: [], structs: 0, interrupts: [], atEnd: [], sometimes: [] };
  const program = make({ variables: 5, kcsan: 'strict', threads, always, ...none });
  const machine = new Machine(program, guarded);
  const options = { ...OPTIONS, reduction: false };
  const found = searchOn(machine, options);
  // Beyond the first table, and the second.
  expect(found.states).toBe(6 ** 5);
  const { properties } = improve(machine, found, options);
  const broken = properties.filter(({ kind }) => kind === 'always');
  expect(broken.map(({ schedule }) => schedule)).toEqual(
    pairs.map((pair) =>
      pair.flatMap(({ thread, steps }) => Array<string>(steps).fill(`t${thread}`)),
    ),
  );
});

test('no time is spent on a break known to be behind more states than may be', () => {
  let skipped = 0;
  let improved = 0;
  fc.assert(
    fc.property(randomProgram, fc.integer({ min: 2, max: 120 }), (random, maxStates) => {
      const machine = new Machine(make(random), guarded);
      const found = searchOn(machine, { ...OPTIONS, reduction: false });
      let looks = 0;
      const options = { ...OPTIONS, reduction: false, maxStates, interrupted: () => ++looks < 0 };
      const looksFor = (outcome: Outcome): [Outcome, number] => {
        looks = 0;
        return [improve(machine, outcome, options), looks];
      };
      const unknown = found.properties.map(({ behind, ...each }) => each);
      const [{ properties }, less] = looksFor(found);
      const [{ properties: all }, more] = looksFor({ ...found, properties: unknown });
      expect(properties.map(({ behind, ...each }) => each)).toEqual(all);
      expect(less).toBeLessThanOrEqual(more);
      if (less < more) skipped++;
      if (less > 0 && all.some(({ fewestSwitches }) => fewestSwitches)) improved++;
    }),
    { numRuns: 400, seed: 20191206 },
  );
  expect(skipped).toBeGreaterThan(50);
  expect(improved).toBeGreaterThan(50);
});

test.each(['state', 'step', 'never'])('all ways to break it count, by %s', async (variant) => {
  const ways = await loadSpec(path.join(import.meta.dirname, '../fixtures/minimal/ways.ts'));
  const program = instantiate(ways, variant);
  const machine = new Machine(program, guarded);
  const options = { ...OPTIONS, reduction: false };
  const found = searchOn(machine, options);
  const { properties } = improve(machine, found, options);
  const broken = properties.filter(({ schedule }) => schedule);
  expect(broken.map(({ name }) => name)).toEqual(program.expected);
  for (const { schedule, shortest, fewestSwitches } of broken) {
    expect(schedule).toEqual(['third', 'third', 'third', 'third', 'third']);
    expect([shortest, fewestSwitches]).toEqual([true, true]);
  }
});

test('a report by the last step that there is, is proved shortest', async () => {
  const spec = await loadSpec(path.join(import.meta.dirname, '../fixtures/minimal/last-step.ts'));
  const machine = new Machine(instantiate(spec, 'broken'), guarded);
  // As a reduced search, which does not prove it by itself.
  const options = { ...OPTIONS, reduction: true };
  const { properties } = improve(machine, searchOn(machine, options), options);
  expect(properties.find(({ name }) => name === 'nothing freed is touched')).toMatchObject({
    schedule: ['only', 'only'],
    shortest: true,
    fewestSwitches: true,
  });
});

test('where none is proved shortest, no step can be left out', () => {
  let longer = 0;
  let shorter = 0;
  fc.assert(
    fc.property(randomProgram, (random) => {
      const program = make(random);
      const machine = new Machine(program, guarded);
      // As found at the end of a random walk: with much that does not matter.
      const found = searchOn(machine, { ...OPTIONS, reduction: false });
      const walked = wandering(program, machine, found);
      const better = improve(machine, walked, { ...OPTIONS, reduction: true, maxStates: 1 });
      replayed(program, better);
      for (const { name, schedule, shortest, fewestSwitches, earlier } of better.properties) {
        const before = walked.properties.find((each) => each.name === name)!;
        if (!schedule || before.shortest || earlier.length > 0 || ofLockdep(name)) continue;
        if (schedule.length === 0) continue;
        expect([shortest, fewestSwitches]).toEqual([false, false]);
        expect(schedule.length).toBeLessThanOrEqual(before.schedule!.length);
        const least = found.properties.find((each) => each.name === name)!.schedule!;
        if (schedule.length < before.schedule!.length) shorter++;
        if (schedule.length > least.length) longer++;
        for (const at of schedule.keys()) {
          const { broken, diverged } = replay(program, schedule.toSpliced(at, 1), guarded);
          const still = broken.some(({ property }) => property === name);
          expect(diverged === null && still).toBe(false);
        }
      }
    }),
    { numRuns: 80, seed: 20191205 },
  );
  expect(shorter).toBeGreaterThan(20);
  // Least is not what it promises: the test would not see a search in disguise.
  expect(longer).toBeGreaterThan(0);
});

/** The same findings, each at the first place where a random walk comes to it, if one does. */
function wandering(program: Program, machine: Machine, found: Outcome): Outcome {
  const names = program.threads.map(({ name }) => name);
  const first = new Map<string, readonly string[]>();
  let seed = 1;
  for (let n = 0; n < 5; n++) {
    const { state } = walk(machine, []);
    const run: string[] = [];
    for (let crashed = false; run.length < SHORT && !crashed; ) {
      const moves = names.flatMap((_, thread) => machine.transition(state.rows, 0, thread) ?? []);
      if (moves.length === 0) break;
      seed = (seed * 48271) % 2147483647;
      const move = moves[seed % moves.length]!;
      run.push(names[move.node.thread]!);
      crashed = move.crash;
      state.take(machine, move);
    }
    for (const { property, step } of replay(program, run, guarded).broken) {
      if (!first.has(property)) first.set(property, run.slice(0, step));
    }
  }
  const properties = found.properties.map((each) => {
    const schedule = each.schedule && first.get(each.name);
    return schedule ? { ...each, schedule, earlier: [], shortest: false } : each;
  });
  return { ...found, reduction: true, properties };
}

function ofLockdep(property: string): boolean {
  return / detected: |inconsistent lock state|Invalid wait context/.test(property);
}

/**
 * For each property the best way to break it that any interleaving has: by steps, then switches,
 * then the order of the threads; null: too many to look at them all.
 */
function leastOf(program: Program, machine: Machine): Map<string, readonly string[]> | null {
  const names = program.threads.map(({ name }) => name);
  const rank = (schedule: readonly string[]): number[] => [
    schedule.length,
    switches(schedule),
    ...schedule.map((name) => names.indexOf(name)),
  ];
  const least = new Map<string, readonly string[]>();
  const runs = interleavings(machine, names);
  for (const run of runs ?? []) {
    for (const { property, step } of replay(program, run, guarded).broken) {
      const schedule = run.slice(0, step);
      const old = least.get(property);
      if (!old || isLess(rank(schedule), rank(old))) least.set(property, schedule);
    }
  }
  return runs && least;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((each, index) => each !== b[index]);
  return at >= 0 && a[at]! < b[at]!;
}

/** All runs to where nothing can move, or to a crash; null: they are too many, or too long. */
function interleavings(machine: Machine, names: readonly string[]): string[][] | null {
  const runs: string[][] = [];
  const extend = (run: readonly string[], state: () => Frontier): boolean => {
    if (run.length > SHORT || runs.length > FEW) return false;
    let last = true;
    for (const [thread, name] of names.entries()) {
      const there = state();
      const move = machine.transition(there.rows, 0, thread);
      if (!move) continue;
      last = false;
      if (move.crash) {
        runs.push([...run, name]);
        continue;
      }
      const after = (): Frontier => {
        const next = state();
        next.take(machine, move);
        return next;
      };
      if (!extend([...run, name], after)) return false;
    }
    if (last) runs.push([...run]);
    return true;
  };
  const all = extend([], () => walk(machine, []).state);
  return all && runs.length <= FEW ? runs : null;
}
