import { appendFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { longestSummary } from '../report/markdown.ts';
import type { Context } from './context.ts';

/** What a workflow of GitHub Actions is told beside the result, made of the same runs. */
export interface Told {
  /** Workflow commands; `locate` names a file as the workflow does. */
  annotations(locate: (file: string) => string): string;
  /** Markdown of at most so many bytes. */
  summary(most: number): string;
}

/** Annotations go to stderr, where the runner reads them as well: stdout has the result only. */
export async function tellGitHub(told: Told, { cwd, env, err }: Context): Promise<void> {
  const top = env.GITHUB_WORKSPACE ?? cwd;
  err(told.annotations((file) => path.relative(top, path.resolve(cwd, file))));
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  try {
    // Other commands of the same step write there too.
    const { size } = await stat(file).catch(() => ({ size: 0 }));
    const summary = told.summary(longestSummary - size);
    // Not even a heading may fit: GitHub shows nothing of what is too long.
    if (size + Buffer.byteLength(summary) <= longestSummary) await appendFile(file, summary);
  } catch (error) {
    // It takes nothing from the verdict.
    const { code, message } = error as NodeJS.ErrnoException;
    err(`lockstep: the summary of the step could not be written (${code ?? message})\n`);
  }
}
