import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { printTable } from '../../src/cli/print-table.ts';
import { jsonReporter } from '../../src/report/json.ts';
import type { Run } from '../../src/verdict/run.ts';
import * as sample from '../report/sample.ts';
import { fakeContext } from './fake.ts';

const open = '<!-- lockstep:table -->';
const close = '<!-- /lockstep:table -->';
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'lockstep-table-'));
  mkdirSync(path.join(cwd, 'specs'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function json(...runs: readonly Run[]): string {
  let text = '';
  const reporter = jsonReporter((part) => (text += part));
  for (const run of runs) reporter.run(run);
  reporter.end();
  return text;
}

const good = json(sample.verified, sample.expectedViolation);

async function print(input: string, into: string | null = null, file = '-') {
  const context = fakeContext(cwd, input);
  const code = await printTable(file, { into }, context);
  return { code, ...context.output };
}

test('prints the table; traces are found from here', async () => {
  const { code, out, err } = await print(good);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^### slab\n\n\| variant \|/);
  expect(out).toContain('[trace](traces/slab/v5.3.D3.trace.json)');
  writeFileSync(path.join(cwd, 'runs.json'), good);
  expect((await print('', null, 'runs.json')).out).toBe(out);
});

describe('--into', () => {
  const file = 'specs/README.md';
  const write = (text: string | Buffer) => writeFileSync(path.join(cwd, file), text);
  const read = () => readFileSync(path.join(cwd, file));

  test('replaces what is between the marks, and no other byte', async () => {
    const table = (await print(good)).out.replace('](traces/', '](../traces/');
    const before = Buffer.from('Not UTF-8: \xff\r\n', 'latin1');
    const after = Buffer.from('\r\n\ttail', 'latin1');
    for (const old of ['', '\nold\n', table]) {
      write(Buffer.concat([before, Buffer.from(open + old + close), after]));
      expect(await print(good, file)).toEqual({ code: 0, out: `${file}: 2 variants\n`, err: '' });
      const whole = [before, Buffer.from(`${open}\n\n${table}\n${close}`), after];
      expect(read().equals(Buffer.concat(whole))).toBe(true);
    }
    expect(readdirSync(path.join(cwd, 'specs'))).toEqual(['README.md']);
  });

  test('writes the address of a trace as one', async () => {
    const [counterexample] = sample.expectedViolation.counterexamples;
    const trace = path.join(cwd, 'kept ones', '#1|x.trace.json');
    const run = { ...sample.expectedViolation, counterexamples: [{ ...counterexample!, trace }] };
    write(open + close);
    await print(json(run), file);
    expect(String(read())).toContain('[trace](../kept%20ones/%231%7Cx.trace.json)');
  });

  test.each([
    ['', `has no ${open}; the table goes between ${open} and ${close}`],
    [`${open}\nold`, `has no ${close}; the table goes between`],
    [`old\n${close}`, `has no ${open}; the table goes between`],
    [`${close}\nold\n${open}`, `has ${close} before ${open}`],
    [`${open}\n${open}\n${close}`, `has ${open} twice`],
    [`${open}\n${close}\n${close}`, `has ${close} twice`],
  ])('refuses a file without its marks: %j', async (text, message) => {
    write(text);
    await expect(print(good, file)).rejects.toMatchObject({ name: 'UsageError' });
    await expect(print(good, file)).rejects.toThrow(`${file} ${message}`);
    expect(String(read())).toBe(text);
  });

  test('refuses what is no file', async () => {
    await expect(print(good, 'none.md')).rejects.toThrow('no such file: none.md');
    await expect(print(good, 'specs')).rejects.toThrow('specs cannot be read (EISDIR)');
  });

  test.each([
    [sample.violated, 'slab/v5.3 is violated, that is not as expected'],
    [sample.missing, 'slab/not-so-bad is verified, that is not as expected'],
    [sample.incomplete, 'slab/large is incomplete, that is not as expected'],
    [sample.invalid, 'specs/bad.ts is invalid, that is not as expected'],
    [
      // as verify-spec --first gives it
      { ...sample.expectedViolation, outcome: { ...sample.outcome, complete: false } },
      'slab/no-lock-in-create is violated, its search was not complete',
    ],
  ])('leaves the file when a run is not settled (%#)', async (run, message) => {
    write(open + close);
    const { code, out, err } = await print(json(sample.verified, run), file);
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: `lockstep: no table: ${message}\n`,
    });
    expect(String(read())).toBe(open + close);
  });
});

test.each([
  ['', 'stdin is empty; it must be the result of verify-spec --json'],
  [good.slice(0, 300), 'stdin is damaged: '],
  ['[]', 'stdin is not the result of verify-spec --json: it has no runs'],
  ['{}', 'stdin is not the result of verify-spec --json: '],
  [good.replace('"verified"', '"fine"'), 'verify-spec --json: 0.verdict: '],
  [good.replace('"steps": 7', '"steps": "7"'), 'verify-spec --json: 1.properties.0.steps: '],
])('refuses what verify-spec did not print, in a line (%#)', async (text, message) => {
  await expect(print(text)).rejects.toMatchObject({ name: 'UsageError' });
  await expect(print(text)).rejects.toThrow(message);
  await expect(print(text)).rejects.not.toThrow('\n');
});

test('refuses a file that is not there', async () => {
  await expect(print('', null, 'none.json')).rejects.toThrow('no such file: none.json');
});
