import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './lockstep.ts';

/** The package as others get it: packed, installed into an empty folder, used by the README. */

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-package-'));
afterAll(() => rmSync(folder, { recursive: true }));

const npm = (args: readonly string[], cwd: string) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

beforeAll(() => {
  npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  npm(['init', '--yes', '--silent'], folder);
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  npm(['install', ...quiet, `./${tarball}`], folder);
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const example = /```ts\n(import .*?)```/s.exec(readme)![1]!;
  writeFileSync(path.join(folder, 'my.ts'), example);
}, 300_000);

test("verifies the README's example", () => {
  const args = ['lockstep', 'verify-spec', 'my.ts', '--json'];
  const { status, stdout, stderr } = spawnSync('npx', args, { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(JSON.parse(stdout)).toMatchObject([
    { variant: 'correct', verdict: 'verified', asExpected: true, complete: true },
    { variant: 'turn-first', verdict: 'violated', asExpected: true },
  ]);
});

test('brings its parser of C along', () => {
  const project = path.join(folder, 'project');
  mkdirSync(path.join(project, 'specs'), { recursive: true });
  mkdirSync(path.join(project, 'linux'));
  const spec = readFileSync(path.join(folder, 'my.ts'), 'utf8').replace(
    /^ *function\* contend/m,
    '    /** @models door.c door_open v1 */\n$&',
  );
  writeFileSync(path.join(project, 'specs', 'my.ts'), spec);
  writeFileSync(path.join(project, 'linux', 'door.c'), 'int door_open(void)\n{\n\treturn 1;\n}\n');
  const gate = (...args: string[]) =>
    spawnSync('npx', ['lockstep', 'gate', 'project', '--tree', 'project/linux', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  expect(gate('--accept')).toMatchObject({ status: 0 });
  expect(gate()).toMatchObject({ status: 0 });
  writeFileSync(path.join(project, 'linux', 'door.c'), 'int door_open(void)\n{\n\treturn 2;\n}\n');
  const changed = gate();
  expect(changed).toMatchObject({ status: 1 });
  expect(changed.stdout).toContain('door_open changed since v1');
});

test('brings its types along', () => {
  const tsc = createRequire(import.meta.url).resolve('typescript/package.json');
  const bin = path.join(path.dirname(tsc), 'bin', 'tsc');
  const flags = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext'];
  const check = () =>
    spawnSync(process.execPath, [bin, ...flags, 'my.ts'], { cwd: folder, encoding: 'utf8' });
  expect(check()).toMatchObject({ status: 0, stdout: '' });
  // That no type is missing would also be true if all of them were any.
  const wrong = "import { mutex_lock } from 'lockstep';\nmutex_lock(1);\n";
  writeFileSync(path.join(folder, 'my.ts'), wrong);
  expect(check().stdout).toContain("Argument of type 'number' is not assignable");
});

test('holds nothing but what is needed', () => {
  const top = readdirSync(path.join(folder, 'node_modules', 'lockstep'));
  expect(top.sort()).toEqual(['README.md', 'bin', 'dist', 'package.json']);
});
