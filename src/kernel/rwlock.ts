import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Steps } from '../model/operation.ts';
import type { Struct } from '../model/shared.ts';
import { if_taken, silently } from './ghost.ts';
import { leaves_atomic, preemption_off, preemption_on } from './irqflags.ts';
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
 * back later readers, but for readers in interrupt context, which wait for a writer inside only: so
 * a lock that an interrupt may read need not be read with interrupts off. Preemption is off inside;
 * the section is an RCU reader, as that of a spinlock is.
 */
export class Rwlock extends RwSemaphore {}

export function DEFINE_RWLOCK(name: string): Rwlock {
  return new Rwlock(name, UNLOCKED);
}

/** `rwlock_t` inside a heap struct. */
export function rwlock(): { embed(name: string, owner: Struct): Rwlock } {
  return { embed: (name, owner) => new Rwlock(name, UNLOCKED, owner) };
}

export function read_lock(lock: Rwlock): Operation<void> {
  return silently(
    read_acquire('read_lock', lock, preemption_off, ({ interrupts }) => interrupts),
    reader_part(preemption_off),
  );
}

export function read_trylock(lock: Rwlock): Operation<boolean> {
  return if_taken(read_try('read_trylock', lock, preemption_off), reader_part(preemption_off));
}

export function read_unlock(lock: Rwlock): Operation<void> {
  return unlock(read_release('read_unlock', lock, preemption_on), lock);
}

export function* write_lock(lock: Rwlock): Steps {
  const begin = write_begin('write_lock', lock, preemption_off);
  if (!(yield* if_taken(begin, reader_part(preemption_off))))
    yield* silently(
      write_wait('write_lock_wait', lock, preemption_off),
      reader_part(preemption_off),
    );
}

export function write_trylock(lock: Rwlock): Operation<boolean> {
  return if_taken(write_try('write_trylock', lock, preemption_off), reader_part(preemption_off));
}

export function write_unlock(lock: Rwlock): Operation<void> {
  return unlock(write_release('write_unlock', lock, preemption_on), lock);
}

function unlock(release: Operation<void>, lock: Rwlock): Operation<void> {
  const { spec } = silently(release, reader_part(preemption_on));
  return operation<void>({
    ...spec,
    // Of a lock that it does not hold the step itself says so.
    check: (thread: ThreadContext) =>
      thread.holds(lock.name) ? leaves_atomic(thread, spec.name, 1) : null,
  });
}
