import { type Operation, operation, type Report, renamed, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { Shared, SpecError } from '../model/shared.ts';
import { READ_ONCE, WRITE_ONCE, wait_until } from './access.ts';
import { current, together } from './ghost.ts';
import { type Embedded, type Instance, object, pointer, struct } from './memory.ts';
import { might_sleep } from './mutex.ts';
import { type TaskState, wake_up_process } from './wait.ts';

/**
 * Kernel threads (kernel/kthread.c). They exist from the start of a configuration, made by `boot`, and
 * sleep until they are woken for the first time.
 *
 * - A kthread looks itself whether it is to stop; kthread_stop() says so, wakes it, and waits until it
 *   has returned. It sleeps with set_current_state() and schedule(), or on a wait queue (wait.ts).
 * - Its task_struct is counted. The kthread's own reference goes as it exits, so who wants to stop one
 *   that may return by itself needs another: get_task_struct(). That the memory stays for a grace
 *   period of RCU after the last reference (delayed_put_task_struct) is not modelled.
 */
export type ThreadFunction = () => Steps<number>;

const task_struct = struct('task_struct', {
  usage: 1,
  /** What schedule() looks at; from the start a kthread is about to sleep. */
  state: task_state(),
  threadfn: pointer<ThreadFunction>(),
  should_stop: false,
  /** What it returned. */
  exited: pointer<number>(),
});

/** `struct task_struct` of a kthread. */
export type Kthread = Instance<typeof task_struct.fields>;

const EINTR = 4;

function task_state(): Embedded<Shared<TaskState>> {
  return {
    embed: (_, owner) => new Shared<TaskState>(`task:${owner.name}`, 'TASK_UNINTERRUPTIBLE', owner),
  };
}

/** For `build`: give it to `boot({ kthreads: [...] })` too. */
export function kthread_create(threadfn: ThreadFunction, name: string): Kthread {
  return object(task_struct, name, { threadfn });
}

/** Starts it. */
export function kthread_run(k: Kthread): Operation<boolean> {
  return renamed('kthread_run', wake_up_process(k));
}

export function kthread_should_stop(): Operation<boolean> {
  return renamed('kthread_should_stop', READ_ONCE(self('kthread_should_stop').should_stop));
}

/** Gives what the thread returned; -EINTR when it was never started. */
export function* kthread_stop(k: Kthread): Steps<number> {
  yield* renamed('kthread_stop', get_task_struct(k));
  yield* renamed('set_should_stop', WRITE_ONCE(k.should_stop, true));
  yield* wake_up_process(k);
  const result = yield* wait_for_exit(k);
  yield* put_task_struct(k);
  return result;
}

function wait_for_exit(k: Kthread): Operation<number> {
  return operation<number>({
    name: 'wait_for_exit',
    args: [k],
    reads: [k.exited],
    blocks: true,
    check: (thread) => might_sleep(thread, `kthread_stop(${k.name})`),
    step: ([exited]) => (exited === null ? null : { result: exited }),
  });
}

export function get_task_struct(k: Kthread): Operation<void> {
  return operation<void>({
    name: 'get_task_struct',
    args: [k],
    writes: [k.usage],
    step: ([usage]) => ({ result: undefined, values: [usage + 1] }),
  });
}

/** With the last reference the memory goes too, in the same step. */
export function put_task_struct(k: Kthread): Operation<void> {
  return operation<void>({
    name: 'put_task_struct',
    args: [k],
    writes: [k.usage, k.life],
    step: ([usage, life]) => {
      if (usage > 0)
        return { result: undefined, values: [usage - 1, usage === 1 ? 'freed' : life] };
      const report: Report = {
        rule: 'refcount_t: underflow; use-after-free',
        message: `${k.name} is put once more than it was taken`,
        object: k.name,
        type: k.type,
        crash: true,
      };
      return { result: undefined, reports: [report] };
    },
  });
}

/** The thread that runs it. */
export function* kthread(k: Kthread): Steps {
  yield* renamed('kthread', wait_until(k.state, awake));
  const stop = yield* kthread_should_stop();
  const result = stop ? -EINTR : yield* k.threadfn.initial!();
  yield* kthread_exit(k, result);
}

function awake(state: TaskState): boolean {
  return state === 'TASK_RUNNING';
}

/** Who waits in kthread_stop has a reference, so it does not matter which of both is first. */
function kthread_exit(k: Kthread, result: number): Operation<void> {
  const { spec } = renamed('kthread_exit', WRITE_ONCE(k.exited, result));
  return together(operation<void>({ ...spec, args: [k, result] }), put_task_struct(k));
}

/** The kthread whose code is running. */
function self(what: string): Kthread {
  const { name } = current(what);
  const found = runtime.structs.get(name) as Kthread | undefined;
  if (found?.type !== task_struct.type)
    throw new SpecError(`${what} outside a kthread: give it to boot({ kthreads: [...] })`);
  return found;
}
