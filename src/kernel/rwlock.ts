import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Steps } from '../model/operation.ts';
import { current, if_taken, silently } from './ghost.ts';
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
import { reader_part } from './rcu_reader.ts';
import {
  RwSemaphore,
  read_acquire,
  read_release,
  read_try,
  UNLOCKED,
  write_begin,
  write_release,
  write_try,
  write_wait,
} from './rw_semaphore.ts';

/**
 * Reader-writer spinlocks (kernel/locking/qrwlock.c). As an rw_semaphore, a writer that waits holds
 * back later readers, but for readers in interrupt context or with bottom halves off, which wait for
 * a writer inside only: so a lock that an interrupt may read need not be read with interrupts off. Preemption is off inside;
 * the section is an RCU reader, as that of a spinlock is.
 */
export class Rwlock extends RwSemaphore {}

export function DEFINE_RWLOCK(name: string): Rwlock {
  return new Rwlock(name, UNLOCKED);
}

/** `rwlock_t` inside a heap struct. */
export function rwlock(): Embedded<Rwlock> {
  return {
    declares: 'rwlock()',
    alone: "DEFINE_RWLOCK('name')",
    embed: (name, owner) => new Rwlock(name, UNLOCKED, owner),
  };
}

export function read_lock(lock: Rwlock): Operation<void> {
  return reading('read_lock', lock, preemption_off);
}

export function read_lock_irq(lock: Rwlock): Operation<void> {
  return reading('read_lock_irq', lock, irqs_off);
}

/** `const flags = yield* read_lock_irqsave(lock)` */
export function* read_lock_irqsave(lock: Rwlock): Steps<Flags> {
  const flags = current('read_lock_irqsave').irqsOff;
  yield* reading('read_lock_irqsave', lock, irqs_off);
  return flags;
}

export function read_lock_bh(lock: Rwlock): Operation<void> {
  return reading('read_lock_bh', lock, bottom_halves_off);
}

export function read_trylock(lock: Rwlock): Operation<boolean> {
  return if_taken(read_try('read_trylock', lock, preemption_off), reader_part(preemption_off));
}

export function read_unlock(lock: Rwlock): Operation<void> {
  return unlocking(read_release, 'read_unlock', lock, preemption_on);
}

export function read_unlock_irq(lock: Rwlock): Operation<void> {
  return unlocking(read_release, 'read_unlock_irq', lock, irqs_on);
}

export function read_unlock_irqrestore(lock: Rwlock, flags: Flags): Operation<void> {
  return restoring(read_release, 'read_unlock_irqrestore', lock, flags);
}

export function read_unlock_bh(lock: Rwlock): Operation<void> {
  return unlocking(read_release, 'read_unlock_bh', lock, bottom_halves_on);
}

export function write_lock(lock: Rwlock): Steps {
  return writing('write_lock', lock, preemption_off);
}

export function write_lock_irq(lock: Rwlock): Steps {
  return writing('write_lock_irq', lock, irqs_off);
}

/** `const flags = yield* write_lock_irqsave(lock)` */
export function* write_lock_irqsave(lock: Rwlock): Steps<Flags> {
  const flags = current('write_lock_irqsave').irqsOff;
  yield* writing('write_lock_irqsave', lock, irqs_off);
  return flags;
}

export function write_lock_bh(lock: Rwlock): Steps {
  return writing('write_lock_bh', lock, bottom_halves_off);
}

export function write_trylock(lock: Rwlock): Operation<boolean> {
  return if_taken(write_try('write_trylock', lock, preemption_off), reader_part(preemption_off));
}

export function write_unlock(lock: Rwlock): Operation<void> {
  return unlocking(write_release, 'write_unlock', lock, preemption_on);
}

export function write_unlock_irq(lock: Rwlock): Operation<void> {
  return unlocking(write_release, 'write_unlock_irq', lock, irqs_on);
}

export function write_unlock_irqrestore(lock: Rwlock, flags: Flags): Operation<void> {
  return restoring(write_release, 'write_unlock_irqrestore', lock, flags);
}

export function write_unlock_bh(lock: Rwlock): Operation<void> {
  return unlocking(write_release, 'write_unlock_bh', lock, bottom_halves_on);
}

type Change = (thread: ThreadContext) => void;

function reading(name: string, lock: Rwlock, change: Change): Operation<void> {
  // in_interrupt() holds with bottom halves off, too (read_lock_is_recursive, queued_read_lock).
  const { bhOff, interrupts } = current(name);
  const barges = change === bottom_halves_off || bhOff > 0 || interrupts;
  const acquire = read_acquire(name, lock, change, barges);
  return silently(acquire, reader_part(change));
}

function* writing(name: string, lock: Rwlock, change: Change): Steps {
  if (!(yield* if_taken(write_begin(name, lock, change), reader_part(change))))
    yield* silently(write_wait(`${name}_wait`, lock, change), reader_part(change));
}

function unlocking(
  release: typeof read_release,
  name: string,
  lock: Rwlock,
  change: Change,
): Operation<void> {
  const { spec } = silently(release(name, lock, change), reader_part(change));
  const bottom_halves = change === bottom_halves_on;
  return operation<void>({
    ...spec,
    // Of a lock that it does not hold the step itself says so.
    check: (thread: ThreadContext) => {
      if (!thread.holds(lock.name)) return null;
      return bottom_halves ? leaves_bh(thread, name, 2) : leaves_atomic(thread, name, 1);
    },
  });
}

function restoring(
  release: typeof read_release,
  name: string,
  lock: Rwlock,
  flags: Flags,
): Operation<void> {
  const { spec } = unlocking(release, name, lock, irqs_restored(flags));
  return operation<void>({
    ...spec,
    args: [lock, flags],
    check: (thread) =>
      spec.check!(thread) ?? (thread.holds(lock.name) ? restores(thread, name) : null),
  });
}
