import { rm } from 'node:fs/promises';
import path from 'node:path';
import { filesOfCode, placeOfVariant } from '../../spec/variant-place.ts';
import type { GateCheck } from '../../verdict/gate.ts';
import { differences, printReceipt, type Receipt, writeReceipt } from '../../verdict/receipt.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { weakened } from '../../verdict/weakened.ts';
import { type Found, type Item, subjectOf } from './project.ts';
import type { GateSetting } from './setting.ts';

/** What a receipt is asked beside the counts, and what becomes of it. */

/** Why the receipt of a variant is not believed, in one line; null: it is, or there is none. */
export function refusalOf({ receipt, loaded, variant, receiptFile, twin }: Item): string | null {
  if (twin !== null) return `its receipt would be the file of ${twin} too: rename one of them`;
  if (receipt === null) return null;
  if ('refused' in receipt) return receipt.refused;
  const { spec, digest } = loaded;
  const { violates = [], params } = spec.variants[variant]!;
  if (receipt.spec.name !== spec.name || receipt.variant !== variant) {
    return `${receiptFile} is the receipt of ${receipt.spec.name}/${receipt.variant}`;
  }
  if (receipt.spec.digest !== digest) return null;
  const same =
    sorted(violates) === sorted(receipt.violates) &&
    sorted(Object.entries({ ...spec.params, ...params }).map(String)) ===
      sorted(Object.entries(receipt.params).map(String));
  return same ? null : `${receiptFile} does not say what the spec does that it was made of`;
}

function sorted(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}

/** A receipt that can be held against what is claimed now. */
export function believed(item: Item): Receipt | null {
  return refusalOf(item) === null ? (item.receipt as Receipt | null) : null;
}

/** Tells that the receipt of a variant is refused, if it is. */
export async function refusal(item: Item, setting: GateSetting): Promise<GateCheck[]> {
  const reason = refusalOf(item);
  if (reason === null) return [];
  const check = await problem(item, 'refused', reason, true, setting);
  setting.tell(check);
  return [check];
}

/**
 * Holds what a variant claims now against its receipt, and makes the receipt anew if all that was
 * checked of the variant is green and nothing of it is less than before, unless that is accepted.
 */
export async function settle(
  item: Item,
  now: Receipt,
  { green, problems }: { readonly green: boolean; readonly problems: readonly GateCheck[] },
  setting: GateSetting,
): Promise<void> {
  const { options, project } = setting;
  const before = believed(item);
  const found: (readonly [word: string, reason: string])[] = [];
  if (before !== null) {
    const differs = contradictions(before, now, setting).join('; ');
    if (differs) found.push(['refused', `${item.receiptFile} does not match a re-run: ${differs}`]);
    const less = weakened(before, now, project.fateOf);
    found.push(...less.map((reason) => ['weakened', reason] as const));
  }
  // A trace that cannot be read now must not be forgotten.
  const isOpen = before?.keptTraces.some(({ file }) => project.fateOf(file) === 'unreadable');
  const isSettled = green && !isOpen;
  for (const [word, reason] of found) {
    setting.tell(await problem(item, word, reason, isSettled, setting));
  }
  const clean = problems.length + found.length === 0;
  if (isSettled && item.twin === null && (clean || options.accept))
    await record(item, now, setting);
}

/** In which counts a re-run of the same spec by the same Lockstep differs. */
function contradictions(before: Receipt, now: Receipt, { options }: GateSetting): string[] {
  if (!options.fresh || before.spec.digest !== now.spec.digest) return [];
  return before.lockstep === now.lockstep ? differences(before, now) : [];
}

async function problem(
  item: Item,
  word: string,
  reason: string,
  isSettled: boolean,
  { options: { accept } }: GateSetting,
): Promise<GateCheck> {
  const weak = word === 'weakened';
  const place = weak ? await placeOfVariant(filesOfCode(item.loaded.code), item.variant) : null;
  const taken = accept && isSettled && item.twin === null;
  return {
    kind: 'receipt',
    spec: item.loaded.spec.name,
    subject: subjectOf(item),
    file: weak ? (place?.file ?? item.file) : item.receiptFile,
    line: place?.line ?? null,
    word: taken ? 'accepted' : word,
    reason,
    details: taken || item.twin !== null ? [] : [accept ? NOT_ACCEPTED : howToAccept(word)],
    exitCode: taken ? exitCodes.asExpected : exitCodes.unexpected,
    from: 'run',
    run: null,
  };
}

const NOT_ACCEPTED = 'nothing of a variant is accepted while something else of it fails';

function howToAccept(word: string): string {
  return `${word === 'weakened' ? 'if it is meant' : 'to make it anew'}: lockstep gate --accept`;
}

async function record(item: Item, now: Receipt, setting: GateSetting): Promise<void> {
  const { receipt } = item;
  if (receipt !== null && !('refused' in receipt) && printReceipt(receipt) === printReceipt(now)) {
    return;
  }
  try {
    await writeReceipt(path.join(setting.project.folder, item.receiptFile), now);
    setting.wrote(item.receiptFile);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = `${item.receiptFile} could not be written (${code ?? message})`;
    // What was not asked for takes nothing from the verdict.
    if (setting.options.accept) {
      const check = await problem(item, 'refused', reason, false, setting);
      setting.tell({ ...check, details: [] });
    } else {
      setting.context.err(`lockstep: ${reason}\n`);
    }
  }
}

/** A receipt of no variant: what it claimed is claimed no more. */
export async function settleOrphan({ file, receipt }: Found, setting: GateSetting): Promise<void> {
  const { options, project, tell, wrote } = setting;
  const [, folder = '', name = ''] = file.split('/');
  const known = 'refused' in receipt ? null : receipt;
  const { accept } = options;
  tell({
    kind: 'receipt',
    spec: known?.spec.name ?? folder,
    subject: known ? `${known.spec.name}/${known.variant}` : `${folder}/${name}`,
    file,
    line: null,
    word: accept ? 'accepted' : 'refused' in receipt ? 'refused' : 'weakened',
    reason:
      'refused' in receipt
        ? receipt.refused
        : `there is no such variant any more; it was ${wasOf(receipt)}`,
    details: accept ? [] : [howToAccept('weakened')],
    exitCode: accept ? exitCodes.asExpected : exitCodes.unexpected,
    from: 'run',
    run: null,
  });
  if (!accept) return;
  await rm(path.join(project.folder, file), { recursive: true });
  wrote(file);
}

function wasOf({ verdict, violates }: Receipt): string {
  return verdict === 'verified' ? verdict : `expected to break ${violates.join(', ')}`;
}
