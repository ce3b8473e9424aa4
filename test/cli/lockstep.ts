import {
  type ChildProcessByStdio,
  type SpawnSyncReturns,
  spawn,
  spawnSync,
} from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const bin = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));

/** As in a terminal, also where the tests run in a workflow. */
const env = () => ({ ...process.env, GITHUB_ACTIONS: '', NO_COLOR: '1', COLUMNS: '80' });

/** Runs the built command as a user would. */
export function lockstep(
  args: readonly string[],
  cwd = root,
  input = '',
  columns = 80,
  timeout = 0,
): SpawnSyncReturns<string> {
  const wide = { ...env(), COLUMNS: String(columns) };
  const options = { cwd, env: wide, input, encoding: 'utf8', maxBuffer: 2 ** 28, timeout } as const;
  return spawnSync(process.execPath, [bin, ...args], options);
}

/** What differs from run to run, made equal. */
export function steady(text: string): string {
  return text.replace(/\b\d+(\.\d+)? m?s\b/g, '<time>').replace(/\d+ workers?\b/g, '<workers>');
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** The same, without waiting for its end. */
export function start(args: readonly string[], cwd = root): Child {
  return spawn(process.execPath, [bin, ...args], {
    cwd,
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function ended(
  child: Child,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => (stdout += part));
  child.stderr.on('data', (part) => (stderr += part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
