import { type Operation, operation, type Steps } from '../model/operation.ts';
import type { Shared } from '../model/shared.ts';
import { clear_bit, has_bit, mask, with_bit } from './bitops.ts';
import { current, named } from './ghost.ts';
import { might_sleep } from './mutex.ts';

/**
 * Waiting for a bit to be cleared (kernel/sched/wait_bit.c). Whoever clears it has to wake the waiters.
 *
 * wait_on_bit puts itself on the wait queue, then tests the bit again, then sleeps. Queueing and
 * testing are one step here: a clear between them is seen by the test, so it is as if it came before.
 * wake_up_bit wakes all that only wait, and of those that are to set the bit, the first. It does not
 * look at the bit: a waiter that it wakes too soon tests, and sleeps again.
 */
export function* wait_on_bit(word: Shared<number>, bit: number): Steps {
  while (yield* prepare_to_wait(word, bit)) yield* bit_wait(word, bit);
}

/** Waits until the bit is clear, and sets it: the bit is a lock. */
export function* wait_on_bit_lock(word: Shared<number>, bit: number): Steps {
  while (yield* prepare_to_lock(word, bit)) yield* bit_wait(word, bit);
}

export function wake_up_bit(word: Shared<number>, bit: number): Operation<void> {
  return operation<void>({
    name: 'wake_up_bit',
    args: [word, bit],
    writes: [waiters_of(word, bit)],
    step: ([{ exclusive }]) => ({
      result: undefined,
      values: [{ shared: [], exclusive: exclusive.slice(1) }],
    }),
  });
}

export function* clear_and_wake_up_bit(bit: number, word: Shared<number>): Steps {
  yield* clear_bit(bit, word);
  yield* wake_up_bit(word, bit);
}

/** False when the bit is clear already. */
function prepare_to_wait(word: Shared<number>, bit: number): Operation<boolean> {
  const set = mask(bit);
  return operation<boolean>({
    name: 'wait_on_bit',
    args: [word, bit],
    writes: [waiters_of(word, bit)],
    reads: [word],
    accesses: [{ to: word, write: false, plain: false }],
    check: (thread) => might_sleep(thread, `wait_on_bit(${word.name}, ${bit})`),
    step: ([{ shared, exclusive }, value], { name }) =>
      has_bit(value, set)
        ? { result: true, values: [{ shared: [...shared, name].sort(), exclusive }] }
        : { result: false },
  });
}

/** False when the bit was clear, and is set now. */
function prepare_to_lock(word: Shared<number>, bit: number): Operation<boolean> {
  const set = mask(bit);
  return operation<boolean>({
    name: 'wait_on_bit_lock',
    args: [word, bit],
    writes: [waiters_of(word, bit), word],
    accesses: [{ to: word, write: true, plain: false }],
    check: (thread) => might_sleep(thread, `wait_on_bit_lock(${word.name}, ${bit})`),
    step: ([waiters, value], { name }) => {
      if (!has_bit(value, set)) return { result: false, values: [waiters, with_bit(value, set)] };
      const exclusive = [...waiters.exclusive, name];
      return { result: true, values: [{ ...waiters, exclusive }, value] };
    },
  });
}

function bit_wait(word: Shared<number>, bit: number): Operation<void> {
  const me = current('wait_on_bit').name;
  return operation<void>({
    name: 'bit_wait',
    args: [word, bit],
    reads: [waiters_of(word, bit)],
    blocks: true,
    step: ([{ shared, exclusive }]) =>
      shared.includes(me) || exclusive.includes(me) ? null : { result: undefined },
  });
}

/** The threads that sleep until the bit is cleared; `exclusive`: to set it. */
interface Waiters {
  readonly shared: readonly string[];
  readonly exclusive: readonly string[];
}

const NOBODY: Waiters = { shared: [], exclusive: [] };

/** Not in the word's memory: the queue is global. */
function waiters_of(word: Shared<number>, bit: number): Shared<Waiters> {
  return named(`${word.name}:${bit}.waiters`, NOBODY);
}
