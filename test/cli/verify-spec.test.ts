import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerifyOptions } from '../../src/cli/options.ts';
import { replayTrace } from '../../src/cli/replay-trace.ts';
import { verifySpec } from '../../src/cli/verify-spec.ts';
import { SpecError } from '../../src/model/shared.ts';
import { parseTrace } from '../../src/verdict/read-trace.ts';
import { defaults, type Finds, fakeContext, fakeEngine, replaying } from './fake.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'lockstep-cli-'));
  mkdirSync(path.join(cwd, 'specs'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

type Specs = Readonly<Record<string, Readonly<Record<string, Finds>>>>;

async function run(specs: Specs, options: Partial<VerifyOptions> = {}, files: string[] = []) {
  for (const name of Object.keys(specs)) writeFileSync(path.join(cwd, 'specs', `${name}.ts`), '');
  const engine = fakeEngine(specs);
  const context = fakeContext(cwd);
  const code = await verifySpec(files, { ...defaults, ...options }, context, engine);
  return { code, calls: engine.calls, ...context.output };
}

describe('--sample', () => {
  test('shows passing schedules, in the terminal and as JSON', async () => {
    const { out } = await run({ one: { good: {} } }, { sample: 2 });
    expect(out).toContain('passing, 1 schedule, the only one there is');
    expect(out).toContain('schedule 1 of 1, 2 steps');
    const [only] = JSON.parse((await run({ one: { good: {} } }, { sample: 2, json: true })).out);
    const steps = ['a', 'b'].map((thread) => expect.objectContaining({ thread }));
    expect(only.samples).toEqual({ all: true, schedules: [{ ends: true, steps }] });
  });

  test('unless nobody asks', async () => {
    const { out } = await run({ one: { good: {} } }, { json: true });
    expect(JSON.parse(out)[0]).not.toHaveProperty('samples');
  });
});

describe('exit codes', () => {
  test.each([
    ['verified, as expected', { good: {} }, 0],
    ['violated, as expected', { 'bad-P': { violated: ['P'] } }, 0],
    ['violated, not expected', { good: { violated: ['P'] } }, 1],
    ['expected, not found', { 'bad-P': {} }, 1],
    ['ended by a limit', { good: { complete: false } }, 4],
    ['the spec throws', { good: { throws: new SpecError('thread A throws') } }, 3],
    [
      'the worst of several',
      { good: {}, slow: { complete: false }, wrong: { violated: ['P'] } },
      1,
    ],
  ] as const)('%s', async (_, variants: Readonly<Record<string, Finds>>, code) => {
    expect((await run({ one: variants })).code).toBe(code);
  });

  test('a spec that does not load does not keep the others from being checked', async () => {
    writeFileSync(path.join(cwd, 'specs', 'broken.ts'), '');
    const { code, out } = await run({ one: { good: {} } });
    expect(code).toBe(3);
    expect(out).toContain('invalid  specs/broken.ts');
    expect(out).toContain('verified  one/good  as expected');
  });

  test('two specs of one name would share their traces', async () => {
    mkdirSync(path.join(cwd, 'specs', 'sub'));
    writeFileSync(path.join(cwd, 'specs', 'sub', 'one.ts'), '');
    const { code, out } = await run({ one: { good: {} } });
    expect(code).toBe(3);
    expect(out).toContain("specs/one.ts has a spec of the same name, 'one'");
  });
});

describe('what a violation needs', () => {
  test('its replay, or it is a fault of Lockstep', async () => {
    const wrong = run({ one: { good: { violated: ['P'], replayed: ['Q'] } } });
    await expect(wrong).rejects.toThrow(/not confirmed by its replay: the property holds/);
    await expect(wrong).rejects.toMatchObject({ name: 'Fault' });
  });

  test('a trace, the same bytes each time', async () => {
    const specs = { one: { good: { violated: ['P'] } } };
    const file = path.join(cwd, 'traces/one/good.P.trace.json');
    const { out } = await run(specs);
    const bytes = readFileSync(file, 'utf8');
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      'replay: lockstep replay-trace traces/one/good.P.trace.json',
    );
    expect(bytes).not.toContain(cwd);
    expect(parseTrace(bytes, 'x')).toMatchObject({
      spec: { name: 'one', file: 'specs/one.ts', digest: 'd1' },
      params: { size: 2 },
      property: 'P',
      steps: [{ thread: 'A', file: 'specs/one.ts', line: 3 }],
    });
    await run(specs);
    expect(readFileSync(file, 'utf8')).toBe(bytes);
  });

  test('another file when the configuration was resized', async () => {
    await run({ one: { good: { violated: ['P'] } } }, { param: { size: 3 } });
    expect(existsSync(path.join(cwd, 'traces/one/good+size=3.P.trace.json'))).toBe(true);
  });

  test('no trace when none is wanted, or none can be written', async () => {
    const specs = { one: { good: { violated: ['P'] } } };
    expect((await run(specs, { traces: false })).out).toContain('no trace was kept');
    expect(existsSync(path.join(cwd, 'traces'))).toBe(false);
    mkdirSync(path.join(cwd, 'traces'));
    writeFileSync(path.join(cwd, 'traces/one'), 'a file, not a folder');
    const { code, out, err } = await run(specs);
    expect(code).toBe(1);
    expect(out).toContain('no trace was kept');
    expect(err).toMatch(
      /^lockstep: traces\/one\/good\.P\.trace\.json could not be written \(E\w+\)/,
    );
  });
});

describe('a folder in which no trace can be kept: told before any search', () => {
  test.each([
    ['a file in the way', 'in-the-way', /^traces cannot be written to in-the-way \(ENOTDIR\)/],
    ['a file above', 'in-the-way/a/b', /^traces cannot be written to in-the-way\/a\/b \(ENOTDIR\)/],
    [
      'where none can be made',
      '/proc/lockstep',
      /^traces cannot be written to \/proc\/lockstep \(E/,
    ],
  ])('%s', async (_, traces, message) => {
    writeFileSync(path.join(cwd, 'in-the-way'), '');
    const engine = fakeEngine({ one: { good: {} } });
    const searched = verifySpec([], { ...defaults, traces }, fakeContext(cwd), engine);
    await expect(searched).rejects.toThrow(message);
    await expect(searched).rejects.toMatchObject({ name: 'UsageError' });
    expect(engine.calls).toEqual([]);
  });

  test('where there is nothing to keep, no folder is left behind', async () => {
    expect((await run({ one: { good: {} } }, { traces: 'new/folder' })).code).toBe(0);
    expect(existsSync(path.join(cwd, 'new'))).toBe(false);
    const violated = { one: { good: { violated: ['P'] } } };
    await run(violated, { traces: 'new/folder' });
    expect(existsSync(path.join(cwd, 'new/folder/one'))).toBe(true);
  });
});

describe('choosing', () => {
  const specs = { one: { a: {}, b: {} }, two: { b: {}, c: {} } };

  test('runs in the order of files, then of variants', async () => {
    expect((await run(specs)).calls).toEqual(['one/a {}', 'one/b {}', 'two/b {}', 'two/c {}']);
  });

  test('variants and parameters where they exist', async () => {
    const { calls } = await run(specs, { variant: ['b'], param: { size: 5 } });
    expect(calls).toEqual(['one/b {"size":5}', 'two/b {"size":5}']);
  });

  test('what exists nowhere is refused, and nothing is run', async () => {
    await expect(run(specs, { variant: ['a', 'd'] })).rejects.toThrow(
      "unknown variant 'd'; there are: a, b, c",
    );
    await expect(run(specs, { param: { sise: 5 } })).rejects.toThrow(
      "unknown parameter 'sise'; there are: size",
    );
  });

  test('a file twice is one file; a folder with spec.ts is one spec', async () => {
    expect((await run(specs, {}, ['specs/one.ts', './specs/one.ts'])).calls).toHaveLength(2);
    mkdirSync(path.join(cwd, 'specs', 'deep'));
    for (const name of ['spec.ts', 'part.ts'])
      writeFileSync(path.join(cwd, 'specs/deep', name), '');
    const { calls } = await run({ ...specs, spec: { z: {} } }, {}, ['specs/deep']);
    expect(calls).toEqual(['spec/z {}']);
  });

  test('files that are not there are named', async () => {
    await expect(run({}, {}, ['specs/none.ts'])).rejects.toThrow('no such file: specs/none.ts');
    await expect(run({})).rejects.toThrow('no spec in the folder specs');
    rmSync(path.join(cwd, 'specs'), { recursive: true });
    const engine = fakeEngine({});
    await expect(verifySpec([], defaults, fakeContext(cwd), engine)).rejects.toThrow(
      "there is no folder 'specs' here; name the spec file",
    );
  });
});

test('--json prints one array and nothing else', async () => {
  const { out } = await run({ one: { a: {}, 'bad-P': { violated: ['P'] } } }, { json: true });
  const runs = JSON.parse(out);
  expect(runs).toHaveLength(2);
  expect(runs[1].properties[0].trace).toBe('traces/one/bad-P.P.trace.json');
});

describe('replaying a kept trace', () => {
  const specs = (finds: Finds) => ({ one: { 'bad-P': finds, other: {} } });
  const trace = 'traces/one/bad-P.P.trace.json';
  const replay = async (finds: Finds, variant: string | null = null, at = cwd, file = trace) => {
    const context = fakeContext(at);
    const code = await replayTrace(
      [file],
      { ...replaying, variant },
      context,
      fakeEngine(specs(finds)),
    );
    return { code, ...context.output };
  };
  beforeEach(async () => {
    await run(specs({ violated: ['P'] }));
  });

  test('that still happens', async () => {
    const { code, out } = await replay({ violated: ['P'] });
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "still reproduces  P  one/bad-P
        P is broken

      --- A runs ---
      1  store(x, 1)                                                        one.ts:3 f
      !! P

      verify: lockstep verify-spec specs/one.ts --variant bad-P
      "
    `);
  });

  test('from any folder: it finds its own spec', async () => {
    const { code } = await replay({ violated: ['P'] }, null, tmpdir(), path.join(cwd, trace));
    expect(code).toBe(0);
  });

  test('that does not happen any more, or not on this variant', async () => {
    expect(await replay({})).toMatchObject({ code: 5 });
    const { code, out } = await replay({ violated: ['P'] }, 'other');
    expect(code).toBe(5);
    expect(out).toMatch(/^fixed {2}P {2}one\/other\n {2}recorded on variant bad-P\n/);
  });

  test('many at once: a spec is loaded once, and a spec of that name elsewhere is another', async () => {
    const elsewhere = path.join(cwd, 'elsewhere');
    cpSync(path.join(cwd, 'traces'), path.join(elsewhere, 'traces'), { recursive: true });
    cpSync(path.join(cwd, 'specs'), path.join(elsewhere, 'specs'), { recursive: true });
    const engine = fakeEngine(specs({ violated: ['P'] }));
    const loaded: string[] = [];
    const load = async (file: string) => {
      loaded.push(path.relative(cwd, file));
      return engine.load(file);
    };
    const again = 'traces/one/again.trace.json';
    cpSync(path.join(cwd, trace), path.join(cwd, again));
    const files = [trace, `elsewhere/${trace}`, again];
    const context = fakeContext(cwd);
    expect(await replayTrace(files, replaying, context, { ...engine, load })).toBe(0);
    expect(loaded).toEqual(['specs/one.ts', 'elsewhere/specs/one.ts']);
    expect(engine.calls).toHaveLength(2);
    expect(context.output.out.match(/^still reproduces {4}P /gm)).toHaveLength(3);
  });

  test('recorded again: what a limit ends is left as it is, unless it was found before', async () => {
    const before = readFileSync(path.join(cwd, trace), 'utf8');
    const rerecord = async (finds: Finds) => {
      const context = fakeContext(cwd);
      const options = { ...replaying, rerecord: true };
      const code = await replayTrace(['traces'], options, context, fakeEngine(specs(finds)));
      expect(readFileSync(path.join(cwd, trace), 'utf8')).toBe(before);
      return { code, ...context.output };
    };
    expect(await rerecord({ complete: false })).toEqual({
      ...{ code: 4, out: '' },
      err: `lockstep: ${trace} stays as it is: the search ended before 'P' was found broken (7 states reached)\n`,
    });
    expect(await rerecord({ complete: false, violated: ['P'] })).toMatchObject({
      code: 0,
      err: '',
    });
    expect(await rerecord({ violated: ['Q'] })).toMatchObject({ code: 1, out: '' });
    await expect(rerecord({ violated: ['P'], replayed: [] })).rejects.toThrow('not confirmed');
  });

  test('that is damaged or stale', async () => {
    writeFileSync(path.join(cwd, 'cut.json'), readFileSync(path.join(cwd, trace)).subarray(0, 99));
    const { code, out, err } = await replay({}, null, cwd, 'cut.json');
    expect({ code, out }).toEqual({ code: 5, out: '' });
    expect(err).toMatch(/^lockstep: cut\.json is damaged: .*\n$/);
    rmSync(path.join(cwd, 'specs', 'one.ts'));
    expect(await replay({})).toMatchObject({
      code: 5,
      out: expect.stringContaining('its spec specs/one.ts is not there any more\n'),
    });
  });

  test('asked for wrongly', async () => {
    await expect(replay({}, 'v9')).rejects.toThrow("unknown variant 'v9'");
    await expect(replay({}, null, cwd, 'none.json')).rejects.toThrow('no such file: none.json');
  });
});
