import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { styleFor } from '../../src/report/style.ts';
import { terminalReporter } from '../../src/report/terminal.ts';
import { width } from '../../src/report/text.ts';
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

const told = (property: Partial<Run['counterexamples'][number]['property']>): Run => {
  const counterexample = sample.violated.counterexamples[0]!;
  const changed = { ...counterexample, property: { ...counterexample.property, ...property } };
  return { ...sample.violated, counterexamples: [changed] };
};

describe.each([40, 60, 80, 120, 200])('at %i columns', (columns) => {
  test('a counterexample', () => {
    expect(report([sample.violated], columns)).toMatchSnapshot();
  });

  test('several runs', () => {
    expect(report(everything, columns, { full: false })).toMatchSnapshot();
  });
});

test('that an expected property is none at all is said', () => {
  const expecting = (...missing: string[]) => report([{ ...sample.missing, missing }], 80);
  expect(expecting('dead lock')).toContain('no property or rule is called: dead lock');
  for (const name of [
    'use-after-free',
    'inconsistent lock state: foo.lock',
    'data-race in a / b',
  ]) {
    expect(expecting(name)).not.toContain('no property or rule');
  }
});

describe('warnings', () => {
  const site = { file: 'specs/a.ts', line: 7, fn: 'f', text: 'if (x) return;' };
  const warned = (count: number, run: Run): Run => ({
    ...run,
    outcome: {
      ...sample.outcome,
      warnings: Array.from({ length: count }, (_, n) => ({
        kind: 'never taken',
        message: `'x${n}' is never true`,
        site,
      })),
    },
  });

  test('of a proof, each with its place', () => {
    const text = report([warned(2, sample.verified)], 80);
    expect(text).toContain(
      "  warning   specs/a.ts:7 'x0' is never true\n  warning   specs/a.ts:7 'x1'",
    );
  });

  test('not more than five', () => {
    const text = report([warned(8, sample.verified)], 80);
    expect(text.match(/is never true/g)).toHaveLength(5);
    expect(text).toContain('and 3 more (--json lists all)');
  });

  test('not beside a violation', () => {
    expect(report([warned(2, sample.violated)], 80)).not.toContain('is never true');
  });
});

