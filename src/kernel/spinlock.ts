import type { ThreadContext } from '../model/context.ts';
import { type Operation, type OperationSpec, operation, type Report } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { if_taken, silently } from './ghost.ts';
import {
  bottom_halves_off,
  bottom_halves_on,
  type Flags,
  irqs_off,
  irqs_on,
  irqs_restored,
  leaves_atomic,
  leaves_bh,
  preemption_off,
  preemption_on,
  restores,
} from './irqflags.ts';
import type { Embedded } from './memory.ts';
import { acquire, release, try_acquire } from './mutex.ts';
import { reader_part } from './rcu_reader.ts';

/**
 * Spinlocks (include/linux/spinlock_api_smp.h). Preemption is off from before the lock is tried
 * until after it is released, so the section is an RCU reader too (since v5.0 all flavours are one,
 * kernel/rcu/tree.c). The wait itself is not counted as a reader: a waiter has done nothing yet, so
 * a schedule in which it holds back a grace period while waiting is one in which it comes later.
 */
export class Spinlock extends Shared<string | null> {
  override get isLock(): boolean {
    return true;
  }

  readonly sleeps = false;
  readonly raw: boolean = false;

  /** lockdep: memory that contains a held lock must not be freed. */
  freed(owner: string | null): string | null {
    return owner === null ? null : `${this.name}, held by ${owner}`;
  }
}

export function DEFINE_SPINLOCK(name: string): Spinlock {
  return new Spinlock(name, null);
}

/** `spinlock_t` inside a heap struct. */
export function spinlock(): Embedded<Spinlock> {
  return {
    declares: 'spinlock()',
    alone: "DEFINE_SPINLOCK('name')",
    embed: (name, owner) => new Spinlock(name, null, owner),
  };
}

export function spin_lock(lock: Spinlock): Operation<void> {
  return lock_with('spin_lock', lock, preemption_off);
}

/** A lock of a class of which another is held already, in an order that the caller vouches for. */
export function spin_lock_nested(lock: Spinlock, subclass: number): Operation<void> {
  const { spec } = lock_with('spin_lock_nested', lock, preemption_off, subclass);
  return operation<void>({ ...spec, args: [lock, subclass], shown: [lock, subclass] });
}

export function spin_unlock(lock: Spinlock): Operation<void> {
  return unlock_with('spin_unlock', lock, preemption_on);
}

/** Takes the lock if it is free; never waits. */
export function spin_trylock(lock: Spinlock): Operation<boolean> {
  return if_taken(
    try_acquire('spin_trylock', lock, { after: preemption_off, raw: lock.raw }),
    reader_part(preemption_off),
  );
}

/** As spin_lock, and interrupts go off. */
export function spin_lock_irq(lock: Spinlock): Operation<void> {
  return lock_with('spin_lock_irq', lock, irqs_off);
}

/** As spin_unlock, and interrupts go on, whatever they were before the lock was taken. */
export function spin_unlock_irq(lock: Spinlock): Operation<void> {
  return unlock_with('spin_unlock_irq', lock, irqs_on);
}

/** `spin_lock_irqsave(lock, flags)`: `const flags = yield* spin_lock_irqsave(lock)`. */
export function spin_lock_irqsave(lock: Spinlock): Operation<Flags> {
  const { spec } = spin_lock_irq(lock);
  return operation<Flags>({
    ...(spec as OperationSpec<any>),
    name: 'spin_lock_irqsave',
    step: (values, thread) => {
      const effect = spec.step!(values, thread);
      return effect && { ...effect, result: thread.irqsOff };
    },
  });
}

/** Interrupts go back to what spin_lock_irqsave found. */
export function spin_unlock_irqrestore(lock: Spinlock, flags: Flags): Operation<void> {
  const name = 'spin_unlock_irqrestore';
  const { spec } = unlock_with(
    name,
    lock,
    irqs_restored(flags),
    (thread) => leaves_atomic(thread, name, 1) ?? restores(thread, name),
  );
  return operation<void>({ ...spec, args: [lock, flags] });
}

/** As spin_lock, and bottom halves go off. */
export function spin_lock_bh(lock: Spinlock): Operation<void> {
  return lock_with('spin_lock_bh', lock, bottom_halves_off);
}

export function spin_unlock_bh(lock: Spinlock): Operation<void> {
  return unlock_with('spin_unlock_bh', lock, bottom_halves_on, (thread) =>
    leaves_bh(thread, 'spin_unlock_bh', 2),
  );
}

function lock_with(
  name: string,
  lock: Spinlock,
  change: (thread: ThreadContext) => void,
  subclass = 0,
): Operation<void> {
  const { raw } = lock;
  return silently(acquire(name, lock, { after: change, raw, subclass }), reader_part(change));
}

function unlock_with(
  name: string,
  lock: Spinlock,
  change: (thread: ThreadContext) => void,
  check = (thread: ThreadContext): Report | null => leaves_atomic(thread, name, 1),
): Operation<void> {
  const { spec } = silently(release(name, lock, change), reader_part(change));
  return operation<void>({
    ...spec,
    // Of a lock that it does not hold the step itself says so.
    check: (thread) => (thread.holds(lock.name) ? check(thread) : null),
  });
}
