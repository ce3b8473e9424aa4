/** The name that a word means: itself, or the one that begins with it. */
export type Meaning =
  | { readonly name: string }
  /** None, or several begin with it. */
  | { readonly name: null; readonly candidates: readonly string[] };

export function meaningOf(word: string, names: readonly string[]): Meaning {
  if (names.includes(word)) return { name: word };
  const candidates = word === '' ? [] : names.filter((name) => name.startsWith(word));
  const [only] = candidates;
  return only !== undefined && candidates.length === 1
    ? { name: only }
    : { name: null, candidates };
}
