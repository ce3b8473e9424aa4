import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path as shown to people and kept in traces: from the working directory, forward slashes. */
export function shownPath(file: string): string {
  return path.relative(process.cwd(), file).split(path.sep).join('/') || path.basename(file);
}

/**
 * `file:line` of the innermost frame of an error's stack that lies in one of the files (as shown
 * paths); null if none does. Stacks name sources because source maps are switched on at loading.
 */
export function placeOf(error: unknown, files: ReadonlySet<string>): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const [, place, line] of stack.matchAll(/(file:\/\/[^\s()]+|\/[^\s():]+):(\d+):\d+/g)) {
    const file = place?.startsWith('file:') ? fileURLToPath(place) : place!;
    if (files.has(shownPath(file))) return `${shownPath(file)}:${line}`;
  }
  return null;
}
