import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { makeFolder } from './folder.ts';

/** A trace cannot be used or does not reproduce: exit code 5. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

const formatName = 'lockstep-trace';
export const traceVersion = 1;

const step = z.strictObject({
  thread: z.string().min(1),
  /** The kernel's name for it, `mutex_lock`. */
  operation: z.string().min(1),
  /** With its arguments, `mutex_lock(slab_mutex)`. */
  text: z.string(),
  /** The footprint, written objects first. */
  objects: z.array(z.string()),
  result: z.string(),
  /** Where in the spec; null in code whose lines are not known. */
  file: z.string().nullable(),
  line: z.int().positive().nullable(),
});

const traceSchema = z.strictObject({
  format: z.literal(formatName),
  version: z.literal(traceVersion),
  spec: z.strictObject({
    name: z.string().min(1),
    /** Relative to the folder that Lockstep was run in, with forward slashes. */
    file: z.string().min(1),
    /** Of the bundled spec: everything it imports is in it. */
    digest: z.string().min(1),
  }),
  variant: z.string().min(1),
  params: z.record(z.string(), z.number()),
  property: z.string().min(1),
  message: z.string(),
  /** Runs before the one of `steps`, each from the start; lockdep remembers them. */
  earlier: z.array(z.array(step)).min(1).optional(),
  steps: z.array(step),
  /**
   * The statements that the steps pass, by file and line, so that a changed one can be shown as it
   * was. Older traces have none.
   */
  sources: z.record(z.string(), z.record(z.string().regex(/^\d+$/), z.string())).optional(),
  /** Of everything above, so that a damaged file is never followed. */
  checksum: z.string(),
});

export type Trace = Omit<z.infer<typeof traceSchema>, 'format' | 'version' | 'checksum'>;
export type TraceStep = z.infer<typeof step>;

/** The text of a trace file. Equal traces give equal bytes. */
export function printTrace(trace: Trace): string {
  const content = contentOf(trace);
  return `${JSON.stringify({ ...content, checksum: checksum(content) }, null, 2)}\n`;
}

/** The fields in the order in which they are written. */
function contentOf(trace: Trace) {
  return {
    format: formatName,
    version: traceVersion,
    spec: { name: trace.spec.name, file: trace.spec.file, digest: trace.spec.digest },
    variant: trace.variant,
    params: byName(trace.params),
    property: trace.property,
    message: trace.message,
    ...(trace.earlier && { earlier: trace.earlier.map((run) => run.map(stepContent)) }),
    steps: trace.steps.map(stepContent),
    ...(trace.sources && { sources: byName(trace.sources) }),
  };
}

function byName<T>(fields: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function stepContent({ thread, operation, text, objects, result, file, line }: TraceStep) {
  return { thread, operation, text, objects, result, file, line };
}

function checksum(content: ReturnType<typeof contentOf>): string {
  return hash('sha256', JSON.stringify(content)).slice(0, 16);
}

/** @throws TraceError with one line that says what is wrong with the file. */
export function parseTrace(text: string, file: string): Trace {
  if (text.trim() === '') throw new TraceError(`${file} is empty`);
  if (text.includes('\r')) {
    throw new TraceError(
      `${file} has CRLF line ends; traces are kept byte for byte (git: core.autocrlf, .gitattributes)`,
    );
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    const why = text.endsWith('\n') ? oneLine((error as Error).message) : 'its end is missing';
    throw new TraceError(`${file} is damaged: ${why}`);
  }
  const head = z.looseObject({ format: z.literal(formatName), version: z.int() }).safeParse(data);
  if (!head.success) throw new TraceError(`${file} is not a Lockstep trace`);
  if (head.data.version > traceVersion) {
    throw new TraceError(
      `${file} has trace version ${head.data.version}, made by a newer Lockstep; this one reads version ${traceVersion}`,
    );
  }
  const whole = traceSchema.safeParse(data);
  if (!whole.success) {
    const issue = whole.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw new TraceError(
      `${file} is damaged: ${where ? `${where}: ` : ''}${oneLine(issue?.message ?? 'wrong shape')}`,
    );
  }
  if (whole.data.checksum !== checksum(contentOf(whole.data))) {
    throw new TraceError(`${file} is damaged: its content does not fit its checksum`);
  }
  if (!text.endsWith('\n')) {
    throw new TraceError(
      `${file} is damaged: its last line end is missing; its content is whole, so it was written ` +
        'again in another layout, but traces are kept byte for byte',
    );
  }
  return whole.data;
}

export async function readTrace(file: string, shown = file): Promise<Trace> {
  const bytes = await readFile(file);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TraceError(`${shown} is damaged: not UTF-8 text`);
  }
  return parseTrace(text, shown);
}

export async function writeTrace(file: string, trace: Trace): Promise<void> {
  // Not above: most runs keep no trace.
  const { default: writeFileAtomic } = await import('write-file-atomic');
  await makeFolder(path.dirname(file));
  await writeFileAtomic(file, printTrace(trace));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
