import { readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type RunRecord, runsSchema } from '../report/run-record.ts';
import { tableOf } from '../report/table.ts';
import { counted, plain } from '../report/text.ts';
import { UsageError } from '../spec/errors.ts';
import { type ExitCode, exitCodes } from '../verdict/verdict.ts';
import type { Context } from './context.ts';
import { relative } from './keep-trace.ts';
import type { TableOptions } from './options.ts';

const marks = ['<!-- lockstep:table -->', '<!-- /lockstep:table -->'] as const;

/** Prints the runs of `verify-spec --json` as Markdown, or puts them into a file that has the marks. */
export async function printTable(
  json: string,
  { into }: TableOptions,
  context: Context,
): Promise<ExitCode> {
  const text = json === '-' ? await context.input() : String(await bytesOf(json, context));
  const runs = runsIn(text, json === '-' ? 'stdin' : json);
  // A table states what is settled, so there is none of runs that are not.
  const unsettled = runs.filter((run) => !run.asExpected || !run.complete);
  for (const run of unsettled) context.err(`lockstep: no table: ${unsettledBecause(run)}\n`);
  if (unsettled.length > 0) return exitCodes.unexpected;
  // Addresses of traces are relative to the file that the table is in.
  const place = into === null ? context.cwd : path.dirname(path.resolve(context.cwd, into));
  const table = tableOf(runs, (trace) => addressOf(trace, place, context.cwd));
  if (into === null) {
    context.out(table);
  } else {
    await writeInto(into, table, context);
    context.out(`${into}: ${counted(runs.length, 'variant')}\n`);
  }
  return exitCodes.asExpected;
}

function runsIn(text: string, file: string): RunRecord[] {
  if (text.trim() === '')
    throw new UsageError(`${file} is empty; it must be the result of ${made}`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is damaged: ${plain((error as Error).message)}`);
  }
  const { data: runs, error } = runsSchema.safeParse(data);
  if (runs) return runs;
  const issue = error.issues[0]!;
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw new UsageError(`${file} is not the result of ${made}: ${where}${plain(issue.message)}`);
}

const made = 'verify-spec --json';

function unsettledBecause({ spec, variant, verdict, asExpected }: RunRecord): string {
  const subject = variant === null ? spec : `${spec}/${variant}`;
  const why = asExpected ? 'its search was not complete' : 'that is not as expected';
  return plain(`${subject} is ${verdict}, ${why}`);
}

function addressOf(trace: string, place: string, cwd: string): string {
  return relative(place, path.resolve(cwd, trace)).split('/').map(encodeURIComponent).join('/');
}

/** Replaces what is between the marks; every other byte stays. */
async function writeInto(file: string, table: string, context: Context): Promise<void> {
  const bytes = await bytesOf(file, context);
  const [from, to] = marks.map((mark) => placeOf(mark, bytes, file)) as [number, number];
  if (to < from) throw new UsageError(`${file} has ${marks[1]} before ${marks[0]}`);
  const start = bytes.subarray(0, from + marks[0].length);
  const whole = Buffer.concat([start, Buffer.from(`\n\n${table}\n`), bytes.subarray(to)]);
  try {
    await writeFileAtomic(path.resolve(context.cwd, file), whole);
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${codeOf(error)})`);
  }
}

function placeOf(mark: string, bytes: Buffer, file: string): number {
  const at = bytes.indexOf(mark);
  if (at < 0)
    throw new UsageError(`${file} has no ${mark}; the table goes between ${marks.join(' and ')}`);
  if (bytes.indexOf(mark, at + 1) > 0) throw new UsageError(`${file} has ${mark} twice`);
  return at;
}

async function bytesOf(file: string, context: Context): Promise<Buffer> {
  try {
    return await readFile(path.resolve(context.cwd, file));
  } catch (error) {
    const code = codeOf(error);
    throw new UsageError(
      code === 'ENOENT' ? `no such file: ${file}` : `${file} cannot be read (${code})`,
    );
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
