import { expect, test } from 'vitest';
import type { Replay } from '../../src/explore/outcome.ts';
import { itfOfReplay } from '../../src/report/itf.ts';
import { replayOf, stepOf } from '../fixtures/steps.ts';
import { keptTraces, replayReportOf } from './real.ts';
import { against } from './schema.ts';

const faults = against('itf.json');

interface Itf {
  readonly params?: readonly string[];
  readonly vars: readonly string[];
  readonly states: readonly Readonly<Record<string, unknown>>[];
}

function parsed(text: string): Itf {
  const itf = JSON.parse(text) as Itf;
  expect(faults(itf)).toEqual([]);
  // What the format asks for and a schema cannot.
  for (const [at, state] of itf.states.entries()) {
    const names = ['#meta', ...itf.vars, ...(at === 0 ? (itf.params ?? []) : [])];
    expect(new Set(Object.keys(state))).toEqual(new Set(names));
  }
  return itf;
}

function printed(replay: Partial<Replay>, params: Readonly<Record<string, number>> = {}): Itf {
  const trace = {
    spec: { name: 's', file: 's.ts', digest: 'd' },
    variant: 'v',
    params,
    property: 'P',
    message: '',
    steps: [],
  };
  const reproduced = {
    trace,
    variant: 'v',
    changed: false,
    replay: replayOf(replay),
    explanation: null,
    reproduction: { result: 'reproduced', message: 'm' },
    divergence: null,
    life: { word: 'still reproduces', line: 'm' },
    wrong: null,
  } as const;
  return parsed(itfOfReplay({ file: 't', reproduced })!);
}

test('the schema refuses what the format has no expression for', () => {
  for (const value of [null, 1.5, 2 ** 60, { '#big': '1' }, { '#bigint': 1 }, { '#map': [[1]] }]) {
    expect(faults({ vars: ['x'], states: [{ x: value }] })).not.toEqual([]);
  }
});

test('a state before the first step and after each, with all objects, and where threads are', () => {
  const site = { file: 's.ts', line: 3, fn: 'f', text: '' };
  const itf = printed(
    {
      threads: ['A', 'B'].map((name) => ({
        name,
        daemon: false,
        cpu: 0,
        kind: 'process' as const,
      })),
      initial: [
        { name: 'l', text: 'NULL', data: null },
        { name: 'x', text: '0', data: 0 },
      ],
      steps: [
        stepOf({
          thread: 'A',
          text: 'mutex_lock(l)',
          site,
          changes: [{ object: 'l', from: 'NULL', to: 'A', data: 'A' }],
        }),
        stepOf({
          thread: 'A',
          text: 'store(x, 1)',
          changes: [{ object: 'x', from: '0', to: '{n: 1}', data: { n: 1, list: [true] } }],
          waits: [{ thread: 'B', text: 'mutex_lock(l)', holder: 'A', idle: false, since: 0 }],
        }),
      ],
    },
    { rounds: 2 },
  );
  expect(itf.states).toEqual([
    {
      '#meta': { index: 0 },
      l: 'NULL',
      x: 0,
      pc: {
        '#map': [
          ['A', 's.ts:3 f: mutex_lock(l)'],
          ['B', 'waits: mutex_lock(l)'],
        ],
      },
      rounds: 2,
    },
    {
      '#meta': { index: 1, thread: 'A', statement: 'mutex_lock(l)', result: '', place: 's.ts:3' },
      l: 'A',
      x: 0,
      pc: {
        '#map': [
          ['A', 'store(x, 1)'],
          ['B', 'waits: mutex_lock(l)'],
        ],
      },
    },
    {
      '#meta': { index: 2, thread: 'A', statement: 'store(x, 1)', result: '', place: '' },
      l: 'A',
      x: { n: 1, list: [true] },
      pc: {
        '#map': [
          ['A', ''],
          ['B', 'waits: mutex_lock(l)'],
        ],
      },
    },
  ]);
});

test('names and numbers that the format has no room for', () => {
  const initial = [
    { name: '#meta', text: '', data: 2 ** 53 },
    { name: 'pc', text: '', data: 1.5 },
    { name: '__proto__', text: '', data: { '#map': null } },
  ];
  const { vars, params, states } = printed({ initial }, { pc: 1 });
  expect(vars).toEqual(['_#meta', 'pc', '__proto__', 'pc__']);
  expect(params).toEqual(['pc_']);
  expect(Object.entries(states[0]!)).toEqual([
    ['#meta', { index: 0 }],
    ['_#meta', { '#bigint': '9007199254740992' }],
    ['pc', { '#unserializable': '1.5' }],
    ['__proto__', { '_#map': 'NULL' }],
    ['pc__', { '#map': [] }],
    ['pc_', 1],
  ]);
});

test('of real traces, whatever their names: the same bytes again', async () => {
  const traces = await keptTraces('test/report/fixtures/hostile.ts');
  expect(traces.length).toBeGreaterThan(5);
  for (const trace of traces) {
    const { text } = await replayReportOf('.itf.json', [trace]);
    expect(text).toContain('"status": "violation"');
    const { states, vars } = parsed(text);
    expect(states.length).toBeGreaterThan(1);
    expect(vars.length).toBeGreaterThan(3);
    expect((await replayReportOf('.itf.json', [trace])).text).toBe(text);
  }
});

test('of one trace only', async () => {
  const two = replayReportOf('.itf.json', await keptTraces('test/cli/fixtures/two-locks.ts'));
  await expect(two).rejects.toThrow(/report.itf.json holds one trace, not [2-9]$/);
});
