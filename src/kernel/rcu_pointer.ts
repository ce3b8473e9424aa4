import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import type { Shared } from '../model/shared.ts';
import { current } from './ghost.ts';

/**
 * Pointers that RCU readers follow (include/linux/rcupdate.h), with what CONFIG_PROVE_RCU says of a
 * dereference that nothing protects. A reader is who called rcu_read_lock: a section that merely is
 * not preemptible holds back grace periods too, but rcu_dereference() does not accept it.
 */
export function rcu_assign_pointer<T>(to: Shared<T>, value: T): Operation<void> {
  return operation<void>({
    name: 'rcu_assign_pointer',
    args: [to, value],
    writes: [to],
    accesses: [{ to, write: true, plain: false }],
    step: () => ({ result: undefined, values: [value] }),
  });
}

export function rcu_dereference<T>(from: Shared<T>): Operation<T> {
  return pointer('rcu_dereference', from, (thread) =>
    thread.rcu > 0 ? null : suspicious('rcu_dereference_check()', from),
  );
}

/** `held`: what else protects the pointer, usually `lockdep_is_held(lock)`. */
export function rcu_dereference_check<T>(from: Shared<T>, held: boolean): Operation<T> {
  return pointer('rcu_dereference_check', from, (thread) =>
    thread.rcu > 0 || held ? null : suspicious('rcu_dereference_check()', from),
  );
}

/** For the updater, who is protected by a lock only. */
export function rcu_dereference_protected<T>(from: Shared<T>, held: boolean): Operation<T> {
  return pointer('rcu_dereference_protected', from, () =>
    held ? null : suspicious('rcu_dereference_protected()', from),
  );
}

/** The pointer, not to be followed. */
export function rcu_access_pointer<T>(from: Shared<T>): Operation<T> {
  return pointer('rcu_access_pointer', from, () => null);
}

/** Whether this thread holds the lock; costs no step. */
export function lockdep_is_held(lock: Shared<string | null>): boolean {
  return current('lockdep_is_held').holds(lock.name);
}

function pointer<T>(
  name: string,
  from: Shared<T>,
  check: (thread: ThreadContext) => Report | null,
): Operation<T> {
  return operation<T>({
    name,
    args: [from],
    reads: [from],
    // rcu_dereference_protected() has no READ_ONCE: nobody else may write meanwhile.
    accesses: [{ to: from, write: false, plain: name === 'rcu_dereference_protected' }],
    check,
    step: ([value]) => ({ result: value }),
  });
}

/** The report of RCU_LOCKDEP_WARN. */
function suspicious(what: string, object: Shared<unknown>): Report {
  return {
    rule: 'suspicious RCU usage',
    message: `suspicious ${what} usage of ${object.name}`,
    object: object.name,
  };
}
