import { type Operation, operation } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import { might_sleep } from './mutex.ts';

/**
 * Counting semaphores (kernel/locking/semaphore.c). Nobody owns one: what one thread took another
 * may give back, so neither an `up` too many nor a leaving thread is noticed. The value is the count.
 *
 * `up` hands over to whoever waits longest. Here the count rises and any waiter may go: a schedule
 * in which another one is faster is one in which that one came earlier.
 */
export class Semaphore extends Shared<number> {}

export function DEFINE_SEMAPHORE(name: string, count = 1): Semaphore {
  return new Semaphore(name, count);
}

/** `struct semaphore` inside a heap struct. */
export function semaphore(count = 1): {
  embed(name: string, owner: Struct, initial?: number): Semaphore;
} {
  return { embed: (name, owner, initial) => new Semaphore(name, initial ?? count, owner) };
}

export function sema_init(sem: Semaphore, count: number): Operation<void> {
  return operation<void>({
    name: 'sema_init',
    args: [sem, count],
    writes: [sem],
    step: () => ({ result: undefined, values: [count] }),
  });
}

export function down(sem: Semaphore): Operation<void> {
  return operation<void>({
    name: 'down',
    args: [sem],
    writes: [sem],
    blocks: true,
    check: (thread) => might_sleep(thread, `down(${sem.name})`),
    step: ([count]) => (count > 0 ? { result: undefined, values: [count - 1] } : null),
  });
}

/** Never waits. As in the C, 0 when it took the semaphore and 1 when it did not. */
export function down_trylock(sem: Semaphore): Operation<0 | 1> {
  return operation<0 | 1>({
    name: 'down_trylock',
    args: [sem],
    writes: [sem],
    step: ([count]) => (count > 0 ? { result: 0, values: [count - 1] } : { result: 1 }),
  });
}

/** From any context, and by any thread. */
export function up(sem: Semaphore): Operation<void> {
  return operation<void>({
    name: 'up',
    args: [sem],
    writes: [sem],
    step: ([count]) => ({ result: undefined, values: [count + 1] }),
  });
}
