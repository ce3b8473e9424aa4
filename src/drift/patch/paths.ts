import type { FileChange } from './diff.ts';

/** The files of a change, as the tree names them; null: not there before, or after. */
export interface Paths {
  readonly from: string | null;
  readonly to: string | null;
}

/** `known` says whether there is such a file. Git writes `a/` and `b/`, unless it is told not to. */
export async function pathsOf(
  change: FileChange,
  known: (path: string) => Promise<boolean> | boolean,
): Promise<Paths> {
  const names = [change.from, change.to].filter((name) => name !== null);
  const depths = change.git ? (names.every(isPrefixed) ? [1] : [0]) : [0, 1, 2, 3, 4];
  for (const depth of depths) {
    for (const name of names) {
      const path = strip(name, depth);
      if (path !== '' && (await known(path))) return stripped(change, depth);
    }
  }
  return stripped(change, names.every(isPrefixed) ? 1 : 0);
}

/** `a/`, `b/`, and those of `diff.mnemonicPrefix`. */
function isPrefixed(name: string): boolean {
  return /^[abciow]\//.test(name);
}

function stripped({ from, to }: FileChange, depth: number): Paths {
  return { from: from && strip(from, depth), to: to && strip(to, depth) };
}

function strip(name: string, depth: number): string {
  return name.replace(/^\.\//, '').split('/').slice(depth).join('/');
}
