import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseTrace, readTrace } from '../../src/verdict/read-trace.ts';
import { printTrace, type Trace, TraceError, writeTrace } from '../../src/verdict/trace.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sample: Trace = {
  spec: { name: 'two-locks', file: 'specs/two-locks.ts', digest: 'c0ffee' },
  variant: 'v1',
  params: { threads: 2 },
  property: 'deadlock',
  message: 'A waits for b, held by B',
  steps: [
    {
      thread: 'A',
      operation: 'mutex_lock',
      text: 'mutex_lock(a)',
      objects: ['a'],
      result: '',
      file: 'specs/two-locks.ts',
      line: 12,
    },
    {
      thread: 'B',
      operation: 'READ_ONCE',
      text: 'READ_ONCE(flag)',
      objects: ['flag'],
      result: 'true',
      file: null,
      line: null,
    },
  ],
  sources: { 'specs/two-locks.ts': { 12: 'yield* mutex_lock(a);' } },
};

const text = fc.string({ unit: 'grapheme' });
const name = fc.string({ unit: 'grapheme', minLength: 1 });
const anyTrace: fc.Arbitrary<Trace> = fc.record({
  spec: fc.record({ name, file: name, digest: name }),
  variant: name,
  params: fc.dictionary(
    text.filter((key) => key !== '__proto__'),
    fc.integer(),
    { noNullPrototype: true },
  ),
  property: name,
  message: text,
  steps: fc.array(
    fc.record({
      thread: name,
      operation: name,
      text,
      objects: fc.array(text),
      result: text,
      file: fc.option(text),
      line: fc.option(fc.integer({ min: 1 })),
    }),
  ),
  sources: fc.dictionary(
    name.filter((key) => key !== '__proto__'),
    fc.dictionary(
      fc.nat().map((line) => String(line + 1)),
      text,
      { noNullPrototype: true },
    ),
    { noNullPrototype: true },
  ),
});

describe('a trace', () => {
  test('is read as it was written, and printed again is the same bytes', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const printed = printTrace(trace);
        const read = parseTrace(printed, 'x.trace.json');
        expect(read).toMatchObject(trace);
        expect(printTrace(read)).toBe(printed);
      }),
    );
  });

  test('does not depend on the order in which parameters were given', () => {
    const params = (given: Record<string, number>) => printTrace({ ...sample, params: given });
    expect(params({ a: 1, b: 2 })).toBe(params({ b: 2, a: 1 }));
  });

  test('without the text of its lines, as older ones are, is read too', () => {
    const { sources, ...older } = sample;
    const printed = printTrace(older);
    expect(printed).not.toContain('sources');
    expect(printTrace(parseTrace(printed, 'x.trace.json'))).toBe(printed);
  });

  test('goes through a file in a folder that did not exist', async () => {
    const file = path.join(folder, 'deep', 'er', 'x.trace.json');
    await writeTrace(file, sample);
    expect(readFileSync(file, 'utf8')).toBe(printTrace(sample));
    expect(await readTrace(file)).toMatchObject(sample);
  });
});

describe('a file that is not a whole trace is refused in one line', () => {
  const whole = printTrace(sample);
  const refusal = (content: string): string => {
    try {
      parseTrace(content, 'x.trace.json');
    } catch (error) {
      expect(error).toBeInstanceOf(TraceError);
      const { message } = error as Error;
      expect(message).toMatch(/^x\.trace\.json \S.*$/);
      return message;
    }
    throw new Error(`accepted: ${content}`);
  };

  test('cut off at any byte', () => {
    const last = whole.length - 1;
    for (let end = 0; end < last; end++) {
      expect(refusal(whole.slice(0, end))).toMatch(/is empty|is damaged: /);
    }
    expect(refusal(whole.slice(0, last))).toMatch(/: its last line end is missing/);
  });

  test('written again in another layout', () => {
    const compact = JSON.stringify(JSON.parse(whole));
    expect(refusal(compact)).toMatch(/its content is whole, .* in another layout/);
    const edited = compact.replace('"message":"A', '"message":"B');
    expect(refusal(edited)).toMatch(/does not fit its checksum/);
  });

  test('any bit flipped', async () => {
    const file = path.join(folder, 'flipped.trace.json');
    const bytes = Buffer.from(whole);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << bit;
        const content = flipped.toString('utf8');
        // Text that is not UTF-8 is refused when the file is read, see below.
        if (!content.includes('\uFFFD')) refusal(content);
      }
    }
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0xfe, 0x0a]));
    await expect(readTrace(file)).rejects.toThrow(/damaged: not UTF-8/);
  });

  test('empty, CRLF, foreign, newer, edited', () => {
    const edit = (change: object) => `${JSON.stringify({ ...JSON.parse(whole), ...change })}\n`;
    expect(refusal('')).toBe('x.trace.json is empty');
    expect(refusal(' \n')).toBe('x.trace.json is empty');
    expect(refusal(whole.replaceAll('\n', '\r\n'))).toMatch(/CRLF/);
    expect(refusal('[]\n')).toBe('x.trace.json is not a Lockstep trace');
    expect(refusal('{"name":"left-pad","version":1}\n')).toBe(
      'x.trace.json is not a Lockstep trace',
    );
    expect(refusal('null\n')).toBe('x.trace.json is not a Lockstep trace');
    expect(refusal('hello\n')).toMatch(/is damaged: /);
    expect(refusal(edit({ version: 2 }))).toMatch(/version 2, made by a newer Lockstep/);
    expect(refusal(edit({ version: 0 }))).toMatch(/is damaged: version/);
    expect(refusal(edit({ extra: 1 }))).toMatch(/is damaged: .*extra/);
    expect(refusal(edit({ steps: {} }))).toMatch(/is damaged: steps/);
    expect(refusal(edit({ sources: { 's.ts': { x: '' } } }))).toMatch(/is damaged: sources/);
    expect(refusal(edit({ sources: { 's.ts': { 12: '' } } }))).toMatch(/does not fit its checksum/);
    expect(refusal(edit({ message: 'another' }))).toMatch(/does not fit its checksum/);
  });
});
