import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { improve } from '../../../src/explore/improve.ts';
import { type SearchOptions, search, searchOn } from '../../../src/explore/search.ts';
import { GFP_KERNEL } from '../../../src/kernel/gfp.ts';
import { kzalloc, struct } from '../../../src/kernel/memory.ts';
import { ThreadContext } from '../../../src/model/context.ts';
import { Machine } from '../../../src/model/machine.ts';
import type { Program } from '../../../src/model/program.ts';
import { runtime } from '../../../src/model/runtime.ts';
import { searchTogether } from '../../../src/pool/coordinator.ts';
import { Crew } from '../../../src/pool/crew.ts';
import { Member } from '../../../src/pool/member.ts';
import { guarded } from '../../../src/spec/guard.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';
import { randomProgram } from '../../oracle/arbitrary.ts';
import { OPTIONS, replayed, same, searched } from '../../oracle/compare.ts';
import { ALONE, again, drawn, runs, SEED, turnOf } from '../../oracle/drawn.ts';
import { explicit } from '../../oracle/explicit.ts';
import { TooBig } from '../../oracle/findings.ts';
import { orbitsOf } from '../../oracle/orbits.ts';
import { type RandomProgram, show } from '../../oracle/program.ts';

const RUNS = runs(600);
const WITHOUT = new Set(['symmetry', 'traces'] as const);

interface Drawn {
  readonly random: RandomProgram;
  readonly same: number;
  /** Properties that name one of the threads. */
  readonly naming: 'none' | 'locks' | 'heap';
}

/** Some threads with the first one's body, and at times another one. */
const programs: fc.Arbitrary<Drawn> = fc
  .record({
    random: randomProgram,
    same: fc.constantFrom(2, 2, 2, 3),
    other: fc.boolean(),
    naming: fc.constantFrom('none', 'none', 'locks', 'heap'),
  })
  .map(({ random, same, other, naming }) => {
    const [first, second] = random.threads;
    const threads = [...Array(same).fill(first), ...(other && second ? [second] : [])];
    return { random: { ...random, threads }, same, naming };
  });

/** What one thread allocates, read together with a variable. */
function withHeap(program: Program): Program {
  // The object is made by whoever asks first: the thread itself, elsewhere.
  runtime.thread = new ThreadContext('t1', 0, 'process');
  kzalloc(struct('heap', { v: 0 }), GFP_KERNEL).next();
  runtime.thread = null;
  const read = (name: string): unknown => runtime.peek!(runtime.objects.get(name)!);
  const both = (): boolean => read('heap@t1.v') === 1 && read('x0') === 1;
  const one = (): boolean => read('heap@t1') === 'alive' && read('x0') === 2;
  return {
    ...program,
    always: [...program.always, { name: 'not both', holds: () => !both() }],
    sometimes: [...program.sometimes, { name: 'one', holds: one }],
  };
}

/** What is told of each broken property: by which schedule, and that it is the best there is. */
function claims(
  program: Program,
  reduction: boolean,
  without: SearchOptions['without'],
): unknown[] {
  const machine = new Machine(program, guarded);
  const options = { ...OPTIONS, reduction, ...(without && { without }) };
  const { properties } = improve(machine, searchOn(machine, options), options);
  return properties.map(({ name, verdict, schedule, earlier, shortest, fewestSwitches }) =>
    // What lockdep puts together may be another circle.
    earlier.length > 0 ? [name, verdict] : [name, verdict, schedule, shortest, fewestSwitches],
  );
}

/** Properties that name one of the threads. */
function withNames(program: Program): Program {
  const held = (name: string): boolean => {
    const lock = runtime.objects.get(name) ?? runtime.objects.get(`${name}.lock`);
    return lock !== undefined && JSON.stringify(runtime.peek!(lock)).includes('"t1"');
  };
  return {
    ...program,
    always: [...program.always, { name: 't1 has not l0', holds: () => !held('l0') }],
    sometimes: [...program.sometimes, { name: 't1 has l1', holds: () => held('l1') }],
    atEnd: [...program.atEnd, { name: 't1 gave l0 back', holds: () => !held('l0') }],
    never: [
      {
        name: 'a report on t1',
        matches: ({ thread, rule }) => thread === 't1' && rule !== 'data-race',
      },
      {
        name: 'a race in f0',
        matches: ({ thread, rule }) => thread === 't0' && rule === 'data-race',
      },
    ],
  };
}

