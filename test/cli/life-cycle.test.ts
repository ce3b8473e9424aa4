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
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseTrace } from '../../src/verdict/read-trace.ts';
import { printTrace } from '../../src/verdict/trace.ts';
import { lockstep } from './lockstep.ts';

/** A spec goes on after its trace was kept: what becomes of the trace. */

const source = `import { DEFINE_MUTEX, defineSpec, mutex_lock, mutex_unlock, options, peek, READ_ONCE, variable, WRITE_ONCE } from 'lockstep';

const variant = options({ locked: false });
const dying = variable('dying', false);
const count = variable('count', 0);
const m = DEFINE_MUTEX('m');

function* add() {
  const seen = yield* READ_ONCE(count);
  yield* WRITE_ONCE(count, seen + 1);
}

function* lone() {
  yield* mutex_lock(m);
  yield* add();
  yield* mutex_unlock(m);
}

function* free() {
  if (variant.locked) yield* mutex_lock(m);
  yield* add();
  if (variant.locked) yield* mutex_unlock(m);
}

export default defineSpec({
  name: 'adders',
  params: { more: 0 },
  variants: { bad: { violates: ['lost'] }, good: { options: { locked: true } }, same: {} },
  build: () => ({
    threads: { b: lone, a: free },
    atEnd: { 'lost': () => peek(count) === 2 },
  }),
});
`;

const kept = 'traces/adders/bad.lost.trace.json';
const ruleFile = 'traces/adders/bad.lost.rule.json';
let recorded: string;
let folder: string;
const at = (file: string) => path.join(folder, file);
const text = (file: string) => readFileSync(at(file), 'utf8');

beforeAll(() => {
  recorded = mkdtempSync(path.join(tmpdir(), 'lockstep-life-'));
  writeFileSync(path.join(recorded, 'adders.ts'), source);
  const { stdout } = lockstep(['verify-spec', 'adders.ts', '--variant', 'bad'], recorded);
  expect(stdout).toContain('as expected');
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lockstep-life-'));
  cpSync(recorded, folder, { recursive: true });
  return () => rmSync(folder, { recursive: true });
});
afterAll(() => rmSync(recorded, { recursive: true }));

function change(...changes: (readonly [from: string | RegExp, to: string])[]): void {
  const changed = changes.reduce((now, [from, to]) => {
    const next = now.replace(from, to);
    expect(next, String(from)).not.toBe(now);
    return next;
  }, text('adders.ts'));
  writeFileSync(at('adders.ts'), changed);
}

function declare(...rules: object[]): void {
  writeFileSync(at(ruleFile), JSON.stringify({ format: 'lockstep-rule', version: 1, rules }));
}

/** Exit code and the first line, without its columns. */
function replayed(...options: string[]) {
  const { status, stdout, stderr } = lockstep(['replay-trace', kept, ...options], folder);
  const [first = ''] = stdout.split('\n');
  return { status, word: first.split('  ')[0], stdout, stderr };
}

