import { mkdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import writeFileAtomic from 'write-file-atomic';

/** Imports a module from its text, from a file if one can be written: debuggers like files. */
export async function importCode(code: string, key: string): Promise<{ default?: unknown }> {
  const file = kept(code, key);
  const url = file
    ? pathToFileURL(file).href
    : `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  return import(/* @vite-ignore */ url);
}

/** The file with that content, named by it; null when it cannot be written. */
function kept(code: string, key: string): string | null {
  const folder = path.join(os.tmpdir(), `lockstep-${os.userInfo().uid}`);
  const file = path.join(folder, `${key}.mjs`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // In a folder for all, another user may have been first; its content is not to be trusted.
    if (process.getuid && statSync(folder).uid !== process.getuid()) return null;
    if (!holds(file, code)) writeFileAtomic.sync(file, code);
    return file;
  } catch {
    return null;
  }
}

function holds(file: string, code: string): boolean {
  try {
    return readFileSync(file, 'utf8') === code;
  } catch {
    return false;
  }
}
