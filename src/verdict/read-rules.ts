import { readFile } from 'node:fs/promises';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { TraceError } from './trace.ts';
import type { TraceRule } from './trace-rules.ts';

// Small code has no messages of its own.
z.config(en());

const formatName = 'lockstep-rule';
const rulesVersion = 1;

const name = z.string().check(z.minLength(1));

const rule = z.strictObject({
  on: name,
  must: z.enum(['still reproduces', 'no longer possible', 'fixed']),
  why: z.optional(name),
});

const schema = z
  .strictObject({
    format: z.literal(formatName),
    version: z.literal(rulesVersion),
    rules: z.array(rule).check(z.minLength(1)),
  })
  .check(
    z.refine(({ rules }) => new Set(rules.map(({ on }) => on)).size === rules.length, {
      error: 'two rules are for one variant',
    }),
  );

/** @throws TraceError with one line that says what is wrong with the file */
export function parseRules(text: string, file: string): TraceRule[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new TraceError(`${file} is damaged: ${oneLine((error as Error).message)}`);
  }
  const head = z.looseObject({ format: z.literal(formatName), version: z.int() }).safeParse(data);
  if (!head.success) throw new TraceError(`${file} does not hold the rules of a trace`);
  if (head.data.version > rulesVersion) {
    throw new TraceError(
      `${file} has version ${head.data.version}, made for a newer Lockstep; this one reads version ${rulesVersion}`,
    );
  }
  const whole = schema.safeParse(data);
  if (whole.success) return whole.data.rules;
  const [issue] = whole.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new TraceError(
    `${file} is damaged: ${where ? `${where}: ` : ''}${oneLine(issue?.message ?? 'wrong shape')}`,
  );
}

/** None where there is no such file. */
export async function readRules(file: string, shown = file): Promise<TraceRule[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new TraceError(`${shown} cannot be read (${code ?? message})`);
  }
  return parseRules(text, shown);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
