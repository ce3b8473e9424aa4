import type { LockUse, ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report, renamed, type Steps } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { current, named } from './ghost.ts';
import { class_of } from './lockdep.ts';
import type { Embedded } from './memory.ts';
import { might_sleep } from './mutex.ts';

/**
 * Wait queues (kernel/sched/wait.c, include/linux/wait.h) and the state of tasks. To sleep, a thread
 * puts itself on the queue and says that it is not running (prepare_to_wait), tests what it waits
 * for, and calls schedule(), which returns once somebody has made it running again. A wake-up before
 * prepare_to_wait finds nobody: with the test there too, the thread sleeps for ever.
 *
 * A thread is on a queue once, so its entry goes by its name and is not passed around. Signals are
 * not modelled, hence all states of a sleeping task are one; nor are spurious wake-ups.
 */
export interface WaitQueueEntry {
  readonly thread: string;
  readonly exclusive: boolean;
}

/** `wait_queue_head_t`: who is on it, first to be woken first. */
export class WaitQueueHead extends Shared<readonly WaitQueueEntry[]> {}

export type TaskState = 'TASK_RUNNING' | 'TASK_INTERRUPTIBLE' | 'TASK_UNINTERRUPTIBLE';

export const TASK_RUNNING = 'TASK_RUNNING';
export const TASK_INTERRUPTIBLE = 'TASK_INTERRUPTIBLE';
export const TASK_UNINTERRUPTIBLE = 'TASK_UNINTERRUPTIBLE';

export function DECLARE_WAIT_QUEUE_HEAD(name: string): WaitQueueHead {
  return new WaitQueueHead(name, []);
}

/** `wait_queue_head_t` inside a heap struct. */
export function wait_queue_head(): Embedded<WaitQueueHead> {
  return {
    declares: 'wait_queue_head()',
    alone: "DECLARE_WAIT_QUEUE_HEAD('name')",
    embed: (name, owner) => new WaitQueueHead(name, [], owner),
  };
}

/** At the front of the queue, unless it is on it; from now on schedule() sleeps. */
export function prepare_to_wait(wq: WaitQueueHead): Operation<void> {
  return prepare('prepare_to_wait', wq, (queue, thread) => [
    { thread, exclusive: false },
    ...queue,
  ]);
}

/** At the end of the queue: of all that wait like this, a wake_up wakes one. */
export function prepare_to_wait_exclusive(wq: WaitQueueHead): Operation<void> {
  return prepare('prepare_to_wait_exclusive', wq, (queue, thread) => [
    ...queue,
    { thread, exclusive: true },
  ]);
}

function prepare(
  name: string,
  wq: WaitQueueHead,
  added: (queue: readonly WaitQueueEntry[], thread: string) => readonly WaitQueueEntry[],
): Operation<void> {
  const me = current(name).name;
  return operation<void>({
    name,
    args: [wq],
    acquires: [lock_of(wq)],
    writes: [wq, task(me)],
    step: ([queue]: (readonly WaitQueueEntry[])[]) => ({
      result: undefined,
      values: [
        queue!.some(({ thread }) => thread === me) ? queue : added(queue!, me),
        'TASK_UNINTERRUPTIBLE',
      ],
    }),
    after: falls_asleep('TASK_UNINTERRUPTIBLE'),
  });
}

export function finish_wait(wq: WaitQueueHead): Operation<void> {
  const me = current('finish_wait').name;
  return operation<void>({
    name: 'finish_wait',
    args: [wq],
    writes: [wq, task(me)],
    step: ([queue]) => ({
      result: undefined,
      values: [queue.filter((entry: WaitQueueEntry) => entry.thread !== me), 'TASK_RUNNING'],
    }),
    after: falls_asleep('TASK_RUNNING'),
  });
}

/**
 * For a thread that is on no queue and waits for wake_up_process(): what it waits for is to be tested
 * after this, or a wake-up before it is lost.
 */
export function set_current_state(state: TaskState): Operation<void> {
  const me = current('set_current_state').name;
  return operation<void>({
    name: 'set_current_state',
    args: [state],
    writes: [task(me)],
    step: () => ({ result: undefined, values: [state] }),
    after: falls_asleep(state),
  });
}

/** Without the memory barrier; enough for TASK_RUNNING. */
export function __set_current_state(state: TaskState): Operation<void> {
  return renamed('__set_current_state', set_current_state(state));
}

/** Wakes a thread, whatever it sleeps for; true when it was not running. */
export function wake_up_process(p: { readonly name: string }): Operation<boolean> {
  return operation<boolean>({
    name: 'wake_up_process',
    args: [p],
    writes: [task(p.name)],
    step: ([state]) => ({ result: state !== 'TASK_RUNNING', values: ['TASK_RUNNING'] }),
  });
}

/** Sleeps until the task is running, which it is also when it never said otherwise. */
export function schedule(): Operation<void> {
  return sleep(false);
}

