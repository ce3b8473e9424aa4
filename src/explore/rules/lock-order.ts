import type { LockOrder } from '../outcome.ts';
import { bit, factOf, lockReports } from './lockdep.ts';

/**
 * The graph of lock classes that lockdep learned (/proc/lockdep): for people to look at, so what is
 * read and what is written is one order here.
 *
 * @param keys of all facts, in any order
 * @param unchecked rules that report nothing
 */
export function lockOrderOf(
  keys: Iterable<string>,
  unchecked: Readonly<Record<string, string>>,
): LockOrder {
  const known = [...keys].sort();
  const facts = known.map(factOf);
  const reports = lockReports(known).filter(({ rule }) => !Object.hasOwn(unchecked, rule));
  const usages = new Map<string, Set<string>>();
  const edges = new Map<string, LockOrder['edges'][number]>();
  const usagesOf = (cls: string): Set<string> => {
    const found = usages.get(cls) ?? new Set();
    usages.set(cls, found);
    return found;
  };
  facts.forEach((fact, at) => {
    if (fact.kind === 'usage') {
      // What every lock has that is ever held outside an NMI.
      const told = usagesOf(fact.cls);
      if (fact.context !== 'NMI' || fact.as === 'in') told.add(bit(fact));
    } else if (fact.kind === 'order') {
      const { from, to, recursive } = fact;
      for (const cls of [from, to]) usagesOf(cls);
      const key = JSON.stringify([from, to]);
      const old = edges.get(key);
      const because = reports.filter((report) => report.facts.includes(known[at]!));
      const titles = new Set([...(old?.reports ?? []), ...because.map(({ title }) => title)]);
      const reader = recursive && (old?.recursive ?? true);
      edges.set(key, { from, to, recursive: reader, reports: [...titles].sort() });
    }
  });
  return {
    classes: [...usages.keys()]
      .sort()
      .map((name) => ({ name, usages: [...usages.get(name)!].sort() })),
    edges: [...edges.keys()].sort().map((key) => edges.get(key)!),
  };
}
