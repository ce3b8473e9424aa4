import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { gateJson } from '../../src/report/gate/json.ts';
import { markdownOfGate } from '../../src/report/gate/markdown.ts';
import { gateLines } from '../../src/report/gate/terminal.ts';
import { annotationsOfGate } from '../../src/report/github.ts';
import { junitOfGate } from '../../src/report/junit.ts';
import { sarifOfGate } from '../../src/report/sarif.ts';
import { width } from '../../src/report/text.ts';
import { exitCodeOf, type GateCheck } from '../../src/verdict/gate.ts';
import type { Run } from '../../src/verdict/run.ts';
import { exitCodes } from '../../src/verdict/verdict.ts';
import * as sample from './sample.ts';
import { against, validJUnit } from './schema.ts';

const green: GateCheck = {
  kind: 'variant',
  spec: 'slab',
  subject: 'slab/v5.4',
  file: 'specs/slab.ts',
  line: null,
  word: 'verified',
  reason: '',
  details: [],
  exitCode: exitCodes.asExpected,
  from: 'receipt',
  run: null,
};
const ofRun = (run: Run, more: Partial<GateCheck> = {}): GateCheck => ({
  ...green,
  subject: `slab/${run.variant}`,
  word: run.verdict,
  exitCode: run.exitCode,
  from: 'run',
  run,
  ...more,
});
const long = `traces/slab/${'a-very-long-name-'.repeat(6)}.trace.json`;
const checks: GateCheck[] = [
  ...[green, ofRun(sample.verified), ofRun(sample.expectedViolation)],
  ofRun(sample.violated, {
    file: 'specs/slab.ts',
    line: 77,
    reason: 'D3: use-after-free: kworker/0 reads root.name, freed by destroyer',
  }),
  ...[ofRun(sample.missing), ofRun(sample.incomplete)],
  {
    ...green,
    kind: 'trace',
    subject: `${long} on v5.3`,
    file: 'specs/slab.ts',
    line: 12,
    word: 'stale',
    reason: "there is no property 'D3' any more; it must be: still reproduces",
    details: [`record it again: lockstep replay-trace --rerecord ${long}`],
    exitCode: exitCodes.notReproduced,
  },
  {
    ...green,
    kind: 'trace',
    subject: 'traces/x.trace.json',
    spec: 'traces/x.trace.json',
    word: 'damaged',
    reason: 'traces/x.trace.json is empty',
    exitCode: exitCodes.notReproduced,
  },
  ...['its parameter memcgs is 1 now, and was 2', "its property 'D3' is gone"].map(
    (reason): GateCheck => ({
      ...green,
      kind: 'receipt',
      subject: 'slab/v5.4',
      line: 3,
      word: 'weakened',
      reason,
      details: ['if it is meant: lockstep gate --accept'],
      exitCode: exitCodes.unexpected,
    }),
  ),
  {
    ...green,
    kind: 'receipt',
    subject: 'slab/v5.5',
    file: 'receipts/slab/v5.5.receipt.json',
    word: 'refused',
    reason: 'receipts/slab/v5.5.receipt.json was edited: its content does not fit its checksum',
    exitCode: exitCodes.unexpected,
  },
  {
    ...green,
    kind: 'link',
    subject: 'mm/slab_common.c kmem_cache_destroy v5.3',
    line: 40,
    word: 'changed',
    reason: 'kmem_cache_destroy changed since v5.3: 1 line is new; kmem_cache_destroy did not',
    details: ['+ line 3 | spec line 41'],
    exitCode: exitCodes.unexpected,
    from: 'run',
  },
  {
    ...green,
    kind: 'link',
    subject: 'mm/slab_common.c shutdown_cache v5.3',
    word: 'both changed',
    reason: '--accept records it',
  },
  ...['large-1', 'large-2', 'large-3'].map(
    (name): GateCheck => ({
      ...green,
      subject: `slab/${name}`,
      word: 'not reached',
      reason: 'the time is over (--max-time 5)',
      exitCode: exitCodes.incomplete,
    }),
  ),
  {
    ...green,
    spec: 'specs/bad.ts',
    subject: 'specs/bad.ts',
    file: 'specs/bad.ts',
    line: 4,
    word: 'invalid',
    reason: 'specs/bad.ts:4:7: Expected "}" but found end of file',
    details: ['    *a() {', '         ^'],
    exitCode: exitCodes.invalidSpec,
  },
];
const bad = checks.filter(({ exitCode }) => exitCode !== 0);

