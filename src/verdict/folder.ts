import { constants } from 'node:fs';
import { access, mkdir, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder and those above it, one by one: in some places mkdir's own recursion has no end.
 * Gives those that were not there before.
 */
export async function makeFolder(folder: string): Promise<string[]> {
  if (await isThere(folder)) return [];
  const above = await makeFolder(path.dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    // Another run made it meanwhile.
    if (codeOf(error) !== 'EEXIST') throw error;
    return above;
  }
  return [...above, folder];
}

/**
 * Whether files can be put into a folder, which is made if need be and not kept if it was: what
 * cannot be made is known only by trying. @throws the file system's error if not
 */
export async function tryFolder(folder: string): Promise<void> {
  const made = await makeFolder(folder);
  try {
    // With the separator, what is no folder is an error.
    await access(`${folder}${path.sep}`, constants.W_OK);
  } finally {
    // One that is in use meanwhile stays.
    for (const each of made.reverse()) await rmdir(each).catch(() => {});
  }
}

async function isThere(folder: string): Promise<boolean> {
  try {
    await stat(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
