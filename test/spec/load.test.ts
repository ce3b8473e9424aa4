import path from 'node:path';
import { expect, test } from 'vitest';
import { runtime } from '../../src/model/runtime.ts';
import { explained } from '../../src/spec/bundle.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadBundle, loadSpec } from '../../src/spec/load.ts';
import { folder } from './folder.ts';

const HEAD = "import { defineSpec, load, options, store, variable } from 'lockstep';\n";
const GOOD = `${HEAD}
const config = options({ careful: true });
const global = variable('global', 0);
export default defineSpec({
  name: 'good',
  params: { rounds: 2 },
  variants: { main: {}, careless: { options: { careful: false }, violates: ['p'], params: { rounds: 3 } } },
  build({ params, variant }) {
    const x = variable('x', config.careful ? params.rounds : -params.rounds);
    return {
      threads: {
        *a() { yield* store(x, yield* load(global)); },
        b: { run: function* () { yield* load(x); }, daemon: true },
      },
      always: { p: () => true },
      never: { q: () => variant === 'main' },
    };
  },
});
`;

/** What loading says, without the folder's name. */
async function refusal(text: string, others: Record<string, string> = {}): Promise<string> {
  const place = folder({ 'it.ts': text, ...others });
  const shown = path.relative(process.cwd(), place).split(path.sep).join('/');
  try {
    const loaded = await loadSpec(path.join(place, 'it.ts'));
    for (const variant of Object.keys(loaded.spec.variants)) instantiate(loaded, variant);
    return 'no error';
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message.replaceAll(`${shown}/`, '')}`;
  }
}

const spec = (fields: string): string =>
  `${HEAD}export default defineSpec({ name: 's', variants: { main: {} }, build: () => ({ threads: { a: function* () {} } }), ${fields} } as never);`;

test('a spec is loaded and built, variant by variant', async () => {
  const place = folder({ 'good.ts': GOOD });
  const loaded = await loadSpec(path.join(place, 'good.ts'));
  const main = instantiate(loaded, 'main', { rounds: 5 });
  expect(main.params).toEqual({ rounds: 5 });
  expect(main.threads.map(({ name, daemon, cpu, kind }) => [name, daemon, cpu, kind])).toEqual([
    ['a', false, 0, 'process'],
    ['b', true, 0, 'process'],
  ]);
  expect([...runtime.objects.keys()]).toEqual(['global', 'x']);
  expect(runtime.objects.get('x')!.initial).toBe(5);
  const careless = instantiate(loaded, 'careless');
  expect(careless.expected).toEqual(['p']);
  expect(runtime.objects.get('x')!.initial).toBe(-3);
  instantiate(loaded, 'main');
  expect(runtime.objects.get('x')!.initial).toBe(2);
  expect(() => instantiate(loaded, 'nope')).toThrow(/no variant 'nope'; it has 'main', 'careless'/);
  expect(() => instantiate(loaded, 'main', { r: 1 })).toThrow(/no parameter 'r'; it has 'rounds'/);
});

test('what build sets initially holds for one configuration only', async () => {
  const text = GOOD.replace(
    "from 'lockstep'",
    "from 'lockstep';\nimport { initially } from 'lockstep'",
  ).replace('const x = ', "if (variant === 'careless') initially(global, 7);\n    const x = ");
  const loaded = await loadSpec(path.join(folder({ 'it.ts': text }), 'it.ts'));
  const start = (variant: string): unknown => {
    instantiate(loaded, variant);
    return runtime.objects.get('global')!.initial;
  };
  expect([start('main'), start('careless'), start('main')]).toEqual([0, 7, 0]);
});

test('specs loaded in turn do not see each other', async () => {
  const one = await loadSpec(path.join(folder({ 'one.ts': GOOD }), 'one.ts'));
  const two = await loadSpec(path.join(folder({ 'two.ts': GOOD }), 'two.ts'));
  const again = await loadSpec(path.resolve(one.file));
  expect(again.spec).toBe(one.spec);
  for (const loaded of [one, two, again]) {
    instantiate(loaded, 'main');
    expect([...runtime.objects.keys()]).toEqual(['global', 'x']);
    const files = [...runtime.sites.values()].filter((site) => !site.library);
    expect(new Set(files.map((site) => site.file))).toEqual(new Set([loaded.file]));
    expect(runtime.sites.size).toBeGreaterThan(files.length + 100);
  }
  const copy = await loadBundle(two, two.file);
  expect(copy.spec).toBe(two.spec);
});

test('several at once', async () => {
  const place = folder({ 'a.ts': GOOD, 'b.ts': GOOD, 'c.ts': GOOD });
  const all = await Promise.all(
    ['a', 'b', 'c'].map((name) => loadSpec(path.join(place, `${name}.ts`))),
  );
  for (const { baseline } of all) expect([...baseline.objects.keys()]).toEqual(['global']);
});

test('the digest is of the code, not of places, comments or layout', async () => {
  const files = {
    'it.ts': `import { n } from './lib/other.ts';\nglobalThis.n = n;\n${GOOD}`,
    'lib/other.ts': 'export const n = 1;',
  };
  const digestOf = async (all: Record<string, string>): Promise<string> =>
    (await loadSpec(path.join(folder(all), 'it.ts'))).digest;
  const digest = await digestOf(files);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOf(files)).toBe(digest);
  const commented = `// a comment\n${files['it.ts'].replaceAll('\n', '\n\n')}`;
  expect(await digestOf({ ...files, 'it.ts': commented })).toBe(digest);
  const others = [
    { ...files, 'it.ts': files['it.ts'].replace('rounds: 2', 'rounds: 1') },
    { ...files, 'lib/other.ts': 'export const n = 2;' },
  ];
  for (const other of others) expect(await digestOf(other)).not.toBe(digest);
});

