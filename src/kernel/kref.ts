import { type Operation, renamed, type Steps } from '../model/operation.ts';
import type { Embedded } from './memory.ts';
import type { Mutex } from './mutex.ts';
import {
  Refcount,
  refcount_dec_and_lock,
  refcount_dec_and_mutex_lock,
  refcount_dec_and_test,
  refcount_inc,
  refcount_inc_not_zero,
  refcount_read,
  refcount_set,
} from './refcount.ts';
import type { Spinlock } from './spinlock.ts';

/**
 * Reference counts with a release function (include/linux/kref.h): a refcount_t, whose warnings it
 * gives. The put that reaches 0 runs the release, in its own context.
 */
export class Kref extends Refcount {}

export type KrefRelease = (kref: Kref) => Steps<unknown>;

/** `static struct kref name = KREF_INIT(n)` */
export function KREF_INIT(name: string, n: number): Kref {
  return new Kref(name, n);
}

/** `struct kref` inside a heap struct; `container_of(kref, type)` gives the struct. */
export function kref(): Embedded<Kref, number> {
  return {
    declares: 'kref()',
    alone: "KREF_INIT('name', 1)",
    embed: (name, owner, initial = 0) => new Kref(name, initial, owner),
  };
}

export function kref_init(kref: Kref): Operation<void> {
  return renamed('kref_init', refcount_set(kref, 1));
}

export function kref_read(kref: Kref): Operation<number> {
  return renamed('kref_read', refcount_read(kref));
}

/** For who has a reference already. */
export function kref_get(kref: Kref): Operation<void> {
  return renamed('kref_get', refcount_inc(kref));
}

/** For who found the object without having a reference; false: it is being released. */
export function kref_get_unless_zero(kref: Kref): Operation<boolean> {
  return renamed('kref_get_unless_zero', refcount_inc_not_zero(kref));
}

/** True when it ran the release. */
export function kref_put(kref: Kref, release: KrefRelease): Steps<boolean> {
  return put(kref, release, renamed('kref_put', refcount_dec_and_test(kref)));
}

/** The release runs with the lock held, and has to unlock it. */
export function kref_put_mutex(kref: Kref, release: KrefRelease, lock: Mutex): Steps<boolean> {
  return put(kref, release, refcount_dec_and_mutex_lock(kref, lock));
}

/** As kref_put_mutex, with a spinlock. */
export function kref_put_lock(kref: Kref, release: KrefRelease, lock: Spinlock): Steps<boolean> {
  return put(kref, release, refcount_dec_and_lock(kref, lock));
}

function* put(
  kref: Kref,
  release: KrefRelease,
  drop: Operation<boolean> | Steps<boolean>,
): Steps<boolean> {
  const last = yield* drop;
  if (last) yield* release(kref);
  return last;
}
