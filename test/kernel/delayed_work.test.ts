import { beforeEach, describe, expect, test } from 'vitest';
import { store } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import {
  cancel_delayed_work,
  cancel_delayed_work_sync,
  DECLARE_DELAYED_WORK,
  type DelayedWork,
  delayed_work,
  flush_delayed_work,
  INIT_DELAYED_WORK,
  mod_delayed_work,
  queue_delayed_work,
} from '../../src/kernel/delayed_work.ts';
import { cancel_work, flush_work, flush_workqueue } from '../../src/kernel/flush_work.ts';
import { container_of, kfree, object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import { timer_base } from '../../src/kernel/timer.ts';
import {
  alloc_workqueue,
  queue_work,
  type Work,
  work_objects,
} from '../../src/kernel/workqueue.ts';
import type { Operation, Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

const item = struct('item', { dwork: delayed_work(), ran: 0 });
const wq = alloc_workqueue('wq');
const W0 = 'kworker/0-wq';

function* fn(work: Work): Steps {
  const { ran } = container_of(work, item);
  yield* store(ran, 1);
  yield* store(ran, 2);
}

beforeEach(fresh);

function machine(threads: Parameters<typeof boot>[0]['threads']) {
  return new Simulation(boot({ cpus: 2, rcu: false, timers: true, workqueues: [wq], threads }));
}

type Call = (
  wq: ReturnType<typeof alloc_workqueue>,
  dwork: DelayedWork,
) => Operation<boolean> | Steps<boolean>;

/** A thread that initialises the item and makes the calls; `other` makes some later. */
function user(calls: readonly Call[], others: readonly Call[] = []) {
  const a = object(item, 'a');
  const got: boolean[] = [];
  function* main() {
    yield* INIT_DELAYED_WORK(a.dwork, fn);
    for (const call of calls) got.push(yield* call(wq, a.dwork));
  }
  function* other() {
    for (const call of others) got.push(yield* call(wq, a.dwork));
  }
  return { a, got, sim: machine({ main, other }) };
}

describe('queue_delayed_work', () => {
  test('the item is pending while its timer is armed, and then while it is on the list', () => {
    const { a, got, sim } = user([queue_delayed_work, queue_delayed_work]);
    sim.run('main');
    const queued = () => sim.value(work_objects(wq).queues[0]!).length;
    const seen = () => [sim.value(a.dwork.timer)!.pending, queued(), sim.value(a.dwork)!.pending];
    expect([got, seen()]).toEqual([
      [true, false],
      [true, 0, true],
    ]);
    sim.run('timer/0');
    expect(seen()).toEqual([false, 1, true]);
    sim.run(W0);
    expect([seen(), sim.value(a.ran), sim.rules()]).toEqual([[false, 0, false], 2, []]);
  });

  test('a static one needs no initialisation; a raw one is reported', () => {
    let ran = false;
    const dwork = DECLARE_DELAYED_WORK('dwork', function* () {
      ran = true;
    });
    const a = object(item, 'a');
    function* main() {
      yield* queue_delayed_work(wq, dwork);
      yield* queue_delayed_work(wq, a.dwork);
    }
    const sim = machine({ main }).settle();
    expect([ran, sim.rules()]).toEqual([true, ['uninitialised object activated']]);
  });

  test('neither flush_work nor flush_workqueue waits for the timer', () => {
    const { a, got, sim } = user([
      queue_delayed_work,
      flush_work,
      function* () {
        yield* flush_workqueue(wq);
        return true;
      },
    ]);
    sim.run('main');
    expect([got, sim.at('main'), sim.value(a.ran)]).toEqual([[true, false, true], null, 0]);
  });
});

describe('flush_delayed_work', () => {
  test('queues an item that waits for its timer, and waits', () => {
    const { a, got, sim } = user([queue_delayed_work, flush_delayed_work]);
    expect(sim.run('main').at('main')).toBe('wait_for_flush');
    expect(sim.value(timer_base(0)).pending).toEqual([]);
    sim.run(W0).run('main');
    expect([got, sim.value(a.ran)]).toEqual([[true, true], 2]);
  });

  test('has nothing to wait for when the item is not pending', () => {
    const { got, sim } = user([flush_delayed_work]);
    sim.run('main');
    expect([got, sim.at('main')]).toEqual([[false], null]);
  });
});

describe('cancelling', () => {
  test('an armed timer, and an item on the list, are taken away', () => {
    for (const queue of [queue_delayed_work, queue_work]) {
      fresh();
      const { a, got, sim } = user([queue, cancel_delayed_work, cancel_delayed_work]);
      sim.run('main').settle();
      expect([got, sim.value(a.ran), sim.value(a.dwork)!.pending]).toEqual([
        [true, true, false],
        0,
        false,
      ]);
    }
  });

  test('a timer that is firing is waited for', () => {
    const { a, got, sim } = user([queue_delayed_work, cancel_delayed_work]);
    sim.run('main', 'cancel_delayed_work').run('timer/0', 'detach_timer');
    expect(sim.step('main')).toBe(false);
    sim.run('timer/0', 'insert_work');
    expect(sim.step('main')).toBe(false);
    sim.run('timer/0').run('main').settle();
    expect([got, sim.value(a.ran)]).toEqual([[true, true], 0]);
  });

  test('cancel_delayed_work leaves a running function alone, _sync waits for it', () => {
    const { got, sim } = user([queue_work, cancel_delayed_work], [cancel_delayed_work_sync]);
    sim.run('main', 'cancel_delayed_work').run(W0, 'store').run('main');
    expect([got, sim.run('other').at('other')]).toEqual([[true, false], 'wait_for_flush']);
    sim.run(W0).run('other');
    expect([got, sim.at('other'), sim.rules()]).toEqual([[true, false, false], null, []]);
  });

  test('while somebody cancels the item nobody queues it, and nobody waits for that', () => {
    const { a, got, sim } = user(
      [queue_work, cancel_delayed_work_sync],
      [queue_delayed_work, mod_delayed_work, cancel_delayed_work, cancel_work],
    );
    sim.run('main', 'cancel_delayed_work_sync').run(W0, 'store').run('main');
    sim.run('other');
    expect([got, sim.at('other')]).toEqual([[true, false, true, false, false], null]);
    sim.settle();
    expect([got.length, sim.value(a.dwork), sim.value(a.dwork.timer)!.pending]).toEqual([
      6,
      { fn, pending: false, pool: null },
      false,
    ]);
  });

  test('_sync may sleep', () => {
    const lock = DEFINE_SPINLOCK('lock');
    const { sim } = user([
      function* (_, dwork) {
        yield* spin_lock(lock);
        const was = yield* cancel_delayed_work(wq, dwork);
        yield* cancel_delayed_work_sync(wq, dwork);
        yield* spin_unlock(lock);
        return was;
      },
    ]);
    sim.run('main', 'flush_work');
    expect(sim.rules()).toEqual(['sleeping function called from invalid context']);
  });
});

describe('mod_delayed_work', () => {
  test('arms the timer, of an idle item and of one that is on the list', () => {
    const { a, got, sim } = user([mod_delayed_work, mod_delayed_work, flush_delayed_work]);
    sim.run('main');
    expect([got, sim.value(work_objects(wq).queues[0]!).length]).toEqual([[false, true], 1]);
    sim.settle();
    expect([got, sim.value(a.ran)]).toEqual([[false, true, true], 2]);
    fresh();
    const listed = user([queue_work, mod_delayed_work]);
    listed.sim.run('main');
    expect(listed.sim.value(work_objects(wq).queues[0]!)).toEqual([]);
    expect(listed.sim.value(timer_base(0)).pending).toEqual([listed.a.dwork.timer]);
    listed.sim.settle();
    expect([listed.got, listed.sim.value(listed.a.ran)]).toEqual([[true, true], 2]);
  });

  test('the item goes to the queue of the last call', () => {
    const other = alloc_workqueue('other');
    const dwork = DECLARE_DELAYED_WORK('dwork', function* () {});
    function* main() {
      yield* queue_delayed_work(wq, dwork);
      yield* mod_delayed_work(other, dwork);
    }
    const sim = new Simulation(
      boot({ rcu: false, timers: true, workqueues: [wq, other], threads: { main } }),
    );
    sim.run('main').run('timer/0');
    expect(sim.value(work_objects(wq).queues[0]!)).toEqual([]);
    expect(sim.value(work_objects(other).queues[0]!)).toHaveLength(1);
  });
});

test('debug objects: freed or initialised while its timer is armed', () => {
  const a = object(item, 'a');
  function* main() {
    yield* INIT_DELAYED_WORK(a.dwork, fn);
    yield* queue_delayed_work(wq, a.dwork);
    yield* INIT_DELAYED_WORK(a.dwork, fn);
    yield* queue_delayed_work(wq, a.dwork);
    yield* kfree(a);
  }
  const sim = machine({ main }).run('main');
  expect(sim.rules()).toEqual([
    'active object initialised', // the work, the timer
    'active object initialised',
    'active object freed',
    'active object freed',
  ]);
  expect(sim.settle().rules().at(-1)).toBe('use-after-free');
});

test('one that is initialised while its timer fires is reported, and queued where it was meant to be', () => {
  const { a, sim } = user(
    [queue_delayed_work],
    [
      function* (_, dwork) {
        yield* INIT_DELAYED_WORK(dwork, fn);
        return true;
      },
    ],
  );
  sim.run('main').run('timer/0', 'load').run('other').settle();
  expect([sim.rules(), sim.value(a.ran)]).toEqual([['active object initialised'], 2]);
});
