import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { makeFolder } from '../verdict/folder.ts';
import type { LinkRecord } from './link.ts';
import { keyOf } from './models.ts';

// Small code has no messages of its own.
z.config(en());

/** `receipts/<spec>/links.json` cannot be believed. */
export class LinksError extends Error {
  override readonly name = 'LinksError';
}

const formatName = 'lockstep-links';
const linksVersion = 1;
/** For a line without tokens. */
const EMPTY = '-';

const name = z.string().check(z.minLength(1));
const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/, { error: 'no digest' }));

const schema = z.strictObject({
  format: z.literal(formatName),
  version: z.literal(linksVersion),
  links: z.array(
    z.strictObject({
      specFile: name,
      specFunction: name,
      specDigest: digest,
      cFile: name,
      cFunction: name,
      version: name,
      digest,
      definitions: z
        .array(
          z.strictObject({
            conditions: z.array(name),
            line: z.int().check(z.positive()),
            lines: z
              .string()
              .check(z.regex(/^(-|[0-9a-f]{12})( (-|[0-9a-f]{12}))*$/, { error: 'no digests' })),
          }),
        )
        .check(z.minLength(1)),
    }),
  ),
  checksum: z.string(),
});

/** Equal records give equal bytes. */
export function printLinks(records: readonly LinkRecord[]): string {
  const links = [...records]
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((record) => ({
      specFile: record.specFile,
      specFunction: record.specFunction,
      specDigest: record.specDigest,
      cFile: record.cFile,
      cFunction: record.cFunction,
      version: record.version,
      digest: record.digest,
      definitions: record.definitions.map(({ conditions, line, lines }) => ({
        conditions,
        line,
        lines: lines.map((each) => each || EMPTY).join(' '),
      })),
    }));
  const content = { format: formatName, version: linksVersion, links };
  return `${JSON.stringify({ ...content, checksum: checksumOf(content) }, null, 2)}\n`;
}

function checksumOf(content: object): string {
  return hash('sha256', JSON.stringify(content)).slice(0, 16);
}

/** @throws LinksError with one line that says what is wrong with the file */
export function parseLinks(text: string, file: string): LinkRecord[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new LinksError(`${file} is damaged: ${oneLine((error as Error).message)}`);
  }
  const head = z.looseObject({ format: z.literal(formatName), version: z.int() }).safeParse(data);
  if (!head.success) throw new LinksError(`${file} does not hold the links of a spec`);
  if (head.data.version > linksVersion) {
    throw new LinksError(
      `${file} has version ${head.data.version}, made by a newer Lockstep; this one reads version ${linksVersion}`,
    );
  }
  // First: of what was edited, no more can be said.
  const { checksum, ...content } = data as { checksum?: unknown };
  if (checksum !== checksumOf(content)) {
    throw new LinksError(`${file} was edited: its content does not fit its checksum`);
  }
  const whole = schema.safeParse(data);
  if (!whole.success) {
    const [issue] = whole.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new LinksError(
      `${file} is damaged: ${where ? `${where}: ` : ''}${oneLine(issue?.message ?? 'wrong shape')}`,
    );
  }
  return whole.data.links.map(({ definitions, ...record }) => ({
    ...record,
    definitions: definitions.map(({ lines, ...rest }) => ({
      ...rest,
      lines: lines.split(' ').map((line) => (line === EMPTY ? '' : line)),
    })),
  }));
}

/** None where there is no such file. @throws LinksError */
export async function readLinks(place: string, shown = place): Promise<LinkRecord[]> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(place));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new LinksError(`${shown} is damaged: not UTF-8 text`);
    throw new LinksError(`${shown} cannot be read (${code ?? message})`);
  }
  return parseLinks(text, shown);
}

export async function writeLinks(place: string, records: readonly LinkRecord[]): Promise<void> {
  // Not above: most runs write none.
  const { default: writeFileAtomic } = await import('write-file-atomic');
  await makeFolder(path.dirname(place));
  await writeFileAtomic(place, printLinks(records));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
