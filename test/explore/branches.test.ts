import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Program } from '../../src/model/program.ts';
import { runtime } from '../../src/model/runtime.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { randomProgram } from '../oracle/arbitrary.ts';
import { brute } from '../oracle/brute.ts';
import { codegen } from '../oracle/codegen.ts';
import { searched, traced } from '../oracle/compare.ts';
import { ALONE, again, drawn, runs, SEED } from '../oracle/drawn.ts';
import { bounded } from '../oracle/findings.ts';
import { show } from '../oracle/program.ts';

const RUNS = runs(40);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'lockstep-branches-'));
});
afterAll(() => rm(folder, { recursive: true }));

test(`outcomes of conditions are those of brute force (seed ${SEED})`, {
  timeout: RUNS * 2000 + 60_000,
}, async () => {
  const counts = { compared: 0, traces: 0, oneSided: 0, predicates: 0 };
  for (const [n, random] of fc.sample(randomProgram, drawn(RUNS)).entries()) {
    const file = path.join(folder, `random${n}.ts`);
    await writeFile(file, codegen(random));
    const loaded = await loadSpec(file);
    const make = (): Program => instantiate(loaded, 'only');
    const program = make();
    const expected = bounded(() => brute(program, 600));
    if (!expected) continue;
    const wanted = asked(program, expected.violated);
    const same = (what: string): void => {
      const found = asked(program, expected.violated);
      expect(found, `${what}: ${again(n)}\n${show(random)}`).toEqual(wanted);
    };
    searched(make(), false);
    same('unreduced');
    searched(make(), true);
    same('reduced');
    if (!('declined' in traced(make()))) {
      same('by traces');
      counts.traces++;
    }
    counts.compared++;
    counts.oneSided += wanted.filter(([, , bits]) => bits < 3).length;
    counts.predicates += wanted.filter(([asker]) => asker !== '').length;
  }
  console.info(`seed ${SEED}: ${JSON.stringify(counts)}`);
  if (ALONE) return;
  expect(counts.compared).toBeGreaterThan(RUNS * 0.4);
  expect(Math.min(counts.traces, counts.oneSided)).toBeGreaterThan(RUNS / 4);
  // Usually 27 from 40 programs, many of them from one or two.
  expect(counts.predicates).toBeGreaterThan(RUNS / 20);
});

/** What threads asked, and the properties that hold; a broken one need not be asked on. */
function asked(program: Program, violated: ReadonlySet<string>): [string, string, number][] {
  const names = [...program.always, ...program.atEnd].map(({ name }) => name);
  const askers = ['', ...names.filter((name) => !violated.has(name))];
  return askers.flatMap((asker) =>
    [...(runtime.branches.get(asker) ?? [])]
      .map(([branch, bits]): [string, string, number] => [asker, branch, bits])
      .sort(([, a], [, b]) => (a < b ? -1 : 1)),
  );
}
