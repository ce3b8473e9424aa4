import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VerifyOptions } from '../../src/cli/options.ts';
import { replayTrace } from '../../src/cli/replay-trace.ts';
import { verifySpec } from '../../src/cli/verify-spec.ts';
import { defaults, type Finds, fakeContext, fakeEngine, replaying } from './fake.ts';
import { ended, start } from './lockstep.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'lockstep-write-'));
  mkdirSync(path.join(cwd, 'specs'));
  writeFileSync(path.join(cwd, 'specs', 'one.ts'), '');
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function run(options: Partial<VerifyOptions>, finds: Finds = {}) {
  const engine = fakeEngine({ one: { good: finds } });
  const context = fakeContext(cwd);
  const given = { ...defaults, traces: false, ...options } as const;
  const code = await verifySpec([], given, context, engine);
  return { code, calls: engine.calls, ...context.output };
}

test('a report beside the result, in folders that are made', async () => {
  const plain = await run({});
  const { out, code } = await run({ report: ['new/folder/a.xml', 'b.XML'] });
  expect({ out: out.replace(/\d+ ms/, ''), code }).toEqual({
    out: plain.out.replace(/\d+ ms/, ''),
    code: 0,
  });
  expect(readdirSync(path.join(cwd, 'new/folder'))).toEqual(['a.xml']);
  expect(existsSync(path.join(cwd, 'b.XML'))).toBe(true);
});

test('also when the runs are not as expected', async () => {
  expect((await run({ report: ['a.xml'] }, { violated: ['P'] })).code).toBe(1);
  expect(existsSync(path.join(cwd, 'a.xml'))).toBe(true);
});

test('not when something is wrong with Lockstep, nor that of an earlier run', async () => {
  await run({ report: ['a.xml'] });
  expect(existsSync(path.join(cwd, 'a.xml'))).toBe(true);
  const faulty = run({ report: ['a.xml'] }, { violated: ['P'], replayed: [] });
  await expect(faulty).rejects.toMatchObject({ name: 'Fault' });
  expect(existsSync(path.join(cwd, 'a.xml'))).toBe(false);
});

test.each([
  ['an ending that says nothing', ['a.txt'], /^no report of this kind: a.txt; its ending .* \.xml/],
  ['one that takes a single trace', ['a.itf.json'], /^no report of this kind: a.itf.json/],
  ['a place that is a folder', ['specs/x.xml'], /^not a file: specs\/x.xml/],
  [
    'a folder that is a file',
    ['specs/one.ts/a.xml'],
    /^specs\/one.ts\/a.xml cannot be written \(E/,
  ],
  ['a file twice', ['a.xml', './a.xml'], /^two reports are to go to .\/a.xml/],
])('%s: told before any search', async (_, report, message) => {
  mkdirSync(path.join(cwd, 'specs/x.xml'));
  const engine = fakeEngine({ one: { good: {} } });
  const given = { ...defaults, report };
  const searched = verifySpec([], given, fakeContext(cwd), engine);
  await expect(searched).rejects.toMatchObject({ name: 'UsageError' });
  await expect(searched).rejects.toThrow(message);
  const replay = { ...replaying, report };
  const replayed = replayTrace(['specs/one.ts'], replay, fakeContext(cwd), engine);
  if (report[0] === 'a.itf.json') await expect(replayed).resolves.toBe(5);
  else await expect(replayed).rejects.toThrow(message);
  expect(existsSync(path.join(cwd, 'a.itf.json'))).toBe(false);
  expect(engine.calls).toEqual([]);
});

test('a workflow of GitHub is told: on the lines of the spec, and in the summary of the step', async () => {
  const summary = path.join(cwd, 'summary.md');
  const engine = fakeEngine({ one: { good: { violated: ['P'] }, fine: {} } });
  const given = { ...defaults, traces: false, quiet: true } as const;
  const verify = async (env: NodeJS.ProcessEnv) => {
    const context = { ...fakeContext(cwd), env: { NO_COLOR: '1', ...env } };
    expect(await verifySpec([], given, context, engine)).toBe(1);
    return context.output;
  };
  const silent = await verify({ GITHUB_STEP_SUMMARY: summary });
  expect(silent.err).toBe('');
  expect(existsSync(summary)).toBe(false);
  const top = path.dirname(cwd);
  const workflow = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: top, GITHUB_STEP_SUMMARY: summary };
  const told = await verify(workflow);
  expect(told.out).toBe(silent.out);
  const file = `${path.basename(cwd)}/specs/one.ts`;
  expect(told.err).toBe(
    `::error file=${file},line=3,title=one/good%3A violated%3A P::P is broken\n`,
  );
  await verify(workflow);
  const heads = readFileSync(summary, 'utf8').match(/^## Lockstep: 1 of 2 runs as expected$/gm);
  expect(heads).toHaveLength(2);
  // Full, or not to be written: that takes nothing from the verdict.
  writeFileSync(summary, 'x'.repeat(2 ** 20 - 10));
  await verify(workflow);
  expect(readFileSync(summary)).toHaveLength(2 ** 20 - 10);
  const lost = await verify({ ...workflow, GITHUB_STEP_SUMMARY: cwd });
  expect(lost.err).toContain('the summary of the step could not be written (EISDIR)');
});

test('interrupted: no report, not even half of one', async () => {
  const report = path.join(cwd, 'a.sarif');
  const long = ['test/cli/fixtures', '--no-reduction', '--param', 'rounds=2000'];
  const child = start(['verify-spec', ...long, '--no-traces', '--report', report]);
  setTimeout(() => child.kill('SIGINT'), 2_000);
  expect((await ended(child)).code).toBe(130);
  expect(readdirSync(cwd)).toEqual(['specs']);
});
