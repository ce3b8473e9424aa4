import {
  BLOCKED,
  type Effect,
  type Operation,
  operation,
  renamed,
  type Steps,
} from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import type { Struct } from '../model/shared.ts';
import { load } from './access.ts';
import { CANCELING, end_cancel, flush_work, grab } from './flush_work.ts';
import { together } from './ghost.ts';
import type { Embedded } from './memory.ts';
import { add_timer, del_timer, del_timer_sync, Timer, timer_setup } from './timer.ts';
import {
  INIT_WORK,
  insert_work,
  set_pending,
  set_wq,
  Work,
  type WorkFunction,
  type Workqueue,
  type WorkState,
} from './workqueue.ts';

/**
 * Works that are queued by a timer (kernel/workqueue.c, struct delayed_work): pending from the call
 * on, while the timer is armed and then while they are on the list. There is no time, so no delay is
 * given; to queue one with a delay of 0 is queue_work().
 *
 * flush_work() and flush_workqueue() know nothing of the timer: they do not wait for an item whose
 * timer is armed. cancel_work_sync() of such an item waits until the timer has fired.
 */
export class DelayedWork extends Work {
  readonly timer: Timer;
  readonly parts: readonly [Timer];

  constructor(name: string, owner: Struct | null, fn: WorkFunction | null = null) {
    super(name, fn && { fn, pending: false, pool: null }, owner);
    const timer = fn && { fn: delayed_work_timer_fn, pending: false };
    this.timer = new Timer(`${name}.timer`, timer, owner);
    this.parts = [this.timer];
  }
}

/** `struct delayed_work` inside a heap struct. */
export function delayed_work(): Embedded<DelayedWork> {
  return {
    declares: 'delayed_work()',
    alone: "DECLARE_DELAYED_WORK('name', fn)",
    embed: (name, owner) => new DelayedWork(name, owner),
  };
}

/** `DECLARE_DELAYED_WORK(name, fn)`: a static one. */
export function DECLARE_DELAYED_WORK(name: string, fn: WorkFunction): DelayedWork {
  return new DelayedWork(name, null, fn);
}

export function INIT_DELAYED_WORK(dwork: DelayedWork, fn: WorkFunction): Operation<void> {
  const setup = timer_setup(dwork.timer, delayed_work_timer_fn);
  return renamed('INIT_DELAYED_WORK', together(INIT_WORK(dwork, fn), setup));
}

/** Arms the timer on this CPU; false when the item was pending already. */
export function* queue_delayed_work(wq: Workqueue, dwork: DelayedWork): Steps<boolean> {
  const claimed = yield* set_pending('queue_delayed_work', dwork);
  if (claimed === null) return false;
  yield* __queue_delayed_work(wq, dwork);
  return true;
}

/**
 * Arms the timer anew, whether the item is pending or not; true when it was. While somebody cancels
 * it with cancel_delayed_work_sync: nothing, and true.
 */
export function* mod_delayed_work(wq: Workqueue, dwork: DelayedWork): Steps<boolean> {
  const was = yield* grab_delayed('mod_delayed_work', wq, dwork, { pending: true }, ENOENT);
  if (was === null) return true;
  yield* __queue_delayed_work(wq, dwork);
  return was;
}

const ENOENT = { result: null };

/** Disarms the timer or takes the item off its list. Its function may still be running. */
export function cancel_delayed_work(wq: Workqueue, dwork: DelayedWork): Operation<boolean> {
  const canceled = { result: false };
  return grab_delayed('cancel_delayed_work', wq, dwork, { pending: false }, canceled);
}

/** And waits until its function is not running either; nobody can queue it meanwhile. */
export function* cancel_delayed_work_sync(wq: Workqueue, dwork: DelayedWork): Steps<boolean> {
  const was = yield* grab_delayed<boolean>(
    'cancel_delayed_work_sync',
    wq,
    dwork,
    CANCELING,
    BLOCKED,
  );
  yield* end_cancel(wq, dwork);
  return was;
}

/** An item that waits for its timer is queued at once; then as flush_work(). */
export function* flush_delayed_work(wq: Workqueue, dwork: DelayedWork): Steps<boolean> {
  if (yield* renamed('flush_delayed_work', del_timer_sync(dwork.timer))) {
    yield* __queue_work(dwork);
  }
  return yield* flush_work(wq, dwork);
}

function __queue_delayed_work(wq: Workqueue, dwork: DelayedWork): Operation<boolean> {
  return together(add_timer(dwork.timer), set_wq('dwork->wq', dwork, wq));
}

/** The handler of the timer: what queue_work does after it has set PENDING. */
function* delayed_work_timer_fn(timer: Timer): Steps {
  yield* __queue_work(runtime.objects.get(timer.name.slice(0, -'.timer'.length)) as DelayedWork);
}

function* __queue_work(dwork: DelayedWork): Steps {
  const state = (yield* load(dwork))!;
  yield* insert_work(state.wq!, dwork, state);
}

/** try_to_grab_pending() of a delayed work: del_timer() first, else as for any work. */
function grab_delayed<R>(
  name: string,
  wq: Workqueue,
  dwork: DelayedWork,
  to: Partial<WorkState>,
  canceled: Effect<R> | null,
): Operation<boolean | R> {
  const { spec: work } = grab(name, wq, dwork, to, canceled);
  const { spec: timer } = del_timer(dwork.timer);
  const split = work.writes!.length;
  return operation<boolean | R>({
    ...work,
    writes: [...work.writes!, ...timer.writes!],
    step: (values, thread) => {
      const [state, ...queues] = values.slice(0, split);
      const disarmed = timer.step!(values.slice(split), thread);
      if (!disarmed?.result) return work.step!([state, ...queues], thread);
      return { ...disarmed, values: [{ ...state, ...to }, ...queues, ...disarmed.values!] };
    },
  });
}