test(`${RUNS} random programs of identical threads: the same with symmetry (seed ${SEED})`, {
  timeout: RUNS * 400 + 60_000,
}, async () => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../../fixtures/random-program.ts'));
  let compared = 0;
  let counted = 0;
  let violating = 0;
  let fewer = 0;
  let claimed = 0;
  const states = { all: 0, orbits: 0, reduced: 0, both: 0 };
  const agree = async (drawn: Drawn) => {
    const { random, naming } = drawn;
    let expected: ReturnType<typeof explicit>;
    try {
      expected = explicit(random, 1500);
    } catch (error) {
      if (error instanceof TooBig) return;
      throw error;
    }
    const make = (): Program => {
      (globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.test.program')] = random;
      const program = instantiate(loaded, 'only');
      const names = program.threads.map(({ name }) => name).slice(0, drawn.same);
      const symmetric = { ...program, symmetric: [names] };
      if (naming === 'none') return symmetric;
      return naming === 'heap' ? withHeap(symmetric) : withNames(symmetric);
    };
    const all = searched(make(), false, { without: WITHOUT });
    const orbits = searched(make(), false);
    const reduced = searched(make(), true, { without: WITHOUT });
    const both = searched(make(), true);
    for (const [what, found] of Object.entries({ orbits, both })) {
      if (naming === 'none') same(what, found, expected);
      same(`${what}, of all`, found, all);
      expect([...found.violated].sort()).toEqual([...all.violated].sort());
      replayed(make(), found.outcome);
      expect(found.outcome.symmetry[0]!.length).toBe(drawn.same);
    }
    for (const [at, { schedule }] of orbits.outcome.properties.entries()) {
      const shortest = all.outcome.properties[at]!.schedule;
      if (orbits.outcome.properties[at]!.earlier.length > 0) continue;
      expect(schedule?.length).toBe(shortest?.length);
    }
    const best = claims(make(), false, WITHOUT);
    for (const reduction of [false, true]) {
      expect(claims(make(), reduction, OPTIONS.without)).toEqual(best);
      if (best.some((claim) => (claim as unknown[])[3] === true)) claimed++;
      const program = make();
      const members = Array.from(
        { length: 1 + (turnOf(random) % 2) },
        () => new Member(program, guarded),
      );
      const crew = new Crew(
        members.map((member) => ({
          ask: async (order: Parameters<Member['carryOut']>[0]) => member.carryOut(order),
        })),
      );
      const options = { ...OPTIONS, reduction };
      const machine = new Machine(program, guarded);
      const { workers: _, ...together } = await searchTogether(machine, options, async () => crew);
      const { workers: __, ...alone } = search(program, options);
      expect(together).toEqual(alone);
    }
    if (all.states < 400) {
      expect(orbits.states).toBe(orbitsOf(make()));
      counted++;
    }
    compared++;
    if (all.violated.size > 0) violating++;
    if (orbits.states < all.states * 0.75) fewer++;
    states.all += all.states;
    states.orbits += orbits.states;
    states.reduced += reduced.states;
    states.both += both.states;
  };
  const details = await fc.check(fc.asyncProperty(programs, agree), drawn(RUNS));
  if (details.failed) {
    const [{ random, same, naming }] = details.counterexample! as [Drawn];
    throw new Error(
      `${again(details.counterexamplePath)}\n${same} the same, naming ${naming}\n` +
        `${show(random)}\n${(details.errorInstance as Error)?.stack}`,
    );
  }
  console.info(
    `seed ${SEED}: ${compared} programs compared, ${counted} counted, ${violating} violating, ` +
      `${fewer} with fewer states: ${JSON.stringify(states)}`,
  );
  if (ALONE) return;
  expect(compared).toBeGreaterThan(RUNS * 0.6);
  expect(counted).toBeGreaterThan(RUNS * 0.4);
  expect(violating).toBeGreaterThan(RUNS * 0.3);
  expect(fewer).toBeGreaterThan(RUNS * 0.3);
  expect(claimed).toBeGreaterThan(RUNS * 0.3);
});
