import type { LockMode, LockUse } from '../model/context.ts';
import { type Operation, operation, type Steps } from '../model/operation.ts';
import { HANDLE, type Shared } from '../model/shared.ts';
import { current, named } from './ghost.ts';
import { might_sleep } from './mutex.ts';
import { thread_names } from './system.ts';

/**
 * Per-CPU reader-writer semaphores (kernel/locking/percpu-rwsem.c), and the two that slab code
 * takes: CPU hotplug and memory hotplug. A reader touches an object of its own only, so readers
 * never depend on each other; a writer first stops new readers, then waits for those inside.
 * A writer needs `boot`, to know who may be reading.
 */
export interface PercpuRwsem {
  readonly [HANDLE]: string;
  readonly name: string;
  /** The writing thread. */
  readonly writer: Shared<string | null>;
}

export function DEFINE_PERCPU_RWSEM(name: string): PercpuRwsem {
  return Object.freeze({
    [HANDLE]: name,
    name,
    writer: named<string | null>(`${name}.writer`, null),
  });
}

export function percpu_down_read(sem: PercpuRwsem): Operation<void> {
  return down_read('percpu_down_read', sem);
}

export function percpu_up_read(sem: PercpuRwsem): Operation<void> {
  return up_read('percpu_up_read', sem);
}

export function* percpu_down_write(sem: PercpuRwsem): Steps {
  yield* block_readers(sem);
  yield* wait_for_readers(sem);
}

export function percpu_up_write(sem: PercpuRwsem): Operation<void> {
  return operation<void>({
    name: 'percpu_up_write',
    args: [sem],
    writes: [sem.writer],
    check: (thread) => (thread.holds(sem.name) ? null : imbalance(thread.name, sem)),
    step: () => ({ result: undefined, values: [null] }),
    after: (thread) => thread.drop(sem.name),
  });
}

/** kernel/cpu.c */
export function cpus_read_lock(): Operation<void> {
  return down_read('cpus_read_lock', cpu_hotplug_lock());
}

export function cpus_read_unlock(): Operation<void> {
  return up_read('cpus_read_unlock', cpu_hotplug_lock());
}

export function cpus_write_lock(): Steps {
  return percpu_down_write(cpu_hotplug_lock());
}

export function cpus_write_unlock(): Operation<void> {
  return percpu_up_write(cpu_hotplug_lock());
}

/** The name of cpus_read_lock() before v4.13. */
export function get_online_cpus(): Operation<void> {
  return down_read('get_online_cpus', cpu_hotplug_lock());
}

export function put_online_cpus(): Operation<void> {
  return up_read('put_online_cpus', cpu_hotplug_lock());
}

/** mm/memory_hotplug.c */
export function get_online_mems(): Operation<void> {
  return down_read('get_online_mems', mem_hotplug_lock());
}

export function put_online_mems(): Operation<void> {
  return up_read('put_online_mems', mem_hotplug_lock());
}

export function cpu_hotplug_lock(): PercpuRwsem {
  return DEFINE_PERCPU_RWSEM('cpu_hotplug_lock');
}

export function mem_hotplug_lock(): PercpuRwsem {
  return DEFINE_PERCPU_RWSEM('mem_hotplug_lock');
}

function down_read(name: string, sem: PercpuRwsem): Operation<void> {
  const mine = reader(sem, current(name).name);
  return operation<void>({
    name,
    args: [],
    writes: [mine],
    reads: [sem.writer],
    blocks: true,
    check: (thread) => might_sleep(thread, `${name}()`),
    step: ([inside, writer]) =>
      writer === null ? { result: undefined, values: [inside + 1] } : null,
    acquires: [use(sem, 'shared')],
    after: (thread) => thread.take(use(sem, 'shared')),
  });
}

function up_read(name: string, sem: PercpuRwsem): Operation<void> {
  return operation<void>({
    name,
    args: [],
    writes: [reader(sem, current(name).name)],
    step: ([inside], thread) =>
      inside > 0
        ? { result: undefined, values: [inside - 1] }
        : { result: undefined, reports: [imbalance(thread.name, sem)] },
    after: (thread) => thread.drop(sem.name),
  });
}

function block_readers(sem: PercpuRwsem): Operation<void> {
  return operation<void>({
    name: 'percpu_down_write',
    args: [sem],
    writes: [sem.writer],
    blocks: true,
    check: (thread) => might_sleep(thread, `percpu_down_write(${sem.name})`),
    step: ([writer], thread) =>
      writer === null ? { result: undefined, values: [thread.name] } : null,
    acquires: [use(sem, 'exclusive')],
  });
}

function wait_for_readers(sem: PercpuRwsem): Operation<void> {
  return operation<void>({
    name: 'percpu_down_write_wait',
    args: [sem],
    reads: thread_names().map((thread) => reader(sem, thread)),
    blocks: true,
    step: (readers) => (readers.some((inside) => inside > 0) ? null : { result: undefined }),
    after: (thread) => thread.take(use(sem, 'exclusive')),
  });
}

function use({ name }: PercpuRwsem, mode: LockMode): LockUse {
  return { lock: name, cls: name, mode };
}

/** How often a thread is inside. */
function reader(sem: PercpuRwsem, thread: string): Shared<number> {
  return named(`${sem.name}:${thread}`, 0);
}

function imbalance(thread: string, sem: PercpuRwsem) {
  return {
    rule: 'unlock imbalance',
    message: `${thread} releases ${sem.name}, which it does not hold`,
    object: sem.name,
    crash: true,
  };
}
