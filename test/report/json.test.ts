import { expect, test } from 'vitest';
import { jsonReporter } from '../../src/report/json.ts';
import * as sample from './sample.ts';

test('one array with an object per variant, and nothing before the end', () => {
  let text = '';
  const reporter = jsonReporter((part) => (text += part));
  for (const run of [sample.violated, sample.verified, sample.invalid]) reporter.run(run);
  expect(text).toBe('');
  reporter.end();
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

test('no run gives an empty array', () => {
  let text = '';
  jsonReporter((part) => (text += part)).end();
  expect(JSON.parse(text)).toEqual([]);
});
