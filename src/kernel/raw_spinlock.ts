import { type Operation, renamed } from '../model/operation.ts';
import type { Flags } from './irqflags.ts';
import type { Embedded } from './memory.ts';
import {
  Spinlock,
  spin_lock,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_trylock,
  spin_unlock,
  spin_unlock_irq,
  spin_unlock_irqrestore,
} from './spinlock.ts';

/**
 * Raw spinlocks (include/linux/spinlock_types_raw.h). They spin on PREEMPT_RT too, where spinlock_t
 * sleeps: so no spinlock_t may be taken inside one (Documentation/locking/locktypes.rst), which
 * lockdep reports as an invalid wait context. Else they are as spinlocks.
 */
export class RawSpinlock extends Spinlock {
  override readonly raw: boolean = true;
}

export function DEFINE_RAW_SPINLOCK(name: string): RawSpinlock {
  return new RawSpinlock(name, null);
}

/** `raw_spinlock_t` inside a heap struct. */
export function raw_spinlock(): Embedded<RawSpinlock> {
  return {
    declares: 'raw_spinlock()',
    alone: "DEFINE_RAW_SPINLOCK('name')",
    embed: (name, owner) => new RawSpinlock(name, null, owner),
  };
}

export function raw_spin_lock(lock: RawSpinlock): Operation<void> {
  return renamed('raw_spin_lock', spin_lock(lock));
}

export function raw_spin_unlock(lock: RawSpinlock): Operation<void> {
  return renamed('raw_spin_unlock', spin_unlock(lock));
}

export function raw_spin_trylock(lock: RawSpinlock): Operation<boolean> {
  return renamed('raw_spin_trylock', spin_trylock(lock));
}

export function raw_spin_lock_irq(lock: RawSpinlock): Operation<void> {
  return renamed('raw_spin_lock_irq', spin_lock_irq(lock));
}

export function raw_spin_unlock_irq(lock: RawSpinlock): Operation<void> {
  return renamed('raw_spin_unlock_irq', spin_unlock_irq(lock));
}

export function raw_spin_lock_irqsave(lock: RawSpinlock): Operation<Flags> {
  return renamed('raw_spin_lock_irqsave', spin_lock_irqsave(lock));
}

export function raw_spin_unlock_irqrestore(lock: RawSpinlock, flags: Flags): Operation<void> {
  return renamed('raw_spin_unlock_irqrestore', spin_unlock_irqrestore(lock, flags));
}
