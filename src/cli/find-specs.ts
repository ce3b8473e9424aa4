import { type Dirent, existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../spec/errors.ts';

/**
 * The spec files that the arguments mean. A file is a spec. A folder holds one spec per TypeScript
 * file, or, if it has a `spec.ts`, is one spec of several files; its sub-folders likewise.
 */
export async function findSpecs(given: readonly string[], cwd: string): Promise<string[]> {
  const all = given.length === 0;
  const found: string[] = [];
  for (const argument of all ? ['specs'] : given) {
    const place = path.resolve(cwd, argument);
    if (!existsSync(place)) {
      throw new UsageError(
        all ? "there is no folder 'specs' here; name the spec file" : `no such file: ${argument}`,
      );
    }
    const files = statSync(place).isDirectory() ? await specsIn(place) : [place];
    if (files.length === 0) throw new UsageError(`no spec in the folder ${argument}`);
    found.push(...files);
  }
  return [...new Set(found)];
}

async function specsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  // By code unit, so that the order is the same in every locale.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (entries.some((entry) => entry.name === 'spec.ts')) return [path.join(folder, 'spec.ts')];
  const found: string[] = [];
  for (const entry of entries) {
    const place = path.join(folder, entry.name);
    if (isSpec(entry)) found.push(place);
    else if (isVisible(entry) && isFolder(entry, place)) found.push(...(await specsIn(place)));
  }
  return found;
}

/** Also behind a link: what is not looked at would be taken for green. */
function isFolder(entry: Dirent, place: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(place).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`the link ${entry.name} among the specs leads nowhere (${code})`);
  }
}

function isVisible(entry: Dirent): boolean {
  return !entry.name.startsWith('.') && entry.name !== 'node_modules';
}

function isSpec(entry: Dirent): boolean {
  return (
    !entry.isDirectory() &&
    isVisible(entry) &&
    /\.m?ts$/.test(entry.name) &&
    !/\.(d|test)\.m?ts$/.test(entry.name)
  );
}
