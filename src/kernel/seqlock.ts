import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import { silently } from './ghost.ts';
import { type Flags, leaves_atomic, preemption_off, preemption_on } from './irqflags.ts';
import { use_of } from './lockdep.ts';
import type { Embedded } from './memory.ts';
import type { Mutex } from './mutex.ts';
import { reader_part } from './rcu_reader.ts';
import {
  DEFINE_SPINLOCK,
  Spinlock,
  spin_lock,
  spin_lock_bh,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock,
  spin_unlock_bh,
  spin_unlock_irq,
  spin_unlock_irqrestore,
} from './spinlock.ts';

/**
 * Sequence counters (include/linux/seqlock.h, Documentation/locking/seqlock.rst). Odd while somebody
 * writes; a reader takes what it has read for good only if the count is even and still the same.
 *
 * Writers must exclude each other, and must not be preempted: a reader that preempts one spins for
 * ever. The kernel asserts it at the start (since v5.9): that the lock which the counter was declared
 * with (seqcount_spinlock_t, seqcount_mutex_t) is held; without one, that preemption is off. With a
 * lock that sleeps, the writer's section turns it off itself.
 *
 * What is read and written inside counts as atomic for KCSAN (kcsan_atomic_next,
 * kcsan_nestable_atomic_begin): a reader that met a writer does not use what it read.
 */
export class Seqcount extends Shared<number> {
  readonly serialised: Spinlock | Mutex | null;

  constructor(name: string, owner: Struct | null, serialised: Spinlock | Mutex | null) {
    super(name, 0, owner);
    this.serialised = serialised;
  }
}

/** `seqcount_t`, or with the lock of its writers `seqcount_spinlock_t` or `seqcount_mutex_t`. */
export function DEFINE_SEQCOUNT(name: string, lock: Spinlock | Mutex | null = null): Seqcount {
  return new Seqcount(name, null, lock);
}

/** `seqcount_t` inside a heap struct. */
export function seqcount(): Embedded<Seqcount> {
  return {
    declares: 'seqcount()',
    alone: "DEFINE_SEQCOUNT('name')",
    embed: (name, owner) => new Seqcount(name, owner, null),
  };
}

export function write_seqcount_begin(s: Seqcount): Operation<void> {
  const check = (thread: ThreadContext) => not_serialised(thread, s);
  const step = begin('write_seqcount_begin', s, check);
  return s.serialised?.sleeps ? with_preemption(step, preemption_off) : step;
}

export function write_seqcount_end(s: Seqcount): Operation<void> {
  if (!s.serialised?.sleeps) return end('write_seqcount_end', s);
  const check = (thread: ThreadContext) => leaves_atomic(thread, 'write_seqcount_end', 1);
  return with_preemption(end('write_seqcount_end', s, check), preemption_on);
}

/** Waits until nobody writes; gives the count, for read_seqcount_retry. */
export function read_seqcount_begin(s: Seqcount): Operation<number> {
  return operation<number>({
    name: 'read_seqcount_begin',
    args: [s],
    reads: [s],
    blocks: true,
    step: ([sequence]) => (sequence % 2 === 0 ? { result: sequence } : null),
    acquires: [use_of(s, 'recursive')],
    after: (thread) => {
      thread.readsSequence = true;
    },
  });
}

/** Whether somebody has written since, so that what was read is worth nothing. */
export function read_seqcount_retry(s: Seqcount, start: number): Operation<boolean> {
  return operation<boolean>({
    name: 'read_seqcount_retry',
    args: [s, start],
    reads: [s],
    step: ([sequence]) => ({ result: sequence !== start }),
    after: (thread) => {
      thread.readsSequence = false;
    },
  });
}

/** `seqlock_t`: a counter and the spinlock of its writers. */
export class Seqlock extends Seqcount {
  readonly lock: Spinlock;
  readonly parts: readonly [Spinlock];

  constructor(name: string, owner: Struct | null, lock: Spinlock) {
    super(name, owner, lock);
    this.lock = lock;
    this.parts = [lock];
  }
}

export function DEFINE_SEQLOCK(name: string): Seqlock {
  return new Seqlock(name, null, DEFINE_SPINLOCK(`${name}.lock`));
}

/** `seqlock_t` inside a heap struct. */
export function seqlock(): Embedded<Seqlock> {
  return {
    declares: 'seqlock()',
    alone: "DEFINE_SEQLOCK('name')",
    embed: (name, owner) => new Seqlock(name, owner, new Spinlock(`${name}.lock`, null, owner)),
  };
}

/** The lock and the count in one step: readers look at the count only, writers at the lock. */
export function write_seqlock(sl: Seqlock): Operation<void> {
  return both(sl, spin_lock(sl.lock), begin('write_seqlock', sl));
}

export function write_sequnlock(sl: Seqlock): Operation<void> {
  return both(sl, spin_unlock(sl.lock), end('write_sequnlock', sl));
}

export function write_seqlock_irq(sl: Seqlock): Operation<void> {
  return both(sl, spin_lock_irq(sl.lock), begin('write_seqlock_irq', sl));
}

export function write_sequnlock_irq(sl: Seqlock): Operation<void> {
  return both(sl, spin_unlock_irq(sl.lock), end('write_sequnlock_irq', sl));
}

