import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Life, WORDS, type Word } from './life-cycle.ts';
import { type Trace, TraceError } from './trace.ts';

/** What must become of a kept trace, declared beside it in `<name>.rule.json`. */

const formatName = 'lockstep-rule';
const rulesVersion = 1;

/** Nothing is to be kept that says nothing. */
const wanted = z.enum(WORDS).exclude(['stale']);

const rule = z.strictObject({
  /** The variant that the schedule is tried on. */
  on: z.string().min(1),
  must: wanted,
  /** For people: the commit that mended it, say. */
  why: z.string().min(1).optional(),
});

const schema = z
  .strictObject({
    format: z.literal(formatName),
    version: z.literal(rulesVersion),
    rules: z.array(rule).min(1),
  })
  .refine(({ rules }) => new Set(rules.map(({ on }) => on)).size === rules.length, {
    message: 'two rules are for one variant',
  });

export type TraceRule = z.infer<typeof rule>;

/** The file of the rules of a trace. */
export function rulesFileOf(traceFile: string): string {
  return traceFile.replace(/(\.trace)?\.json$/, '') + RULES_ENDING;
}

export const RULES_ENDING = '.rule.json';

/**
 * All rules of a trace. One without a declaration must reproduce on its own variant, and so must one
 * that is declared for other variants only.
 */
export function rulesOf(trace: Trace, declared: readonly TraceRule[]): TraceRule[] {
  if (declared.some(({ on }) => on === trace.variant)) return [...declared];
  return [{ on: trace.variant, must: 'still reproduces' }, ...declared];
}

/**
 * Why a rule is not kept; null when it is. Where none was asked about, the trace must reproduce. What
 * is found again must be expected there, as `verify-spec` demands.
 */
export function whyBroken(
  rule: TraceRule | null,
  { word }: Life,
  property: string,
  expected: readonly string[],
): string | null {
  const must: Word = rule?.must ?? 'still reproduces';
  if (word !== must) return `it must be: ${must}`;
  if (rule === null || word !== 'still reproduces' || expected.includes(property)) return null;
  return 'the variant does not say in its violates that it breaks this property';
}

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
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return parseRules(text, shown);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
