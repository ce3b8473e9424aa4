import type { LockMode, LockUse } from '../model/context.ts';
import type { Acquire } from '../model/operation.ts';
import { isShared, notShared, type Shared, SpecError } from '../model/shared.ts';

/**
 * Lock classes (Documentation/locking/lockdep-design.rst): what is initialised at one place in the
 * source, so all locks in the same field of the same struct type are one class.
 */
export function class_of({ name, owner }: Shared<any>, subclass = 0): string {
  const cls = owner ? `${owner.type}${name.slice(owner.name.length)}` : name;
  return subclass === 0 ? cls : `${cls}/${subclass}`;
}

export function use_of(lock: Shared<any>, mode: LockMode, subclass = 0): LockUse {
  if (!isShared(lock)) throw new SpecError(notShared(lock));
  return { lock: lock.name, cls: class_of(lock, subclass), mode };
}

/** Never waits: no dependency leads to it (kernel/locking/lockdep.c, validate_chain). */
export function tried(use: LockUse): readonly [Acquire] {
  return [{ ...use, trylock: true }];
}

/** A map: who acquires it waits for those that hold it, as a flush does for works. */
export function map(name: string): LockUse {
  return { lock: name, cls: name, mode: 'exclusive', map: true };
}