test('sites have the place in the source, and the same id everywhere', async () => {
  const library =
    "import { load, type Shared } from 'lockstep';\n\nexport function* twice(x: Shared<number>) {\n  yield* load(x);\n}\n";
  const text = spec(
    "build: () => { const x = variable('x', 0); return { threads: { *a() { yield* twice(x); } } }; }",
  );
  const place = folder({
    'it.ts': `import { twice } from './lib.ts';\n${text}`,
    'lib.ts': library,
  });
  const { baseline, file } = await loadSpec(path.join(place, 'it.ts'));
  const sites = [...baseline.sites.values()].filter((site) => !site.library);
  const base = path.posix.dirname(file);
  expect(sites.map(({ id, file, line, fn, text }) => [id, file, line, fn, text])).toEqual([
    ['lib.ts:0', `${base}/lib.ts`, 4, 'twice', 'yield* load(x);'],
    ['it.ts:0', `${base}/it.ts`, 3, 'a', 'yield* twice(x);'],
  ]);
});

test('without a place for temporary files', async () => {
  const before = process.env.TMPDIR;
  const file = path.join(folder({ 'it.ts': `${GOOD}// read-only` }), 'it.ts');
  process.env.TMPDIR = '/dev/null/none';
  try {
    expect((await loadSpec(file)).spec.name).toBe('good');
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

test('what is no spec is refused in a line', async () => {
  await expect(loadSpec('specs/nope.ts')).rejects.toThrow('no such file: specs/nope.ts');
  await expect(loadSpec('specs')).rejects.toMatchObject({ name: 'UsageError' });
  expect(await refusal(GOOD)).toBe('no error');
  expect(await refusal('export const a = ;')).toContain('SpecError: it.ts:1:18: ');
  expect(await refusal('export const a = 1;')).toContain(
    'SpecError: it.ts: it has no default export',
  );
  expect(await refusal('export default 5;')).toContain('it.ts: the spec must be what defineSpec');
  expect(await refusal(spec('name: ""'))).toBe('SpecError: it.ts: name must not be empty');
  expect(await refusal(spec('variants: {}'))).toContain('variants must have at least one variant');
  expect(await refusal(spec('variants: { a: 1 }'))).toContain('variants.a must be an object');
  expect(await refusal(spec('variants: { a: { violate: [] } }'))).toContain(
    "variants.a has no field called 'violate'",
  );
  expect(await refusal(spec('variants: { a: { kernel: 5.3 } }'))).toContain(
    'variants.a.kernel must be a string',
  );
  expect(await refusal(spec('variants: { a: { kernel: "v5.3", about: "as merged" } }'))).toBe(
    'no error',
  );
  expect(await refusal(spec('thread: 1'))).toContain("the spec has no field called 'thread'");
  expect(await refusal(spec('params: { n: "1" }'))).toContain('params.n must be a number');
  expect(await refusal(spec('build: 1'))).toContain('build must be a function');
  expect(await refusal(spec('build: () => 1'))).toContain('what build() returns must be an object');
  expect(await refusal(spec('build: () => ({ threads: {} })'))).toContain('at least one thread');
  expect(await refusal(spec('build: () => ({ threads: { a: 1 } })'))).toContain(
    'threads.a must be a generator function, or { run',
  );
  expect(await refusal(spec('build: () => ({ threads: { a: { run() {}, cpu: -1 } } })'))).toContain(
    'threads.a.cpu must be a whole number from 0 on',
  );
  expect(await refusal(spec('build: () => ({ threads: { a() {} }, symmetric: [1] })'))).toContain(
    'symmetric.0 must be a list of thread names',
  );
  expect(
    await refusal(
      spec('build: () => ({ threads: { a() {} }, always: { p() {} }, never: { p() {} } })'),
    ),
  ).toContain("two properties are called 'p' (in always and never)");
  expect(await refusal(spec('variants: { a: { options: { x: true } } }'))).toContain(
    "variant 'a' sets option 'x', which no options({ ... }) of the module declares",
  );
  expect(await refusal(spec('params: { m: 1 }, variants: { a: { params: { n: 1 } } }'))).toContain(
    "variant 'a' sets parameter 'n', which the spec's params do not have (there are: m)",
  );
});

test('what throws is named with its line', async () => {
  expect(await refusal('const a = 1;\nthrow new Error("boo");')).toBe(
    'SpecError: it.ts:2: loading it throws Error: boo',
  );
  expect(await refusal(`const f = () => {\n  while (true) {}\n};\nf();`)).toMatch(
    /it\.ts:2: a loop runs on/,
  );
  const build = 'build() {\n  return (null as any).x;\n}';
  expect(await refusal(spec(build))).toMatch(
    /^SpecError: it\.ts:3: build\(\) of variant 'main' throws TypeError/,
  );
  const twice = "build() {\n  variable('x', 0);\n  variable('x', 0);\n}";
  expect(await refusal(spec(twice))).toMatch(
    /^SpecError: it\.ts:4: two shared objects are called 'x'/,
  );
});

test('imports that a spec cannot have', async () => {
  for (const name of ['fs', 'node:fs', 'child_process', 'node:worker_threads', 'net']) {
    expect(await refusal(`import * as it from '${name}';\nit;`)).toContain(
      `SpecError: it.ts:1:21: a spec cannot import '${name}'`,
    );
  }
  expect(await refusal("import './none.ts';")).toContain(
    "SpecError: it.ts:1:8: there is no module './none.ts'",
  );
  expect(await refusal("import 'nothing-of-this-name';")).toContain(
    "no module 'nothing-of-this-name'",
  );
  expect(await refusal("import { nothing } from 'lockstep';\nnothing();")).toContain(
    "SpecError: it.ts:1:10: 'lockstep' has no 'nothing'",
  );
  expect(await refusal(`import './sub/b.ts';`, { 'sub/b.ts': 'let = 5 5;' })).toContain(
    'sub/b.ts:1:',
  );
  expect(await refusal(`import a from './a.txt'; a;`, { 'a.txt': 'x' })).toContain(
    'this kind of file',
  );
});

test('the place of an error of bundling, in the source as it is', async () => {
  // Columns are told in bytes, and there are more ends of lines than editors make.
  for (const line of [
    'import { nothing } from',
    '/* \u00e9\u20ac */ import { load, nothing } from',
  ]) {
    const before = 'const a = 1; // x\u2028a;\r\n';
    const at = line.indexOf('nothing');
    const told = await refusal(`${before}${line} 'lockstep';\nnothing();`);
    expect(told).toContain(`it.ts:3:${at + 1}: 'lockstep' has no 'nothing'`);
    expect(told).toContain(`\n    ${line} 'lockstep';\n    ${' '.repeat(at)}^`);
  }
});

test('an error of bundling about what only the rewritten source has', () => {
  const file = path.join(folder({ 'it.ts': 'f();\n' }), 'it.ts');
  const location = { file: 'spec:it.ts', line: 1, column: 0, length: 3, lineText: '$lk.f();' };
  const { message } = explained({ errors: [{ text: 'odd', location }] }, file) as Error;
  expect(message).toMatch(/it\.ts:1:1: odd\n {4}f\(\);\n {4}\^$/);
});
