import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
/** `.ts` in the sources, `.js` in what was built of them. */
export const EXTENSION = path.extname(SELF);
const HERE = path.dirname(SELF);
/** Lockstep's own sources, or what was built of them. */
export const HOME = path.dirname(HERE);

/** What makes bundles, and what is bundled with every spec. */
const FOLDERS = new Set([path.basename(HERE), '', 'kernel', 'model', 'spec']);
const PACKAGES = ['esbuild', 'magic-string', 'oxc-parser'];

let known: string | null = null;

/** Of this Lockstep, by content: with the same one, the same sources give the same bundle. */
export function identity(): string {
  known ??= identityOf(HOME);
  return known;
}

/** Still the one it was when first asked for: nobody has edited or built it meanwhile. */
export function isSame(): boolean {
  return identityOf(HOME) === identity();
}

export function identityOf(home: string): string {
  // Its place too, which source maps name.
  const hash = createHash('sha256').update(JSON.stringify([home, process.version]));
  const require = createRequire(import.meta.url);
  for (const name of PACKAGES) hash.update(readFileSync(require.resolve(`${name}/package.json`)));
  for (const folder of FOLDERS) {
    const place = path.join(home, folder);
    const names = readdirSync(place).filter((name) => name.endsWith(EXTENSION));
    for (const name of names.sort()) {
      const content = readFileSync(path.join(place, name));
      hash.update(JSON.stringify([folder, name, content.length])).update(content);
    }
  }
  return hash.digest('hex');
}
