import { readFileSync, realpathSync } from 'node:fs';
import { hashOf, keepCode, keepRecord, keptCode, keptRecord } from './cache.ts';
import { identity, isSame } from './identity.ts';

/** A spec, ready to be evaluated. */
export interface Bundle {
  /** Lockstep's own modules in one, with its source map: the same for all specs. */
  readonly library: string;
  /** The spec's modules in one, with its source map; it imports the library by its hash. */
  readonly code: string;
  /**
   * Of the spec's own modules, without comments and layout: equal for equal specs in any folder and
   * with any version of Lockstep.
   */
  readonly digest: string;
}

/** What went into a bundle: files and the hashes of their content. */
export type Inputs = readonly (readonly [file: string, hash: string])[];

interface Kept {
  readonly inputs: Inputs;
  readonly library: string;
  readonly code: string;
  readonly digest: string;
}

/**
 * Keeps a bundle for later runs. The inputs name all that it depends on: imports of exactly these
 * files, which no other file can come before.
 */
export async function keepBundle(entry: string, bundle: Bundle, inputs: Inputs): Promise<void> {
  const { library, code, digest } = bundle;
  if (!isSame()) return;
  if (!(await keepCode(library)) || !(await keepCode(code))) return;
  const kept: Kept = { inputs, library: hashOf(library), code: hashOf(code), digest };
  await keepRecord(keyOf(entry), kept);
}

/** The bundle of an earlier run, if bundling again would give the same. */
export function keptBundle(entry: string): Bundle | null {
  const kept = keptRecord(keyOf(entry)) as Kept | null;
  if (!kept?.inputs.every(([file, hash]) => isUnchanged(file, hash))) return null;
  const library = libraries.get(kept.library) ?? keptCode(kept.library);
  const code = keptCode(kept.code);
  if (library === null || code === null) return null;
  libraries.set(kept.library, library);
  return { library, code, digest: kept.digest };
}

const libraries = new Map<string, string>();

/** Files are shown, and so named in the code, as seen from the working directory. */
function keyOf(entry: string): string {
  return hashOf(JSON.stringify([identity(), process.cwd(), entry]));
}

function isUnchanged(file: string, hash: string): boolean {
  try {
    // From behind a link, imports would lead elsewhere.
    return realpathSync(file) === file && hashOf(readFileSync(file)) === hash;
  } catch {
    return false;
  }
}
