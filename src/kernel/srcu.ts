import type { LockMode, LockUse, ThreadContext } from '../model/context.ts';
import {
  type Acquire,
  type Operation,
  operation,
  type Report,
  type Steps,
} from '../model/operation.ts';
import { HANDLE, type Life, Shared, SpecError, type Struct } from '../model/shared.ts';
import { current, named, silently } from './ghost.ts';
import { local_bh_disable, local_bh_enable } from './irqflags.ts';
import { might_sleep } from './mutex.ts';
import {
  type Done,
  enqueue,
  illegal,
  type Queued,
  type RcuCallback,
  type RcuHead,
  unqueue,
} from './rcu.ts';
import { cpu_numbers, thread_names } from './system.ts';

/**
 * Sleepable RCU (kernel/rcu/srcutree.c). Each domain (`struct srcu_struct`) has readers, grace periods
 * and callbacks of its own: a reader of one does not hold back the grace period of another. Readers
 * may sleep, and a grace period of RCU does not wait for them.
 *
 * Grace periods and callback lists go as in rcu.ts. Callbacks are invoked by a workqueue, with
 * bottom halves off: they may not sleep.
 */
export interface SrcuStruct extends Struct {
  /** What cleanup_srcu_struct frees: everybody who uses the domain touches it. */
  readonly sda: Shared<null>;
}

/** A read-side section, with those who wait for its end. */
interface Section {
  readonly idx: number;
  readonly waiters: readonly string[];
}

/** Those of one thread that are open. */
type Sections = readonly Section[];

export function DEFINE_SRCU(name: string): SrcuStruct {
  const life = new Shared<Life>(name, 'alive');
  const ssp: Struct = { [HANDLE]: name, name, type: 'srcu_struct', life };
  return Object.freeze({ ...ssp, sda: new Shared(`${name}.sda`, null, ssp) });
}

export const DEFINE_STATIC_SRCU = DEFINE_SRCU;

/** Gives what srcu_read_unlock needs: sections of one thread need not be nested in each other. */
export function srcu_read_lock(ssp: SrcuStruct): Operation<number> {
  return operation<number>({
    name: 'srcu_read_lock',
    args: [ssp],
    writes: [sections_of(ssp, current('srcu_read_lock').name)],
    reads: [ssp.sda],
    step: ([open]) => {
      let idx = 0;
      while (open.some((section: Section) => section.idx === idx)) idx++;
      return { result: idx, values: [[...open, { idx, waiters: [] }]] };
    },
    acquires: dependency(ssp, 'recursive'),
    after: (thread) => thread.take(dep_map(ssp, 'recursive')),
  });
}

export function srcu_read_unlock(ssp: SrcuStruct, idx: number): Operation<void> {
  return operation<void>({
    name: 'srcu_read_unlock',
    args: [ssp, idx],
    writes: [sections_of(ssp, current('srcu_read_unlock').name)],
    reads: [ssp.sda],
    step: ([open]: Sections[], thread) => {
      const others = open!.filter((section) => section.idx !== idx);
      if (others.length < open!.length) return { result: undefined, values: [others] };
      const report: Report = {
        rule: 'unlock imbalance',
        message: `${thread.name} calls srcu_read_unlock for a section ${idx} of ${ssp.name} that it is not in`,
        object: ssp.name,
        crash: true,
      };
      return { result: undefined, reports: [report] };
    },
    after: (thread) => thread.drop(ssp.name),
  });
}

/** Whether this thread is in a section of the domain; costs no step. */
export function srcu_read_lock_held(ssp: SrcuStruct): boolean {
  return inside(current('srcu_read_lock_held'), ssp);
}

export function srcu_dereference<T>(from: Shared<T>, ssp: SrcuStruct): Operation<T> {
  return dereference('srcu_dereference', from, ssp, false);
}

/** `held`: what else protects the pointer, usually `lockdep_is_held(lock)`. */
export function srcu_dereference_check<T>(
  from: Shared<T>,
  ssp: SrcuStruct,
  held: boolean,
): Operation<T> {
  return dereference('srcu_dereference_check', from, ssp, held);
}

/** A section of RCU, or of another domain, is none of this one. */
function dereference<T>(
  name: string,
  from: Shared<T>,
  ssp: SrcuStruct,
  held: boolean,
): Operation<T> {
  return operation<T>({
    name,
    args: [from, ssp],
    reads: [from],
    accesses: [{ to: from, write: false, plain: false }],
    check: (thread) =>
      held || inside(thread, ssp)
        ? null
        : suspicious(from, `suspicious srcu_dereference_check() usage of ${from.name}`),
    step: ([value]) => ({ result: value }),
  });
}

/** Waits for the sections of the domain that are open at the call. Says nothing about callbacks. */
export function* synchronize_srcu(ssp: SrcuStruct): Steps {
  yield* sync_begin(ssp);
  yield* sync_wait(ssp);
}