/** `const flags = yield* write_seqlock_irqsave(sl)` */
export function write_seqlock_irqsave(sl: Seqlock): Operation<Flags> {
  return both(sl, spin_lock_irqsave(sl.lock), begin('write_seqlock_irqsave', sl));
}

export function write_sequnlock_irqrestore(sl: Seqlock, flags: Flags): Operation<void> {
  const unlock = spin_unlock_irqrestore(sl.lock, flags);
  const { spec } = both(sl, unlock, end('write_sequnlock_irqrestore', sl));
  return operation<void>({ ...spec, args: [sl, flags], shown: [sl, flags] });
}

export function write_seqlock_bh(sl: Seqlock): Operation<void> {
  return both(sl, spin_lock_bh(sl.lock), begin('write_seqlock_bh', sl));
}

export function write_sequnlock_bh(sl: Seqlock): Operation<void> {
  return both(sl, spin_unlock_bh(sl.lock), end('write_sequnlock_bh', sl));
}

export function read_seqbegin(sl: Seqlock): Operation<number> {
  const { spec } = read_seqcount_begin(sl);
  return operation<number>({ ...spec, name: 'read_seqbegin' });
}

export function read_seqretry(sl: Seqlock, start: number): Operation<boolean> {
  const { spec } = read_seqcount_retry(sl, start);
  return operation<boolean>({ ...spec, name: 'read_seqretry' });
}

/**
 * A reader that goes without the lock the first time, and with it if that was in vain:
 *
 *     let seq = 0;
 *     for (;;) {
 *       seq = yield* read_seqbegin_or_lock(sl, seq);
 *       ...
 *       if (!(yield* need_seqretry(sl, seq))) break;
 *       seq = 1; // an odd one takes the lock
 *     }
 *     yield* done_seqretry(sl, seq);
 */
export function* read_seqbegin_or_lock(sl: Seqlock, seq: number): Steps<number> {
  if (seq % 2 === 0) return yield* read_seqbegin(sl);
  yield* read_seqlock_excl(sl);
  return seq;
}

export function* need_seqretry(sl: Seqlock, seq: number): Steps<boolean> {
  return seq % 2 === 0 && (yield* read_seqretry(sl, seq));
}

export function* done_seqretry(sl: Seqlock, seq: number): Steps {
  if (seq % 2 === 1) yield* read_sequnlock_excl(sl);
}

/** Keeps out writers, and other readers that lock; those that do not go on. */
export function read_seqlock_excl(sl: Seqlock): Operation<void> {
  const { spec } = spin_lock(sl.lock);
  return operation<void>({ ...spec, name: 'read_seqlock_excl', args: [sl], shown: [sl] });
}

export function read_sequnlock_excl(sl: Seqlock): Operation<void> {
  const { spec } = spin_unlock(sl.lock);
  return operation<void>({ ...spec, name: 'read_sequnlock_excl', args: [sl], shown: [sl] });
}

/** For lockdep a writer holds the count (seqcount_acquire), and a reader asks for it. */
function begin(
  name: string,
  s: Seqcount,
  check?: (thread: ThreadContext) => Report | null,
): Operation<void> {
  const use = use_of(s, 'exclusive');
  const { spec } = count(name, s, check);
  return operation<void>({
    ...spec,
    acquires: [use],
    after: (thread) => {
      thread.take(use);
      thread.writesSequences++;
    },
  });
}

function end(
  name: string,
  s: Seqcount,
  check?: (thread: ThreadContext) => Report | null,
): Operation<void> {
  const { spec } = count(name, s, check);
  return operation<void>({
    ...spec,
    after: (thread) => {
      thread.drop(s.name);
      if (thread.writesSequences > 0) thread.writesSequences--;
    },
  });
}

function count(
  name: string,
  s: Seqcount,
  check?: (thread: ThreadContext) => Report | null,
): Operation<void> {
  return operation<void>({
    name,
    args: [s],
    writes: [s],
    ...(check ? { check } : {}),
    step: ([sequence]) => ({ result: undefined, values: [sequence + 1] }),
  });
}

function both<R>(sl: Seqlock, locking: Operation<R>, counting: Operation<void>): Operation<R> {
  const { spec } = silently(locking, counting);
  return operation<R>({ ...spec, name: counting.spec.name, args: [sl], shown: [sl] });
}

function with_preemption(
  step: Operation<void>,
  change: (thread: ThreadContext) => void,
): Operation<void> {
  const { spec } = silently(step, reader_part(change));
  const after = (thread: ThreadContext): void => {
    step.spec.after?.(thread);
    change(thread);
  };
  return operation<void>({ ...spec, after });
}

/** __seqprop_assert() */
function not_serialised(thread: ThreadContext, s: Seqcount): Report | null {
  const lock = s.serialised;
  if (lock && !thread.holds(lock.name)) {
    const message = `write_seqcount_begin(${s.name}): lockdep_assert_held(${lock.name}) fails`;
    return { rule: 'lock not held', message };
  }
  if (lock || thread.atomic > 0 || thread.irqsOff) return null;
  return {
    rule: 'preemption not disabled',
    message: `write_seqcount_begin(${s.name}): lockdep_assert_preemption_disabled() fails`,
  };
}
