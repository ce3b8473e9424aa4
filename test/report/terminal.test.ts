import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { lanes } from '../../src/report/lanes.ts';
import { styleFor } from '../../src/report/style.ts';
import { runLines, terminalReporter } from '../../src/report/terminal.ts';
import { abbreviateAll, width } from '../../src/report/text.ts';
import type { Run } from '../../src/verdict/run.ts';
import * as sample from './sample.ts';

const chalk = new Chalk({ level: 0 });

function report(
  runs: readonly Run[],
  columns: number,
  more: { quiet?: boolean; full?: boolean } = {},
) {
  let text = '';
  const reporter = terminalReporter((part) => (text += part), {
    columns,
    chalk,
    quiet: false,
    full: true,
    limits: 'no limit of states or time',
    ...more,
  });
  for (const run of runs) reporter.run(run);
  reporter.end();
  return text;
}

const everything = [
  sample.verified,
  sample.expectedViolation,
  sample.violated,
  sample.incomplete,
  sample.missing,
  sample.invalid,
];

describe.each([60, 80, 200])('at %i columns', (columns) => {
  test('a counterexample', () => {
    expect(report([sample.violated], columns)).toMatchSnapshot();
  });

  test('a deadlock', () => {
    expect(lanes(sample.deadlock, columns, chalk).join('\n')).toMatchSnapshot();
  });

  test('several runs', () => {
    expect(report(everything, columns, { full: false })).toMatchSnapshot();
  });
});

describe('a report', () => {
  test('is never wider than the terminal, in ASCII, without blanks at line ends', () => {
    for (let columns = 40; columns <= 220; columns++) {
      for (const replay of [sample.replay, sample.deadlock]) {
        for (const line of lanes(replay, columns, chalk)) {
          expect(width(line)).toBeLessThanOrEqual(columns);
          expect(line).toMatch(/^[\x20-\x7e]*$/);
          expect(line).not.toMatch(/ $/);
        }
      }
    }
  });

  test('says the verdict first and how to replay last', () => {
    const lines = report([sample.violated], 80).trimEnd().split('\n');
    expect(lines[0]).toBe('violated  D3  slab/v5.3  not as expected');
    expect(lines.at(-1)).toBe('replay: lockstep replay-trace traces/slab/v5.3.D3.trace.json');
  });

  test('says "shortest" only where that is proved', () => {
    const unproved = { ...sample.violatedProperty, shortest: false };
    const counterexample = { ...sample.violated.counterexamples[0]!, property: unproved };
    expect(report([sample.violated], 80)).toContain('shortest');
    expect(report([{ ...sample.violated, counterexamples: [counterexample] }], 80)).not.toContain(
      'shortest',
    );
  });

  test('that is quiet is one line per run', () => {
    expect(report(everything, 80, { quiet: true })).toMatchInlineSnapshot(`
      "verified  slab/v5.4  as expected  12,345 states, complete
      violated  D3  slab/no-lock-in-create  as expected  12,345 states, complete
      violated  D3  slab/v5.3  not as expected  not expected: D3  12,345 states, complete
      incomplete  slab/large  ended early  12,345 states, 100000 states reached
      verified  slab/not-so-bad  not as expected  expected, but holds: D1  12,345 states, complete
      invalid  specs/bad.ts  the spec has to be mended  specs/bad.ts:4:7: Expected "}" but found end of file     *a() {          ^
      "
    `);
  });

  test('shows no control characters from a spec', () => {
    const run = { ...sample.violated, spec: 'evil\u001b[2Jname\n' };
    expect(report([run], 80)).not.toContain('\u001b');
  });

  test('has many threads, or no step at all', () => {
    const [first] = sample.replay.steps;
    const steps = Array.from({ length: 16 }, (_, i) => ({
      ...first!,
      thread: `kworker_number_${i}`,
    }));
    const crowded = lanes({ ...sample.replay, steps }, 80, chalk);
    for (let i = 0; i < 16; i++) expect(crowded.join('\n')).toMatch(new RegExp(`kwo.*_${i} `));
    expect(lanes({ ...sample.replay, steps: [] }, 80, chalk)).toHaveLength(1);
  });

  test('tells threads with long, similar names apart', () => {
    const name = (i: number) => `kworker/${i}-memcg_kmem_cache`;
    const short = abbreviateAll([name(0), name(1), 'alloc'], 14);
    expect([...short.values()]).toEqual(['kworker/0-me..', 'kworker/1-me..', 'alloc']);
    const hopeless = abbreviateAll(['a'.repeat(30), `${'a'.repeat(15)}b${'a'.repeat(14)}`], 10);
    expect(new Set(hopeless.values()).size).toBe(2);
  });

  test('shows a report once, however many properties it breaks', () => {
    const [report] = sample.replay.steps.at(-1)!.reports;
    const reports = [report!, { ...report!, property: 'D4' }];
    const steps = [{ ...sample.replay.steps.at(-1)!, reports }];
    const lines = lanes({ ...sample.replay, steps }, 120, chalk);
    expect(lines.filter((line) => line.includes('!!'))).toHaveLength(1);
  });
});

test('NO_COLOR is heeded', () => {
  expect(styleFor({ NO_COLOR: '1' }).red('x')).toBe('x');
});

test('what takes several runs is shown run by run', () => {
  const { steps } = sample.deadlock;
  const twice = { ...sample.deadlock, earlier: [steps.slice(0, 1), []] };
  const lines = runLines(twice, { columns: 80, chalk });
  expect(lines.filter((line) => /^run|^at/.test(line))).toEqual([
    'run 1 of 3, from the start',
    'run 2 of 3, from the start',
    'at the start',
    'run 3 of 3, from the start',
  ]);
});

test('rules that are not checked are listed with the reason', () => {
  const outcome = { ...sample.outcome, unchecked: { 'data-race': 'a statistic' } };
  const text = report([{ ...sample.verified, outcome }], 80);
  expect(text).toContain('data-race is not checked: a statistic');
});
