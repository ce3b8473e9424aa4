import { readFile } from 'node:fs/promises';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { checksumOf, formatName, ReceiptError, receiptVersion } from './receipt.ts';

// Small code has no messages of its own.
z.config(en());

const name = z.string().check(z.minLength(1));
const count = z.int().check(z.minimum(0));

const receiptSchema = z
  .strictObject({
    format: z.literal(formatName),
    version: z.literal(receiptVersion),
    /** The version of Lockstep: another one may count otherwise, and verifies again. */
    lockstep: name,
    spec: z.strictObject({
      name,
      /** From the folder of the project, with forward slashes. */
      file: name,
      /** Of the bundled spec: everything it imports is in it. */
      digest: name,
    }),
    variant: name,
    /** Which bound the configuration. */
    params: z.record(z.string(), z.number()),
    memoryModel: name,
    kcsan: z.enum(['strict', 'default']),
    /** Rules that were not checked, each with the author's reason. */
    unchecked: z.record(z.string(), z.string()),
    reduction: z.boolean(),
    /** Groups of threads, by name, that were taken for the same. */
    symmetry: z.array(z.array(name)),
    verdict: z.enum(['verified', 'violated']),
    /** What the variant declares that it breaks. */
    violates: z.array(name),
    properties: z.array(
      z.strictObject({
        name,
        kind: z.enum(['always', 'atEnd', 'sometimes', 'never', 'assert', 'rule']),
        verdict: z.enum(['holds', 'violated']),
      }),
    ),
    states: count,
    transitions: count,
    /** Mazurkiewicz traces, where these were explored. */
    traces: z.optional(count),
    depth: count,
    /** Traces that were tried on the variant, and what became of them, which is what must. */
    keptTraces: z.array(
      z.strictObject({
        /** From the folder of the project. */
        file: name,
        /** The trace's own. */
        checksum: name,
        property: name,
        became: z.enum(['still reproduces', 'no longer possible', 'fixed']),
      }),
    ),
    /** Of everything above. */
    checksum: z.string(),
  })
  .check(
    z.refine(isSettled, { error: 'what it says was broken is not what it says was expected' }),
  );

type Parsed = {
  readonly verdict: string;
  readonly violates: readonly string[];
  readonly properties: readonly { readonly name: string; readonly verdict: string }[];
};

/** There are receipts only of what was as expected. */
function isSettled({ verdict, violates, properties }: Parsed): boolean {
  const broken = properties.filter((each) => each.verdict === 'violated').map((each) => each.name);
  const same = broken.length === violates.length && broken.every((each) => violates.includes(each));
  return same && verdict === (broken.length > 0 ? 'violated' : 'verified');
}

export type Receipt = Omit<z.infer<typeof receiptSchema>, 'format' | 'version' | 'checksum'>;

/** @throws ReceiptError with one line that says what is wrong with the file */
export function parseReceipt(text: string, file: string): Receipt {
  if (text.trim() === '') throw new ReceiptError(`${file} is empty`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new ReceiptError(`${file} is damaged: ${oneLine((error as Error).message)}`);
  }
  const head = z.looseObject({ format: z.literal(formatName), version: z.int() }).safeParse(data);
  if (!head.success) throw new ReceiptError(`${file} is not a receipt of Lockstep`);
  if (head.data.version > receiptVersion) {
    throw new ReceiptError(
      `${file} has version ${head.data.version}, made by a newer Lockstep; this one reads version ${receiptVersion}`,
    );
  }
  // First: of what was edited, no more can be said.
  const { checksum, ...content } = data as { checksum?: unknown };
  if (checksum !== checksumOf(content)) {
    throw new ReceiptError(`${file} was edited: its content does not fit its checksum`);
  }
  const whole = receiptSchema.safeParse(data);
  if (whole.success) return contentIn(whole.data);
  const [issue] = whole.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new ReceiptError(
    `${file} is damaged: ${where ? `${where}: ` : ''}${oneLine(issue?.message ?? 'wrong shape')}`,
  );
}

function contentIn({
  format: _f,
  version: _v,
  checksum: _c,
  ...content
}: z.infer<typeof receiptSchema>): Receipt {
  return content;
}

export async function readReceipt(place: string, shown = place): Promise<Receipt> {
  let bytes: Buffer;
  try {
    bytes = await readFile(place);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ReceiptError(`${shown} cannot be read (${code ?? message})`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ReceiptError(`${shown} is damaged: not UTF-8 text`);
  }
  return parseReceipt(text, shown);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
