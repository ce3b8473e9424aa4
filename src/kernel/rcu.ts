import { type Operation, operation, type Report, renamed, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { Shared, SpecError } from '../model/shared.ts';
import { current, named, silently, together } from './ghost.ts';
import { enter_part, exit_part, type Running } from './interrupt.ts';
import { bh_off, bh_on } from './irqflags.ts';
import type { Embedded } from './memory.ts';
import { might_sleep } from './mutex.ts';
import { type Reader, reader_of, reader_part } from './rcu_reader.ts';
import { cpu_numbers, thread_names } from './system.ts';

export { rcu_read_lock, rcu_read_unlock } from './rcu_reader.ts';

/**
 * RCU (kernel/rcu/tree.c, rcu_segcblist.c), one flavour as since v5.0. Each CPU has a callback list
 * in three segments: `next` (queued), `wait` (the running grace period will release them) and
 * `done` (to be invoked, first in first out, in softirq on that CPU). No order across CPUs.
 *
 * A grace period starts when some callback waits in `next`; callbacks queued later take the next
 * one. It ends when every read-side section that was open at its start has been left.
 */
export type RcuCallback = (head: RcuHead) => Steps<unknown>;

/**
 * `struct rcu_head`: the callback while it is queued, null otherwise. 'linked': the storage is that
 * of a list node just now (list_or_rcu in list.ts).
 */
export class RcuHead extends Shared<RcuCallback | 'linked' | null> {
  /** debug_objects: memory that contains a queued head must not be freed. */
  freed(value: RcuCallback | 'linked' | null): string | null {
    if (value === null || value === 'linked') return null;
    return `rcu_head ${this.name}, queued for ${value.name}`;
  }
}

/** `struct rcu_head` inside a heap struct. */
export function rcu_head(): Embedded<RcuHead> {
  return { declares: 'rcu_head()', embed: (name, owner) => new RcuHead(name, null, owner) };
}

/**
 * For debug objects only: call_rcu() needs no initialised head. One that is queued must not be
 * initialised, as when the memory around it is used for something else.
 */
export function init_rcu_head(head: RcuHead): Operation<void> {
  return operation<void>({
    name: 'init_rcu_head',
    args: [head],
    reads: [head],
    step: ([value]) => {
      if (head.freed(value) === null) return { result: undefined };
      const message = `rcu_head ${head.name} is initialised while queued for ${value.name}`;
      const rule = 'active object initialised';
      return { result: undefined, reports: [{ rule, message, object: head.name }] };
    },
  });
}

/** An element of a callback list: a head, or the marker that an rcu_barrier caller left. */
export interface Queued {
  readonly head: RcuHead | null;
  readonly barrier: string | null;
}

export interface Done {
  /** A callback is being invoked. It counts as present until it has returned. */
  readonly invoking: RcuHead | 'rcu_barrier' | null;
  readonly queue: readonly Queued[];
}

/** The callback lists of one CPU. For properties that look at what is queued. */
export function rcu_data(cpu: number): {
  next: Shared<readonly Queued[]>;
  wait: Shared<readonly Queued[]>;
  done: Shared<Done>;
} {
  return { next: segment('next', cpu), wait: segment('wait', cpu), done: segment('done', cpu) };
}

/** Queues the callback on this thread's CPU. */
export function call_rcu(head: RcuHead, callback: RcuCallback): Operation<void> {
  return enqueue('call_rcu', [], head, callback, rcu_data(current('call_rcu').cpu).next);
}

/** What call_rcu and call_srcu do with a head. `args`: those before it. */
export function enqueue(
  name: string,
  args: readonly unknown[],
  head: RcuHead,
  callback: RcuCallback,
  next: Shared<readonly Queued[]>,
): Operation<void> {
  return operation<void>({
    name,
    args: [...args, head, callback],
    writes: [head, next],
    step: ([old, list]) => {
      const object = head.name;
      if (old !== null && old !== 'linked') {
        const message = `${object} is already queued`;
        return { result: undefined, reports: [{ rule: `double ${name}`, message, object }] };
      }
      const message = `${object} is queued over the node of a list that it is still on`;
      return {
        result: undefined,
        values: [callback, [...list, { head, barrier: null }]],
        reports: old === null ? [] : [{ rule: 'list corruption', message, object }],
      };
    },
  });
}

/**
 * Waits for the read-side sections that are open at the call. Says nothing about callbacks. The
 * kernel may wait longer (for a grace period that starts later): what it promises is this much.
 */
export function* synchronize_rcu(): Steps {
  yield* sync_begin();
  yield* sync_wait();
}

function sync_begin(): Operation<void> {
  const me = current('synchronize_rcu').name;
  return operation<void>({
    name: 'synchronize_rcu',
    args: [],
    writes: all_readers(),
    check: (thread) => might_sleep(thread, 'synchronize_rcu()'),
    step: (readers: Reader[], { rcu }) => ({
      result: undefined,
      values: readers.map((reader) => waited_for(reader, me)),
      reports: rcu > 0 ? [illegal('synchronize_rcu()')] : [],
    }),
  });
}

/** RCU_LOCKDEP_WARN() */
export function illegal(what: string, reader = 'RCU'): Report {
  return {
    rule: 'suspicious RCU usage',
    message: `Illegal ${what} in ${reader} read-side critical section`,
  };
}

function sync_wait(): Operation<void> {
  const me = current('synchronize_rcu').name;
  return operation<void>({
    name: 'wait_rcu_gp',
    args: [],
    reads: all_readers(),
    blocks: true,
    step: (readers: Reader[]) =>
      readers.some((r) => r?.includes(me)) ? null : { result: undefined },
  });
}

/**
 * Waits until every callback queued before it, on every CPU, has returned: puts a marker behind the
 * last callback of each CPU that has any (one that is being invoked counts), and waits for them
 * all. Returns at once when there are none, without any grace period. `also`: notes taken as the
 * markers are placed.
 */
export function* rcu_barrier(...also: readonly Operation<void>[]): Steps {
  yield* together(entrain(), ...also);
  yield* barrier_wait();
}

function entrain(): Operation<void> {
  const me = current('rcu_barrier').name;
  const lists = cpu_numbers().map(rcu_data);
  const marker: Queued = { head: null, barrier: me };
  return operation<void>({
    name: 'rcu_barrier',
    args: [],
    writes: [markers_of(me), ...lists.flatMap(({ next, wait, done }) => [next, wait, done])],
    check: (thread) => might_sleep(thread, 'rcu_barrier()'),
    step: ([, ...values]) => {
      let markers = 0;
      const after = [...values];
      for (let at = 0; at < values.length; at += 3) {
        const done: Done = values[at + 2];
        if (values[at].length > 0) after[at] = [...values[at], marker];
        else if (values[at + 1].length > 0) after[at + 1] = [...values[at + 1], marker];
        else if (done.queue.length > 0 || done.invoking !== null)
          after[at + 2] = { ...done, queue: [...done.queue, marker] };
        else continue;
        markers++;
      }
      return { result: undefined, values: [markers, ...after] };
    },
  });
}

function barrier_wait(): Operation<void> {
  return operation<void>({
    name: 'rcu_barrier_wait',
    args: [],
    reads: [markers_of(current('rcu_barrier').name)],
    blocks: true,
    step: ([markers]) => (markers > 0 ? null : { result: undefined }),
  });
}

/** The grace-period kthread. */
export function* rcu_gp_kthread(): Steps<never> {
  for (;;) {
    yield* gp_start();
    yield* gp_end();
  }
}

function gp_start(): Operation<void> {
  const readers = all_readers();
  const lists = cpu_numbers().map(rcu_data);
  return operation<void>({
    name: 'rcu_gp_start',
    args: [],
    writes: [...lists.map((l) => l.next), ...lists.map((l) => l.wait), ...readers],
    blocks: true,
    idle: true,
    step: (values) => {
      const next = values.slice(0, lists.length);
      if (next.every((list) => list.length === 0)) return null;
      const open: Reader[] = values.slice(2 * lists.length);
      return {
        result: undefined,
        values: [...next.map(() => []), ...next, ...open.map((r) => waited_for(r, 'rcu_gp'))],
      };
    },
  });
}

/** Waits for the last reader and ends: nobody can start to be waited for in between. */
function gp_end(): Operation<void> {
  const readers = all_readers();
  const lists = cpu_numbers().map(rcu_data);
  return operation<void>({
    name: 'rcu_gp_end',
    args: [],
    writes: [...lists.map((l) => l.wait), ...lists.map((l) => l.done)],
    reads: readers,
    blocks: true,
    step: (values) => {
      const open: Reader[] = values.slice(2 * lists.length);
      if (open.some((reader) => reader?.includes('rcu_gp'))) return null;
      const wait = values.slice(0, lists.length);
      const done: Done[] = values.slice(lists.length, 2 * lists.length);
      return {
        result: undefined,
        values: [
          ...wait.map(() => []),
          ...done.map((d, cpu) => ({ ...d, queue: [...d.queue, ...wait[cpu]] })),
        ],
      };
    },
  });
}

/**
 * rcu_do_batch() of one CPU. Bottom halves are off while a callback runs: it may not sleep, and it
 * is an RCU reader. `interrupts`: the CPU that it interrupts, if it does.
 */
export function* rcu_softirq(cpu: number, interrupts: Shared<Running> | null): Steps<never> {
  for (;;) {
    const queued = yield* dequeue(cpu, interrupts);
    if (queued.head === null) {
      yield* rcu_barrier_callback(cpu, queued.barrier!, interrupts);
    } else {
      const callback = yield* unqueue(queued.head);
      yield* callback(queued.head);
      yield* returned(cpu, interrupts);
    }
  }
}

function dequeue(cpu: number, interrupts: Shared<Running> | null): Operation<Queued> {
  const main = operation<Queued>({
    name: 'rcu_do_batch',
    args: [cpu],
    writes: [rcu_data(cpu).done],
    blocks: true,
    idle: true,
    step: ([done]) => {
      const first = done.queue[0];
      if (!first) return null;
      const value = { invoking: first.head ?? 'rcu_barrier', queue: done.queue.slice(1) };
      return { result: first, values: [value] };
    },
    after: bh_off,
  });
  return silently(main, reader_part(bh_off), interrupts && enter_part(interrupts));
}

/** `f = rhp->func`: the first touch of the memory that the head lives in. */
export function unqueue(head: RcuHead): Operation<RcuCallback> {
  return operation<RcuCallback>({
    name: 'rcu_head_unqueue',
    args: [head],
    writes: [head],
    step: ([callback]) => ({ result: callback as RcuCallback, values: [null] }),
  });
}

function returned(cpu: number, interrupts: Shared<Running> | null): Operation<void> {
  const main = operation<void>({
    name: 'rcu_callback_return',
    args: [cpu],
    writes: [rcu_data(cpu).done],
    check: (thread) =>
      thread.locks.length === 0 && thread.readers === 1
        ? null
        : {
            rule: 'lock held at exit',
            message: `an RCU callback returns on ${thread.name} with ${thread.locks.join(', ') || 'an open section'}`,
          },
    step: ([done]) => ({ result: undefined, values: [{ ...done, invoking: null }] }),
    after: bh_on,
  });
  return silently(main, reader_part(bh_on), interrupts && exit_part(interrupts));
}

function rcu_barrier_callback(
  cpu: number,
  caller: string,
  interrupts: Shared<Running> | null,
): Operation<void> {
  return together(
    renamed('rcu_barrier_callback', returned(cpu, interrupts)),
    operation<void>({
      name: 'marker',
      args: [caller],
      writes: [markers_of(caller)],
      step: ([markers]) => ({ result: undefined, values: [markers - 1] }),
    }),
  );
}

function waited_for(reader: Reader, waiter: string): Reader {
  return reader === null || reader.includes(waiter) ? reader : [...reader, waiter].sort();
}

function all_readers(): Shared<Reader>[] {
  return thread_names()
    .map(reader_of)
    .filter((reader) => reader !== undefined);
}

/** How many of a thread's markers have not been reached yet. */
function markers_of(thread: string): Shared<number> {
  return named(`rcu_barrier:${thread}`, 0);
}

function segment<T>(name: string, cpu: number): Shared<T> {
  const found = runtime.objects.get(`rcu_${name}:${cpu}`);
  if (!found)
    throw new SpecError(`no RCU on CPU ${cpu}: give the threads to boot({ cpus, threads })`);
  return found as Shared<T>;
}
