import { readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { engine } from '../../../src/cli/built-in-engine.ts';
import { gate } from '../../../src/cli/gate.ts';
import type { GateOptions } from '../../../src/cli/options.ts';
import { validJUnit } from '../../report/schema.ts';
import { fakeContext } from '../fake.ts';
import { recorded } from './project.ts';

const options: GateOptions = {
  fresh: false,
  accept: false,
  workers: null,
  maxTime: null,
  maxMemory: null,
  tree: null,
  patch: [],
  traces: null,
  report: [],
  json: false,
  quiet: true,
};

test('in a workflow: annotations, the summary of the step, and the reports, also where it fails', async () => {
  const project = recorded();
  const receipt = 'receipts/peterson/correct.receipt.json';
  project.edit(receipt, ['"states": ', '"states": 1']);
  const summary = project.place('summary.md');
  const context = {
    ...fakeContext(project.folder),
    env: { NO_COLOR: '1', GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
  };
  const code = await gate('.', { ...options, report: ['gate.xml'] }, context, engine);
  expect(code).toBe(1);
  const reason = `${receipt} was edited: its content does not fit its checksum`;
  expect(context.output.out).toMatch(
    /^refused {2}peterson\/correct {2}receipts.*\n8 checks: 1 not as they must be, /,
  );
  expect(context.output.err).toBe(
    `::error file=${receipt},title=peterson/correct%3A ${reason.replace(':', '%3A')}%3A refused::to make it anew: lockstep gate --accept\n`,
  );
  expect(readFileSync(summary, 'utf8')).toMatch(
    /^## Lockstep gate: 8 checks: 1 not as they must be/,
  );
  const failed = validJUnit(project.read('gate.xml')).find('//testcase[failure]/@name');
  expect(failed.map((node) => node.content)).toEqual([`correct: ${reason}`]);
  rmSync(project.folder, { recursive: true });
});
