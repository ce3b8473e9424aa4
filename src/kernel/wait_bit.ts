import { type Operation, operation, type Steps } from '../model/operation.ts';
import type { Shared } from '../model/shared.ts';
import { clear_bit, has_bit, mask } from './bitops.ts';
import { current, named } from './ghost.ts';
import { might_sleep } from './mutex.ts';

/**
 * Waiting for a bit to be cleared (kernel/sched/wait_bit.c). Whoever clears it has to wake the waiters.
 *
 * wait_on_bit puts itself on the wait queue, then tests the bit again, then sleeps. Queueing and
 * testing are one step here: a clear between them is seen by the test, so it is as if it came before.
 * wake_up_bit does not look at the bit: a waiter that it wakes too soon tests, and sleeps again.
 */
export function* wait_on_bit(word: Shared<number>, bit: number): Steps {
  while (yield* prepare_to_wait(word, bit)) yield* bit_wait(word, bit);
}

export function wake_up_bit(word: Shared<number>, bit: number): Operation<void> {
  return operation<void>({
    name: 'wake_up_bit',
    args: [word, bit],
    writes: [waiters_of(word, bit)],
    step: () => ({ result: undefined, values: [[]] }),
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
    check: (thread) => might_sleep(thread, `wait_on_bit(${word.name}, ${bit})`),
    step: ([waiters, value], { name }) =>
      has_bit(value, set)
        ? { result: true, values: [[...waiters, name].sort()] }
        : { result: false },
  });
}

function bit_wait(word: Shared<number>, bit: number): Operation<void> {
  const me = current('wait_on_bit').name;
  return operation<void>({
    name: 'bit_wait',
    args: [word, bit],
    reads: [waiters_of(word, bit)],
    blocks: true,
    step: ([waiters]) => (waiters.includes(me) ? null : { result: undefined }),
  });
}

/** The threads that sleep until the bit is cleared. Not in the word's memory: the queue is global. */
function waiters_of(word: Shared<number>, bit: number): Shared<readonly string[]> {
  return named<readonly string[]>(`${word.name}:${bit}.waiters`, []);
}
