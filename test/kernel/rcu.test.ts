import { beforeEach, describe, expect, test } from 'vitest';
import { store, variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import { kfree_rcu } from '../../src/kernel/kfree_rcu.ts';
import { kfree, object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_lock } from '../../src/kernel/mutex.ts';
import {
  call_rcu,
  init_rcu_head,
  type RcuHead,
  rcu_barrier,
  rcu_head,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
} from '../../src/kernel/rcu.ts';
import {
  DEFINE_SPINLOCK,
  spin_lock,
  spin_lock_irqsave,
  spin_unlock,
  spin_unlock_irqrestore,
} from '../../src/kernel/spinlock.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

const node = struct('node', { rcu: rcu_head() });

function* nothing(_head: RcuHead): Steps {}

function* reader() {
  yield* rcu_read_lock();
  yield* rcu_read_lock();
  yield* rcu_read_unlock();
  yield* rcu_read_unlock();
  yield* rcu_read_lock();
  yield* rcu_read_unlock();
}

beforeEach(fresh);

describe('call_rcu', () => {
  function simulation(callback: (head: RcuHead) => Steps = nothing) {
    const n = object(node, 'n');
    function* updater() {
      yield* call_rcu(n.rcu, callback);
    }
    return { n, sim: new Simulation(boot({ threads: { reader, updater } })) };
  }

  test('a reader from before the grace period holds it back until its outermost unlock', () => {
    const { sim } = simulation();
    sim.step('reader');
    sim.step('updater');
    sim.step('rcu_gp');
    expect(sim.step('rcu_gp')).toBe(false);
    sim.step('reader');
    sim.step('reader');
    expect(sim.step('rcu_gp')).toBe(false);
    sim.step('reader');
    expect(sim.step('rcu_gp')).toBe(true);
  });

  test('a reader that leaves and enters again is a new one', () => {
    const { sim } = simulation();
    sim.step('reader');
    sim.step('updater');
    sim.step('rcu_gp');
    for (let step = 0; step < 4; step++) sim.step('reader');
    expect(sim.at('reader')).toBe('rcu_read_unlock');
    expect(sim.step('rcu_gp')).toBe(true);
  });

  test('a spinlock section is a reader', () => {
    const n = object(node, 'n');
    const lock = DEFINE_SPINLOCK('lock');
    function* holder() {
      yield* spin_lock(lock);
      yield* spin_unlock(lock);
    }
    function* updater() {
      yield* call_rcu(n.rcu, nothing);
    }
    const sim = new Simulation(boot({ threads: { holder, updater } }));
    sim.step('holder');
    sim.step('updater');
    sim.step('rcu_gp');
    expect(sim.step('rcu_gp')).toBe(false);
    sim.step('holder');
    expect(sim.step('rcu_gp')).toBe(true);
  });

  test('a callback queued while a grace period runs takes the next one', () => {
    const [n, m] = [object(node, 'n'), object(node, 'm')];
    function* updater() {
      yield* call_rcu(n.rcu, nothing);
      yield* call_rcu(m.rcu, nothing);
    }
    const sim = new Simulation(boot({ threads: { updater } }));
    sim.step('updater');
    sim.step('rcu_gp');
    sim.step('updater');
    sim.step('rcu_gp');
    sim.run('softirq/0');
    expect([sim.value(n.rcu), sim.value(m.rcu)]).toEqual([null, nothing]);
    sim.settle();
    expect(sim.value(m.rcu)).toBe(null);
  });

  test('queueing a head twice is reported', () => {
    const n = object(node, 'n');
    function* updater() {
      yield* call_rcu(n.rcu, nothing);
      yield* call_rcu(n.rcu, nothing);
    }
    expect(new Simulation(boot({ threads: { updater } })).run('updater').rules()).toEqual([
      'double call_rcu',
    ]);
  });

  test('so is kfree_rcu of what is queued already, and call_rcu on freed memory', () => {
    const [n, m] = [object(node, 'n'), object(node, 'm')];
    function* updater() {
      yield* kfree_rcu(n.rcu);
      yield* kfree_rcu(n.rcu);
      yield* kfree(m);
      yield* call_rcu(m.rcu, nothing);
    }
    const sim = new Simulation(boot({ threads: { updater } })).run('updater');
    expect(sim.rules()).toEqual(['double call_rcu', 'use-after-free']);
  });

  test('initialising a head is reported while it is queued, and only then', () => {
    const n = object(node, 'n');
    function* updater() {
      yield* init_rcu_head(n.rcu);
      yield* call_rcu(n.rcu, nothing);
      yield* init_rcu_head(n.rcu);
      yield* rcu_barrier();
      yield* init_rcu_head(n.rcu);
    }
    const sim = new Simulation(boot({ threads: { updater } })).settle();
    expect(sim.reports.map(({ rule, message }) => [rule, message])).toEqual([
      ['active object initialised', 'rcu_head n.rcu is initialised while queued for nothing'],
    ]);
  });

  test('freeing a queued head is reported, and its invocation is a use after free', () => {
    const n = object(node, 'n');
    function* updater() {
      yield* call_rcu(n.rcu, nothing);
      yield* kfree(n);
    }
    const sim = new Simulation(boot({ threads: { updater } })).settle();
    expect(sim.rules()).toEqual(['active object freed', 'use-after-free']);
  });

  test('a callback runs in softirq: it may not sleep', () => {
    const mutex = DEFINE_MUTEX('mutex');
    function* sleeper(_head: RcuHead): Steps {
      yield* mutex_lock(mutex);
    }
    const { sim } = simulation(sleeper);
    expect(sim.settle().rules()).toEqual([
      'sleeping function called from invalid context',
      'lock held at exit',
    ]);
  });
});

describe('waiting', () => {
  test('synchronize_rcu waits for readers, not for callbacks', () => {
    const n = object(node, 'n');
    function* updater() {
      yield* call_rcu(n.rcu, nothing);
      yield* synchronize_rcu();
    }
    const sim = new Simulation(boot({ threads: { reader, updater } }));
    sim.step('reader');
    expect(sim.run('updater').at('updater')).toBe('wait_rcu_gp');
    sim.run('reader');
    expect(sim.run('updater').at('updater')).toBe(null);
    expect(sim.value(n.rcu)).not.toBe(null);
  });

  test('rcu_barrier waits for every queued callback to return, a running one too', () => {
    const n = object(node, 'n');
    const ran = variable('ran', 0);
    function* callback(_head: RcuHead): Steps {
      yield* store(ran, 1);
      yield* store(ran, 2);
    }
    function* updater() {
      yield* call_rcu(n.rcu, callback);
    }
    function* waiter() {
      yield* rcu_barrier();
    }
    const sim = new Simulation(boot({ cpus: 2, threads: { updater, waiter } }));
    sim.run('updater').run('rcu_gp');
    for (let step = 0; step < 3; step++) sim.step('softirq/0');
    expect(sim.value(ran)).toBe(1);
    expect(sim.run('waiter').at('waiter')).toBe('rcu_barrier_wait');
    sim.step('softirq/0');
    expect(sim.step('waiter')).toBe(false);
    sim.run('softirq/0');
    expect(sim.step('waiter')).toBe(true);
  });

  test('rcu_barrier does not wait for what a callback queues, nor when nothing is queued', () => {
    const n = object(node, 'n');
    function* again(head: RcuHead): Steps {
      yield* call_rcu(head, nothing);
    }
    function* updater() {
      yield* call_rcu(n.rcu, again);
      yield* rcu_barrier();
      yield* rcu_barrier();
    }
    function* idle() {
      yield* rcu_barrier();
    }
    const sim = new Simulation(boot({ threads: { updater, idle } }));
    expect(sim.run('idle').at('idle')).toBe(null);
    sim.run('updater').run('rcu_gp').run('softirq/0');
    expect(sim.value(n.rcu)).not.toBe(null);
    sim.run('updater');
    expect(sim.at('updater')).toBe('rcu_barrier_wait');
    sim.settle();
    expect(sim.at('updater')).toBe(null);
  });

  test('both sleep, so a reader may not call them', () => {
    function* updater() {
      yield* rcu_read_lock();
      yield* rcu_barrier();
      yield* synchronize_rcu();
    }
    const sim = new Simulation(boot({ threads: { updater } })).settle();
    const sleeps = 'sleeping function called from invalid context';
    expect(sim.rules()).toEqual([sleeps, sleeps, 'suspicious RCU usage']);
  });
});

test('an unlock without a lock is reported', () => {
  function* thread() {
    yield* rcu_read_unlock();
  }
  expect(new Simulation({ thread }).run('thread').rules()).toEqual(['unlock imbalance']);
});

test('irqsave gives whether interrupts were off, and irqrestore restores that', () => {
  const outer = DEFINE_SPINLOCK('outer');
  const inner = DEFINE_SPINLOCK('inner');
  const seen: boolean[] = [];
  function* thread() {
    const flags = yield* spin_lock_irqsave(outer);
    const nested = yield* spin_lock_irqsave(inner);
    yield* spin_unlock_irqrestore(inner, nested);
    yield* spin_unlock_irqrestore(outer, flags);
    seen.push(flags, nested, yield* spin_lock_irqsave(outer));
  }
  new Simulation({ thread }).settle();
  expect(seen).toEqual([false, true, false]);
});
