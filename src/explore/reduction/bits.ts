/** Sets of small integers, as words of 32 bits. All sets that meet have the same length. */
export type Bits = Int32Array;

export function bits(size: number): Bits {
  return new Int32Array((size + 31) >>> 5);
}

export function add(set: Bits, member: number): void {
  set[member >>> 5]! |= 1 << (member & 31);
}

export function has(set: Bits, member: number): boolean {
  return (set[member >>> 5]! & (1 << (member & 31))) !== 0;
}

export function unite(into: Bits, other: Bits): void {
  for (let i = 0; i < into.length; i++) into[i]! |= other[i]!;
}

export function meets(a: Bits, b: Bits): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & b[i]!) !== 0) return true;
  return false;
}

/** Sets of a later round may be longer. */
export function isSubset(a: Bits, b: Bits): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & ~(b[i] ?? 0)) !== 0) return false;
  return true;
}
