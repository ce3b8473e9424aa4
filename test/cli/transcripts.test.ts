import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bin, root, steady } from './lockstep.ts';

/**
 * Transcripts in Markdown: each block has a command as one types it, what it prints on both streams,
 * and its exit code. All commands are run again; `npx vitest run -u transcripts` writes what they print.
 */
const transcripts = path.join(root, 'test/cli/transcripts');
const block = /(?<=```console\n)\$ (.*)\n([\s\S]*?)(?=```\n)/g;
const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-transcripts-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A project with the specs of the tests, and nothing else, for the commands of one transcript. */
function project(name: string): string {
  const place = path.join(folder, name);
  mkdirSync(place);
  for (const specs of ['test/fixtures/checks', 'test/fixtures/classics', 'specs']) {
    cpSync(path.join(root, specs), path.join(place, path.basename(specs)), { recursive: true });
  }
  return place;
}

function run(command: string, cwd: string): string {
  const commands = path.join(folder, 'bin');
  mkdirSync(commands, { recursive: true });
  const script = `#!/bin/sh\nexec ${process.execPath} ${bin} "$@"\n`;
  writeFileSync(path.join(commands, 'lockstep'), script, { mode: 0o755 });
  const env = {
    ...process.env,
    NO_COLOR: '1',
    COLUMNS: '80',
    PATH: `${commands}:${process.env.PATH}`,
  };
  const { stdout, stderr, status } = spawnSync('sh', ['-c', command], {
    cwd,
    env,
    encoding: 'utf8',
  });
  // The column of times is as wide as they are.
  const text = steady(stdout + stderr).replace(/ +(time|<time>)$/gm, '  $1');
  return `${text}exit ${status}\n`;
}

test.each(readdirSync(transcripts))('%s', async (name) => {
  const file = path.join(transcripts, name);
  const text = readFileSync(file, 'utf8');
  const place = project(path.basename(name, '.md'));
  const again = text.replace(block, (_, command) => `$ ${command}\n${run(command, place)}`);
  expect(again.match(block)!.length).toBeGreaterThan(0);
  await expect(again).toMatchFileSnapshot(file);
});
