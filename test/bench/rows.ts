import { UsageError } from '../../src/spec/errors.ts';

/** One program to measure: variants of a spec, and how large. */
export interface Row {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Null: all of them. */
  readonly variant: string | null;
  readonly params: Readonly<Record<string, number>>;
  /** The same program for SPIN. */
  readonly twin?: Twin;
}

export interface Twin {
  readonly file: string;
  /** For its preprocessor. */
  readonly defines: Readonly<Record<string, number>>;
}

const FAMILIES = 'test/bench/families.ts';

/** A family has a twin in Promela, of the same name. */
function family(variant: string, n: number): Row {
  const twin = { file: `test/bench/${variant}.pml`, defines: { THREADS: n } };
  return { name: `${variant}(${n})`, file: FAMILIES, variant, params: { n }, twin };
}

function account(n: number, rounds: number, variant = 'account'): Row {
  const twin = { file: 'test/bench/account.pml', defines: { THREADS: n, ROUNDS: rounds } };
  const params = { n, rounds };
  return { name: `${variant}(${n},${rounds})`, file: FAMILIES, variant, params, twin };
}

function memcg(memcgs: number, offline: number, variant: string): Row {
  const twin = { file: 'test/bench/memcg.pml', defines: { MEMCGS: memcgs, OFFLINE: offline } };
  const params = { memcgs };
  return {
    name: `memcg(${memcgs},${offline})`,
    file: 'test/bench/memcg.ts',
    variant,
    params,
    twin,
  };
}

/** Not compared with its twin. */
function alone({ twin: _, ...row }: Row): Row {
  return row;
}

function spec(name: string, variant: string | null = null): Row {
  const file = `specs/${name}/spec.ts`;
  return { name: variant === null ? name : `${name}/${variant}`, file, variant, params: {} };
}

export const rows: readonly Row[] = [
  account(4, 3),
  account(6, 4),
  // The same, with threads declared to be symmetric.
  account(6, 4, 'account-alike'),
  memcg(3, 3, 'twin'),
  family('lastzero', 10),
  family('lastzero', 12),
  family('lastzero', 15),
  family('filesystem', 18),
  family('filesystem', 24),
  family('indexer', 12),
  family('indexer', 15),
  family('readers', 13),
  // Long enough for workers to be worth their start. SPIN ends smaller ones out of time already.
  alone(account(7, 7)),
  alone(memcg(5, 3, 'twin')),
  // Nothing to reduce: how fast states are stored. It has no twin.
  { name: 'ring(10)', file: FAMILIES, variant: 'ring', params: { n: 10 } },
  spec('kmem-cache-alias'),
  spec('kmem-cache-dying'),
  spec('mem-cgroup-ptr'),
  // The largest variants.
  spec('mem-cgroup-ptr', 'rfc-parent-dying'),
  spec('mem-cgroup-ptr', 'rfc-parent-dying-mended'),
  spec('mem-cgroup-ptr', 'v5.9-parent-dying'),
];

/** Those that have one of the names, or are of that kind: `lastzero` means each `lastzero(...)`. */
export function chosen(all: readonly Row[], names: readonly string[]): readonly Row[] {
  const kind = (row: Row) => row.name.replace(/\(.*/, '');
  for (const name of names) {
    if (all.some((row) => row.name === name || kind(row) === name)) continue;
    const known = all.map((row) => row.name).join(', ');
    throw new UsageError(`unknown row '${name}'; there are: ${known}`);
  }
  if (names.length === 0) return all;
  return all.filter((row) => names.includes(row.name) || names.includes(kind(row)));
}
