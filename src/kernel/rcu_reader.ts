import type { Kind, ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import type { Shared } from '../model/shared.ts';
import { named, silently } from './ghost.ts';

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
 * Which handlers a thread holds back on its CPU: none, softirqs, hardirqs too, NMIs too. An object of
 * each thread's own, `irqs:<thread>`, made by `boot` where a CPU has handlers.
 */
export type Mask = 0 | 1 | 2 | 3;

export function mask_of(thread: string): Shared<Mask> | undefined {
  return runtime.objects.get(`irqs:${thread}`) as Shared<Mask> | undefined;
}

/** Does it hold back a handler of this kind? */
export function masked_by(mask: Mask, kind: Kind): boolean {
  return mask >= (kind === 'nmi' ? 3 : kind === 'hardirq' ? 2 : 1);
}

/** A handler that has begun holds back others of its kind, also when it turns interrupts on. */
function mask({ kind, atomic, irqsOff, bhOff }: ThreadContext): Mask {
  if (atomic > 0 && kind === 'nmi') return 3;
  if (irqsOff || (atomic > 0 && kind === 'hardirq')) return 2;
  return bhOff > 0 ? 1 : 0;
}

/** The task that has the CPU for itself (preempt.ts). */
export function cpu_of({ cpu }: ThreadContext): Shared<string | null> {
  return named<string | null>(`preempt:${cpu}`, null);
}

function leave_cpu(thread: ThreadContext): Operation<void> {
  const cpu = cpu_of(thread);
  return operation<void>({
    name: 'leave_cpu',
    writes: [cpu],
    step: () => ({ result: undefined, values: [null] }),
    after: (context) => context.drop(cpu.name),
  });
}

/**
 * Part of a step that changes the context in this way: what it does to the thread's reader when the
 * outermost section begins or ends with it, to the handlers that it holds back, and to its CPU, if it
 * had that for itself.
 */
export function reader_part(change: (thread: ThreadContext) => void): Operation<void> | null {
  const thread = runtime.thread;
  if (!thread) return null;
  const next = thread.copy();
  change(next);
  const parts: Operation<void>[] = [];
  const reader = reader_of(thread.name);
  const [was, is] = [thread.readers > 0, next.readers > 0];
  if (reader && was !== is) parts.push(set('rcu', reader, is ? [] : OUTSIDE));
  const irqs = mask_of(thread.name);
  if (irqs && mask(thread) !== mask(next)) parts.push(set('irqs', irqs, mask(next)));
  if (next.preemptible && thread.holds(cpu_of(thread).name)) parts.push(leave_cpu(thread));
  const [first, ...others] = parts;
  return first ? silently(first, ...others) : null;
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
  const main = operation<void>({
    name,
    args: [],
    step: () => ({ result: undefined }),
    ...(check ? { check } : {}),
    after: change,
  });
  return silently(main, reader_part(change));
}

function set<T>(name: string, object: Shared<T>, value: T): Operation<void> {
  return operation<void>({
    name,
    args: [object, value],
    writes: [object],
    step: () => ({ result: undefined, values: [value] }),
  });
}
