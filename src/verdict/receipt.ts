import { hash } from 'node:crypto';
import path from 'node:path';
import { makeFolder } from './folder.ts';
import type { Receipt } from './read-receipt.ts';
import { fileName } from './trace-path.ts';

/** A receipt that cannot be believed. */
export class ReceiptError extends Error {
  override readonly name = 'ReceiptError';
}

export type { Receipt };

export const formatName = 'lockstep-receipt';
export const receiptVersion = 1;
export const RECEIPT_ENDING = '.receipt.json';

/** `<spec>/<variant>.receipt.json`, from the folder of the receipts. */
export function receiptPath(spec: string, variant: string): string {
  return `${fileName(spec)}/${fileName(variant, '.')}${RECEIPT_ENDING}`;
}

/** Beside them: what the spec's links to the C were recorded of. */
export function linksPath(spec: string): string {
  return `${fileName(spec)}/links.json`;
}

/** The text of a receipt. Equal ones give equal bytes: no times, no machine. */
export function printReceipt(receipt: Receipt): string {
  const content = contentOf(receipt);
  return `${JSON.stringify({ ...content, checksum: checksumOf(content) }, null, 2)}\n`;
}

/** In the order in which it is written; names are sorted, so that only what differs is a change. */
function contentOf(receipt: Receipt) {
  const { lockstep, spec, variant, params, memoryModel, kcsan, unchecked } = receipt;
  const { reduction, symmetry, verdict, violates, properties, keptTraces } = receipt;
  const { states, transitions, traces, depth } = receipt;
  return {
    format: formatName,
    version: receiptVersion,
    lockstep,
    spec: { name: spec.name, file: spec.file, digest: spec.digest },
    variant,
    params: byName(params),
    memoryModel,
    kcsan,
    unchecked: byName(unchecked),
    reduction,
    symmetry,
    verdict,
    violates: [...violates].sort(),
    properties: [...properties]
      .map(({ name, kind, verdict }) => ({ name, kind, verdict }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    states,
    transitions,
    ...(traces !== undefined && { traces }),
    depth,
    keptTraces: [...keptTraces]
      .map(({ file, checksum, property, became }) => ({ file, checksum, property, became }))
      .sort((a, b) => (a.file < b.file ? -1 : 1)),
  };
}

function byName<T>(fields: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Against mistakes of people and tools; who makes a new one is found out by a run with `--fresh`. */
export function checksumOf(content: object): string {
  return hash('sha256', JSON.stringify(content)).slice(0, 16);
}

/** The counts and verdicts in which a re-run differs, in words. */
export function differences(receipt: Receipt, now: Receipt): string[] {
  const counts = ['states', 'transitions', 'traces', 'depth', 'reduction', 'verdict'] as const;
  const different = counts
    .filter((name) => receipt[name] !== now[name])
    .map((name) => `${name} ${receipt[name] ?? 'not counted'}, now ${now[name] ?? 'not counted'}`);
  const rest = ({
    properties,
    symmetry,
    memoryModel,
    kcsan,
    unchecked,
    params,
    violates,
  }: Receipt) =>
    JSON.stringify(
      contentOf({ ...now, properties, symmetry, memoryModel, kcsan, unchecked, params, violates }),
    );
  if (different.length === 0 && rest(receipt) !== rest(now)) different.push('what was checked');
  return different;
}

export async function writeReceipt(file: string, receipt: Receipt): Promise<void> {
  // Not above: most runs write none.
  const { default: writeFileAtomic } = await import('write-file-atomic');
  await makeFolder(path.dirname(file));
  await writeFileAtomic(file, printReceipt(receipt));
}
