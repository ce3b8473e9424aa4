import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that goes with the test. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'lockstep-drift-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Puts files into a folder; null takes one away. */
export function put(into: string, files: Readonly<Record<string, string | null>>): void {
  for (const [name, text] of Object.entries(files)) {
    const place = path.join(into, name);
    if (text === null) {
      rmSync(place);
      continue;
    }
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
}

/** Commits all that is in the folder, and tags it. */
export function commit(repository: string, tag: string): void {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=A', '-c', 'user.email=a@b', ...args], {
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
      stdio: 'pipe',
    });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', tag);
  git('tag', tag);
}
