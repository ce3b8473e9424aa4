import { spawnSync } from 'node:child_process';
import os from 'node:os';
import writeFileAtomic from 'write-file-atomic';
import { shellWord, thousands } from '../../src/report/text.ts';

/** Of other programs, before there was any of the bench. */
const LOAD = os.loadavg()[0]!;

/** The tables with what is needed to judge them, and to make them again. */
export function results(
  argv: readonly string[],
  cwd: string,
  limits: string,
  sections: readonly string[],
): string {
  const command = ['npm run bench', '--', ...argv.map(shellWord)].join(' ');
  const [cpu] = os.cpus();
  // What follows may be a name that somebody gave to the machine.
  const version = /^[\d.]+/.exec(os.release())?.[0];
  return `# Results of the benchmark

Made by \`${command}\`, which makes this file again.

- Commit: ${commit(cwd)}
- CPU: ${cpu?.model.trim() || 'unknown'}, ${os.availableParallelism()} cores; load when it began: ${LOAD.toFixed(1)}
- Memory: ${thousands(Math.round(os.totalmem() / 2 ** 20))} MB
- Node: ${process.version}; ${os.type()} ${version}, ${os.arch()}
- Limits of each run: ${limits}

${sections.join('\n')}`;
}

export function save(file: string, text: string): void {
  writeFileAtomic.sync(file, text);
}

function commit(cwd: string): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd, encoding: 'utf8' });
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const changed = git('status', '--porcelain', '--untracked-files=no').stdout !== '';
  return head.stdout.trim() + (changed ? ', with changes that are not committed' : '');
}
