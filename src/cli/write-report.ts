import { constants, readFileSync, statSync } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Read, Replayed } from '../report/reporter.ts';
import { UsageError } from '../spec/errors.ts';
import { makeFolder } from '../verdict/folder.ts';
import type { GateCheck } from '../verdict/gate.ts';
import type { Run } from '../verdict/run.ts';
import type { Context } from './context.ts';
import type { Told } from './github.ts';
import { version } from './program.ts';

/** Reports in files, beside the result on stdout. */

type Ending = '.html' | '.xml' | '.sarif' | '.sarif.json' | '.md' | '.itf.json';

/** How the text of a report is made; null: there is nothing to be written. */
type Make<T> = (of: readonly T[], read: Read) => Promise<string | null>;

interface Kinds<T> {
  /** By the ending of the file. */
  readonly files: Partial<Record<Ending, Make<T>>>;
  /** For a workflow of GitHub Actions. */
  readonly told: (of: readonly T[]) => Promise<Told>;
}

const sarifOfRuns: Make<Run> = async (runs) =>
  (await import('../report/sarif.ts')).sarifOfRuns(runs, version);

const ofRuns: Kinds<Run> = {
  files: {
    '.html': async (runs, read) => (await import('../report/html.ts')).htmlOfRuns(runs, read),
    '.xml': async (runs) => (await import('../report/junit.ts')).junitOfRuns(runs),
    '.sarif': sarifOfRuns,
    '.sarif.json': sarifOfRuns,
    '.md': async (runs) => (await import('../report/markdown.ts')).markdownOfRuns(runs),
  },
  told: async (runs) => {
    const { annotationsOfRuns } = await import('../report/github.ts');
    const { markdownOfRuns } = await import('../report/markdown.ts');
    return {
      annotations: (locate) => annotationsOfRuns(runs, locate),
      summary: (most) => markdownOfRuns(runs, most),
    };
  },
};

const sarifOfReplays: Make<Replayed> = async (replayed) =>
  (await import('../report/sarif.ts')).sarifOfReplays(replayed, version);

const ofReplays: Kinds<Replayed> = {
  files: {
    '.html': async (replayed, read) =>
      (await import('../report/html.ts')).htmlOfReplays(replayed, read),
    '.xml': async (replayed) => (await import('../report/junit.ts')).junitOfReplays(replayed),
    '.sarif': sarifOfReplays,
    '.sarif.json': sarifOfReplays,
    '.md': async (replayed) => (await import('../report/markdown.ts')).markdownOfReplays(replayed),
    // Of one trace only.
    '.itf.json': async ([replayed]) => (await import('../report/itf.ts')).itfOfReplay(replayed!),
  },
  told: async (replayed) => {
    const { annotationsOfReplays } = await import('../report/github.ts');
    const { markdownOfReplays } = await import('../report/markdown.ts');
    return {
      annotations: (locate) => annotationsOfReplays(replayed, locate),
      summary: (most) => markdownOfReplays(replayed, most),
    };
  },
};

const sarifOfGate: Make<GateCheck> = async (checks) =>
  (await import('../report/sarif.ts')).sarifOfGate(checks, version);

const ofGate: Kinds<GateCheck> = {
  files: {
    '.xml': async (checks) => (await import('../report/junit.ts')).junitOfGate(checks),
    '.sarif': sarifOfGate,
    '.sarif.json': sarifOfGate,
    '.md': async (checks) => (await import('../report/gate/markdown.ts')).markdownOfGate(checks),
  },
  told: async (checks) => {
    const { annotationsOfGate } = await import('../report/github.ts');
    const { markdownOfGate } = await import('../report/gate/markdown.ts');
    return {
      annotations: (locate) => annotationsOfGate(checks, locate),
      summary: (most) => markdownOfGate(checks, most),
    };
  },
};

interface Wanted {
  readonly html: string | null;
  readonly report: readonly string[];
}

/** The reports that are to be written when all is done. */
export type WriteReports<T> = (of: readonly T[]) => Promise<void>;

export const reportsOfRuns = (wanted: Wanted, context: Context): Promise<WriteReports<Run>> =>
  reportsOf(ofRuns, wanted, context);

export const reportsOfGate = (
  { report }: Pick<Wanted, 'report'>,
  context: Context,
): Promise<WriteReports<GateCheck>> => reportsOf(ofGate, { html: null, report }, context);

export function reportsOfReplays(
  traces: number,
  wanted: Wanted,
  context: Context,
): Promise<WriteReports<Replayed>> {
  const single = wanted.report.find((file) => file.toLowerCase().endsWith('.itf.json'));
  if (single === undefined || traces === 1) return reportsOf(ofReplays, wanted, context);
  throw new UsageError(`${single} holds one trace, not ${traces}`);
}

/** @throws UsageError for a file that cannot be written: now, and not after the search */
async function reportsOf<T>(
  kinds: Kinds<T>,
  { html, report }: Wanted,
  context: Context,
): Promise<WriteReports<T>> {
  const endings = Object.keys(kinds.files) as Ending[];
  const files = [
    ...report.map((file) => ({ file, ending: endingOf(file, endings) })),
    ...(html === null ? [] : [{ file: html, ending: '.html' as Ending }]),
  ];
  const places = files.map(({ file }) => path.resolve(context.cwd, file));
  const twice = files.find((_, i) => places.indexOf(places[i]!) < i);
  if (twice) throw new UsageError(`two reports are to go to ${twice.file}`);
  for (const { file } of files) await prepare(file, context);
  const read = readerIn(context.cwd);
  return async (of) => {
    for (const { file, ending } of files) {
      const text = await kinds.files[ending]!(of, read);
      if (text !== null) await write(file, text, context);
    }
    if (context.env.GITHUB_ACTIONS !== 'true') return;
    const { tellGitHub } = await import('./github.ts');
    await tellGitHub(await kinds.told(of), context);
  };
}

function endingOf(file: string, endings: readonly Ending[]): Ending {
  // The longest: `.itf.json` before `.json`.
  const sorted = endings.toSorted((a, b) => b.length - a.length);
  const ending = sorted.find((each) => file.toLowerCase().endsWith(each));
  if (ending) return ending;
  throw new UsageError(
    `no report of this kind: ${file}; its ending must be one of ${endings.join(', ')}`,
  );
}

async function prepare(file: string, { cwd }: Context): Promise<void> {
  const place = path.resolve(cwd, file);
  try {
    await makeFolder(path.dirname(place));
    // The file is replaced by another, so it is the folder that counts.
    await access(path.dirname(place), constants.W_OK);
    const found = statSync(place, { throwIfNoEntry: false });
    if (!found) return;
    // If this run is cut short, that of an earlier one must not be taken for its own.
    if (found.isFile()) return await rm(place);
  } catch (error) {
    throw unwritable(file, error);
  }
  throw new UsageError(`not a file: ${file}`);
}

async function write(file: string, text: string, { cwd }: Context): Promise<void> {
  const { default: writeFileAtomic } = await import('write-file-atomic');
  try {
    await writeFileAtomic(path.resolve(cwd, file), text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new UsageError(`${file} cannot be written (${code ?? message})`);
}

function readerIn(cwd: string): Read {
  return (file) => {
    try {
      return readFileSync(path.resolve(cwd, file), 'utf8');
    } catch {
      return null;
    }
  };
}
