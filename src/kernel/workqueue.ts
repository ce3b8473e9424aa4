import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { HANDLE, Shared, SpecError } from '../model/shared.ts';
import { current, named, together } from './ghost.ts';
import { class_of, map } from './lockdep.ts';
import type { Embedded } from './memory.ts';
import { cpu_numbers, thread_names } from './system.ts';

/**
 * Workqueues (kernel/workqueue.c), bound ones: each CPU has a list of its own and runs at most
 * `max_active` items of the queue at a time, each in a kworker thread (made by `boot`).
 *
 * The rules:
 * - queue_work: test_and_set of PENDING is one step, putting the item on a list another. If PENDING
 *   was set nothing is queued and the result is false.
 * - The list is this CPU's, unless the item's function is running on another CPU's worker of the
 *   same queue and the item was not re-initialised since (INIT_WORK wipes the pool id): then it
 *   goes there, so that the item never runs twice at once.
 * - A worker takes an item off the list in one step and clears PENDING in the next, just before it
 *   calls the function. From then on the item may be queued again, or freed.
 * - A worker of the same CPU passes over an item that another worker there is running.
 */
export type WorkFunction = (work: Work) => Steps<unknown>;

export interface WorkState {
  readonly fn: WorkFunction;
  readonly pending: boolean;
  /** The pool that ran it last; null after INIT_WORK. */
  readonly pool: string | null;
  /** Of an rcu_work or delayed_work: where it is to be queued. */
  readonly wq?: Workqueue;
  /** WORK_OFFQ_CANCELING: PENDING is set by cancel_work_sync, until it returns. */
  readonly canceling?: true;
}

/** `struct work_struct`; null until INIT_WORK. */
export class Work extends Shared<WorkState | null> {
  /** debug_objects: memory that contains a pending work must not be freed. */
  freed(value: WorkState | null): string | null {
    return value?.pending ? `work_struct ${this.name}, pending` : null;
  }
}

/** `struct work_struct` inside a heap struct; `container_of(work, type)` gives the struct. */
export function work_struct(): Embedded<Work> {
  return {
    declares: 'work_struct()',
    alone: "DECLARE_WORK('name', fn)",
    embed: (name, owner) => new Work(name, null, owner),
  };
}

/** `DECLARE_WORK(name, fn)`: a static work item. */
export function DECLARE_WORK(name: string, fn: WorkFunction): Work {
  return new Work(name, { fn, pending: false, pool: null });
}

/** A queued or running item, with the names of the threads that flush it. */
export interface Item {
  readonly work: Work;
  readonly fn: WorkFunction;
  readonly flushers: readonly string[];
}

interface Pool {
  readonly name: string;
  readonly queue: Shared<readonly Item[]>;
  /** What each worker runs. */
  readonly running: readonly Shared<Item | null>[];
}

/** `struct workqueue_struct`. */
export interface Workqueue {
  readonly [HANDLE]: string;
  readonly name: string;
  readonly max_active: number;
}

/** A bound workqueue; `boot` makes its workers. */
export function alloc_workqueue(
  name: string,
  { max_active = 1 }: { max_active?: number } = {},
): Workqueue {
  return Object.freeze({ [HANDLE]: name, name, max_active });
}

export function kworker_name(wq: Workqueue, cpu: number, slot: number): string {
  return `kworker/${cpu}${slot > 0 ? `.${slot}` : ''}-${wq.name}`;
}

function pool_of(wq: Workqueue, cpu: number): Pool {
  const worker = kworker_name(wq, cpu, 0);
  if (!thread_names().includes(worker)) {
    throw new SpecError(
      `workqueue '${wq.name}' has no workers: build with boot({ workqueues: [...], threads })`,
    );
  }
  const slots = Array.from({ length: wq.max_active }, (_, slot) => slot);
  return {
    name: `${wq.name}:${cpu}`,
    queue: named<readonly Item[]>(`${wq.name}:${cpu}`, []),
    running: slots.map((slot) =>
      named<Item | null>(`${kworker_name(wq, cpu, slot)}.current`, null),
    ),
  };
}

function pools(wq: Workqueue): Pool[] {
  return cpu_numbers().map((cpu) => pool_of(wq, cpu));
}

/**
 * Debug objects: initialising an item that is pending is reported. What an rcu_work or delayed_work
 * has beside its work_struct stays as it is.
 */
export function INIT_WORK(work: Work, fn: WorkFunction): Operation<void> {
  return operation<void>({
    name: 'INIT_WORK',
    args: [work, fn],
    writes: [work],
    step: ([old]) => ({
      result: undefined,
      values: [{ fn, pending: false, pool: null, ...(old?.wq ? { wq: old.wq } : {}) }],
      reports: old?.pending
        ? [misuse(work, 'active object initialised', 'initialised while pending')]
        : [],
    }),
  });
}

/**
 * Queues the item on this thread's CPU; false when it was pending already. `also`: notes taken as
 * the item is put on the list.
 */
export function* queue_work(
  wq: Workqueue,
  work: Work,
  ...also: readonly Operation<void>[]
): Steps<boolean> {
  const claimed = yield* set_pending('queue_work', work);
  if (claimed === null) return false;
  yield* together(insert_work(wq, work, claimed), ...also);
  return true;
}

