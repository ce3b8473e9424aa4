import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Page } from '../../src/report/html/data.ts';
import { unpack } from '../../src/report/html/pack.ts';
import { htmlOfReplays, htmlOfRuns } from '../../src/report/html.ts';
import type { Life } from '../../src/verdict/life-cycle.ts';
import type { Reproduction } from '../../src/verdict/reproduce.ts';
import type { Run } from '../../src/verdict/run.ts';
import * as sample from './sample.ts';

function pageOf(runs: readonly Run[], read: (file: string) => string | null = () => null): string {
  return htmlOfRuns(runs, read);
}

function dataIn(html: string): Page {
  const [, data] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)!;
  return unpack(JSON.parse(data!)) as Page;
}

describe('the page', () => {
  const html = pageOf([sample.violated, sample.verified, sample.invalid], (file) => `// ${file}`);

  test('has all that is told of the runs', () => {
    const { runs } = dataIn(html);
    expect(runs.map(({ variant, verdict }) => [variant, verdict])).toEqual([
      ['v5.3', 'violated'],
      ['v5.4', 'verified'],
      [null, 'invalid'],
    ]);
    const [trace] = runs[0]!.traces;
    expect(trace!.runs.at(-1)!.map(({ text }) => text)).toEqual(
      sample.replay.steps.map(({ text }) => text),
    );
    expect(trace!.file).toBe('traces/slab/v5.3.D3.trace.json');
  });

  test('has the text of each file that it speaks of, once', () => {
    expect(dataIn(html).sources).toEqual({ 'specs/slab.ts': '// specs/slab.ts' });
    expect(html.split('// specs/slab.ts')).toHaveLength(2);
  });

  test('does without what cannot be read', () => {
    expect(dataIn(pageOf([sample.violated])).sources).toEqual({});
  });

  test('allows its own code and style, by their digests, and nothing else', () => {
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(html)!;
    const digest = (text: string) =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, script] = /<script>(.*?)<\/script>/s.exec(html)!;
    const [, style] = /<style>(.*?)<\/style>/s.exec(html)!;
    expect(policy).toBe(
      `default-src 'none'; style-src ${digest(style!)}; script-src ${digest(script!)}; ` +
        "base-uri 'none'; form-action 'none'",
    );
  });

  test('the same runs give the same bytes', () => {
    expect(pageOf([sample.violated, sample.verified])).toBe(
      pageOf([sample.violated, sample.verified]),
    );
  });
});

test('schedules that break nothing come after those that do', () => {
  const { replay } = sample;
  const samples = {
    schedules: [
      { replay, ends: true },
      { replay, ends: false },
    ],
    all: true,
  };
  const [run] = dataIn(pageOf([{ ...sample.violated, samples }])).runs;
  expect(run!.traces.map(({ passes, property, message }) => [passes, property, message])).toEqual([
    [false, 'D3', sample.violatedProperty.message],
    [true, 'passing schedule 1', 'Nothing can move after it.'],
    [true, 'passing schedule 2', 'It was cut: it goes on.'],
  ]);
  expect(run).not.toHaveProperty('samples');
});

test('no name of a spec ends the data', () => {
  const name = '</script><!--<script><img src=x onerror="window.hacked = 1">\u2028';
  const html = pageOf([{ ...sample.violated, spec: name, variant: name, about: name }]);
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html).not.toContain('<!--');
  expect(html).not.toContain('<img');
  expect(dataIn(html).runs[0]!.variant).toBe(name);
});

test('a trace that was run again', () => {
  const trace = {
    spec: { name: 'slab', file: 'specs/slab.ts', digest: 'd' },
    ...{ variant: 'v5.3', params: {}, property: 'D3', message: 'was so', steps: [] },
  };
  const file = 'traces/slab/v5.3.D3.trace.json';
  const shown = (reproduction: Reproduction, life: Life, wrong: string | null = null) => {
    const again = { trace, variant: 'v5.3', changed: false, replay: sample.replay, reproduction };
    const reproduced = { ...again, explanation: null, divergence: null, life, wrong };
    return dataIn(htmlOfReplays([{ file, reproduced }], () => 'text'));
  };
  const again = shown(
    { result: 'reproduced', message: 'is so' },
    { word: 'still reproduces', line: 'is so' },
  );
  expect(again.runs[0]).toMatchObject({ verdict: 'still reproduces', asExpected: true });
  expect(again.runs[0]!.message).toBe('is so');
  expect(again.runs[0]!.traces[0]).toMatchObject({ property: 'D3', message: 'was so' });
  expect(again.runs[0]!.traces[0]!.runs[0]).toHaveLength(7);
  expect(again.sources).toEqual({ 'specs/slab.ts': 'text' });
  const diverged = { result: 'diverged', run: 1, step: 3, kind: 'waits' } as const;
  const other = shown(
    { ...diverged, message: 'no', now: 'it waits', possible: ['A'] },
    { word: 'no longer possible', line: 'step 3: it waits' },
    'it must be: still reproduces',
  );
  expect(other.runs[0]).toMatchObject({ verdict: 'no longer possible', asExpected: false });
  expect(other.runs[0]!.message).toBe(
    'step 3 diverges: no. Possible there: A\nit must be: still reproduces',
  );
  expect(other.runs[0]!.traces[0]!.runs[0]).toHaveLength(2);
  const damaged = { file, reproduced: null, message: 'its end is missing' };
  expect(dataIn(htmlOfReplays([damaged], () => null)).runs[0]).toMatchObject({
    ...{ variant: file, verdict: 'damaged', asExpected: false, traces: [] },
    message: 'its end is missing',
  });
});
