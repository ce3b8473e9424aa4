import { posix } from 'node:path';
import type { FileChange } from './diff.ts';

/** The files of a change, as the tree names them; null: not there before, or after. */
export interface Paths {
  readonly from: string | null;
  readonly to: string | null;
}

/**
 * Patches are made in many places: names may have `a/` and `b/` before them, the folders of two
 * trees, or no folder where `git diff --relative` was used. The first reading is taken that `known`
 * has, of the tree or of `linked`.
 */
export async function pathsOf(
  change: FileChange,
  linked: readonly string[],
  known: (path: string) => Promise<boolean>,
): Promise<Paths> {
  const names = [change.from, change.to].filter((name) => name !== null);
  const usual = names.every(isPrefixed) ? 1 : 0;
  for (let depth = change.git ? usual : 0; depth <= MOST_FOLDERS; depth++) {
    for (const name of names) {
      const path = strip(name, depth);
      if (linked.includes(path) || (path !== '' && (await known(path)))) {
        return renamed(change, (each) => strip(each, depth));
      }
    }
  }
  const path = strip(names[0]!, usual);
  const folder = linked.find((each) => each.endsWith(`/${path}`))?.slice(0, -path.length) ?? '';
  return renamed(change, (name) => folder + strip(name, usual));
}

/** As many as a diff of two trees may name before the path. */
const MOST_FOLDERS = 4;

/** `a/`, `b/`, and those of `diff.mnemonicPrefix`. */
function isPrefixed(name: string): boolean {
  return /^[abciow]\//.test(name);
}

function renamed({ from, to }: FileChange, name: (name: string) => string): Paths {
  return { from: from && name(from), to: to && name(to) };
}

function strip(name: string, depth: number): string {
  return posix.normalize(name).split('/').slice(depth).join('/');
}
