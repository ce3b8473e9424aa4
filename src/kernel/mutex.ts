import type { LockUse, ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { tried, use_of } from './lockdep.ts';
import type { Embedded } from './memory.ts';

/** The value of a lock is the name of the thread that holds it. */
export class Mutex extends Shared<string | null> {
  override get isLock(): boolean {
    return true;
  }

  readonly sleeps = true;

  /** lockdep: memory that contains a held lock must not be freed. */
  freed(owner: string | null): string | null {
    return owner === null ? null : `${this.name}, held by ${owner}`;
  }
}

export function DEFINE_MUTEX(name: string): Mutex {
  return new Mutex(name, null);
}

/** `struct mutex` inside a heap struct. */
export function mutex(): Embedded<Mutex> {
  return {
    declares: 'mutex()',
    alone: "DEFINE_MUTEX('name')",
    embed: (name, owner) => new Mutex(name, null, owner),
  };
}

export function mutex_lock(lock: Mutex): Operation<void> {
  return acquire('mutex_lock', lock, { check: sleeping('mutex_lock', lock) });
}

/** A mutex of a class of which another is held already, in an order that the caller vouches for. */
export function mutex_lock_nested(lock: Mutex, subclass: number): Operation<void> {
  const check = sleeping('mutex_lock_nested', lock);
  const { spec } = acquire('mutex_lock_nested', lock, { check, subclass });
  return operation<void>({ ...spec, args: [lock, subclass] });
}

function sleeping(name: string, lock: Mutex) {
  return (thread: ThreadContext) => might_sleep(thread, `${name}(${lock.name})`);
}

export function mutex_unlock(lock: Mutex): Operation<void> {
  return release('mutex_unlock', lock);
}

/** Takes the mutex if it is free; never waits, so it may be called where sleeping is a bug. */
export function mutex_trylock(lock: Mutex): Operation<boolean> {
  return try_acquire('mutex_trylock', lock);
}

/**
 * might_sleep(): "sleeping function called from invalid context" with preempt_count above 0, with
 * interrupts off, inside an RCU reader, or in an interrupt (kernel/sched/core.c __might_resched).
 */
export function might_sleep(thread: ThreadContext, what: string): Report | null {
  if (thread.asleep) return not_running(thread, what);
  if (thread.readers === 0 && !thread.interrupts) return null;
  const where = thread.interrupts
    ? `in ${thread.kind}`
    : thread.rcu > 0
      ? 'inside an RCU read-side critical section'
      : thread.locks.length > 0
        ? `with ${thread.locks.join(', ')} held`
        : `with ${thread.irqsOff ? 'interrupts' : 'preemption'} off`;
  return {
    rule: 'sleeping function called from invalid context',
    message: `${what} may sleep, called ${where}`,
  };
}

/** To sleep in `what` would make it run again, and so forget what it was about to wait for. */
function not_running({ name }: ThreadContext, what: string): Report {
  return {
    rule: 'do not call blocking ops when !TASK_RUNNING',
    message: `${what} may sleep, called by ${name} between set_current_state() and schedule()`,
  };
}

interface Acquiring {
  readonly check?: (thread: ThreadContext) => Report | null;
  readonly after?: (thread: ThreadContext) => void;
  readonly subclass?: number;
  readonly raw?: boolean;
}

/** Takes a lock whose value is its owner; waits while another thread holds it. */
export function acquire(
  name: string,
  lock: Shared<string | null>,
  { check, after, subclass = 0, raw = false }: Acquiring = {},
): Operation<void> {
  const use: LockUse = { ...use_of(lock, 'exclusive', subclass), ...(raw && { raw }) };
  return operation<void>({
    name,
    args: [lock],
    writes: [lock],
    blocks: true,
    step: ([owner], thread) => {
      if (owner === null) return { result: undefined, values: [thread.name] };
      return owner === thread.name
        ? { result: undefined, reports: [recursion(thread, lock)] }
        : null;
    },
    acquires: [use],
    ...(check ? { check } : {}),
    after: (thread) => {
      thread.take(use);
      after?.(thread);
    },
  });
}

/** Takes the lock when nobody holds it, not even this thread. Gives whether it did. */
export function try_acquire(
  name: string,
  lock: Shared<string | null>,
  { after, raw = false }: Acquiring = {},
): Operation<boolean> {
  const use: LockUse = { ...use_of(lock, 'exclusive'), ...(raw && { raw }) };
  return operation<boolean>({
    name,
    args: [lock],
    writes: [lock],
    step: ([owner], thread) =>
      owner === null ? { result: true, values: [thread.name] } : { result: false },
    acquires: tried(use),
    after: (thread, taken) => {
      if (!taken) return;
      thread.take(use);
      after?.(thread);
    },
  });
}

function recursion(thread: ThreadContext, lock: Shared<string | null>): Report {
  return {
    rule: 'recursive locking',
    message: `${thread.name} takes ${lock.name}, which it already holds`,
    object: lock.name,
    crash: true,
  };
}

/** Releases; releasing what this thread does not hold is reported and changes nothing. */
export function release(
  name: string,
  lock: Shared<string | null>,
  after?: (thread: ThreadContext) => void,
): Operation<void> {
  return operation<void>({
    name,
    args: [lock],
    writes: [lock],
    step: ([owner], thread) =>
      owner === thread.name
        ? { result: undefined, values: [null] }
        : {
            result: undefined,
            reports: [
              {
                rule: 'unlock imbalance',
                message: `${thread.name} releases ${lock.name}, ${owner === null ? 'which nobody holds' : `held by ${owner}`}`,
                object: lock.name,
                crash: true,
              },
            ],
          },
    after: (thread) => {
      thread.drop(lock.name);
      after?.(thread);
    },
  });
}
