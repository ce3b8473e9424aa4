import { type Operation, operation } from '../model/operation.ts';
import { isShared, Shared, SpecError } from '../model/shared.ts';
import { canonicalFrozen } from '../model/value.ts';
import { rmw } from './rmw.ts';

/** A shared variable of its own (a global in the C). Fields of heap structs are made by `struct`. */
export function variable<T>(name: string, initial: T): Shared<Widen<T>> {
  return new Shared<Widen<T>>(name, initial as Widen<T>);
}

export type Widen<T> = T extends boolean
  ? boolean
  : T extends number
    ? number
    : T extends string
      ? string
      : T;

/** Plain load: `x` in the C. */
export function load<T>(from: Shared<T>): Operation<T> {
  return read('load', from, true);
}

/** Plain store: `x = value` in the C. */
export function store<T>(to: Shared<T>, value: T): Operation<void> {
  return write('store', to, value, true);
}

/** Marked load: READ_ONCE(x). */
export function READ_ONCE<T>(from: Shared<T>): Operation<T> {
  return read('READ_ONCE', from, false);
}

/** Marked store: WRITE_ONCE(x, value). */
export function WRITE_ONCE<T>(to: Shared<T>, value: T): Operation<void> {
  return write('WRITE_ONCE', to, value, false);
}

/** Atomic read-modify-write; gives the old value. `change` must be pure. */
export function fetch_update<T>(of: Shared<T>, change: (old: T) => T): Operation<T> {
  return rmw('fetch_update', [of, change], of, (old) => ({ value: change(old), result: old }));
}

/** Atomic exchange; gives the old value. */
export function xchg<T>(of: Shared<T>, value: T): Operation<T> {
  return rmw('xchg', [of, value], of, (old) => ({ value, result: old }));
}

/** Atomic compare and exchange; gives the old value, and stores when that was `expected`. */
export function cmpxchg<T>(of: Shared<T>, expected: T, value: T): Operation<T> {
  return rmw('cmpxchg', [of, expected, value], of, (old) => ({
    value: same(old, expected) ? value : old,
    result: old,
  }));
}

/** Shared values are told apart by structure, not by which object they are. */
function same(a: unknown, b: unknown): boolean {
  return a === b || canonicalFrozen(a) === canonicalFrozen(b);
}

/** Waits until the condition on the object's value holds; gives that value. */
export function wait_until<T>(on: Shared<T>, condition: (value: T) => boolean): Operation<T> {
  if (isShared(on) && Object.prototype.toString.call(condition) !== '[object Function]') {
    throw new SpecError(`wait_until(${on.name}, ...) needs a function, like (value) => value > 0`);
  }
  return operation<T>({
    name: 'wait_until',
    args: [on, condition],
    reads: [on],
    accesses: [{ to: on, write: false, plain: false }],
    blocks: true,
    idle: true,
    step: ([value]) => (condition(value) ? { result: value } : null),
  });
}

function read<T>(name: string, from: Shared<T>, plain: boolean): Operation<T> {
  return operation<T>({
    name,
    args: [from],
    reads: [from],
    accesses: [{ to: from, write: false, plain }],
    step: ([value]) => ({ result: value }),
  });
}

function write<T>(name: string, to: Shared<T>, value: T, plain: boolean): Operation<void> {
  return operation<void>({
    name,
    args: [to, value],
    writes: [to],
    accesses: [{ to, write: true, plain }],
    step: () => ({ result: undefined, values: [value] }),
  });
}