function sync_begin(ssp: SrcuStruct): Operation<void> {
  const me = current('synchronize_srcu').name;
  return operation<void>({
    name: 'synchronize_srcu',
    args: [ssp],
    writes: all_sections(ssp),
    reads: [ssp.sda],
    check: (thread) =>
      inside(thread, ssp)
        ? suspicious(
            ssp,
            `Illegal synchronize_srcu(${ssp.name}) in same-type SRCU read-side critical section`,
          )
        : thread.rcu > 0
          ? illegal(`synchronize_srcu(${ssp.name})`)
          : might_sleep(thread, `synchronize_srcu(${ssp.name})`),
    acquires: dependency(ssp, 'exclusive'),
    step: (readers) => ({
      result: undefined,
      values: readers.slice(0, -1).map((open) => waited_for(open, me)),
    }),
  });
}

function sync_wait(ssp: SrcuStruct): Operation<void> {
  const me = current('synchronize_srcu').name;
  return operation<void>({
    name: 'wait_srcu_gp',
    args: [ssp],
    reads: all_sections(ssp),
    blocks: true,
    step: (readers) => (readers.some((open) => waits(open, me)) ? null : { result: undefined }),
  });
}

/** Queues the callback on this thread's CPU. */
export function call_srcu(ssp: SrcuStruct, head: RcuHead, callback: RcuCallback): Operation<void> {
  const { next } = srcu_data(ssp, current('call_srcu').cpu);
  const { spec } = enqueue('call_srcu', [ssp], head, callback, next);
  return operation<void>({ ...spec, reads: [ssp.sda] });
}

/**
 * Waits until every callback of the domain queued before it, on every CPU, has returned, as
 * rcu_barrier: without callbacks it returns at once, without any grace period.
 */
export function* srcu_barrier(ssp: SrcuStruct): Steps {
  yield* entrain(ssp);
  yield* barrier_wait(ssp);
}

function entrain(ssp: SrcuStruct): Operation<void> {
  const marker: Queued = { head: null, barrier: current('srcu_barrier').name };
  return operation<void>({
    name: 'srcu_barrier',
    args: [ssp],
    writes: all_lists(ssp),
    reads: [ssp.sda],
    check: (thread) => might_sleep(thread, `srcu_barrier(${ssp.name})`),
    step: (values) => {
      const after = values.slice(0, -1);
      for (let at = 0; at < after.length; at += 3) {
        const [next, wait, done]: readonly any[] = after.slice(at);
        if (next.length > 0) after[at] = [...next, marker];
        else if (wait.length > 0) after[at + 1] = [...wait, marker];
        else if (!idle(done)) after[at + 2] = { ...done, queue: [...done.queue, marker] };
      }
      return { result: undefined, values: after };
    },
  });
}

function barrier_wait(ssp: SrcuStruct): Operation<void> {
  const me = current('srcu_barrier').name;
  return operation<void>({
    name: 'srcu_barrier_wait',
    args: [ssp],
    reads: all_lists(ssp),
    blocks: true,
    step: (values: (readonly Queued[] | Done)[]) => {
      const queued = values.flatMap((list) => ('queue' in list ? list.queue : list));
      return queued.some(({ barrier }) => barrier === me) ? null : { result: undefined };
    },
  });
}

/**
 * With readers or callbacks left it warns, and leaks the domain instead of freeing it. That it may
 * be in time to wait for some of the callbacks is luck: "Forgot srcu_barrier()".
 */
export function cleanup_srcu_struct(ssp: SrcuStruct): Operation<void> {
  const readers = all_sections(ssp);
  return operation<void>({
    name: 'cleanup_srcu_struct',
    args: [ssp],
    writes: [ssp.life],
    reads: [...readers, ...all_lists(ssp)],
    check: (thread) => might_sleep(thread, `cleanup_srcu_struct(${ssp.name})`),
    step: ([life, ...values]) => {
      const object = ssp.name;
      if (life !== 'alive') {
        const message = `${object} is cleaned up twice`;
        return {
          result: undefined,
          reports: [{ rule: 'double-free', message, object, crash: true }],
        };
      }
      const left: string[] = [];
      if (values.slice(0, readers.length).some((open) => open.length > 0)) left.push('readers');
      const lists: (readonly Queued[] | Done)[] = values.slice(readers.length);
      if (!lists.every((list) => ('queue' in list ? idle(list) : list.length === 0)))
        left.push('callbacks');
      if (left.length === 0) return { result: undefined, values: ['freed'] };
      const message = `${object} is cleaned up with ${left.join(' and ')} left`;
      return { result: undefined, reports: [{ rule: 'leaked srcu_struct', message, object }] };
    },
  });
}

/** The grace periods of a domain. */
export function* process_srcu(ssp: SrcuStruct): Steps<never> {
  for (;;) {
    yield* gp_start(ssp);
    yield* gp_end(ssp);
  }
}