describe('the words', () => {
  test('nothing changed', () => {
    expect(replayed()).toMatchObject({ status: 0, word: 'still reproduces', stderr: '' });
  });

  test.each([
    ['a comment', [/function\* add/, '// Why.\nfunction* add']],
    ['a renamed local', [/seen/g, 'found']],
    ['a moved function', [/(function\* lone[\s\S]*?\n}\n)([\s\S]*)(export default)/, '$2$1$3']],
  ] as const)('%s: still reproduces', (_, edit) => {
    change(edit);
    expect(replayed()).toMatchObject({ status: 0, word: 'still reproduces' });
  });

  test('a lock added: no longer possible, with who holds it', () => {
    change([/options\({ locked: false }\)/, 'options({ locked: true })']);
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'no longer possible' });
    expect(stdout).toMatch(/\n {2}step \d+: (a|b) waits at mutex_lock\(m\), held by (a|b)\n/);
    expect(stdout).toContain(`keep it as a regression, with a rule in:\n    ${ruleFile}\n`);
  });

  test('a check added before a statement: no longer possible', () => {
    change([/ {2}const seen =/, '  if (yield* READ_ONCE(dying)) return;\n  const seen =']);
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'no longer possible' });
    expect(stdout).toContain('does READ_ONCE(dying), and not READ_ONCE(count)');
  });

  test('what is asked for made weaker: fixed', () => {
    change(['peek(count) === 2', 'peek(count) > 0']);
    expect(replayed()).toMatchObject({ status: 5, word: 'fixed' });
  });

  test('a step after the last: what is asked in the end is not asked, so it is stale', () => {
    change(
      ['peek(count) === 2', 'peek(count) > 0'],
      [
        / {2}yield\* mutex_unlock\(m\);\n}/,
        '  yield* mutex_unlock(m);\n  yield* READ_ONCE(dying);\n}',
      ],
      [
        /locked\) yield\* mutex_unlock\(m\);\n/,
        'locked) yield* mutex_unlock(m);\n  yield* READ_ONCE(dying);\n',
      ],
    );
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'stale' });
    expect(stdout).toMatch(/do not end there any more: .* can\s+move/);
  });

  test('another value at the same operation: no longer possible', () => {
    change(["variable('count', 0)", "variable('count', 1)"]);
    const { word, stdout } = replayed();
    expect(word).toBe('no longer possible');
    expect(stdout).toMatch(/does READ_ONCE\(count\), giving 1, and not 0\n/);
  });

  test('an operation renamed: stale', () => {
    change(
      [/WRITE_ONCE, |, WRITE_ONCE/, ', store'],
      ['yield* WRITE_ONCE(count', 'yield* store(count'],
    );
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'stale' });
    expect(stdout).toContain('the statement was changed or removed');
    expect(stdout).toContain(`record it again: lockstep replay-trace --rerecord ${kept}\n`);
  });

  test('a thread renamed: stale; on another variant that has none of it: no longer possible', () => {
    change(['a: free', 'c: free']);
    expect(replayed().word).toBe('stale');
    expect(replayed('--variant', 'same').word).toBe('no longer possible');
  });

  test('the property deleted, its variant, its parameter, its spec: stale, each with its reason', () => {
    change(["'lost': () =>", "'found': () =>"]);
    expect(replayed().stdout).toContain("there is no property 'lost' any more");
    change(['params: { more: 0 }', 'params: {}']);
    expect(replayed().stdout).toContain("has no parameter 'more'");
    change(['bad: {', 'worse: {']);
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'stale' });
    expect(stdout).toContain("has no variant 'bad'");
    rmSync(at('adders.ts'));
    expect(replayed()).toMatchObject({ status: 5, word: 'stale', stderr: '' });
    expect(replayed().stdout).toContain('its spec adders.ts is not there any more');
  });

  test('another result in the spec as it was: damaged', () => {
    const trace = parseTrace(text(kept), kept);
    const [first, ...others] = trace.steps;
    const steps = [{ ...first!, result: 'something else' }, ...others];
    writeFileSync(at(kept), printTrace({ ...trace, steps }));
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'damaged' });
    expect(stdout).toContain('the spec is the recorded one');
    change(['seen + 1', 'seen + 1 + 0']);
    expect(replayed().word).toBe('no longer possible');
  });

  test('from another folder, statements are found as well', () => {
    change([/ {2}const seen =/, '  if (yield* READ_ONCE(dying)) return;\n  const seen =']);
    const { stdout } = lockstep(['replay-trace', at(kept)], tmpdir());
    expect(stdout).toMatch(/^no longer possible /);
  });
});

