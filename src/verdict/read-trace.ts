import { readFile } from 'node:fs/promises';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { checksum, contentOf, formatName, TraceError, traceVersion } from './trace.ts';

// Small code has no messages of its own.
z.config(en());

const name = z.string().check(z.minLength(1));

const step = z.strictObject({
  thread: name,
  /** The kernel's name for it, `mutex_lock`. */
  operation: name,
  /** With its arguments, `mutex_lock(slab_mutex)`. */
  text: z.string(),
  /** The footprint, written objects first. */
  objects: z.array(z.string()),
  result: z.string(),
  /** Where in the spec; null in code whose lines are not known. */
  file: z.nullable(z.string()),
  line: z.nullable(z.int().check(z.positive())),
});

const traceSchema = z.strictObject({
  format: z.literal(formatName),
  version: z.literal(traceVersion),
  spec: z.strictObject({
    name: name,
    /** Relative to the folder that Lockstep was run in, with forward slashes. */
    file: name,
    /** Of the bundled spec: everything it imports is in it. */
    digest: name,
  }),
  variant: name,
  params: z.record(z.string(), z.number()),
  property: name,
  message: z.string(),
  /** Runs before the one of `steps`, each from the start; lockdep remembers them. */
  earlier: z.optional(z.array(z.array(step)).check(z.minLength(1))),
  steps: z.array(step),
  /**
   * The statements that the steps pass, by file and line, so that a changed one can be shown as it
   * was. Older traces have none.
   */
  sources: z.optional(
    z.record(z.string(), z.record(z.string().check(z.regex(/^\d+$/)), z.string())),
  ),
  /** Of everything above, so that a damaged file is never followed. */
  checksum: z.string(),
});

export type Trace = Omit<z.infer<typeof traceSchema>, 'format' | 'version' | 'checksum'>;
export type TraceStep = z.infer<typeof step>;

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
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TraceError(`${shown} cannot be read (${code ?? message})`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TraceError(`${shown} is damaged: not UTF-8 text`);
  }
  return parseTrace(text, shown);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
