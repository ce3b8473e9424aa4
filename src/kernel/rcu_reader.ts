import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import type { Shared } from '../model/shared.ts';
import { current } from './ghost.ts';

/**
 * RCU read-side critical sections. Each thread has an object of its own, `rcu:<thread>`, made by
 * `boot`: null outside a section; inside, the list of those who wait for this section to end (the
 * running grace period, callers of synchronize_rcu). Only the outermost enter and leave touch it;
 * nesting is the thread's own business. Leaving clears the list, so a thread that enters again
 * right away is a new reader, for whom nobody waits.
 *
 * A thread without the object (no `boot`, or RCU switched off there) costs nothing here.
 */
export type Reader = readonly string[] | null;

export const OUTSIDE: Reader = null;

export function reader_of(thread: string): Shared<Reader> | undefined {
  return runtime.objects.get(`rcu:${thread}`) as Shared<Reader> | undefined;
}

/** Part of a step that begins a section, when it is the outermost one. */
export function reader_enter(): Operation<void> | null {
  const thread = runtime.thread;
  const reader = thread?.readers === 0 ? reader_of(thread.name) : undefined;
  return reader ? set(reader, []) : null;
}

/** Part of a step that ends a section, when it is the outermost one. */
export function reader_leave(): Operation<void> | null {
  const thread = runtime.thread;
  const reader = thread?.readers === 1 ? reader_of(thread.name) : undefined;
  return reader ? set(reader, OUTSIDE) : null;
}

export function rcu_read_lock(): Operation<void> {
  return section('rcu_read_lock', reader_enter(), undefined, (thread) => {
    thread.rcu++;
  });
}

export function rcu_read_unlock(): Operation<void> {
  const balanced = current('rcu_read_unlock').rcu > 0;
  return section(
    'rcu_read_unlock',
    balanced ? reader_leave() : null,
    (thread) =>
      thread.rcu > 0
        ? null
        : {
            rule: 'unlock imbalance',
            message: `${thread.name} calls rcu_read_unlock outside an RCU read-side critical section`,
            crash: true,
          },
    (thread) => {
      if (thread.rcu > 0) thread.rcu--;
    },
  );
}

function section(
  name: string,
  part: Operation<void> | null,
  check: ((thread: ThreadContext) => Report | null) | undefined,
  after: (thread: ThreadContext) => void,
): Operation<void> {
  return operation<void>({
    ...(part?.spec ?? { step: () => ({ result: undefined }) }),
    name,
    args: [],
    ...(check ? { check } : {}),
    after,
  });
}

function set(reader: Shared<Reader>, value: Reader): Operation<void> {
  return operation<void>({
    name: 'rcu',
    args: [reader, value],
    writes: [reader],
    step: () => ({ result: undefined, values: [value] }),
  });
}
