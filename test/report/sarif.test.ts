import type { Log, Result } from 'sarif';
import { expect, test } from 'vitest';
import { sarifOfRuns } from '../../src/report/sarif.ts';
import type { Run } from '../../src/verdict/run.ts';
import { keptTrace, replayReportOf, reportOf } from './real.ts';
import * as sample from './sample.ts';
import { against } from './schema.ts';

const faults = against('sarif-2.1.0.json');

function parsed(text: string): Log['runs'][0] {
  const log = JSON.parse(text);
  expect(faults(log)).toEqual([]);
  return log.runs[0];
}

const resultsOf = (...runs: Run[]): readonly Result[] =>
  parsed(sarifOfRuns(runs, '1.2.3')).results!;

test('the schema refuses what is not SARIF', () => {
  const log = JSON.parse(sarifOfRuns([sample.violated], '1.2.3'));
  log.runs[0].results[0].level = 'bad';
  log.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0;
  expect(faults(log)).toHaveLength(2);
});

test('a result for each thing that needs a person, and for nothing else', () => {
  const { violated, verified, expectedViolation, missing, incomplete, invalid } = sample;
  const results = resultsOf(violated, verified, expectedViolation, missing, incomplete, invalid);
  expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
    ['never', 'error'],
    ['expected-violation-missing', 'error'],
    ['incomplete', 'warning'],
  ]);
  const run = parsed(sarifOfRuns([verified, expectedViolation], '1.2.3'));
  expect(run.tool.driver.version).toBe('1.2.3');
  expect(run.results).toEqual([]);
  expect(run.invocations).toMatchObject([{ executionSuccessful: true, exitCode: 0 }]);
});

test('a spec that is invalid is a notification, at its place', () => {
  const run = parsed(sarifOfRuns([sample.invalid], '1.2.3'));
  expect(run.results).toEqual([]);
  expect(run.invocations).toMatchObject([
    {
      executionSuccessful: false,
      exitCode: 3,
      toolExecutionNotifications: [
        {
          descriptor: { id: 'invalid' },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: 'specs/bad.ts', uriBaseId: '%SRCROOT%' },
                region: { startLine: 4 },
              },
            },
          ],
        },
      ],
    },
  ]);
});

test('a schedule is one code flow, a thread flow for each thread, in the order of the steps', () => {
  const [{ codeFlows, relatedLocations, stacks, locations }] = resultsOf(sample.violated) as [
    Result,
  ];
  expect(codeFlows).toHaveLength(1);
  const flows = codeFlows![0]!.threadFlows;
  expect(flows.map(({ id }) => id)).toEqual(['destroyer', 'allocator', 'kworker/0']);
  const steps = flows.flatMap(({ locations: own }) => own);
  const order = steps.map(({ executionOrder }) => executionOrder);
  expect(order).toEqual([1, 3, 4, 5, 2, 6, 7]);
  const at = (step: number) => steps.find(({ executionOrder }) => executionOrder === step)!;
  expect(at(5).state).toEqual({ root: { text: 'freed' } });
  expect(at(7).kinds).toEqual(['danger']);
  expect(at(7).location?.message?.text).toContain('use-after-free: kworker/0 reads root.name');
  expect(locations![0]!.physicalLocation?.region).toEqual({ startLine: 34 });
  expect(relatedLocations!.map(({ message }) => message?.text)).toEqual([
    'kworker/0: load(root.name)',
    'freed, destroyer: kfree(root)',
    'A: if 3 WRITE_ONCE(root.memcg_params.dying, true) came before 2 READ_ONCE(root.memcg_params.dying), this would hold (both touch root.dying)',
  ]);
  const frames = stacks![0]!.frames.map(({ location }) => location?.logicalLocations?.[0]?.name);
  expect(frames).toEqual(['memcg_create_kmem_cache', 'memcg_kmem_cache_create_func']);
});

test('what is the same keeps its fingerprint when lines move, what is another has its own', () => {
  const moved = structuredClone(sample.violated);
  const site = moved.counterexamples[0]!.replay.broken[0]!.places[0]!.calls.at(-1)!;
  Object.assign(site, { line: site.line + 1 });
  const [before, after] = [resultsOf(sample.violated), resultsOf(moved)];
  expect(after[0]!.locations).not.toEqual(before[0]!.locations);
  expect(after[0]!.partialFingerprints).toEqual(before[0]!.partialFingerprints);
  const [other] = resultsOf({ ...sample.violated, variant: 'v5.4' });
  for (const [name, value] of Object.entries(other!.partialFingerprints!)) {
    expect(value).not.toBe(before[0]!.partialFingerprints![name]);
  }
});

test('of real runs, whatever their names: locks, call depth, one result for each', async () => {
  const { text } = await reportOf('.sarif');
  const { results, tool } = parsed(text);
  const rules = new Set(results!.map(({ ruleId }) => ruleId));
  for (const id of ['deadlock', 'use-after-free', 'data-race', 'always'])
    expect(rules).toContain(id);
  expect(tool.driver.rules!.map(({ id }) => id).toSorted()).toEqual([...rules].toSorted());
  const marks = results!.map(({ partialFingerprints }) => partialFingerprints!['lockstep/v1']);
  expect(new Set(marks).size).toBe(marks.length);
  const free = results!.find(({ ruleId }) => ruleId === 'use-after-free')!;
  const steps = free.codeFlows!.flatMap(({ threadFlows }) =>
    threadFlows.flatMap(({ locations }) => locations),
  );
  const locks = steps.filter(({ kinds }) => kinds?.includes('lock'));
  expect(locks.map(({ kinds }) => kinds![0])).toContain('release');
  expect(locks.map(({ kinds }) => kinds![0])).toContain('acquire');
  for (const { kinds, location } of locks) {
    const verb = kinds![0] === 'acquire' ? 'mutex_lock(' : 'mutex_unlock(';
    expect(location?.message?.text).toContain(verb);
  }
  expect(new Set(steps.map(({ nestingLevel }) => nestingLevel)).size).toBeGreaterThan(1);
  // The same, byte for byte.
  expect((await reportOf('.sarif.json')).text).toBe(text);
});

test('of kept traces: one that diverges is an alert, one that was asked for a note', async () => {
  const trace = await keptTrace();
  const again = parsed((await replayReportOf('.sarif', [trace])).text);
  expect(again.results).toMatchObject([{ ruleId: 'deadlock', level: 'note' }]);
  // What it is about is said once.
  expect(again.results![0]!.message.text).toMatch(/^two-locks\/crossed: deadlock: (?!deadlock)/);
  expect(again.results![0]!.codeFlows![0]!.threadFlows).toHaveLength(2);
  const diverged = parsed((await replayReportOf('.sarif', [trace], 'ordered')).text);
  expect(diverged.results).toMatchObject([{ ruleId: 'no-longer-possible', level: 'error' }]);
  expect(diverged.invocations).toMatchObject([{ exitCode: 5 }]);
});
