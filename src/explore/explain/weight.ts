import type { Edge, Order, Weight } from '../explain.ts';
import type { BrokenProperty, StepRecord } from '../outcome.ts';

/**
 * How much each step bears on a break.
 *
 * @param reads names of the objects that the broken predicate reads
 * @param locks names of objects, which say little where nobody had to wait
 */
export function weightsOf(
  steps: readonly StepRecord[],
  { step: last, places }: Pick<BrokenProperty, 'step' | 'places'>,
  reads: readonly string[],
  edges: readonly Edge[],
  orders: readonly Order[],
  locks: ReadonlySet<string>,
): Weight[] {
  const weight: Weight[] = steps.map(() => 0);
  const lastOf = (thread: string): number =>
    steps.findLastIndex((step, at) => at < last && step.thread === thread) + 1;
  const changing = (object: string): number[] =>
    steps.flatMap(({ changes }, at) =>
      at < last && changes.some((change) => change.object === object) ? [at + 1] : [],
    );
  const past = [last, ...reads.flatMap((object) => changing(object).slice(-1))];
  // A state is at fault, and in it these threads stand where they ought not to.
  if (steps[last - 1]?.reports.length === 0)
    past.push(...places.map(({ thread }) => lastOf(thread)));
  for (const to of past) {
    if (to === 0 || weight[to - 1]! > 0) continue;
    weight[to - 1] = 1;
    const { thread } = steps[to - 1]!;
    past.push(steps.findLastIndex((step, at) => at < to - 1 && step.thread === thread) + 1);
    for (const edge of edges) if (edge.to === to && edge.kind !== 'order') past.push(edge.from);
  }
  for (const { from, to, kind, object } of edges) {
    if (weight[to - 1] === 0 || kind === 'order' || (kind === 'flow' && locks.has(object)))
      continue;
    weight[from - 1] = 2;
    weight[to - 1] = 2;
  }
  for (const [read, write] of staleReads(steps, edges, locks, weight)) {
    weight[read - 1] = 2;
    weight[write - 1] = 2;
  }
  steps.forEach(({ calls }, at) => {
    if (calls.length === 0 && weight[at]! > 1) weight[at] = 1;
  });
  for (const { first, then } of orders) {
    weight[first - 1] = 3;
    if (then !== null) weight[then - 1] = 3;
  }
  if (last > 0) weight[last - 1] = 3;
  return weight;
}

/**
 * A read of data that another thread writes later, and that write, where the reader goes on to a
 * step that bears on the break: it acts on what it read, though that is no longer so.
 */
function staleReads(
  steps: readonly StepRecord[],
  edges: readonly Edge[],
  locks: ReadonlySet<string>,
  weight: readonly Weight[],
): [number, number][] {
  const isOwn = (step: number): boolean => steps[step - 1]!.calls.length > 0;
  const goesOn = (read: number): boolean =>
    steps.some(
      ({ thread }, at) => at >= read && weight[at]! > 0 && thread === steps[read - 1]!.thread,
    );
  return edges.flatMap(({ kind, object, from, to }): [number, number][] => {
    if (kind !== 'order' || locks.has(object) || !isOwn(from) || !isOwn(to)) return [];
    return goesOn(from) ? [[from, to]] : [];
  });
}
