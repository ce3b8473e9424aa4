import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Texts that can be made again, in a folder of this user's. What is found there is believed only as
 * far as its hash goes; what cannot be kept is done without.
 */

export function hashOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The file that holds this code, whose name is its hash; null when there can be none. */
export async function keepCode(code: string): Promise<string | null> {
  const name = `${hashOf(code)}.mjs`;
  const place = folder();
  if (!place) return null;
  return read(name) === code || (await write(name, code)) ? path.join(place, name) : null;
}

/** The code with this hash, if it was kept and is whole. */
export function keptCode(hash: string): string | null {
  const code = read(`${hash}.mjs`);
  return code !== null && hashOf(code) === hash ? code : null;
}

/** Notes under a key; there may be others from before. */
export async function keepRecord(key: string, record: object): Promise<void> {
  const text = JSON.stringify(record);
  await write(`${key}.json`, `${hashOf(text)}\n${text}`);
}

/** What was noted under a key, if it is whole. */
export function keptRecord(key: string): unknown {
  const [hash, text] = read(`${key}.json`)?.split('\n', 2) ?? [];
  return text !== undefined && hashOf(text) === hash ? JSON.parse(text) : null;
}

/** Null unless nobody else may write there: in a folder for all, another user may have been first. */
function folder(): string | null {
  const me = process.getuid?.() ?? 0;
  const place = path.join(os.tmpdir(), `lockstep-${me}`);
  try {
    mkdirSync(place, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(place);
    if (process.getuid && (uid !== me || (mode & 0o022) !== 0)) return null;
    return place;
  } catch {
    return null;
  }
}

function read(name: string): string | null {
  const place = folder();
  if (!place) return null;
  const file = path.join(place, name);
  try {
    const text = readFileSync(file, 'utf8');
    const now = new Date();
    utimesSync(file, now, now);
    return text;
  } catch {
    return null;
  }
}

async function write(name: string, text: string): Promise<boolean> {
  const place = folder();
  if (!place) return false;
  const { default: writeFileAtomic } = await import('write-file-atomic');
  try {
    // What a crash of the machine leaves half written has another hash.
    await writeFileAtomic(path.join(place, name), text, { fsync: false });
  } catch {
    return false;
  }
  prune(place);
  return true;
}

/** Days after which a file that nobody used goes. */
const DAYS = 14;
/** Files that may stay: some hundred specs, and what tests make. */
const FILES = 1_000;
const DAY = 86_400_000;
let pruned = false;

/** Once in a process that writes: files unused for long, and the longest unused of too many. */
function prune(place: string): void {
  if (pruned) return;
  pruned = true;
  try {
    const files = readdirSync(place).flatMap((name) => {
      const file = path.join(place, name);
      const used = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      return used === undefined ? [] : [{ file, used }];
    });
    files.sort((a, b) => b.used - a.used);
    const oldest = Date.now() - DAYS * DAY;
    for (const [n, { file, used }] of files.entries()) {
      if (n >= FILES || used < oldest) rmSync(file, { force: true });
    }
  } catch {
    // Another process may be at it; the next one that writes tries again.
  }
}
