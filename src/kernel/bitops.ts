import { type Operation, operation, type Steps } from '../model/operation.ts';
import { type Shared, SpecError } from '../model/shared.ts';
import { load, store } from './access.ts';
import { rmw } from './rmw.ts';

/**
 * Bits of an `unsigned long` (include/asm-generic/bitops, Documentation/atomic_bitops.txt). Each
 * operation is one step on the whole word; those with __ are a plain load and a plain store, and lose
 * what others do to any bit of the word in between.
 */
const BITS_PER_LONG = 32;

export function set_bit(nr: number, word: Shared<number>): Operation<void> {
  return change<void>('set_bit', nr, word, with_bit, nothing);
}

export function clear_bit(nr: number, word: Shared<number>): Operation<void> {
  return change<void>('clear_bit', nr, word, without_bit, nothing);
}

/** The test_and_ forms tell whether the bit was set before. */
export function test_and_set_bit(nr: number, word: Shared<number>): Operation<boolean> {
  return change('test_and_set_bit', nr, word, with_bit, has_bit);
}

export function test_and_clear_bit(nr: number, word: Shared<number>): Operation<boolean> {
  return change('test_and_clear_bit', nr, word, without_bit, has_bit);
}

export function test_bit(nr: number, word: Shared<number>): Operation<boolean> {
  const bit = mask(nr);
  return operation<boolean>({
    name: 'test_bit',
    args: [nr, word],
    reads: [word],
    accesses: [{ to: word, write: false, plain: false }],
    step: ([value]) => ({ result: has_bit(value, bit) }),
  });
}

export function* __set_bit(nr: number, word: Shared<number>): Steps {
  yield* store(word, with_bit(yield* load(word), mask(nr)));
}

export function* __clear_bit(nr: number, word: Shared<number>): Steps {
  yield* store(word, without_bit(yield* load(word), mask(nr)));
}

/** `1UL << nr` */
export function mask(nr: number): number {
  if (Number.isInteger(nr) && nr >= 0 && nr < BITS_PER_LONG) return 1 << nr;
  throw new SpecError(`there is no bit ${nr} in a word of ${BITS_PER_LONG} bits`);
}

export function has_bit(value: number, bit: number): boolean {
  return (value & bit) !== 0;
}

function change<R>(
  name: string,
  nr: number,
  word: Shared<number>,
  to: (old: number, bit: number) => number,
  result: (old: number, bit: number) => R,
): Operation<R> {
  const bit = mask(nr);
  return rmw(name, [nr, word], word, (old) => ({ value: to(old, bit), result: result(old, bit) }));
}

export function with_bit(old: number, bit: number): number {
  return (old | bit) >>> 0;
}

function without_bit(old: number, bit: number): number {
  return (old & ~bit) >>> 0;
}

function nothing(): void {}