describe('rules', () => {
  test('each has its line, and its variant', () => {
    declare({ on: 'good', must: 'no longer possible', why: 'the lock' });
    const { status, stdout } = replayed();
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nrule kept {4}on bad: still reproduces: /);
    expect(stdout).toMatch(/\nrule kept {4}on good: no longer possible \(the lock\): step \d+: /);
  });

  test('one that is not kept', () => {
    declare({ on: 'good', must: 'fixed', why: 'the lock' });
    const { status, stdout } = replayed();
    expect(status).toBe(5);
    expect(stdout).toMatch(/\nrule kept {4}on bad/);
    expect(stdout).toMatch(/\nrule broken {2}on good: no longer possible/);
    expect(stdout).toContain('NOT KEPT: it must be: fixed (the lock)');
  });

  test('for its own variant, in place of the default', () => {
    declare({ on: 'bad', must: 'no longer possible' });
    expect(replayed()).toMatchObject({ status: 5, word: 'still reproduces' });
    change([/options\({ locked: false }\)/, 'options({ locked: true })']);
    expect(replayed()).toMatchObject({ status: 0, word: 'no longer possible' });
  });

  test('a variant that the spec does not have', () => {
    declare({ on: 'best', must: 'fixed' });
    const { status, stdout } = replayed();
    expect(status).toBe(5);
    expect(stdout).toMatch(/rule broken {2}on best: stale: /);
  });

  test('what reproduces must be expected', () => {
    change(["{ violates: ['lost'] }", '{}']);
    const { status, word, stdout } = replayed();
    expect({ status, word }).toEqual({ status: 5, word: 'still reproduces' });
    expect(stdout).toContain('does not say in its violates');
  });

  test('none are asked with --variant', () => {
    declare({ on: 'good', must: 'no longer possible' });
    const { status, word, stdout } = replayed('--variant', 'good');
    expect({ status, word }).toEqual({ status: 5, word: 'no longer possible' });
    expect(stdout).not.toContain('rule ');
    expect(replayed('--variant', 'same')).toMatchObject({ status: 0, word: 'still reproduces' });
  });

  test('damaged: one line and exit 5', () => {
    writeFileSync(at(ruleFile), '{ "format"');
    const { status, stdout, stderr } = replayed();
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^lockstep: ${ruleFile} is damaged: [^\\n]*\\n$`));
  });
});

describe('a folder', () => {
  test('counts per word', () => {
    declare({ on: 'good', must: 'no longer possible' }, { on: 'same', must: 'fixed' });
    mkdirSync(at('traces/other'));
    writeFileSync(at('traces/other/x.trace.json'), '{}\n');
    writeFileSync(at('traces/other/y.rule.json'), '{}\n');
    const { status, stdout, stderr } = lockstep(['replay-trace', 'traces', kept], folder);
    expect(status).toBe(5);
    expect(stderr).toBe(
      'lockstep: traces/other/x.trace.json is not a Lockstep trace\n' +
        'lockstep: traces/other/y.rule.json has no trace beside it\n',
    );
    expect(stdout.replace(/ {2}step \d+: .*\n/, '')).toMatchInlineSnapshot(`
      "still reproduces    lost  adders/bad
      no longer possible  lost  adders/good
      still reproduces    lost  adders/same
        NOT KEPT: it must be: fixed
        replay: lockstep replay-trace --variant same traces/adders/bad.lost.trace.json

                          traces  as they must be
      still reproduces         2                1
      no longer possible       1                1
      fixed                    0                0
      stale                    0                0
      damaged                  2                0

      3 traces, 5 checks: 3 not as they must be
      "
    `);
  });

  test('without traces, or a file of rules: a usage error', () => {
    mkdirSync(at('none'));
    declare({ on: 'good', must: 'fixed' });
    expect(lockstep(['replay-trace', 'none'], folder)).toMatchObject({
      ...{ status: 2, stderr: 'lockstep: no trace in the folder none\n' },
    });
    expect(lockstep(['replay-trace', ruleFile], folder).status).toBe(2);
    expect(lockstep(['replay-trace', '--step', 'traces', kept], folder).status).toBe(0);
  });
});

describe('--rerecord', () => {
  const again = (...args: string[]) => lockstep(['replay-trace', '--rerecord', ...args], folder);

  test('finds the same violation in a spec that has changed', () => {
    change([
      /yield\* add\(\);\n {2}yield\* mutex_unlock/,
      'yield* READ_ONCE(dying);\n  yield* add();\n  yield* mutex_unlock',
    ]);
    const before = JSON.parse(text(kept)).steps.length;
    expect(replayed().status).toBe(5);
    declare({ on: 'good', must: 'no longer possible' });
    const { status, stdout, stderr } = again('traces');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(
      `${kept} recorded again: ${before} steps before, ${before + 1} now; whether its rules are kept: lockstep replay-trace ${kept}\n`,
    );
    expect(replayed()).toMatchObject({ status: 0, word: 'still reproduces' });
    expect(again(kept).stdout).toBe(`${kept} is as it was: ${before + 1} steps\n`);
  });

  test('keeps the file of what does not happen any more, and says what can be done', () => {
    const before = text(kept);
    change([/options\({ locked: false }\)/, 'options({ locked: true })']);
    const expected = again(kept);
    expect(expected).toMatchObject({ status: 1, stdout: '' });
    expect(expected.stderr).toBe(
      `lockstep: ${kept} stays as it is: adders/bad does not break 'lost' any more, though it says so in its violates; keep it as a regression, with a rule in ${ruleFile}, or delete it\n`,
    );
    change(["{ violates: ['lost'] }", '{}']);
    expect(again(kept)).toMatchObject({ status: 5, stdout: '' });
    expect(text(kept)).toBe(before);
  });

  test('a property, variant or spec that is gone', () => {
    const before = text(kept);
    change(["'lost': () =>", "'found': () =>"]);
    expect(again(kept).stderr).toContain("stays as it is: there is no property 'lost' any more\n");
    change(['bad: {', 'worse: {']);
    const variant = again(kept);
    expect(variant.status).toBe(5);
    expect(variant.stderr).toContain("stays as it is: adders.ts has no variant 'bad'");
    rmSync(at('adders.ts'));
    expect(again(kept)).toMatchObject({ status: 5, stdout: '' });
    expect(text(kept)).toBe(before);
  });

  test('not with what replays, nor from elsewhere', () => {
    for (const option of [['--step'], ['--to', '1'], ['--inspect'], ['--variant', 'bad']]) {
      expect(again(kept, ...option).status).toBe(2);
    }
    const elsewhere = lockstep(['replay-trace', '--rerecord', at(kept)], tmpdir());
    expect(elsewhere.status).toBe(2);
    expect(elsewhere.stderr).toContain('record it again there');
    expect(existsSync(at(ruleFile))).toBe(false);
  });
});
