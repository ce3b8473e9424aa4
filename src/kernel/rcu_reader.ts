import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import type { Shared } from '../model/shared.ts';

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

/**
 * Part of a step that changes the context in this way: what it does to the thread's reader when the
 * outermost section begins or ends with it.
 */
export function reader_part(change: (thread: ThreadContext) => void): Operation<void> | null {
  const thread = runtime.thread;
  const reader = thread && reader_of(thread.name);
  if (!reader) return null;
  const next = thread.copy();
  change(next);
  const [was, is] = [thread.readers > 0, next.readers > 0];
  return was === is ? null : set(reader, is ? [] : OUTSIDE);
}

export function rcu_read_lock(): Operation<void> {
  return section('rcu_read_lock', (thread) => {
    thread.rcu++;
  });
}

export function rcu_read_unlock(): Operation<void> {
  return section(
    'rcu_read_unlock',
    (thread) => {
      if (thread.rcu > 0) thread.rcu--;
    },
    (thread) =>
      thread.rcu > 0
        ? null
        : {
            rule: 'unlock imbalance',
            message: `${thread.name} calls rcu_read_unlock outside an RCU read-side critical section`,
            crash: true,
          },
  );
}

/** A step that changes nothing but how deep the thread is in sections. */
export function section(
  name: string,
  change: (thread: ThreadContext) => void,
  check?: (thread: ThreadContext) => Report | null,
): Operation<void> {
  return operation<void>({
    ...(reader_part(change)?.spec ?? { step: () => ({ result: undefined }) }),
    name,
    args: [],
    ...(check ? { check } : {}),
    after: change,
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
