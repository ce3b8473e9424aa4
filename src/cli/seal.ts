import { createHash } from 'node:crypto';

/**
 * V8 looks at its version, its flags and the length of the source only, damaged code may crash it, and
 * code has the name of its file: what it compiled is given to it again only if all is as it was.
 */

const LENGTH = 32;

/** With the hash of all that it depends on before it. */
export function sealed(code: Buffer, file: string, source: Buffer): Buffer {
  return Buffer.concat([sealOf(code, file, source), code]);
}

/** What was sealed; null when anything is not as it was. */
export function opened(bytes: Buffer | null, file: string, source: Buffer): Buffer | null {
  if (!bytes) return null;
  const code = bytes.subarray(LENGTH);
  return sealOf(code, file, source).equals(bytes.subarray(0, LENGTH)) ? code : null;
}

function sealOf(code: Buffer, file: string, source: Buffer): Buffer {
  const { arch, version, versions } = process;
  const hash = createHash('sha256').update(JSON.stringify([arch, version, versions.v8, file]));
  return hash.update(source).update(code).digest();
}
