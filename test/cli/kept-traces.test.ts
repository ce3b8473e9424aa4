import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lockstep, root } from './lockstep.ts';

const folder = path.join(root, 'traces/kmem-cache-dying');
const traces = readdirSync(folder).sort();

/** The property whose schedule ends in the use after free of the kernel bug (a264df74df38). */
const D3 = traces.find((name) => name.startsWith('seed.P1-'))!;

test('every violated variant keeps a trace, and every kept trace reproduces', () => {
  const listed = lockstep(['verify-spec', '--json', '--no-traces', 'specs/kmem-cache-dying']);
  expect(listed.status).toBe(0);
  const runs: { variant: string; properties: { verdict: string; steps: number | null }[] }[] =
    JSON.parse(listed.stdout);
  const violated = runs.flatMap(({ variant, properties }) =>
    properties.filter(({ steps }) => steps !== null).map(() => variant),
  );
  expect(violated.length).toBe(traces.length);
  for (const variant of new Set(violated)) {
    expect(traces.filter((name) => name.startsWith(`${variant}.`)).length).toBe(
      violated.filter((each) => each === variant).length,
    );
  }
  const replayed = lockstep(['replay-trace', ...traces.map((name) => path.join(folder, name))]);
  expect(replayed.status, replayed.stdout.slice(-2000)).toBe(0);
});

test('verifying again writes the same bytes', () => {
  const before = traces.map((name) => readFileSync(path.join(folder, name), 'utf8'));
  expect(lockstep(['verify-spec', '--quiet', '--variant', 'seed']).status).toBe(0);
  expect(traces.map((name) => readFileSync(path.join(folder, name), 'utf8'))).toEqual(before);
});

test('the schedule of the kernel bug is not possible with its fix: exit 5, naming the step', () => {
  for (const variant of ['v5.4', 'repaired']) {
    const replayed = lockstep(['replay-trace', '--variant', variant, path.join(folder, D3)]);
    expect(replayed.status).toBe(5);
    expect(replayed.stdout).toMatch(/^diverged {2}at step \d+/);
    expect(replayed.stdout).toMatch(/step \d+ diverges: recorded: /);
  }
});
