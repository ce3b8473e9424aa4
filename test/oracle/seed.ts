import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * What random tests draw from. It is the same for the same code, so that a commit passes, or fails,
 * on every machine alike; and another one after each change.
 */
export function seedOf(folders: readonly string[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  const digests = files.sort().map((file) => hash('sha256', readFileSync(file)));
  return Number.parseInt(hash('sha256', digests.join()).slice(0, 8), 16) >>> 1;
}
