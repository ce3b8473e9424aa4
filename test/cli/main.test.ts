import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { root, steady } from './lockstep.ts';

/** The command with what V8 compiled of it before, and without. */

const home = mkdtempSync(path.join(tmpdir(), 'lockstep-main-'));
afterAll(() => rmSync(home, { recursive: true }));
for (const part of ['bin', 'dist', 'package.json']) {
  cpSync(path.join(root, part), path.join(home, part), { recursive: true });
}
symlinkSync(path.join(root, 'node_modules'), path.join(home, 'node_modules'));

const main = path.join(home, 'dist/cli/main.js');
const command = path.join(home, 'dist/cli/command.js');
const cache = `${command}.cache`;
const elsewhere = readFileSync(cache);
const bundle = readFileSync(command);

/** Runs it, and asks it at its end. */
function run(atEnd = '') {
  const script = `const { compiled, keep } = await import(${JSON.stringify(pathToFileURL(main))});
    process.once('exit', () => { console.error(compiled); ${atEnd} });`;
  const spec = path.join(root, 'test/fixtures/classics/peterson.ts');
  const args = ['verify-spec', spec, '--no-traces', '--workers', '1'];
  const node = ['--input-type=module', '-e', script, '--', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' });
  return {
    status,
    stdout: steady(stdout).replaceAll(/ +/g, ' '),
    compiled: stderr.trim().split('\n').at(-1),
  };
}

rmSync(cache);
const plain = run('keep();');
const own = readFileSync(cache);

beforeEach(() => {
  writeFileSync(command, bundle);
  writeFileSync(cache, own);
});

test('without it', () => {
  expect(plain).toMatchObject({ status: 0, compiled: 'false' });
  expect(plain.stdout).toContain('verified');
  rmSync(cache);
  expect(run()).toEqual(plain);
  // Runs of users write nothing there.
  expect(existsSync(cache)).toBe(false);
});

test('with it', () => {
  expect(run()).toEqual({ ...plain, compiled: 'true' });
});

const flipped = (bytes: Buffer, at: number): Buffer => {
  const other = Buffer.from(bytes);
  other[at]! ^= 1;
  return other;
};

test.each([
  ['empty', Buffer.alloc(0)],
  ['no cache at all', Buffer.from('garbage '.repeat(10_000))],
  ['cut off', own.subarray(0, own.length / 2)],
  ['with another bit in its seal', flipped(own, 0)],
  ['with another bit in its middle', flipped(own, own.length >> 1)],
  ['of a build in another place', elsewhere],
])('%s', (_, bytes) => {
  writeFileSync(cache, bytes);
  expect(run()).toEqual(plain);
  expect(readFileSync(cache).equals(bytes)).toBe(true);
});

test('of another build, as long as this one', () => {
  const other = bundle.toString('latin1').replace('as expected', 'as Expected');
  writeFileSync(command, other, 'latin1');
  expect(other.length).toBe(bundle.length);
  expect(run()).toMatchObject({ status: 0, compiled: 'false' });
});

test('a fault tells where it is, with and without', () => {
  const gone = () => {
    const folder = mkdtempSync(path.join(home, 'gone-'));
    const start = `cd ${folder} && rmdir ${folder} && exec ${process.execPath} ${home}/bin/lockstep.js verify-spec`;
    return spawnSync('sh', ['-c', start], { encoding: 'utf8' });
  };
  const [, line] = /at main \(.*lockstep-main-.*\/command\.js:(\d+):\d+\)/.exec(gone().stderr)!;
  expect(bundle.toString('latin1').split('\n')[Number(line) - 1]).toContain('process.cwd()');
  const before = gone().stderr;
  rmSync(cache);
  expect(gone().stderr).toBe(before);
});
