import { type Operation, operation } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import type { Embedded } from './memory.ts';
import { might_sleep } from './mutex.ts';

/**
 * Completions (kernel/sched/completion.c). The value is `done`: how many may still pass; UINT_MAX
 * after complete_all, when everybody may. All is done under the lock inside, so each call is one
 * step: that of complete() has let go of the memory before a waiter can pass.
 */
export class Completion extends Shared<number> {}

const UINT_MAX = 2 ** 32 - 1;

export function DECLARE_COMPLETION(name: string): Completion {
  return new Completion(name, 0);
}

/** `struct completion` inside a heap struct, or one on a stack (`on_stack`). */
export function completion(): Embedded<Completion> {
  return {
    declares: 'completion()',
    alone: "DECLARE_COMPLETION('name')",
    embed: (name, owner) => new Completion(name, 0, owner),
  };
}

export function init_completion(x: Completion): Operation<void> {
  return set('init_completion', x, () => 0);
}

/** For using it again. Whoever has not passed since the last complete() waits again. */
export function reinit_completion(x: Completion): Operation<void> {
  return set('reinit_completion', x, () => 0);
}

/** Lets one waiter pass, now or later. */
export function complete(x: Completion): Operation<void> {
  return set('complete', x, (done) => (done === UINT_MAX ? done : done + 1));
}

/** Lets all waiters pass, until reinit_completion. */
export function complete_all(x: Completion): Operation<void> {
  return set('complete_all', x, () => UINT_MAX);
}

export function wait_for_completion(x: Completion): Operation<void> {
  return operation<void>({
    name: 'wait_for_completion',
    args: [x],
    writes: [x],
    blocks: true,
    check: (thread) => might_sleep(thread, `wait_for_completion(${x.name})`),
    step: ([done]) => (done > 0 ? { result: undefined, values: [passed(done)] } : null),
  });
}

/**
 * Gives up after a time: 0 when it was not completed, else how much of the time was left, at least 1.
 * There is no time, so a waiter gives up at any moment until complete(), and never after it
 * (do_wait_for_common). To go on waiting is not to run: no step of its own is needed for it.
 */
export function wait_for_completion_timeout(x: Completion): Operation<number> {
  return operation<number>({
    name: 'wait_for_completion_timeout',
    args: [x],
    writes: [x],
    check: (thread) => might_sleep(thread, `wait_for_completion_timeout(${x.name})`),
    step: ([done]) => (done > 0 ? { result: 1, values: [passed(done)] } : { result: 0 }),
  });
}

/** Passes if that needs no wait; gives whether it did. */
export function try_wait_for_completion(x: Completion): Operation<boolean> {
  return operation<boolean>({
    name: 'try_wait_for_completion',
    args: [x],
    writes: [x],
    step: ([done]) => (done > 0 ? { result: true, values: [passed(done)] } : { result: false }),
  });
}

/** Whether the next wait_for_completion would pass. */
export function completion_done(x: Completion): Operation<boolean> {
  return operation<boolean>({
    name: 'completion_done',
    args: [x],
    reads: [x],
    step: ([done]) => ({ result: done > 0 }),
  });
}

function passed(done: number): number {
  return done === UINT_MAX ? done : done - 1;
}

function set(name: string, x: Completion, change: (done: number) => number): Operation<void> {
  return operation<void>({
    name,
    args: [x],
    writes: [x],
    step: ([done]) => ({ result: undefined, values: [change(done)] }),
  });
}
