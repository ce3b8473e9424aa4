import { SpecError } from '../../model/shared.ts';

/** Each member of an orbit is looked at. */
const MOST = 720;

/** The permutations that exchange threads within groups; the first leaves all as they are. */
export interface Permutations {
  /** Per permutation, per thread: the thread that takes its place. */
  readonly all: readonly Int32Array[];
  /** Pairs of threads; exchanging the two of a pair, again and again, makes every permutation. */
  readonly exchanges: readonly (readonly [number, number])[];
  /** How each permutation but the first is made: an exchange after an earlier permutation. */
  readonly made: readonly { readonly exchange: number; readonly after: number }[];
}

export function permutations(
  threads: number,
  groups: readonly (readonly number[])[],
): Permutations {
  const count = groups.reduce((product, group) => product * factorial(group.length), 1);
  if (count > MOST) {
    throw new SpecError(
      `the symmetric threads can be exchanged in ${count} ways; at most ${MOST} are possible, ` +
        'as with six threads in one group',
    );
  }
  const exchanges = groups.flatMap((group) =>
    group.slice(1).map((thread, at): [number, number] => [group[at]!, thread]),
  );
  const all = [Int32Array.from({ length: threads }, (_, thread) => thread)];
  const made = [{ exchange: -1, after: -1 }];
  const known = new Set([all[0]!.join()]);
  for (let after = 0; after < all.length; after++) {
    for (const [exchange, [a, b]] of exchanges.entries()) {
      const next = all[after]!.map((to) => (to === a ? b : to === b ? a : to));
      if (known.has(next.join())) continue;
      known.add(next.join());
      all.push(next);
      made.push({ exchange, after });
    }
  }
  return { all, exchanges, made };
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
