import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { root } from '../cli/lockstep.ts';
import { bench, setting } from './bench.ts';
import { measure } from './measure.ts';
import type { Row } from './rows.ts';
import { endOf, missing } from './spin.ts';
import { optimisations } from './without.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function benched(argv: readonly string[], more: Partial<typeof setting> = {}) {
  let [out, err] = ['', ''];
  const write = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  const status = await bench(argv, { ...setting, ...more, ...write });
  return { status, out, err };
}

/** The cells of a Markdown table, by the words of its first two columns. */
function cellsOf(text: string): Record<string, Record<string, string>> {
  const [heads, , ...rows] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(1, -1).split('|'))
    .map((cells) => cells.map((cell) => cell.trim()));
  return Object.fromEntries(
    rows.map((cells) => [
      `${cells[0]} ${cells[1]}`,
      Object.fromEntries(cells.map((cell, n) => [heads![n]!, cell])),
    ]),
  );
}

/** A command line that does what the name of the spec says. */
const fake = [process.execPath, path.join(folder, 'fake.js')];
writeFileSync(
  fake[1]!,
  `const [, , command, file, ...options] = process.argv;
  const workers = Number(options[options.indexOf('--workers') + 1]);
  const off = options.some((option) => option === '--without');
  const run = { variant: 'only', verdict: 'verified', properties: [], asExpected: true,
    complete: true, states: 7, transitions: 9, workers, durationMs: Math.random() };
  if (file === 'differs') run.transitions += workers;
  if (file === 'unexpected') Object.assign(run, { verdict: 'violated', asExpected: false });
  if (file === 'incomplete') run.complete = false;
  if (file === 'unstable') run.states = process.pid;
  if (file === 'unsound') run.verdict = off ? 'violated' : 'verified';
  if (file === 'slow') setTimeout(() => {}, 60_000);
  else if (file === 'fails') console.error('it broke'), process.exit(70);
  else if (file === 'silent') console.log('nothing');
  else console.log(JSON.stringify([run]));`,
);

const number = expect.stringMatching(/^[\d,.]+$/);

test('as npm runs it: the table, also as a report', () => {
  const report = path.join(folder, 'RESULTS.md');
  const args = [
    'test/bench/run.js',
    '--rows',
    'account(4,3)',
    '--workers',
    '1,2',
    '--save',
    report,
  ];
  const ran = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(ran).toMatchObject({ status: 0 });
  const lines = ran.stdout
    .split('\n')
    .filter((line) => line.startsWith('| account(4,3) | verified'));
  expect(lines).toHaveLength(2);
  const cells = cellsOf(ran.stdout)['account(4,3) verified']!;
  expect(Object.keys(cells)).toHaveLength(10);
  for (const [head, cell] of Object.entries(cells).slice(2))
    expect([head, cell]).toEqual([head, number]);
  // Node alone has more than that.
  expect(Number(cells.MB)).toBeGreaterThan(40);
  expect(Number(cells['CPU s'])).toBeGreaterThan(0.1);
  const saved = readFileSync(report, 'utf8');
  expect(saved).toContain(ran.stdout.trim());
  expect(saved).toMatch(/^- Commit: [0-9a-f]{12}|^- Commit: unknown/m);
  expect(saved).toContain("npm run bench -- --rows 'account(4,3)' --workers 1,2 --save");
});

describe.skipIf(missing())('SPIN', () => {
  test('says what Lockstep says', async () => {
    const twin = { file: 'test/bench/memcg.pml', defines: { KILL_RCU: 1 } };
    const row = {
      name: 'broken',
      file: 'test/bench/memcg.ts',
      variant: 'kill-rcu',
      params: {},
      twin,
    };
    const { status, out } = await benched(['--peers'], { rows: [row] });
    expect(cellsOf(out)['broken violated']).toBeDefined();
    const cells = cellsOf(out.split('## SPIN')[1]!);
    expect(cells['broken reduced']).toMatchObject({ 'SPIN states': 'error found' });
    expect(cells['broken full']).toMatchObject({ 'SPIN states': 'error found' });
    expect(status).toBe(0);
  });

  test('says something else: the bench fails', async () => {
    writeFileSync(path.join(folder, 'wrong.pml'), 'init { assert(false) }');
    const twin = { file: path.join(folder, 'wrong.pml'), defines: {} };
    const row = { name: 'wrong', file: 'any', variant: 'only', params: {}, twin };
    const { status, err } = await benched(['--peers'], { rows: [row], lockstep: fake });
    expect(err).toContain('bench: wrong: verdicts differ: verified, and violated says SPIN');
    expect(status).toBe(1);
  });

  test('is shown with its states and what it costs', async () => {
    const twin = { file: 'test/bench/account.pml', defines: { THREADS: 3, ROUNDS: 2 } };
    const params = { n: 3, rounds: 2 };
    const rows = [
      { name: 'small', file: 'test/bench/families.ts', variant: 'account', params, twin },
    ];
    const { status, out } = await benched(['--peers'], { rows });
    expect(status).toBe(0);
    const cells = cellsOf(out.split('## SPIN')[1]!);
    expect(cells['small reduced']).toMatchObject({ 'SPIN states': '3,071' });
    expect(cells['small full']).toMatchObject({
      'SPIN states': '15,422',
      'our states': number,
      'verifier / ours': expect.stringMatching(/^[\d.]+ x$/),
      'all / ours': expect.stringMatching(/^[\d.]+ x$/),
    });
  });
});

