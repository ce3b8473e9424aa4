import { createHash } from 'node:crypto';
import type { CFunction } from './functions.ts';

/** Of all definitions of a function; the same whatever comments and layout they have. */
export function digestOf(definitions: readonly Pick<CFunction, 'text' | 'conditions'>[]): string {
  return sha256(JSON.stringify(definitions.map(({ conditions, text }) => [conditions, text])));
}

/** Short, since it only tells lines of one function from each other; empty for a line without tokens. */
export function lineDigest(normal: string): string {
  return normal === '' ? '' : sha256(normal).slice(0, 12);
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
