import { type Operation, renamed, type Steps } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { cmpxchg, READ_ONCE, WRITE_ONCE, xchg } from './access.ts';
import type { Embedded } from './memory.ts';
import { rmw } from './rmw.ts';

/**
 * Atomic integers (include/linux/atomic.h, Documentation/atomic_t.txt): each operation is one step,
 * and overflow wraps at 32 bits. Their orderings (_acquire, _release, _relaxed) make no difference
 * under sequential consistency.
 */
export class Atomic extends Shared<number> {
  readonly kind = 'atomic_t';
}

/** `static atomic_t name = ATOMIC_INIT(i)` */
export function ATOMIC_INIT(name: string, i: number): Atomic {
  return new Atomic(name, i);
}

/** `atomic_t` inside a heap struct: 0 until atomic_set, or what `object` was given. */
export function atomic_t(): Embedded<Atomic, number> {
  return {
    declares: 'atomic_t()',
    alone: "ATOMIC_INIT('name', 0)",
    embed: (name, owner, initial = 0) => new Atomic(name, initial, owner),
  };
}

export function atomic_read(v: Atomic): Operation<number> {
  return renamed('atomic_read', READ_ONCE(v));
}

export function atomic_set(v: Atomic, i: number): Operation<void> {
  return renamed('atomic_set', WRITE_ONCE(v, i));
}

export function atomic_add(i: number, v: Atomic): Operation<void> {
  return add('atomic_add', [i, v], v, i, nothing);
}

export function atomic_sub(i: number, v: Atomic): Operation<void> {
  return add('atomic_sub', [i, v], v, -i, nothing);
}

export function atomic_inc(v: Atomic): Operation<void> {
  return add('atomic_inc', [v], v, 1, nothing);
}

export function atomic_dec(v: Atomic): Operation<void> {
  return add('atomic_dec', [v], v, -1, nothing);
}

/** The _return forms give the new value. */
export function atomic_add_return(i: number, v: Atomic): Operation<number> {
  return add('atomic_add_return', [i, v], v, i, after);
}

export function atomic_sub_return(i: number, v: Atomic): Operation<number> {
  return add('atomic_sub_return', [i, v], v, -i, after);
}

export function atomic_inc_return(v: Atomic): Operation<number> {
  return add('atomic_inc_return', [v], v, 1, after);
}

export function atomic_dec_return(v: Atomic): Operation<number> {
  return add('atomic_dec_return', [v], v, -1, after);
}

/** The fetch_ forms give the old value. */
export function atomic_fetch_add(i: number, v: Atomic): Operation<number> {
  return add('atomic_fetch_add', [i, v], v, i, before);
}

export function atomic_fetch_sub(i: number, v: Atomic): Operation<number> {
  return add('atomic_fetch_sub', [i, v], v, -i, before);
}

export function atomic_fetch_inc(v: Atomic): Operation<number> {
  return add('atomic_fetch_inc', [v], v, 1, before);
}

export function atomic_fetch_dec(v: Atomic): Operation<number> {
  return add('atomic_fetch_dec', [v], v, -1, before);
}

/** The _and_test forms tell whether the new value is 0. */
export function atomic_sub_and_test(i: number, v: Atomic): Operation<boolean> {
  return add('atomic_sub_and_test', [i, v], v, -i, zero);
}

export function atomic_dec_and_test(v: Atomic): Operation<boolean> {
  return add('atomic_dec_and_test', [v], v, -1, zero);
}

export function atomic_inc_and_test(v: Atomic): Operation<boolean> {
  return add('atomic_inc_and_test', [v], v, 1, zero);
}

/** Adds `a`, unless the value is `u`; true when it did. */
export function atomic_add_unless(v: Atomic, a: number, u: number): Operation<boolean> {
  return add_unless('atomic_add_unless', [v, a, u], v, a, u);
}

export function atomic_inc_not_zero(v: Atomic): Operation<boolean> {
  return add_unless('atomic_inc_not_zero', [v], v, 1, 0);
}

/** Gives the old value. */
export function atomic_xchg(v: Atomic, value: number): Operation<number> {
  return renamed('atomic_xchg', xchg(v, value));
}

/** Gives the old value, and stores when that was `old`. */
export function atomic_cmpxchg(v: Atomic, old: number, value: number): Operation<number> {
  return renamed('atomic_cmpxchg', cmpxchg(v, old, value));
}

/**
 * `atomic_try_cmpxchg(v, &old, value)`: true when it stored; else `old` gets what it found, for
 *
 *     const old = { value: yield* atomic_read(v) };
 *     while (!(yield* atomic_try_cmpxchg(v, old, old.value + 1)));
 */
export function* atomic_try_cmpxchg(
  v: Atomic,
  old: { value: number },
  value: number,
): Steps<boolean> {
  const found = yield* renamed('atomic_try_cmpxchg', cmpxchg(v, old.value, value));
  if (found === old.value) return true;
  old.value = found;
  return false;
}

function add<R>(
  name: string,
  args: readonly unknown[],
  v: Atomic,
  i: number,
  result: (sum: number, old: number) => R,
): Operation<R> {
  return rmw(name, args, v, (old) => {
    const value = (old + i) | 0;
    return { value, result: result(value, old) };
  });
}

function add_unless(
  name: string,
  args: readonly unknown[],
  v: Atomic,
  a: number,
  u: number,
): Operation<boolean> {
  return rmw(name, args, v, (old) =>
    old === u ? { value: old, result: false } : { value: (old + a) | 0, result: true },
  );
}

function nothing(): void {}

function after(sum: number): number {
  return sum;
}

function before(_sum: number, old: number): number {
  return old;
}

function zero(sum: number): boolean {
  return sum === 0;
}
