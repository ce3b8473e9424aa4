import type { Link, LinkRecord } from '../link.ts';
import type { Tree } from '../tree.ts';
import type { PatchCheck } from './judge.ts';
import { patchesIn } from './read.ts';
import { Series } from './series.ts';

export type { PatchCheck, PatchWord } from './judge.ts';

/** A file with patches: an mbox, a mail, what `git format-patch` or `git diff` wrote. */
export interface PatchFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface PatchResult {
  readonly checks: readonly PatchCheck[];
  /** The tree with all that could be applied; null: there is none. */
  readonly tree: Tree | null;
}

/** What patches do to the functions that specs model. All are one series, in the order given. */
export async function patchesTouch(
  files: readonly PatchFile[],
  links: readonly Link[],
  recorded: readonly LinkRecord[],
  tree: Tree | null,
): Promise<PatchResult> {
  const series = new Series(links, recorded, tree);
  for (const { file, bytes } of files) {
    for (const patch of await patchesIn(file, bytes)) await series.add(patch);
  }
  return { checks: await series.checks(), tree: series.tree };
}