describe('in a terminal', () => {
  const lines = (columns: number, quiet = false, of: readonly GateCheck[] = checks) =>
    gateLines(of, [], { columns, chalk: new Chalk({ level: 0 }), quiet, limits: 'up to 5 s' });

  test('a row for each spec, what fails in full, the sum last', () => {
    expect(lines(80).join('\n')).toMatchSnapshot();
  });

  test('a line for each that fails', () => {
    expect(lines(80, true).join('\n')).toMatchSnapshot();
  });

  test('all is well: the table and the sum', () => {
    expect(lines(80, false, [green, ofRun(sample.verified)])).toEqual([
      'spec      variants  traces  by receipts',
      'slab           2/2       -            1',
      '',
      '2 checks: all as they must be, 1 by receipts',
    ]);
  });

  test.each([60, 80, 200])(
    'no wider than %d columns, but for commands and files; in ASCII',
    (columns) => {
      const text = lines(columns);
      const wide = text.filter(
        (line) => width(line) > columns && !/lockstep (replay-trace|gate) /.test(line),
      );
      expect(wide).toEqual([]);
      expect(text.join('')).toMatch(/^[ -~]*$/);
    },
  );

  test('what was not known is never among what passed', () => {
    expect(lines(200).at(-1)).toBe('17 checks: 9 not as they must be, 4 not known, 2 by receipts');
  });
});

test('JSON: all checks, and what a run says', () => {
  const json = gateJson(checks, ['receipts/x'], exitCodeOf(checks));
  expect(json).toMatchObject({ ok: false, exitCode: 3, receiptsChanged: ['receipts/x'] });
  expect(json.checks.filter(({ ok }) => !ok)).toHaveLength(bad.length);
  expect(json.checks[3]).toMatchObject({
    kind: 'variant',
    subject: 'slab/v5.3',
    line: 77,
    run: { verdict: 'violated', variant: 'v5.3' },
  });
});

test('JUnit: what could not be told is an error, all else that fails a failure', () => {
  const document = validJUnit(junitOfGate(checks));
  const all = (xpath: string) => document.find(xpath).map((node) => node.content);
  expect(all('//testcase')).toHaveLength(checks.length);
  expect(all('//testcase[failure or error]')).toHaveLength(bad.length);
  expect(all('//testsuite/@name')).toEqual(['slab', 'traces/x.trace.json', 'specs/bad.ts']);
  expect(all('//failure/@type')).toEqual([
    'D3',
    'expected, but holds',
    'stale',
    'weakened',
    'weakened',
    'refused',
    'drift',
  ]);
  expect(all('//error/@type')).toEqual([
    'incomplete',
    'incomplete',
    'incomplete',
    'incomplete',
    'unusable',
    'invalid',
  ]);
  expect(all("//testcase[failure/@type='D3']/failure")[0]).toContain('specs/slab.ts:77');
});

test('SARIF: a result for each, at its line, each its own alert', () => {
  const log = JSON.parse(sarifOfGate(checks, '1.2.3'));
  expect(against('sarif-2.1.0.json')(log)).toEqual([]);
  const { results, invocations } = log.runs[0];
  const of = results.map(
    ({
      ruleId,
      locations,
    }: {
      ruleId: string;
      locations: { physicalLocation: { region?: { startLine: number } } }[];
    }) => [ruleId, locations[0]!.physicalLocation.region?.startLine ?? null],
  );
  expect(of).toEqual([
    ['never', 77],
    ['expected-violation-missing', null],
    ['incomplete', null],
    ['stale', 12],
    ['weakened', 3],
    ['weakened', 3],
    ['refused-receipt', null],
    ['drift', 40],
    ['incomplete', null],
    ['incomplete', null],
    ['incomplete', null],
  ]);
  const prints = results.map(
    (each: { partialFingerprints: Record<string, string> }) =>
      each.partialFingerprints['lockstep/v1'],
  );
  expect(new Set(prints).size).toBe(results.length);
  expect(invocations[0]).toMatchObject({ executionSuccessful: false, exitCode: 3 });
  expect(JSON.parse(sarifOfGate([green], '1.2.3')).runs[0].results).toEqual([]);
});

test('Markdown: a table of specs, then what fails', () => {
  const text = markdownOfGate(checks);
  expect(text).toMatch(/^## Lockstep gate: \d+ checks: \d+ not as they must be, 4 not known/);
  expect(text).toContain('| ❌ | slab | 3/9 | 0/1 | 1/2 |');
  expect(text).toContain(
    '- both changed: mm/slab_common.c shutdown_cache v5.3: --accept records it',
  );
  expect(text.match(/^### /gm)).toHaveLength(bad.length);
  expect(text).toContain('```mermaid');
  expect(Buffer.byteLength(markdownOfGate(checks, 3000))).toBeLessThanOrEqual(3000);
  expect(markdownOfGate(checks, 3000)).toContain('left out, to keep this short');
});

test('annotations, on the lines of the specs', () => {
  const lines = annotationsOfGate(checks, (file) => `sub/${file}`)
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(bad.length);
  expect(lines[0]).toMatch(
    /^::error file=sub\/specs\/slab.ts,line=77,title=slab\/v5.3%3A violated%3A D3::use-after-free/,
  );
  expect(lines.find((line) => line.includes('memcgs'))).toMatch(
    /^::error file=sub\/specs\/slab.ts,line=3,title=slab\/v5.4%3A its parameter memcgs is 1 now%2C and was 2%3A weakened::if it is meant: lockstep gate --accept$/,
  );
});
