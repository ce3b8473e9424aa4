import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { importing } from '../spec/import.ts';
import { opened, sealed } from './seal.ts';

/**
 * Runs the command, which was built as one script. With what V8 had compiled of it in a run after
 * the build, it starts in two thirds of the time; where that is missing or does not fit, V8 compiles anew.
 */

const file = fileURLToPath(new URL('./command.js', import.meta.url));
const cache = `${file}.cache`;
const source = readFileSync(file);
const cachedData = opened(bytesOf(cache), file, source);
const script = new Script(`(function (require, url) {${source.toString('latin1')}\n})`, {
  filename: file,
  ...(cachedData && { cachedData }),
});
// V8 forgets what such a script may import, and Node lets it import nothing.
importing((url) => import(url));
script.runInThisContext()(createRequire(import.meta.url), import.meta.url);

/** Whether what was compiled before is in use. */
export const compiled = script.cachedDataRejected === false;

/** Keeps what is compiled by now, for later runs. */
export function keep(): void {
  writeFileSync(cache, sealed(script.createCachedData(), file, source));
}

function bytesOf(name: string): Buffer | null {
  try {
    return readFileSync(name);
  } catch {
    return null;
  }
}
