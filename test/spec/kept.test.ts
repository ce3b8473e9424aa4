import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ended, root, start } from '../cli/lockstep.ts';
import { folder } from './folder.ts';

/** Counts what is bundled. Modules are loaded anew by each test, as by another process. */
vi.mock('esbuild', async (original) => {
  const real = await original<typeof esbuild>();
  return { ...real, build: vi.fn(real.build) };
});
const built = vi.mocked(esbuild.build);

let before: string | undefined;
let cache: string;
beforeEach(() => {
  before = process.env.TMPDIR;
  process.env.TMPDIR = folder({});
  cache = path.join(process.env.TMPDIR, `lockstep-${os.userInfo().uid}`);
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

/** Loads a spec as a process does that has loaded none before. */
async function load(file: string) {
  vi.resetModules();
  built.mockClear();
  const { loadSpec } = await import('../../src/spec/load.ts');
  const { library, code, digest, spec } = await loadSpec(file);
  return { bundle: { library, code, digest }, name: spec.name, builds: built.mock.calls.length };
}

const SPEC = `import { defineSpec } from 'lockstep';
import { name } from './name.ts';
export default defineSpec({ name, variants: { main: {} }, build: () => ({ threads: { *a() {} } }) });
`;
const named = (name: string): string => `export const name = '${name}';`;
const two = (name = 'one') => folder({ 'spec.ts': SPEC, 'name.ts': named(name) });

/** The library, then the spec as it is, then the spec rewritten. */
const ALL = 3;
const SPEC_ONLY = 2;

test('what was bundled is not bundled again, and is the same to the byte', async () => {
  const file = path.join(two(), 'spec.ts');
  const first = await load(file);
  expect(first.builds).toBe(ALL);
  expect(await load(file)).toEqual({ ...first, builds: 0 });
  const other = await load(path.join(two('two'), 'spec.ts'));
  expect(other).toMatchObject({ name: 'two', builds: SPEC_ONLY });
  expect(other.bundle.library).toBe(first.bundle.library);
});

test('any of its modules changed, replaced or gone', async () => {
  const place = two();
  const file = path.join(place, 'spec.ts');
  const module = path.join(place, 'name.ts');
  const first = await load(file);

  writeFileSync(module, named('two'));
  const second = await load(file);
  expect(second).toMatchObject({ name: 'two', builds: SPEC_ONLY });
  expect(second.bundle.digest).not.toBe(first.bundle.digest);
  expect((await load(file)).builds).toBe(0);

  writeFileSync(file, SPEC.replace('{ name,', '{ name: `${name}!`,'));
  expect(await load(file)).toMatchObject({ name: 'two!', builds: SPEC_ONLY });
  writeFileSync(file, SPEC);
  writeFileSync(module, named('one'));
  expect((await load(file)).bundle).toEqual(first.bundle);

  mkdirSync(path.join(place, 'elsewhere'));
  renameSync(module, path.join(place, 'elsewhere/name.ts'));
  await expect(load(file)).rejects.toThrow("there is no module './name.ts'");
  // The same bytes, but imports are looked for where the link leads.
  symlinkSync(path.join(place, 'elsewhere/name.ts'), module);
  expect(await load(file)).toMatchObject({ name: 'one', builds: SPEC_ONLY });
  writeFileSync(path.join(place, 'elsewhere/other.ts'), named('other'));
  writeFileSync(module, "export { name } from './other.ts';");
  expect(await load(file)).toMatchObject({ name: 'other', builds: SPEC_ONLY });
  expect((await load(file)).builds).toBe(SPEC_ONLY);
});

test('what a new file may come before is bundled each time', async () => {
  const place = folder({ 'spec.ts': SPEC.replace('./name.ts', './name'), 'name.js': named('js') });
  const file = path.join(place, 'spec.ts');
  expect((await load(file)).name).toBe('js');
  expect((await load(file)).builds).toBe(SPEC_ONLY);
  writeFileSync(path.join(place, 'name.ts'), named('ts'));
  expect((await load(file)).name).toBe('ts');

  writeFileSync(file, SPEC.replace('./name.ts', 'names'));
  mkdirSync(path.join(place, 'node_modules'));
  writeFileSync(path.join(place, 'node_modules/names.js'), named('package'));
  expect((await load(file)).name).toBe('package');
  mkdirSync(path.join(place, 'node_modules/names'));
  writeFileSync(path.join(place, 'node_modules/names/index.js'), named('other'));
  writeFileSync(path.join(place, 'node_modules/names.js'), named('changed'));
  expect((await load(file)).name).not.toBe('package');

  const pattern = 'export const all = (n: string) => import(`./all/${n}.ts`);\n';
  writeFileSync(file, SPEC + pattern);
  mkdirSync(path.join(place, 'all'));
  await load(file);
  expect((await load(file)).builds).toBe(SPEC_ONLY);
});

test('seen from another folder, files are called otherwise', async () => {
  const place = two();
  const file = path.join(place, 'spec.ts');
  const first = await load(file);
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(place);
  const second = await load(file);
  cwd.mockRestore();
  expect(second.builds).toBe(SPEC_ONLY);
  expect(second.bundle.digest).toBe(first.bundle.digest);
  expect((await load(file)).bundle).toEqual(first.bundle);
});

test('a damaged file is made again', async () => {
  const file = path.join(two(), 'spec.ts');
  const first = await load(file);
  const contents = () =>
    Object.fromEntries(
      readdirSync(cache).map((name) => [name, readFileSync(path.join(cache, name), 'utf8')]),
    );
  const whole = contents();
  const records = Object.keys(whole).filter((name) => name.endsWith('.json'));
  expect([Object.keys(whole).length, records.length]).toEqual([4, 2]);
  const ofSpec = path.join(cache, records.find((name) => whole[name]!.includes('inputs'))!);
  for (const [name, text] of Object.entries(whole)) {
    const kept = path.join(cache, name);
    const ways = [
      () => writeFileSync(kept, text.slice(0, text.length / 2)),
      () => writeFileSync(kept, ''),
      () =>
        writeFileSync(
          kept,
          text.replace(/[0-9](?=[^0-9]*$)/, (digit) => `${9 - +digit}`),
        ),
      () => rmSync(kept),
    ];
    for (const damage of ways) {
      damage();
      expect(contents()).not.toEqual(whole);
      const again = await load(file);
      expect(again).toEqual({ ...first, builds: again.builds });
      // The library's record is asked for only when a spec is bundled.
      rmSync(ofSpec);
      expect((await load(file)).bundle).toEqual(first.bundle);
      expect(contents()).toEqual(whole);
      expect((await load(file)).builds).toBe(0);
    }
  }
});

test('a folder that others may write to is not believed', async () => {
  const file = path.join(two(), 'spec.ts');
  await load(file);
  chmodSync(cache, 0o777);
  expect(await load(file)).toMatchObject({ name: 'one', builds: ALL });
  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'no folder');
  const first = await load(file);
  expect(first).toMatchObject({ name: 'one', builds: ALL });
  expect(await load(file)).toEqual(first);
});

test('files that nobody used go, and the oldest of too many', async () => {
  const file = path.join(two(), 'spec.ts');
  await load(file);
  const old = path.join(cache, 'old.mjs');
  const days = (n: number) => new Date(Date.now() - n * 86_400_000);
  writeFileSync(old, '');
  utimesSync(old, days(15), days(15));
  for (const name of readdirSync(cache)) {
    if (name !== 'old.mjs') utimesSync(path.join(cache, name), days(13), days(13));
  }
  await load(file);
  for (const name of readdirSync(cache)) {
    // All but the record of the library were used.
    if (name !== 'old.mjs' && statSync(path.join(cache, name)).mtime < days(1)) {
      expect(name).toMatch(/json$/);
    }
  }
  expect(existsSync(old)).toBe(true);
  await load(path.join(two('two'), 'spec.ts'));
  expect(existsSync(old)).toBe(false);
  for (let n = 0; n < 1_200; n++) {
    const many = path.join(cache, `${n}.mjs`);
    writeFileSync(many, '');
    utimesSync(many, days(1), days(1));
  }
  await load(path.join(two('three'), 'spec.ts'));
  const left = readdirSync(cache);
  expect(left.length).toBeGreaterThan(900);
  expect(left.length).toBeLessThan(1_100);
  expect((await load(file)).builds).toBe(0);
});

test('another Lockstep is another identity, wherever it differs', async () => {
  const { identityOf } = await import('../../src/spec/identity.ts');
  const home = path.join(folder({}), 'src');
  cpSync(path.join(root, 'src'), home, { recursive: true });
  const first = identityOf(home);
  expect(identityOf(home)).toBe(first);
  expect(identityOf(path.join(root, 'src'))).not.toBe(first);
  for (const name of ['index.ts', 'kernel/mutex.ts', 'model/frames.ts', 'spec/rewrite.ts']) {
    const text = readFileSync(path.join(home, name), 'utf8');
    writeFileSync(path.join(home, name), text.replace(/\n$/, ' '));
    expect(identityOf(home), name).not.toBe(first);
    writeFileSync(path.join(home, name), text);
  }
  expect(identityOf(home)).toBe(first);
  writeFileSync(path.join(home, 'kernel/new.ts'), '');
  expect(identityOf(home)).not.toBe(first);
});

test('another Lockstep is another identity, when it was built too', async () => {
  const home = folder({});
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(path.join(root, part), path.join(home, part), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(home, 'node_modules'));
  const args = ['verify-spec', path.join(two(), 'spec.ts'), '--no-traces', '--quiet'];
  const records = () => {
    execFileSync(process.execPath, [path.join(home, 'bin/lockstep.js'), ...args]);
    return readdirSync(cache).filter((name) => name.endsWith('.json')).length;
  };
  expect([records(), records()]).toEqual([2, 2]);
  for (const name of ['index.js', 'kernel/mutex.js', 'cli/built-in-engine.js']) {
    const before = records();
    appendFileSync(path.join(home, 'dist', name), '\n');
    expect(records(), name).toBe(before + 2);
  }
});

test('another Lockstep bundles anew', async () => {
  const file = path.join(two(), 'spec.ts');
  const first = await load(file);
  vi.resetModules();
  vi.doMock('../../src/spec/identity.ts', async (original) => ({
    ...(await original<object>()),
    identity: () => 'another',
    isSame: () => true,
  }));
  const { loadSpec } = await import('../../src/spec/load.ts');
  built.mockClear();
  await loadSpec(file);
  vi.doUnmock('../../src/spec/identity.ts');
  expect(built).toHaveBeenCalledTimes(ALL);
  expect(await load(file)).toEqual({ ...first, builds: 0 });
});

test('what is edited while it bundles is not kept', async () => {
  const file = path.join(two(), 'spec.ts');
  vi.resetModules();
  vi.doMock('../../src/spec/identity.ts', async (original) => ({
    ...(await original<object>()),
    isSame: () => false,
  }));
  const { loadSpec } = await import('../../src/spec/load.ts');
  await loadSpec(file);
  vi.doUnmock('../../src/spec/identity.ts');
  expect(await load(file)).toMatchObject({ name: 'one', builds: ALL });
});

test('several processes at once', async () => {
  const file = path.join(two(), 'spec.ts');
  const run = () => ended(start(['verify-spec', file, '--no-traces', '--quiet']));
  const all = await Promise.all([run(), run(), run()]);
  for (const { code, stderr } of all) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const kept = readdirSync(cache);
  expect(kept.filter((name) => !/^[0-9a-f]{64}\.(mjs|json)$/.test(name))).toEqual([]);
  // The library, the spec, and a record of each.
  expect(kept).toHaveLength(4);
});
