import { type Operation, operation } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import { silently } from './ghost.ts';
import { acquire, release } from './mutex.ts';
import { reader_enter, reader_leave } from './rcu_reader.ts';

/**
 * Spinlocks (include/linux/spinlock_api_smp.h). Preemption is off from before the lock is tried
 * until after it is released, so the section is an RCU reader too (since v5.0 all flavours are one,
 * kernel/rcu/tree.c). The wait itself is not counted as a reader: a waiter has done nothing yet, so
 * a schedule in which it holds back a grace period while waiting is one in which it comes later.
 */
export class Spinlock extends Shared<string | null> {
  readonly sleeps = false;

  /** lockdep: memory that contains a held lock must not be freed. */
  freed(owner: string | null): string | null {
    return owner === null ? null : `${this.name}, held by ${owner}`;
  }
}

export function DEFINE_SPINLOCK(name: string): Spinlock {
  return new Spinlock(name, null);
}

/** `spinlock_t` inside a heap struct. */
export function spinlock(): { embed(name: string, owner: Struct): Spinlock } {
  return { embed: (name, owner) => new Spinlock(name, null, owner) };
}

export function spin_lock(lock: Spinlock): Operation<void> {
  return lock_with('spin_lock', lock);
}

export function spin_unlock(lock: Spinlock): Operation<void> {
  return unlock_with('spin_unlock', lock);
}

/** As spin_lock, and interrupts go off. */
export function spin_lock_irq(lock: Spinlock): Operation<void> {
  return lock_with('spin_lock_irq', lock, true);
}

/** As spin_unlock, and interrupts go on, whatever they were before the lock was taken. */
export function spin_unlock_irq(lock: Spinlock): Operation<void> {
  return unlock_with('spin_unlock_irq', lock, false);
}

/** Whether interrupts were off already. */
export type Flags = boolean;

/** `spin_lock_irqsave(lock, flags)`: `const flags = yield* spin_lock_irqsave(lock)`. */
export function spin_lock_irqsave(lock: Spinlock): Operation<Flags> {
  const { spec } = lock_with('spin_lock_irqsave', lock);
  return operation<Flags>({
    ...spec,
    step: (values, thread) => {
      const effect = spec.step!(values, thread);
      return effect && { ...effect, result: thread.irqsOff };
    },
    after: (thread) => {
      spec.after!(thread);
      thread.irqsOff = true;
    },
  });
}

/** Interrupts go back to what spin_lock_irqsave found. */
export function spin_unlock_irqrestore(lock: Spinlock, flags: Flags): Operation<void> {
  const { spec } = unlock_with('spin_unlock_irqrestore', lock, flags);
  return operation<void>({ ...spec, args: [lock, flags] });
}

function lock_with(name: string, lock: Spinlock, irqsOff?: boolean): Operation<void> {
  return silently(
    acquire(name, lock, undefined, (thread) => {
      thread.atomic++;
      if (irqsOff !== undefined) thread.irqsOff = irqsOff;
    }),
    reader_enter(),
  );
}

function unlock_with(name: string, lock: Spinlock, irqsOff?: boolean): Operation<void> {
  return silently(
    release(name, lock, (thread) => {
      thread.atomic--;
      if (irqsOff !== undefined) thread.irqsOff = irqsOff;
    }),
    reader_leave(),
  );
}
