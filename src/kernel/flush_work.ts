import type { LockUse } from '../model/context.ts';
import { BLOCKED, type Effect, type Operation, operation, type Steps } from '../model/operation.ts';
import { current, together } from './ghost.ts';
import { might_sleep } from './mutex.ts';
import {
  type Item,
  misuse,
  type Work,
  type Workqueue,
  type WorkState,
  work_completion,
  work_objects,
  wq_completion,
} from './workqueue.ts';

/**
 * Flushing and cancelling (kernel/workqueue.c). The kernel puts a barrier behind what is flushed; here
 * each item has the names of the threads that flush it.
 */

/**
 * Waits for every item that is queued on or run by this workqueue at the call, on all CPUs; not for
 * items queued later, not even by a flushed one. `also`: notes taken as the items are marked.
 */
export function* flush_workqueue(wq: Workqueue, ...also: readonly Operation<void>[]): Steps {
  yield* together(
    mark('flush_workqueue', wq, () => true),
    ...also,
  );
  yield* wait_marks(wq);
}

/** Waits for the last queued instance of one item. True when there was something to wait for. */
export function* flush_work(wq: Workqueue, work: Work): Steps<boolean> {
  const found = yield* mark_work(wq, work);
  // start_flush_work(): where one runs at a time, those queued before it are waited for as well.
  if (found) yield* wait_marks(wq, wq.max_active === 1 ? [wq_completion(wq)] : []);
  return found;
}

/** Takes the item off its list. Its function may still be running. True when it was pending. */
export function cancel_work(wq: Workqueue, work: Work): Operation<boolean> {
  return grab('cancel_work', wq, work, { pending: false }, { result: false });
}

/** As cancel_work, and waits until its function is not running either; nobody can queue it meanwhile. */
export function* cancel_work_sync(wq: Workqueue, work: Work): Steps<boolean> {
  const was = yield* grab<boolean>('cancel_work_sync', wq, work, CANCELING, BLOCKED);
  yield* end_cancel(wq, work);
  return was;
}

export const CANCELING = { pending: true, canceling: true } as const;

/**
 * try_to_grab_pending(): waits while PENDING is set by somebody who has not queued the item yet.
 * `canceled`: what it does when that is somebody who cancels the item.
 */
export function grab<R>(
  name: string,
  wq: Workqueue,
  work: Work,
  to: Partial<WorkState>,
  canceled: Effect<R> | null,
): Operation<boolean | R> {
  const { queues } = work_objects(wq);
  return operation<boolean | R>({
    name,
    args: [wq, work],
    writes: [work, ...queues],
    blocks: true,
    check: (thread) => (to.canceling ? might_sleep(thread, `${name}(${work.name})`) : null),
    step: ([state, ...lists]) => {
      if (state === null) return { result: false };
      if (state.canceling) return canceled;
      const listed = lists.some((list) => list.some((item: Item) => item.work === work));
      if (state.pending && !listed) return null;
      return {
        result: state.pending,
        values: [
          { ...state, ...to },
          ...lists.map((list) => list.filter((item: Item) => item.work !== work)),
        ],
      };
    },
  });
}

/** The rest of cancel_work_sync: waits for the function, then the item is as new. */
export function* end_cancel(wq: Workqueue, work: Work): Steps {
  if (yield* mark_work(wq, work)) yield* wait_marks(wq);
  yield* clear_work_data(work);
}

function clear_work_data(work: Work): Operation<void> {
  return operation<void>({
    name: 'clear_work_data',
    args: [work],
    writes: [work],
    step: ([state]) => {
      if (state === null) return { result: undefined };
      const { canceling: _, ...rest } = state;
      return { result: undefined, values: [{ ...rest, pending: false, pool: null }] };
    },
  });
}

function mark(name: string, wq: Workqueue, wanted: (item: Item) => boolean): Operation<boolean> {
  const me = current(name).name;
  const { queues, workers } = work_objects(wq);
  return operation<boolean>({
    name,
    args: [wq],
    acquires: [wq_completion(wq)],
    writes: [...queues, ...workers],
    check: (thread) => might_sleep(thread, `${name}(${wq.name})`),
    step: (values) => {
      let found = false;
      const marked = (item: Item): Item => {
        if (!wanted(item)) return item;
        found = true;
        return { ...item, flushers: [...new Set([...item.flushers, me])].sort() };
      };
      const after = [
        ...values.slice(0, queues.length).map((list) => list.map(marked)),
        ...values.slice(queues.length).map((item) => item && marked(item)),
      ];
      return { result: found, values: after };
    },
  });
}

/**
 * Marks the queued instance if there is one, else the running one. Of an item that INIT_WORK has not
 * seen __flush_work() says WARN_ON(!work->func), since v5.0.
 */
function mark_work(wq: Workqueue, work: Work): Operation<boolean> {
  const name = 'flush_work';
  const me = current(name).name;
  const { queues, workers } = work_objects(wq);
  const marked = (item: Item): Item =>
    item.work === work ? { ...item, flushers: [...new Set([...item.flushers, me])].sort() } : item;
  return operation<boolean>({
    name,
    args: [wq, work],
    acquires: [work_completion(work)],
    writes: [...queues, ...workers],
    reads: [work],
    check: (thread) => might_sleep(thread, `${name}(${work.name})`),
    step: (values) => {
      if (values.at(-1) === null) {
        const report = misuse(work, 'uninitialised object used', 'flushed before INIT_WORK');
        return { result: false, reports: [report] };
      }
      const listed: Item[][] = values.slice(0, queues.length);
      const busy: (Item | null)[] = values.slice(queues.length, -1);
      if (listed.some((list) => list.some((item) => item.work === work)))
        return { result: true, values: [...listed.map((list) => list.map(marked)), ...busy] };
      if (!busy.some((item) => item?.work === work)) return { result: false };
      return { result: true, values: [...listed, ...busy.map((item) => item && marked(item))] };
    },
  });
}

function wait_marks(wq: Workqueue, acquires: readonly LockUse[] = []): Operation<void> {
  const me = current('flush').name;
  const { queues, workers } = work_objects(wq);
  return operation<void>({
    name: 'wait_for_flush',
    args: [wq],
    acquires,
    reads: [...queues, ...workers],
    blocks: true,
    step: (values) => {
      const items: (Item | null)[] = values.flat();
      return items.some((item) => item?.flushers.includes(me)) ? null : { result: undefined };
    },
  });
}
