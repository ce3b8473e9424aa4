import { hash } from 'node:crypto';

/**
 * 64 bits of a component's identity, as two signed 32-bit lanes. A state's fingerprint is the xor
 * of its components' (Zobrist), each keyed by its position, so one step changes it in O(1) and the
 * same state has the same fingerprint in every worker and every run.
 */
export interface Fingerprint {
  readonly hi: number;
  readonly lo: number;
}

export const ZERO: Fingerprint = { hi: 0, lo: 0 };

export function fingerprint(position: string, content: string): Fingerprint {
  const digest = hash('sha256', `${position}\0${content}`, 'buffer');
  return { hi: digest.readInt32LE(0), lo: digest.readInt32LE(4) };
}

/** Unsigned lexicographic order of (hi, lo): the tie-break wherever a choice must not depend on time. */
export function before(aHi: number, aLo: number, bHi: number, bLo: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi >>> 0 < bHi >>> 0;
}