function gp_start(ssp: SrcuStruct): Operation<void> {
  const lists = cpu_numbers().map((cpu) => srcu_data(ssp, cpu));
  return operation<void>({
    name: 'srcu_gp_start',
    args: [ssp],
    writes: [...lists.map((l) => l.next), ...lists.map((l) => l.wait), ...all_sections(ssp)],
    blocks: true,
    idle: true,
    step: (values) => {
      const next = values.slice(0, lists.length);
      if (next.every((list) => list.length === 0)) return null;
      const open: Sections[] = values.slice(2 * lists.length);
      return {
        result: undefined,
        values: [...next.map(() => []), ...next, ...open.map((s) => waited_for(s, 'srcu_gp'))],
      };
    },
  });
}

function gp_end(ssp: SrcuStruct): Operation<void> {
  const lists = cpu_numbers().map((cpu) => srcu_data(ssp, cpu));
  return operation<void>({
    name: 'srcu_gp_end',
    args: [ssp],
    writes: [...lists.map((l) => l.wait), ...lists.map((l) => l.done)],
    reads: all_sections(ssp),
    blocks: true,
    step: (values) => {
      const open: Sections[] = values.slice(2 * lists.length);
      if (open.some((sections) => waits(sections, 'srcu_gp'))) return null;
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

/** The work that invokes the callbacks of one CPU. */
export function* srcu_invoke_callbacks(ssp: SrcuStruct, cpu: number): Steps<never> {
  for (;;) {
    const { head } = yield* dequeue(ssp, cpu);
    if (head === null) continue; // srcu_barrier_cb(): all that it does is to be gone
    const callback = yield* silently(unqueue(head), local_bh_disable());
    yield* callback(head);
    yield* silently(returned(ssp, cpu), local_bh_enable());
  }
}

function dequeue(ssp: SrcuStruct, cpu: number): Operation<Queued> {
  return operation<Queued>({
    name: 'srcu_invoke_callbacks',
    args: [ssp, cpu],
    writes: [srcu_data(ssp, cpu).done],
    blocks: true,
    idle: true,
    step: ([done]: Done[]) => {
      const [first, ...queue] = done!.queue;
      return first ? { result: first, values: [{ invoking: first.head, queue }] } : null;
    },
  });
}

function returned(ssp: SrcuStruct, cpu: number): Operation<void> {
  return operation<void>({
    name: 'srcu_callback_return',
    args: [ssp, cpu],
    writes: [srcu_data(ssp, cpu).done],
    check: ({ name, locks, readers }) =>
      locks.length === 0 && readers === 1
        ? null
        : {
            rule: 'lock held at exit',
            message: `an SRCU callback returns on ${name} with ${locks.join(', ') || 'an open section'}`,
          },
    step: ([done]) => ({ result: undefined, values: [{ ...done, invoking: null }] }),
  });
}

export function srcu_gp_name(ssp: SrcuStruct): string {
  return `srcu_gp-${ssp.name}`;
}

export function srcu_worker_name(ssp: SrcuStruct, cpu: number): string {
  return `srcu/${cpu}-${ssp.name}`;
}

function inside(thread: ThreadContext, ssp: SrcuStruct): boolean {
  return thread.holds(ssp.name);
}

/** What lockdep sees of a reader: somebody who waits for it may not hold what it takes. */
function dep_map({ name }: SrcuStruct, mode: LockMode): LockUse {
  return { lock: name, cls: name, mode };
}

/** Without a wait type: inside a raw spinlock a reader is no "Invalid wait context". */
function dependency(ssp: SrcuStruct, mode: LockMode): readonly Acquire[] {
  return [{ ...dep_map(ssp, mode), raw: true }];
}

function idle(done: Done): boolean {
  return done.queue.length === 0 && done.invoking === null;
}

function waited_for(open: Sections, waiter: string): Sections {
  return open.map(({ idx, waiters }) => ({
    idx,
    waiters: [...new Set([...waiters, waiter])].sort(),
  }));
}

function waits(open: Sections, waiter: string): boolean {
  return open.some(({ waiters }) => waiters.includes(waiter));
}

function sections_of(ssp: SrcuStruct, thread: string): Shared<Sections> {
  if (!thread_names().includes(srcu_worker_name(ssp, 0)))
    throw new SpecError(`no grace periods for ${ssp.name}: boot({ srcu: [${ssp.name}], threads })`);
  return named<Sections>(`${ssp.name}:${thread}`, []);
}

function all_sections(ssp: SrcuStruct): Shared<Sections>[] {
  return thread_names().map((thread) => sections_of(ssp, thread));
}

function srcu_data(ssp: SrcuStruct, cpu: number) {
  return {
    next: named<readonly Queued[]>(`${ssp.name}_next:${cpu}`, []),
    wait: named<readonly Queued[]>(`${ssp.name}_wait:${cpu}`, []),
    done: named<Done>(`${ssp.name}_done:${cpu}`, { invoking: null, queue: [] }),
  };
}

function all_lists(ssp: SrcuStruct): Shared<readonly Queued[] | Done>[] {
  return cpu_numbers().flatMap((cpu) => Object.values(srcu_data(ssp, cpu)));
}

/** The report of RCU_LOCKDEP_WARN. */
function suspicious({ name }: { readonly name: string }, message: string): Report {
  return { rule: 'suspicious RCU usage', message, object: name };
}