function sleep(idle: boolean): Operation<void> {
  return operation<void>({
    name: 'schedule',
    args: [],
    reads: [task(current('schedule').name)],
    blocks: true,
    idle,
    check: scheduling,
    step: ([state]) => (state === 'TASK_RUNNING' ? { result: undefined } : null),
    after: falls_asleep('TASK_RUNNING'),
  });
}

/** Wakes all that are not exclusive, and of those that are, the first. */
export function wake_up(wq: WaitQueueHead): Steps {
  return wake('wake_up', wq, 1);
}

export function wake_up_all(wq: WaitQueueHead): Steps {
  return wake('wake_up_all', wq, Number.POSITIVE_INFINITY);
}

/**
 * All in one step, as it is under the lock of the queue; but a step must know beforehand whose
 * states it may change. So a look at the queue comes first, again whenever that has changed since.
 */
function* wake(name: string, wq: WaitQueueHead, exclusive: number): Steps {
  for (;;) {
    const queue = yield* look(name, wq);
    if (queue.length === 0 || (yield* wake_these(`${name}_locked`, wq, queue, exclusive))) return;
  }
}

function look(name: string, wq: WaitQueueHead): Operation<readonly WaitQueueEntry[]> {
  return operation<readonly WaitQueueEntry[]>({
    name,
    args: [wq],
    acquires: [lock_of(wq)],
    reads: [wq],
    step: ([queue]) => ({ result: queue }),
  });
}

/** The queue's spinlock, taken with interrupts off and given back at once. */
function lock_of(wq: WaitQueueHead): LockUse {
  return { lock: `${wq.name}.lock`, cls: `${class_of(wq)}.lock`, mode: 'exclusive' };
}

/** Those that it wakes leave the queue (autoremove_wake_function). False: the queue is another. */
function wake_these(
  name: string,
  wq: WaitQueueHead,
  expected: readonly WaitQueueEntry[],
  exclusive: number,
): Operation<boolean> {
  return operation<boolean>({
    name,
    args: [wq, expected, exclusive],
    shown: [wq],
    writes: [wq, ...expected.map(({ thread }) => task(thread))],
    step: ([queue, ...states]) => {
      if (JSON.stringify(queue) !== JSON.stringify(expected)) return { result: false };
      let left = exclusive;
      const woken = expected.map((entry, at) => {
        if (left === 0 || states[at] === 'TASK_RUNNING') return false;
        if (entry.exclusive) left--;
        return true;
      });
      return {
        result: true,
        values: [
          expected.filter((_, at) => !woken[at]),
          ...states.map((state, at) => (woken[at] ? 'TASK_RUNNING' : state)),
        ],
      };
    },
  });
}

/** Whether anybody is on the queue. */
export function waitqueue_active(wq: WaitQueueHead): Operation<boolean> {
  return operation<boolean>({
    name: 'waitqueue_active',
    args: [wq],
    reads: [wq],
    step: ([queue]) => ({ result: queue.length > 0 }),
  });
}

/** `() => READ_ONCE(x)`, or a generator function of several steps. */
export type Condition = () => Operation<boolean> | Steps<boolean>;

/** `wait_event(wq, condition)`. */
export function wait_event(wq: WaitQueueHead, condition: Condition): Steps {
  return wait('wait_event', wq, condition, schedule);
}

/** As wait_event; a daemon may sleep here for ever. */
export function wait_event_idle(wq: WaitQueueHead, condition: Condition): Steps {
  return wait('wait_event_idle', wq, condition, () => sleep(true));
}

/** ___wait_event(): the test after each prepare_to_wait is what loses no wake-up. */
function* wait(
  name: string,
  wq: WaitQueueHead,
  condition: Condition,
  asleep: () => Operation<void>,
): Steps {
  const report = might_sleep(current(name), `${name}(${wq.name})`);
  if (report) yield* wrong(report);
  if (yield* condition()) return;
  for (;;) {
    yield* prepare_to_wait(wq);
    if (yield* condition()) break;
    yield* asleep();
  }
  yield* finish_wait(wq);
}

/** might_sleep() where nothing else is done. */
function wrong(report: Report): Operation<void> {
  return operation<void>({
    name: 'might_sleep',
    args: [],
    step: () => ({ result: undefined, reports: [report] }),
  });
}

/** __schedule_bug() and rcu_note_context_switch(). */
function scheduling(thread: ThreadContext): Report | null {
  if (thread.atomic > 0 || thread.irqsOff || thread.interrupts) {
    const message = `${thread.name} calls schedule() with a preempt_count of ${thread.atomic}`;
    return { rule: 'scheduling while atomic', message };
  }
  if (thread.rcu === 0) return null;
  return {
    rule: 'Voluntary context switch within RCU read-side critical section!',
    message: `${thread.name} calls schedule() after rcu_read_lock()`,
  };
}

/** current->task_state_change, for might_sleep(). */
function falls_asleep(state: TaskState) {
  return (thread: ThreadContext) => {
    thread.asleep = state !== 'TASK_RUNNING';
  };
}

/** Whether the thread runs, by its own account until somebody wakes it. */
function task(thread: string): Shared<TaskState> {
  return named<TaskState>(`task:${thread}`, 'TASK_RUNNING');
}