describe('a report', () => {
  test('is never wider than the terminal, but for a command', () => {
    for (let columns = 40; columns <= 220; columns++) {
      for (const line of report(everything, columns).split('\n')) {
        // A message of the compiler is as wide as the line of source it shows.
        if (/^replay.*: lockstep |^ {2}specs\/bad\.ts:4:7/.test(line)) continue;
        expect([line, width(line) <= columns]).toEqual([line, true]);
      }
    }
  });

  test('says the verdict first and how to replay last', () => {
    const lines = report([sample.violated], 80).trimEnd().split('\n');
    expect(lines[0]).toBe('violated  D3  slab/v5.3  not as expected');
    expect(lines.at(-1)).toBe('replay: lockstep replay-trace traces/slab/v5.3.D3.trace.json');
  });

  test.each([
    [true, true, 'none shorter, none of that length with fewer switches'],
    [true, false, 'none shorter'],
    [false, true, 'none of that length with fewer switches; there may be shorter ones'],
    [false, false, 'there may be shorter ones'],
  ])('claims no more than is proved: %s, %s', (shortest, fewestSwitches, claim) => {
    const text = report([told({ shortest, fewestSwitches })], 120);
    expect(text).toContain(`\n  7 steps, 4 switches; ${claim}; NOT EXPECTED\n`);
  });

  test('of what the first state breaks has no steps to tell', () => {
    const [counterexample] = sample.violated.counterexamples;
    const replay = { ...sample.replay, steps: [] };
    const run = { ...sample.violated, counterexamples: [{ ...counterexample!, replay }] };
    const text = report([run], 80);
    expect(text).toContain('\n  at the start, before any step; NOT EXPECTED\n');
    expect(text).not.toContain(' runs ---');
  });

  test('says what has no schedule: that there is no witness', () => {
    const property = {
      ...sample.violatedProperty,
      name: 'W',
      message: 'no witness',
      schedule: null,
    };
    const outcome = { ...sample.outcome, properties: [property] };
    const text = report([{ ...sample.violated, outcome, counterexamples: [] }], 80);
    expect(text).toContain('violated  W  slab');
    expect(text.endsWith('\n\nW: no witness\n')).toBe(true);
  });

  test('names the property that the schedule is told for, and cuts what is too long', () => {
    const name = 'no callback touches a cache that was freed before it came to run';
    const run = told({ name });
    const outcome = {
      ...sample.outcome,
      properties: [sample.violatedProperty, run.counterexamples[0]!.property],
    };
    const lines = [40, 60, 80, 120].map((columns) =>
      report([{ ...run, outcome }], columns)
        .split('\n')
        .slice(0, 2),
    );
    expect(lines).toMatchInlineSnapshot(`
      [
        [
          "violated  no callback touc... and 1 more",
          "  slab/v5.3  not as expected",
        ],
        [
          "violated  no callb... and 1 more  slab/v5.3  not as expected",
          "  f0a3a24b532d: as merged",
        ],
        [
          "violated  no callback touches a cache ... and 1 more  slab/v5.3  not as expected",
          "  f0a3a24b532d: as merged",
        ],
        [
          "violated  no callback touches a cache that was freed before it came to run, D3  slab/v5.3  not as expected",
          "  f0a3a24b532d: as merged",
        ],
      ]
    `);
  });

  test('has the whole name of the variant at any width, for it to be copied', () => {
    const variant = 'a-name-that-leaves-no-room';
    for (let columns = 40; columns <= 120; columns++) {
      const [first, second] = report([{ ...sample.violated, variant }], columns).split('\n');
      expect(`${first}\n${second}`).toContain(`slab/${variant}`);
      expect(first).toMatch(/^violated {2}D3/);
    }
  });

  test('lists names that have commas in quotes', () => {
    const run = (unexpected: string[]) => report([{ ...sample.violated, unexpected }], 80);
    expect(run(['a, b', 'c'])).toContain("  not expected: 'a, b', 'c'\n");
    expect(run(['a', 'b'])).toContain('  not expected: a, b\n');
    expect(run(['a, b'])).toContain('  not expected: a, b\n');
  });

  test('says what was reached of a proof, and else only what was not', () => {
    const [site] = sample.outcome.unreached;
    const reached = (run: Run, unreached: Run['outcome'] & object, explained = 0) =>
      report(
        [
          {
            ...run,
            outcome: { ...unreached, explained: sample.outcome.explained.slice(0, explained) },
          },
        ],
        80,
      );
    const all = { ...sample.outcome, unreached: [] };
    const some = { ...sample.outcome, unreached: [site!] };
    expect(reached(sample.verified, all)).toContain('\n  reached   all statements\n');
    expect(reached(sample.verified, all, 1)).toContain(
      '\n  reached   all statements but 1, explained in the spec\n',
    );
    expect(reached(sample.verified, some, 1)).toContain(
      '\n  reached   all statements but 2, 1 of them explained in the spec\n',
    );
    expect(reached(sample.violated, all)).not.toContain('reached   ');
    expect(reached(sample.violated, some)).toContain(
      `\n  reached   all statements but 1\n            ${site!.file}:${site!.line} `,
    );
  });

  test('says how much the configuration leaves out', () => {
    const [site] = sample.outcome.unreached;
    const leftOut = ['reader', 'reader', 'writer'].map((fn) => ({ ...site!, fn }));
    const of = (run: Run, unreached = [site!]) =>
      report([{ ...run, outcome: { ...sample.outcome, unreached, leftOut } }], 80);
    const text = '\n  left out  by this configuration: 3 statements of reader, writer\n';
    expect(of(sample.verified)).toContain(text);
    expect(of(sample.violated)).toContain(text);
    expect(of(sample.verified, [])).toContain(text);
    expect(of(sample.violated, [])).not.toContain('left out');
    expect(report([sample.verified], 80)).not.toContain('left out');
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

  test('tells steps of what is expected only where it is about one variant alone', () => {
    const step = /destroyer runs/;
    expect(report([sample.expectedViolation], 80, { full: true })).toMatch(step);
    expect(report([sample.expectedViolation], 80, { full: false })).not.toMatch(step);
    expect(report([sample.violated], 80, { full: false })).toMatch(step);
  });

  test('lists the rules that are not checked, with the reason, and what is a warning', () => {
    const outcome = {
      ...sample.outcome,
      unchecked: { 'data-race': 'a statistic' },
      warnings: [
        { kind: 'never contended', message: 'slab_mutex: nobody ever waits for it', site: null },
      ] as const,
    };
    const text = report([{ ...sample.verified, outcome }], 80);
    expect(text).toContain('data-race is not checked: a statistic');
    expect(text).toContain('\n  warning   slab_mutex: nobody ever waits for it\n');
  });
});

test('NO_COLOR is heeded', () => {
  expect(styleFor({ NO_COLOR: '1' }).red('x')).toBe('x');
});
