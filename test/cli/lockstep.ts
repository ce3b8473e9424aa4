import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = fileURLToPath(new URL('../../bin/lockstep.js', import.meta.url));

/** Runs the built command as a user would. */
export function lockstep(args: readonly string[], cwd = root): SpawnSyncReturns<string> {
  const env = { ...process.env, NO_COLOR: '1', COLUMNS: '80' };
  return spawnSync(process.execPath, [bin, ...args], { cwd, env, encoding: 'utf8' });
}

/** What differs from run to run, made equal. */
export function steady(text: string): string {
  return text.replace(/\b\d+(\.\d+)? m?s\b/g, '<time>').replace(/\d+ workers?\b/g, '<workers>');
}
