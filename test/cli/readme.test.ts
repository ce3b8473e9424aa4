import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { width } from '../../src/report/text.ts';
import { lockstep, root, steady } from './lockstep.ts';

const file = path.join(root, 'README.md');
const readme = readFileSync(file, 'utf8');
const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The kernel bug of December 2019, as the README has it: the command, and what it prints. */
const shownBlock = /(?<=```console\n)\$ lockstep (verify-spec .*)\n([\s\S]*?)(?=```\n)/;
const [, command, shown] = shownBlock.exec(readme)!;
const kept = path.join(folder, 'traces');
const { status, stdout } = lockstep([...command!.split(/\s+/), '--traces', kept], root, '', 80);
const printed = stdout.replaceAll(kept, 'traces');

test("the README's counterexample is what is printed; else: npx vitest run -u readme", async () => {
  expect(status).toBe(0);
  // But for times, and how many workers there were.
  const same = steady(printed) === steady(shown!);
  const block = `$ lockstep ${command}\n${printed}`;
  await expect(same ? readme : readme.replace(shownBlock, () => block)).toMatchFileSnapshot(file);
});

test('it fits a screen of 50 lines and 80 columns', () => {
  const lines = printed.trimEnd().split('\n');
  // A terminal breaks the command at the end in two.
  expect(lines.length + 1).toBeLessThanOrEqual(50);
  const wide = lines.filter((line) => width(line) > 80 && !/^replay.*: lockstep /.test(line));
  expect(wide).toEqual([]);
});

test('.ci/run runs the command that the README gives for the tests', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, command] = /```sh\n([^\n]* npm ci && npm test)\n```/.exec(readme)!;
  expect(readFileSync(path.join(root, '.ci/run'), 'utf8')).toContain(`{\n  ${command}\n}`);
});
