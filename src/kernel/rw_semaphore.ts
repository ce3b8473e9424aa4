import type { LockUse, ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { tried, use_of } from './lockdep.ts';
import type { Embedded } from './memory.ts';
import { might_sleep } from './mutex.ts';

/**
 * Reader-writer semaphores (kernel/locking/rwsem.c): many readers or one writer. Fair: a writer that
 * waits holds back all later readers. So a thread that holds it as a reader must neither take it
 * again, nor wait for anybody else who takes it, whether to write or to read: with a writer between
 * the two, nobody moves. (lockdep warns of every second read; here the deadlock is found, where a
 * writer can come between.)
 *
 * To wait is to do nothing but hold back others, so a schedule in which somebody waits longer, or
 * in another place of the queue, is one in which it comes later. Hence the order of the queue is not
 * kept: only that a writer waits, which readers notice, is a step of its own. For the same reason
 * readers that take the lock past a waiting writer (lock stealing, since v5.11) need no step.
 */
export interface ReadWrite {
  /** Names of the threads inside, sorted; a thread that reads twice is there twice. */
  readonly readers: readonly string[];
  readonly writer: string | null;
  /** Writers that wait, sorted. */
  readonly waiting: readonly string[];
}

/** `struct rw_semaphore`, and what an rwlock is made of. */
export class RwSemaphore extends Shared<ReadWrite> {
  override get isLock(): boolean {
    return true;
  }

  override holders({ readers, writer }: ReadWrite): readonly string[] {
    return writer === null ? readers : [writer];
  }

  /** lockdep: memory that contains a held lock must not be freed. */
  freed(value: ReadWrite): string | null {
    const holders = this.holders(value);
    return holders.length === 0 ? null : `${this.name}, held by ${holders.join(', ')}`;
  }
}

export const UNLOCKED: ReadWrite = { readers: [], writer: null, waiting: [] };

export function DECLARE_RWSEM(name: string): RwSemaphore {
  return new RwSemaphore(name, UNLOCKED);
}

/** `struct rw_semaphore` inside a heap struct. */
export function rw_semaphore(): Embedded<RwSemaphore> {
  return {
    declares: 'rw_semaphore()',
    alone: "DECLARE_RWSEM('name')",
    embed: (name, owner) => new RwSemaphore(name, UNLOCKED, owner),
  };
}

export function down_read(sem: RwSemaphore): Operation<void> {
  const { spec } = read_acquire('down_read', sem);
  return operation<void>({ ...spec, check: sleeping('down_read', sem) });
}

export function down_read_trylock(sem: RwSemaphore): Operation<boolean> {
  return read_try('down_read_trylock', sem);
}

export function up_read(sem: RwSemaphore): Operation<void> {
  return read_release('up_read', sem);
}

export function* down_write(sem: RwSemaphore): Steps {
  const { spec } = write_begin('down_write', sem);
  if (!(yield* operation<boolean>({ ...spec, check: sleeping('down_write', sem) })))
    yield* write_wait('down_write_wait', sem);
}

export function down_write_trylock(sem: RwSemaphore): Operation<boolean> {
  return write_try('down_write_trylock', sem);
}

export function up_write(sem: RwSemaphore): Operation<void> {
  return write_release('up_write', sem);
}

/** The writer becomes a reader, with no other writer in between. */
export function downgrade_write(sem: RwSemaphore): Operation<void> {
  return operation<void>({
    name: 'downgrade_write',
    args: [sem],
    writes: [sem],
    step: ([lock]: ReadWrite[], { name }) =>
      lock!.writer === name
        ? { result: undefined, values: [{ ...lock, writer: null, readers: [name] }] }
        : { result: undefined, reports: [imbalance(name, 'downgrades', sem)] },
    after: (thread) => {
      thread.held = thread.held.map((use) => (use.lock === sem.name ? use_of(sem, 'shared') : use));
    },
  });
}

function sleeping(name: string, sem: RwSemaphore) {
  return (thread: ThreadContext) => might_sleep(thread, `${name}(${sem.name})`);
}

type Change = (thread: ThreadContext) => void;

/**
 * Waits while there is a writer, or one waits; if it `barges` only while there is one. That is said
 * in `args`, so that a guard which holds is not taken for one which does not.
 */
export function read_acquire(
  name: string,
  lock: RwSemaphore,
  after?: Change,
  barges = false,
): Operation<void> {
  const use = use_of(lock, barges ? 'recursive' : 'shared');
  return operation<void>({
    name,
    args: barges ? [lock, 'barges'] : [lock],
    shown: [lock],
    writes: [lock],
    blocks: true,
    step: ([old]: ReadWrite[], thread) => {
      if (old!.writer === thread.name)
        return { result: undefined, reports: [recursion(thread.name, lock)] };
      if (old!.writer !== null || (old!.waiting.length > 0 && !barges)) return null;
      return { result: undefined, values: [entered(old!, thread.name)] };
    },
    acquires: [use],
    after: (thread) => hold(thread, use, after),
  });
}

export function read_try(name: string, lock: RwSemaphore, after?: Change): Operation<boolean> {
  const use = use_of(lock, 'shared');
  return operation<boolean>({
    name,
    args: [lock],
    writes: [lock],
    step: ([old]: ReadWrite[], thread) =>
      old!.writer === null && old!.waiting.length === 0
        ? { result: true, values: [entered(old!, thread.name)] }
        : { result: false },
    acquires: tried(use),
    after: (thread, taken) => {
      if (taken) hold(thread, use, after);
    },
  });
}

export function read_release(name: string, lock: RwSemaphore, after?: Change): Operation<void> {
  return operation<void>({
    name,
    args: [lock],
    writes: [lock],
    step: ([old]: ReadWrite[], thread) => {
      const at = old!.readers.indexOf(thread.name);
      if (at < 0)
        return { result: undefined, reports: [imbalance(thread.name, 'read-releases', lock)] };
      const readers = old!.readers.filter((_, other) => other !== at);
      return { result: undefined, values: [{ ...old, readers }] };
    },
    after: (thread) => drop(thread, lock, after),
  });
}

/** Takes the lock if nobody is inside (true); else this thread is a writer that waits. */
export function write_begin(name: string, lock: RwSemaphore, after?: Change): Operation<boolean> {
  const use = use_of(lock, 'exclusive');
  return operation<boolean>({
    name,
    args: [lock],
    writes: [lock],
    step: ([old]: ReadWrite[], { name }) => {
      if (old!.writer === name || old!.readers.includes(name))
        return { result: false, reports: [recursion(name, lock)] };
      if (is_free(old!)) return { result: true, values: [{ ...old, writer: name }] };
      return { result: false, values: [{ ...old, waiting: [...old!.waiting, name].sort() }] };
    },
    acquires: [use],
    after: (thread, taken) => {
      if (taken) hold(thread, use, after);
    },
  });
}

/** Waits until nobody is inside. */
export function write_wait(name: string, lock: RwSemaphore, after?: Change): Operation<void> {
  return operation<void>({
    name,
    args: [lock],
    writes: [lock],
    blocks: true,
    step: ([old]: ReadWrite[], { name }) => {
      if (!is_free(old!)) return null;
      const waiting = old!.waiting.filter((other) => other !== name);
      return { result: undefined, values: [{ ...old, writer: name, waiting }] };
    },
    after: (thread) => hold(thread, use_of(lock, 'exclusive'), after),
  });
}

export function write_try(name: string, lock: RwSemaphore, after?: Change): Operation<boolean> {
  const use = use_of(lock, 'exclusive');
  return operation<boolean>({
    name,
    args: [lock],
    writes: [lock],
    step: ([old]: ReadWrite[], { name }) =>
      is_free(old!) && old!.waiting.length === 0
        ? { result: true, values: [{ ...old, writer: name }] }
        : { result: false },
    acquires: tried(use),
    after: (thread, taken) => {
      if (taken) hold(thread, use, after);
    },
  });
}

export function write_release(name: string, lock: RwSemaphore, after?: Change): Operation<void> {
  return operation<void>({
    name,
    args: [lock],
    writes: [lock],
    step: ([old]: ReadWrite[], { name }) =>
      old!.writer === name
        ? { result: undefined, values: [{ ...old, writer: null }] }
        : { result: undefined, reports: [imbalance(name, 'write-releases', lock)] },
    after: (thread) => drop(thread, lock, after),
  });
}

function is_free({ readers, writer }: ReadWrite): boolean {
  return readers.length === 0 && writer === null;
}

function entered(old: ReadWrite, thread: string): ReadWrite {
  return { ...old, readers: [...old.readers, thread].sort() };
}

function hold(thread: ThreadContext, use: LockUse, after?: Change): void {
  thread.take(use);
  after?.(thread);
}

function drop(thread: ThreadContext, lock: RwSemaphore, after?: Change): void {
  thread.drop(lock.name);
  after?.(thread);
}

function recursion(thread: string, lock: RwSemaphore): Report {
  return {
    rule: 'recursive locking',
    message: `${thread} takes ${lock.name}, which it already holds`,
    object: lock.name,
    crash: true,
  };
}

function imbalance(thread: string, releases: string, lock: RwSemaphore): Report {
  return {
    rule: 'unlock imbalance',
    message: `${thread} ${releases} ${lock.name}, which it does not hold`,
    object: lock.name,
    crash: true,
  };
}