test.each([
  ['complete', 'State-vector 52 byte, depth reached 102, errors: 0\n   832463 states, stored'],
  ['depth too small', 'error: max search depth too small\n\nState-vector 60 byte, errors: 0'],
  ['out of memory', 'pan: reached -DMEMLIM bound\nWarning: Search not completed\nerrors: 0'],
  ['error found', 'pan:1: assertion violated (total==6) (at depth 9)\nerrors: 1'],
  ['error found', 'pan:1: invalid end state (at depth 9)\nerrors: 1'],
  ['incomplete', 'pan:1: aborting (at depth 0)\nWarning: Search not completed\nerrors: 1'],
  ['incomplete', 'Warning: Search not completed\n errors: 0'],
  ['incomplete', ''],
])("SPIN's search is %s", (ended, report) => {
  expect(endOf(report)).toBe(ended);
});

describe('a row that does not give what it must', () => {
  const row = (name: string): Row => ({ name, file: name, variant: null, params: {} });
  const faked = (name: string, ...argv: string[]) =>
    benched(argv, { rows: [row('good'), row(name)], lockstep: fake });

  test.each([
    ['fails', [], 'fails: exit code 70: it broke'],
    ['silent', [], 'silent: what was printed is not a result'],
    ['unexpected', [], 'unexpected: only is violated, that is not as expected'],
    ['incomplete', [], 'incomplete: only is verified, its search is not complete'],
    ['slow', ['--limit', '0.5'], 'slow, 1 worker: out of time'],
    [
      'differs',
      ['--workers', '1,2'],
      'differs: not the same with 1 and 2 workers: transitions of only: 10 and 11',
    ],
  ])('%s', async (name, argv, message) => {
    const { status, out, err } = await faked(name, ...argv);
    expect(err).toContain(`bench: ${message}`);
    expect(status).toBe(1);
    // The others are measured all the same.
    expect(cellsOf(out)['good verified']).toMatchObject({ states: '7', transitions: '9' });
    const shown = { slow: 'out of time', differs: 'verified' }[name];
    expect(Object.keys(cellsOf(out)).filter((key) => key.startsWith(name))).toEqual(
      shown ? [`${name} ${shown}`] : [],
    );
  });

  test('is told in the report', async () => {
    const report = path.join(folder, 'failed.md');
    const { status } = await faked('fails', '--save', report);
    expect(status).toBe(1);
    expect(readFileSync(report, 'utf8')).toContain(
      '## Failed\n\n- fails: exit code 70: it broke\n',
    );
  });

  test('differs from itself', async () => {
    const { status, err } = await faked('unstable', '--repeat', '2');
    expect(err).toContain('bench: unstable: two runs are not the same: states of only: ');
    expect(status).toBe(1);
  });

  test('says something else without an optimisation', async () => {
    const [first] = optimisations;
    const { status, out, err } = await faked('unsound', '--without', first!.name);
    const message = `bench: unsound, without ${first!.name}: another answer: verdict of only`;
    expect(err).toContain(`${message}: "verified" and "violated"`);
    expect(status).toBe(1);
    expect(out).toMatch(/^\| good +\| +7 \| +[\d.]+ \| +[\d.]+ x \| +1\.00 x \|$/m);
  });
});

test.each([
  [
    ['--rows', 'acount'],
    "unknown row 'acount'; there are: account(4,3), account(6,4), account-alike(6,4)",
  ],
  [['--without', 'luck'], "unknown optimisation 'luck'; there are: "],
  [['--workers', '1,1'], 'the same number twice'],
  [['--workers', '0'], 'at least 1'],
  [['--limit', 'none'], 'a number of seconds above 0'],
])('%j', async (argv, message) => {
  const { status, out, err } = await benched(argv);
  expect({ status, out }).toEqual({ status: 2, out: '' });
  expect(err).toContain(message);
});

describe('what a command costs', () => {
  const limits = { seconds: 20, bytes: 2 ** 30 };
  const burn = `for (let spent = 0, n = 0; spent < 4e5; n++) {
      if (n % 1e6) continue;
      const { user, system } = process.cpuUsage();
      spent = user + system;
    }`;

  test.runIf(process.platform === 'linux')('with a child that nobody waits for', async () => {
    const child = `${burn} console.log('done'); process.stdin.resume();`;
    const parent = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}]);
      child.stdout.once('data', () => setTimeout(() => process.exit(3), 200));`;
    const ran = await measure([process.execPath, '-e', parent], limits, folder);
    expect(ran).toMatchObject({ status: 3, ended: 'by itself' });
    expect(ran.cpu).toBeGreaterThan(0.35);
    expect(ran.wall).toBeGreaterThan(0.6);
  });

  test('with one that was waited for, once', async () => {
    // The shell ends right after it, so that the last look may have been at both.
    const command = ['sh', '-c', '"$@"; exit 0', 'sh', process.execPath, '-e', burn];
    const { cpu } = await measure(command, limits, folder);
    expect(cpu).toBeGreaterThan(0.35);
    expect(cpu).toBeLessThan(0.6);
  });

  test('in an environment without the settings of the machine', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-deprecation');
    vi.stubEnv('TMPDIR', folder);
    const command = [process.execPath, '-p', 'JSON.stringify(process.env)'];
    const { stdout } = await measure(command, limits, folder);
    vi.unstubAllEnvs();
    const { HOME, PATH } = process.env;
    const env = { HOME, LC_ALL: 'C', NO_COLOR: '1', PATH, TMPDIR: folder };
    expect(JSON.parse(stdout)).toEqual(env);
  });

  test('until it has too much memory', async () => {
    const parent = 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1));';
    const ran = await measure([process.execPath, '-e', parent], limits, folder);
    expect(ran).toMatchObject({ status: null, ended: 'out of memory' });
    expect(ran.memory).toBeGreaterThan(limits.bytes);
  });
});
