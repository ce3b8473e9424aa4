import type { Operation } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import { acquire, release } from './mutex.ts';

export class Spinlock extends Shared<string | null> {
  readonly sleeps = false;
}

export function DEFINE_SPINLOCK(name: string): Spinlock {
  return new Spinlock(name, null);
}

/** `spinlock_t` inside a heap struct. */
export function spinlock(): { embed(name: string, owner: Struct): Spinlock } {
  return { embed: (name, owner) => new Spinlock(name, null, owner) };
}

export function spin_lock(lock: Spinlock): Operation<void> {
  return acquire('spin_lock', lock, undefined, (thread) => {
    thread.atomic++;
  });
}

export function spin_unlock(lock: Spinlock): Operation<void> {
  return release('spin_unlock', lock, (thread) => {
    thread.atomic--;
  });
}
