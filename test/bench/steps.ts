import type { Operation, Shared } from 'lockstep';
import { operation } from '../fixtures/operation.ts';

/** Steps of the same grain as the Promela twins: one atomic statement each. */

/** Promela's `atomic { q!item; tail++ }` */
export function push<T>(
  queue: Shared<readonly T[]>,
  tail: Shared<number>,
  item: T,
): Operation<void> {
  return operation<void>({
    name: 'push',
    args: [queue, tail, item],
    writes: [queue, tail],
    step: ([items, count]) => ({ result: undefined, values: [[...items, item], count + 1] }),
  });
}

/** Promela's `q?item` */
export function pop<T>(queue: Shared<readonly T[]>): Operation<T> {
  return operation<T>({
    name: 'pop',
    args: [queue],
    writes: [queue],
    blocks: true,
    idle: true,
    step: ([items]) => (items.length > 0 ? { result: items[0], values: [items.slice(1)] } : null),
  });
}

/** A guard over several variables. */
export function wait_all(conditions: readonly (readonly [Shared<number>, number])[]) {
  return operation<void>({
    name: 'wait_all',
    args: conditions.flat(),
    reads: conditions.map(([variable]) => variable),
    blocks: true,
    step: (values) =>
      conditions.every(([, wanted], n) => values[n] === wanted) ? { result: undefined } : null,
  });
}

/** Two variables read in one step. */
export function read_both(a: Shared<number>, b: Shared<number>): Operation<readonly number[]> {
  return operation<readonly number[]>({
    name: 'read_both',
    args: [a, b],
    reads: [a, b],
    step: ([first, second]) => ({ result: [first, second] }),
  });
}
