import type { XmlDocument } from 'libxml2-wasm';
import { expect, test } from 'vitest';
import { junitOfRuns } from '../../src/report/junit.ts';
import { keptTrace, replayReportOf, reportOf, timeless } from './real.ts';
import * as sample from './sample.ts';
import { validJUnit as valid } from './schema.ts';

const attributes = (document: XmlDocument, xpath: string) =>
  document.find(xpath).map((node) => node.content);

test('the schema refuses what is not JUnit', () => {
  const wrong = '<testsuites><testsuite name="a" tests="1"><testcase/></testsuite></testsuites>';
  expect(() => valid(wrong)).toThrow(/'name' is required/);
});

test('a suite for each spec, a case for each variant', () => {
  const { violated, verified, expectedViolation, missing, incomplete, invalid } = sample;
  const runs = [violated, verified, expectedViolation, missing, incomplete, invalid];
  const document = valid(junitOfRuns(runs));
  expect(attributes(document, '//testsuite/@name')).toEqual(['slab', 'specs/bad.ts']);
  expect(attributes(document, '/testsuites/@failures')).toEqual(['2']);
  expect(attributes(document, '/testsuites/@errors')).toEqual(['2']);
  const failed = '//testcase[failure]/@name';
  expect(attributes(document, failed)).toEqual(['v5.3', 'not-so-bad']);
  expect(attributes(document, '//testcase[error]/@name')).toEqual(['large', 'specs/bad.ts']);
  expect(attributes(document, '//error/@type')).toEqual(['incomplete', 'invalid']);
  expect(attributes(document, '//failure/@type')).toEqual(['D3', 'expected, but holds']);
  const [text] = attributes(document, '//failure');
  expect(text).toContain('specs/slab.ts:34');
  expect(text).toContain('queue_work(');
  expect(text).toContain('replay: lockstep replay-trace traces/slab/v5.3.D3.trace.json');
  const value = (name: string) => attributes(document, `//property[@name='${name}']/@value`);
  expect(value('param.memcgs')).toEqual(['2']);
  expect(value('v5.3: states')).toEqual(['12345']);
  expect(value('large: complete')).toEqual(['100000 states reached']);
});

test('of real runs, whatever their names', async () => {
  const { code, text } = await reportOf('.xml');
  expect(code).toBe(3);
  const document = valid(text);
  const types = new Set(attributes(document, '//failure/@type | //error/@type'));
  expect(types).toContain('deadlock');
  expect(types).toContain('invalid');
  expect(attributes(document, '//failure').join()).toMatch(/use-after-free[\s\S]*data-race/);
  expect(timeless((await reportOf('.xml')).text)).toBe(timeless(text));
});

test('a search that a limit ended is no pass', async () => {
  const { code, text } = await reportOf('.xml', ['test/cli/fixtures/two-locks.ts'], {
    variant: ['ordered'],
    maxStates: 5,
  });
  expect(code).toBe(4);
  expect(attributes(valid(text), '//error/@type')).toEqual(['incomplete']);
});

test('of kept traces', async () => {
  const trace = await keptTrace();
  const again = await replayReportOf('.xml', [trace]);
  expect(again.code).toBe(0);
  expect(attributes(valid(again.text), '//testcase/@name')).toEqual(['crossed: deadlock']);
  expect(again.text).not.toContain('<failure');
  const diverged = await replayReportOf('.xml', [trace], 'ordered');
  expect(diverged.code).toBe(5);
  expect(attributes(valid(diverged.text), '//failure/@type')).toEqual(['no longer possible']);
  expect(attributes(valid(diverged.text), '//failure')[0]).toContain('two-locks.ts:24');
});
