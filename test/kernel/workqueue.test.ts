import { beforeEach, describe, expect, test } from 'vitest';
import { store, variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import {
  cancel_work,
  cancel_work_sync,
  flush_work,
  flush_workqueue,
} from '../../src/kernel/flush_work.ts';
import { container_of, kfree, object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_lock } from '../../src/kernel/mutex.ts';
import { rcu_read_lock, rcu_read_unlock } from '../../src/kernel/rcu.ts';
import { INIT_RCU_WORK, queue_rcu_work, rcu_work } from '../../src/kernel/rcu_work.ts';
import {
  alloc_workqueue,
  INIT_WORK,
  queue_work,
  type Work,
  work_struct,
} from '../../src/kernel/workqueue.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

const item = struct('item', { work: work_struct(), ran: 0 });
const W0 = 'kworker/0-wq';
const W1 = 'kworker/1-wq';

function* fn(work: Work): Steps {
  const { ran } = container_of(work, item);
  yield* store(ran, 1);
  yield* store(ran, 2);
}

function* nothing(_work: Work): Steps {}

beforeEach(fresh);

function machine(threads: Parameters<typeof boot>[0]['threads'], max_active = 1) {
  const wq = alloc_workqueue('wq', { max_active });
  return new Simulation(boot({ cpus: 2, rcu: false, workqueues: [wq], threads }));
}

const wq = alloc_workqueue('wq');

describe('queue_work', () => {
  test('a pending item is queued once; PENDING goes just before the function runs', () => {
    const a = object(item, 'a');
    const queued: boolean[] = [];
    function* user() {
      yield* INIT_WORK(a.work, fn);
      queued.push(yield* queue_work(wq, a.work));
      queued.push(yield* queue_work(wq, a.work));
      queued.push(yield* queue_work(wq, a.work));
    }
    const sim = machine({ user });
    for (let step = 0; step < 4; step++) sim.step('user');
    expect(queued).toEqual([true, false]);
    sim.step(W0);
    expect(sim.value(a.work)?.pending).toBe(true);
    sim.step(W0);
    expect(sim.value(a.work)?.pending).toBe(false);
    sim.run('user');
    expect(queued).toEqual([true, false, true]);
  });

  function twoCpus(reinitialise: boolean) {
    const a = object(item, 'a');
    function* user() {
      yield* INIT_WORK(a.work, fn);
      yield* queue_work(wq, a.work);
    }
    function* other() {
      if (reinitialise) yield* INIT_WORK(a.work, fn);
      yield* queue_work(wq, a.work);
    }
    const sim = machine({ user, other: { run: other, cpu: 1 } });
    sim.run('user');
    for (let step = 0; step < 3; step++) sim.step(W0);
    expect(sim.value(a.ran)).toBe(1);
    sim.run('other');
    return sim;
  }

  test('an item that runs on another CPU is queued there', () => {
    const sim = twoCpus(false);
    expect(sim.step(W1)).toBe(false);
    expect(sim.settle().rules()).toEqual([]);
  });

  test('unless it was initialised again', () => {
    expect(twoCpus(true).step(W1)).toBe(true);
  });

  test('a worker passes over an item that another worker of its CPU runs', () => {
    const [a, b] = [object(item, 'a'), object(item, 'b')];
    function* user() {
      yield* INIT_WORK(a.work, fn);
      yield* INIT_WORK(b.work, fn);
      yield* queue_work(wq2, a.work);
    }
    function* again() {
      yield* queue_work(wq2, a.work);
      yield* queue_work(wq2, b.work);
    }
    const wq2 = alloc_workqueue('wq', { max_active: 2 });
    const sim = machine({ user, again }, 2).run('user');
    sim.step(W0);
    sim.step(W0);
    sim.run('again').run('kworker/0.1-wq');
    expect([sim.value(a.ran), sim.value(b.ran)]).toEqual([0, 2]);
    sim.settle();
    expect(sim.value(a.ran)).toBe(2);
  });
});

describe('debug objects', () => {
  test('freeing or initialising a pending item, and queueing a raw one, are reported', () => {
    const [a, b] = [object(item, 'a'), object(item, 'b')];
    function* user() {
      yield* INIT_WORK(a.work, nothing);
      yield* queue_work(wq, a.work);
      yield* INIT_WORK(a.work, nothing);
      yield* queue_work(wq, a.work);
      yield* kfree(a);
      yield* queue_work(wq, b.work);
    }
    const sim = machine({ user }).run('user');
    expect(sim.rules()).toEqual([
      'active object initialised',
      'active object freed',
      'uninitialised object activated',
    ]);
    expect(sim.settle().rules().at(-1)).toBe('use-after-free');
  });

  test('flushing a raw item is reported, and one that was freed is not flushed', () => {
    const a = object(item, 'a');
    const found: boolean[] = [];
    function* user() {
      found.push(yield* flush_work(wq, a.work));
      found.push(yield* cancel_work_sync(wq, a.work));
      yield* INIT_WORK(a.work, nothing);
      found.push(yield* flush_work(wq, a.work));
      yield* kfree(a);
      yield* flush_work(wq, a.work);
    }
    const sim = machine({ user }).run('user');
    expect([found, sim.rules()]).toEqual([
      [false, false, false],
      ['uninitialised object used', 'uninitialised object used', 'use-after-free'],
    ]);
  });

  test('the function may free its own item', () => {
    const a = object(item, 'a');
    function* frees(work: Work): Steps {
      yield* kfree(container_of(work, item));
    }
    function* user() {
      yield* INIT_WORK(a.work, frees);
      yield* queue_work(wq, a.work);
      yield* flush_workqueue(wq);
    }
    const sim = machine({ user }).settle();
    expect([sim.rules(), sim.at('user')]).toEqual([[], null]);
  });

  test('a lock that the function leaks is reported', () => {
    const a = object(item, 'a');
    const mutex = DEFINE_MUTEX('mutex');
    function* leaks(_work: Work): Steps {
      yield* mutex_lock(mutex);
    }
    function* user() {
      yield* INIT_WORK(a.work, leaks);
      yield* queue_work(wq, a.work);
    }
    expect(machine({ user }).settle().rules()).toEqual(['lock held at exit']);
  });
});

describe('waiting', () => {
  function flushing(wait: (work: Work) => Steps<unknown>) {
    const [a, b] = [object(item, 'a'), object(item, 'b')];
    function* user() {
      yield* INIT_WORK(a.work, fn);
      yield* INIT_WORK(b.work, fn);
      yield* queue_work(wq, a.work);
      yield* wait(a.work);
    }
    function* later() {
      yield* queue_work(wq, b.work);
    }
    return { a, b, sim: machine({ user, later }) };
  }

  test('flush_workqueue waits for what was queued before it, and for no more', () => {
    const { a, b, sim } = flushing(() => flush_workqueue(wq));
    expect(sim.run('user').at('user')).toBe('wait_for_flush');
    sim.run('later');
    sim.run(W0, 'work_done');
    expect(sim.step('user')).toBe(false);
    sim.step(W0);
    expect([sim.value(a.ran), sim.value(b.ran), sim.step('user')]).toEqual([2, 0, true]);
  });

  test('flush_work waits for one item', () => {
    const { sim } = flushing((work) => flush_work(wq, work));
    expect(sim.run('user').at('user')).toBe('wait_for_flush');
    sim.settle();
    expect(sim.at('user')).toBe(null);
  });

  test('cancel_work takes a queued item away, and leaves a running one alone', () => {
    const { a, sim } = flushing(function* (work) {
      yield* cancel_work(wq, work);
    });
    sim.run('user').settle();
    expect(sim.value(a.ran)).toBe(0);
    expect(sim.value(a.work)?.pending).toBe(false);
  });

  test('cancel_work_sync waits for a running one', () => {
    const { a, sim } = flushing((work) => cancel_work_sync(wq, work));
    sim.run('user', 'cancel_work_sync');
    for (let step = 0; step < 3; step++) sim.step(W0);
    expect(sim.run('user').at('user')).toBe('wait_for_flush');
    sim.run(W0).run('user');
    expect([sim.value(a.ran), sim.at('user')]).toEqual([2, null]);
  });

  test('flushing the queue from one of its own items is a deadlock', () => {
    const a = object(item, 'a');
    function* flushes(_work: Work): Steps {
      yield* flush_workqueue(wq);
    }
    function* user() {
      yield* INIT_WORK(a.work, flushes);
      yield* queue_work(wq, a.work);
    }
    expect(machine({ user }).settle().at(W0)).toBe('wait_for_flush');
  });

  test('flush while a note is taken in the same step', () => {
    const seen = variable('seen', false);
    function* user() {
      yield* flush_workqueue(wq, store(seen, true));
    }
    const sim = machine({ user });
    sim.step('user');
    expect(sim.value(seen)).toBe(true);
  });
});

describe('rcu_work', () => {
  const delayed = struct('delayed', { rwork: rcu_work(), ran: false });
  const booted = (threads: Parameters<typeof boot>[0]['threads']) =>
    new Simulation(boot({ workqueues: [wq], threads }));

  test('it is queued after a grace period, and pending all the while', () => {
    const a = object(delayed, 'a');
    const queued: boolean[] = [];
    function* reader() {
      yield* rcu_read_lock();
      yield* rcu_read_unlock();
    }
    function* user() {
      yield* INIT_RCU_WORK(a.rwork, function* (work) {
        yield* store(container_of(work, delayed).ran, true);
      });
      queued.push(yield* queue_rcu_work(wq, a.rwork));
      queued.push(yield* queue_rcu_work(wq, a.rwork));
    }
    const sim = booted({ reader, user });
    sim.step('reader');
    sim.run('user').run('rcu_gp').run('softirq/0').run(W0);
    expect([queued, sim.value(a.ran), sim.value(a.rwork)!.pending]).toEqual([
      [true, false],
      false,
      true,
    ]);
    sim.settle();
    expect([sim.value(a.ran), sim.value(a.rwork)!.pending, sim.rules()]).toEqual([true, false, []]);
  });

  test('freed while it waits for the grace period, it is an active object', () => {
    const a = object(delayed, 'a');
    function* user() {
      yield* INIT_RCU_WORK(a.rwork, nothing);
      yield* queue_rcu_work(wq, a.rwork);
      yield* kfree(a);
    }
    const rules = booted({ user }).run('user').rules();
    expect(rules).toEqual(['active object freed', 'active object freed']); // the work, the rcu_head
  });
});
