import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lockstep, root } from './lockstep.ts';

test("the README's counterexample is as printed, but for what is left out", () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, shown] = /```\n(violated {2}P6[\s\S]*?)\n```/.exec(readme)!;
  const command = /\(`lockstep (verify-spec [^`]*)`,/.exec(readme)![1]!;
  const { stdout } = lockstep([...command.split(/\s+/), '--no-traces'], root, '', 100);
  const printed = stdout.split('\n');
  let at = 0;
  for (const line of shown!.split('\n').filter((each) => !/^(\.\.|replay: .*)?$/.test(each))) {
    const next = printed.indexOf(line, at);
    expect([line, next >= at]).toEqual([line, true]);
    at = next + 1;
  }
});

test('.ci/run runs the command that the README gives for the tests', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, command] = /```sh\n([^\n]* npm ci && npm test)\n```/.exec(readme)!;
  expect(readFileSync(path.join(root, '.ci/run'), 'utf8')).toContain(`{\n  ${command}\n}`);
});
