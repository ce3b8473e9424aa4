import { type Operation, type Report, renamed, type Steps } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { READ_ONCE, WRITE_ONCE } from './access.ts';
import type { Embedded } from './memory.ts';
import { type Mutex, mutex_lock, mutex_unlock } from './mutex.ts';
import { type Change, rmw } from './rmw.ts';
import { type Spinlock, spin_lock, spin_unlock } from './spinlock.ts';

/**
 * Reference counts that saturate (include/linux/refcount.h, lib/refcount.c): a count that goes wrong
 * is reported and set to REFCOUNT_SATURATED, far from both zero and overflow, where it stays. So the
 * object leaks instead of being freed while it is in use, and every further get or put is reported.
 *
 * The kernel counts first and saturates in a second step, so that others may still see the wrong
 * count for a moment. Here both are one: the moment comes only after the misuse that is reported.
 * Older kernels (before REFCOUNT_SATURATED was INT_MIN / 2) report the same misuse, but leave a 0 as
 * it is, and say "increment on 0" for refcount_inc().
 */
export class Refcount extends Shared<number> {
  readonly kind = 'refcount_t';
}

export const REFCOUNT_MAX = 0x7fff_ffff;
export const REFCOUNT_SATURATED = -0x4000_0000;

/** `static refcount_t name = REFCOUNT_INIT(n)` */
export function REFCOUNT_INIT(name: string, n: number): Refcount {
  return new Refcount(name, n);
}

/** `refcount_t` inside a heap struct: 0 until refcount_set, or what `object` was given. */
export function refcount_t(): Embedded<Refcount, number> {
  return {
    declares: 'refcount_t()',
    alone: "REFCOUNT_INIT('name', 1)",
    embed: (name, owner, initial = 0) => new Refcount(name, initial, owner),
  };
}

export function refcount_set(r: Refcount, n: number): Operation<void> {
  return renamed('refcount_set', WRITE_ONCE(r, n));
}

export function refcount_read(r: Refcount): Operation<number> {
  return renamed('refcount_read', READ_ONCE(r));
}

/** For who has a reference already: an addition to 0 would revive an object that is being freed. */
export function refcount_inc(r: Refcount): Operation<void> {
  return add('refcount_inc', [r], r, 1);
}

export function refcount_add(i: number, r: Refcount): Operation<void> {
  return add('refcount_add', [i, r], r, i);
}

/** For who found the object without having a reference; false: it is being freed. */
export function refcount_inc_not_zero(r: Refcount): Operation<boolean> {
  return add_not_zero('refcount_inc_not_zero', [r], r, 1);
}

export function refcount_add_not_zero(i: number, r: Refcount): Operation<boolean> {
  return add_not_zero('refcount_add_not_zero', [i, r], r, i);
}

/** True for the put that reaches 0: the caller has to free the object. */
export function refcount_dec_and_test(r: Refcount): Operation<boolean> {
  return sub_and_test('refcount_dec_and_test', [r], r, 1);
}

export function refcount_sub_and_test(i: number, r: Refcount): Operation<boolean> {
  return sub_and_test('refcount_sub_and_test', [i, r], r, i);
}

/** For who knows that another reference remains; with the last one nobody would free the object. */
export function refcount_dec(r: Refcount): Operation<void> {
  return rmw<number, void>('refcount_dec', [r], r, (old) =>
    old <= 1
      ? saturated(r, old, undefined, 'decrement hit 0; leaking memory')
      : { value: old - 1, result: undefined },
  );
}

/** Drops the last reference, if that is what it is. */
export function refcount_dec_if_one(r: Refcount): Operation<boolean> {
  return rmw('refcount_dec_if_one', [r], r, (old) => ({
    value: old === 1 ? 0 : old,
    result: old === 1,
  }));
}

/** Drops a reference, unless it is the last one. A saturated count is left alone. */
export function refcount_dec_not_one(r: Refcount): Operation<boolean> {
  return rmw('refcount_dec_not_one', [r], r, (old) => {
    if (old === REFCOUNT_SATURATED) return { value: old, result: true };
    if (old === 1) return { value: old, result: false };
    if (old === 0)
      return { value: old, result: true, reports: [warn(r, old, 'underflow; use-after-free')] };
    return { value: old - 1, result: true };
  });
}

/** The put that reaches 0 does so under the lock, and gives true with the lock held. */
export function refcount_dec_and_mutex_lock(r: Refcount, lock: Mutex): Steps<boolean> {
  return dec_and_lock(r, mutex_lock, mutex_unlock, lock);
}

/** As refcount_dec_and_mutex_lock, with a spinlock. */
export function refcount_dec_and_lock(r: Refcount, lock: Spinlock): Steps<boolean> {
  return dec_and_lock(r, spin_lock, spin_unlock, lock);
}

type Warning =
  | 'addition on 0; use-after-free'
  | 'underflow; use-after-free'
  | 'decrement hit 0; leaking memory'
  | 'saturated; leaking memory';

function add(name: string, args: readonly unknown[], r: Refcount, i: number): Operation<void> {
  return rmw<number, void>(name, args, r, (old) => {
    if (old === 0) return saturated(r, old, undefined, 'addition on 0; use-after-free');
    if (overflows(old, i)) return saturated(r, old, undefined, 'saturated; leaking memory');
    return { value: old + i, result: undefined };
  });
}

function add_not_zero(
  name: string,
  args: readonly unknown[],
  r: Refcount,
  i: number,
): Operation<boolean> {
  return rmw(name, args, r, (old) => {
    if (old === 0) return { value: old, result: false };
    if (overflows(old, i)) return saturated(r, old, true, 'saturated; leaking memory');
    return { value: old + i, result: true };
  });
}

function sub_and_test(
  name: string,
  args: readonly unknown[],
  r: Refcount,
  i: number,
): Operation<boolean> {
  return rmw(name, args, r, (old) =>
    old < i
      ? saturated(r, old, false, 'underflow; use-after-free')
      : { value: old - i, result: old === i },
  );
}

function* dec_and_lock<L>(
  r: Refcount,
  lock_it: (lock: L) => Operation<void>,
  unlock: (lock: L) => Operation<void>,
  lock: L,
): Steps<boolean> {
  if (yield* refcount_dec_not_one(r)) return false;
  yield* lock_it(lock);
  if (yield* refcount_dec_and_test(r)) return true;
  yield* unlock(lock);
  return false;
}

/** Beyond INT_MAX, or saturated before. */
function overflows(old: number, i: number): boolean {
  return old < 0 || old + i > REFCOUNT_MAX;
}

/** refcount_warn_saturate() */
function saturated<R>(r: Refcount, old: number, result: R, warning: Warning): Change<number, R> {
  return { value: REFCOUNT_SATURATED, result, reports: [warn(r, old, warning)] };
}

function warn(r: Refcount, old: number, warning: Warning): Report {
  return {
    rule: `refcount_t: ${warning}`,
    message: `${r.name} was ${old === REFCOUNT_SATURATED ? 'saturated' : old}`,
    object: r.name,
    ...(r.owner ? { type: r.owner.type } : {}),
  };
}
