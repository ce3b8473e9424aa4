import { expect, test } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import { verifySpec } from '../../src/cli/verify-spec.ts';
import { jsonReporter } from '../../src/report/json.ts';
import { runsSchema } from '../../src/report/run-record.ts';
import type { Run } from '../../src/verdict/run.ts';
import { defaults, fakeContext } from '../cli/fake.ts';
import { root } from '../cli/lockstep.ts';
import { specs } from './real.ts';
import * as sample from './sample.ts';

/** The made-up violation, with what else a search and an explanation may tell. */
const told: Run = {
  ...sample.violated,
  outcome: {
    ...sample.outcome,
    reached: sample.outcome.unreached.map((site) => ({ ...site, steps: 3 })),
    leftOut: sample.outcome.unreached,
    warnings: [
      { kind: 'never contended', message: 'slab_mutex: nobody ever waits for it', site: null },
    ],
    lockOrder: {
      classes: [{ name: 'a', usages: ['HARDIRQ-ON-W'] }],
      edges: [{ from: 'a', to: 'b', recursive: false, reports: [] }],
    },
  },
  counterexamples: sample.violated.counterexamples.map((each) => ({
    ...each,
    explanation: {
      ...each.explanation,
      orders: [
        // biome-ignore lint/suspicious/noThenProperty: a step, not a promise
        { first: 5, then: 7, thread: 'kworker/0', object: 'root', holds: 'always', schedule: [] },
      ],
    },
  })),
};

test('one array with an object per variant, and nothing before the end', () => {
  let text = '';
  const reporter = jsonReporter((part) => (text += part));
  for (const run of [told, sample.verified, sample.invalid]) reporter.run(run);
  expect(text).toBe('');
  reporter.end();
  expect(runsSchema.parse(JSON.parse(text))).toHaveLength(3);
  const [violated, verified, invalid, ...more] = JSON.parse(text);
  expect(more).toEqual([]);
  expect(violated).toMatchObject({
    spec: 'slab',
    variant: 'v5.3',
    about: 'as merged',
    kernel: 'f0a3a24b532d',
    params: { memcgs: 2 },
    verdict: 'violated',
    expected: [],
    asExpected: false,
    states: 12345,
    transitions: 45678,
    depth: 34,
    workers: 1,
    reduction: true,
    symmetry: [],
    memoryModel: 'sequential consistency',
    complete: true,
    fingerprintCollisionProbability: 4.1e-12,
    durationMs: 812,
  });
  expect(violated.statements).toEqual({ reached: 1, unreached: 1, explained: 1, leftOut: 1 });
  expect(violated.leftOut).toEqual(sample.outcome.unreached);
  expect(violated.warnings).toEqual(told.outcome!.warnings);
  expect(violated.lockOrder).toEqual(told.outcome!.lockOrder);
  expect(violated.unreached).toEqual(sample.outcome.unreached);
  expect(violated.explained).toEqual([
    {
      file: 'specs/slab.ts',
      line: 95,
      function: 'shutdown_cache',
      reason: 'no cache is busy',
    },
  ]);
  expect(violated.properties).toEqual([
    {
      name: 'D3',
      kind: 'never',
      verdict: 'violated',
      message: 'use-after-free: kworker/0 reads root.name, freed by destroyer',
      steps: 7,
      shortest: true,
      fewestSwitches: true,
      orders: [{ first: 5, second: 7, thread: 'kworker/0', object: 'root', holds: 'always' }],
      places: sample.replay.broken[0]!.places,
      trace: 'traces/slab/v5.3.D3.trace.json',
    },
    {
      name: 'D1',
      kind: 'never',
      verdict: 'holds',
      message: null,
      steps: null,
      shortest: true,
      fewestSwitches: true,
      orders: [],
      places: [],
      trace: null,
    },
  ]);
  expect(verified).toMatchObject({ verdict: 'verified', about: null, kernel: null });
  expect(invalid).toMatchObject({
    spec: 'specs/bad.ts',
    variant: null,
    verdict: 'invalid',
    properties: [],
    asExpected: false,
    message: sample.invalid.message,
  });
});

test('real runs, whatever their names, have what the schema says', async () => {
  const context = fakeContext(root);
  await verifySpec(specs, { ...defaults, traces: false, json: true }, context, engine);
  const runs = runsSchema.parse(JSON.parse(context.output.out));
  expect(new Set(runs.map(({ verdict }) => verdict))).toEqual(
    new Set(['verified', 'violated', 'invalid']),
  );
  const crossed = runs.find(({ variant }) => variant === 'crossed')!;
  expect(crossed.lockOrder.edges.map(({ from, to }) => [from, to])).toEqual([
    ['a', 'b'],
    ['b', 'a'],
  ]);
  expect(crossed.statements).toEqual({ reached: 4, unreached: 0, explained: 0, leftOut: 0 });
});

test('no run gives an empty array', () => {
  let text = '';
  jsonReporter((part) => (text += part)).end();
  expect(JSON.parse(text)).toEqual([]);
});