/** test_and_set_bit(PENDING); null when it was set. */
export function set_pending(name: string, work: Work): Operation<WorkState | null> {
  return operation<WorkState | null>({
    name,
    args: [work],
    writes: [work],
    step: ([state]) => {
      if (state === null) {
        const report = misuse(work, 'uninitialised object activated', 'queued before INIT_WORK');
        return { result: null, reports: [report] };
      }
      if (state.pending) return { result: null };
      return { result: state, values: [{ ...state, pending: true }] };
    },
  });
}

/** Part of the step that claimed the item: the queue for which it is meant. */
export function set_wq(name: string, work: Work, wq: Workqueue): Operation<void> {
  return operation<void>({
    name,
    args: [wq],
    writes: [work],
    step: ([state]) => ({ result: undefined, values: [{ ...state, wq }] }),
  });
}

/** Puts the item, in the state that it was found in, on this CPU's list. */
export function insert_work(
  wq: Workqueue,
  work: Work,
  { fn, pool: last }: WorkState,
): Operation<void> {
  const here = pool_of(wq, current('queue_work').cpu);
  const there = pools(wq).find((pool) => pool.name === last && pool.name !== here.name);
  return operation<void>({
    name: 'insert_work',
    args: [wq, work, fn, last],
    writes: there ? [here.queue, there.queue] : [here.queue],
    reads: there?.running ?? [],
    step: ([queue, elsewhere, ...running]) => {
      const item: Item = { work, fn, flushers: [] };
      if (running.some((busy: Item | null) => runs(busy, item)))
        return { result: undefined, values: [queue, [...elsewhere, item]] };
      return { result: undefined, values: [[...queue, item]] };
    },
  });
}

/** A worker thread: process_one_work() for ever. */
export function* kworker(wq: Workqueue, cpu: number, slot: number): Steps<never> {
  for (;;) {
    const item = yield* take_work(wq, cpu, slot);
    yield* clear_pending(wq, cpu, item.work);
    yield* item.fn(item.work);
    yield* work_done(wq, cpu, slot);
  }
}

function take_work(wq: Workqueue, cpu: number, slot: number): Operation<Item> {
  const { queue, running } = pool_of(wq, cpu);
  const others = running.filter((_, other) => other !== slot);
  return operation<Item>({
    name: 'process_one_work',
    args: [wq],
    writes: [queue, running[slot]!],
    reads: others,
    blocks: true,
    idle: true,
    step: ([items, , ...busy]: readonly any[]) => {
      const first = (items as readonly Item[]).find(
        (item) => !busy.some((other) => runs(other, item)),
      );
      if (!first) return null;
      // Who flushes it is no business of the function, and would only make local states differ.
      const result = { work: first.work, fn: first.fn, flushers: [] };
      return { result, values: [items.filter((item: Item) => item !== first), first] };
    },
  });
}

/**
 * set_work_pool_and_clear_pending(): the worker's first touch of the item itself. For lockdep it
 * holds, until the function returns, what a flush of the queue or of the item waits for.
 */
function clear_pending(wq: Workqueue, cpu: number, work: Work): Operation<void> {
  const maps = [wq_completion(wq), { ...work_completion(work), within: true }];
  return operation<void>({
    name: 'clear_pending',
    args: [work],
    writes: [work],
    step: ([state]) => ({
      result: undefined,
      values: [{ ...state, pending: false, pool: `${wq.name}:${cpu}` }],
    }),
    acquires: maps,
    after: (thread) => {
      for (const each of maps) thread.take(each);
    },
  });
}

/** The item itself is not touched any more: its function may have freed it. */
function work_done(wq: Workqueue, cpu: number, slot: number): Operation<void> {
  return operation<void>({
    name: 'work_done',
    args: [wq],
    writes: [pool_of(wq, cpu).running[slot]!],
    check: (thread) =>
      thread.locks.length === 0 && thread.readers === 0
        ? null
        : {
            rule: 'lock held at exit',
            message: `workqueue leaked lock or atomic: ${thread.locks.join(', ') || 'an open section'}`,
          },
    step: () => ({ result: undefined, values: [null] }),
    after: (thread) => {
      thread.held = thread.held.filter(({ map }) => !map);
      thread.readsSequence = false;
    },
  });
}

/** Where the items of the queue are, by CPU: those that wait and those that run. For properties too. */
export function work_objects(wq: Workqueue): {
  queues: Shared<readonly Item[]>[];
  workers: Shared<Item | null>[];
} {
  const all = pools(wq);
  return { queues: all.map((p) => p.queue), workers: all.flatMap((p) => p.running) };
}

/** The lock that lockdep makes of what a flush of the queue waits for. */
export function wq_completion({ name }: Workqueue) {
  return map(`(wq_completion)${name}`);
}

/** Likewise of an item. */
export function work_completion(work: Work) {
  return map(`(work_completion)${class_of(work)}`);
}

/** find_worker_executing_work(): the same item with the same function. */
function runs(busy: Item | null, item: Item): boolean {
  return busy !== null && busy.work === item.work && busy.fn === item.fn;
}

/** A report of debug objects. */
export function misuse(work: Work, rule: string, what: string): Report {
  return {
    rule,
    message: `work_struct ${work.name} is ${what}`,
    object: work.name,
    ...(work.owner ? { type: work.owner.type } : {}),
  };
}
