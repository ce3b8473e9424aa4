import { beforeEach, describe, expect, test } from 'vitest';
import { variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import { current } from '../../src/kernel/ghost.ts';
import { object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../src/kernel/mutex.ts';
import {
  call_rcu,
  rcu_head,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
} from '../../src/kernel/rcu.ts';
import { OUTSIDE, reader_of } from '../../src/kernel/rcu_reader.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import {
  call_srcu,
  cleanup_srcu_struct,
  DEFINE_SRCU,
  type SrcuStruct,
  srcu_barrier,
  srcu_dereference,
  srcu_dereference_check,
  srcu_read_lock,
  srcu_read_unlock,
  synchronize_srcu,
} from '../../src/kernel/srcu.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

const item = struct('item', { rcu: rcu_head() });

function machine(srcu: readonly SrcuStruct[], threads: Parameters<typeof boot>[0]['threads']) {
  return new Simulation(boot({ cpus: 2, srcu, threads }));
}

/** Steps until nothing moves, but for the threads that are held back. */
function settle_without(sim: Simulation, ...held: string[]): void {
  while (sim.names().some((name) => !held.includes(name) && sim.step(name)));
}

describe('readers', () => {
  test('a grace period waits for the sections that are open at its start, not for later ones', () => {
    const ssp = DEFINE_SRCU('ssp');
    function* reader() {
      const first = yield* srcu_read_lock(ssp);
      const second = yield* srcu_read_lock(ssp);
      yield* srcu_read_unlock(ssp, first);
      yield* srcu_read_unlock(ssp, second);
    }
    const sim = machine([ssp], { reader, sync: () => synchronize_srcu(ssp) });
    sim.step('reader');
    sim.step('sync');
    sim.step('reader');
    expect(sim.step('sync')).toBe(false);
    sim.step('reader'); // the first section ends inside the second
    expect([sim.step('sync'), sim.at('sync')]).toEqual([true, null]);
    sim.run('reader');
    expect(sim.rules()).toEqual([]);
  });

  test('one domain does not wait for another, nor RCU for any', () => {
    const [a, b] = [DEFINE_SRCU('a'), DEFINE_SRCU('b')];
    function* reader() {
      const idx = yield* srcu_read_lock(a);
      yield* srcu_read_unlock(a, idx);
    }
    const sim = machine([a, b], {
      reader,
      same: () => synchronize_srcu(a),
      other: () => synchronize_srcu(b),
      rcu: synchronize_rcu,
    });
    sim.step('reader');
    for (const name of ['same', 'other', 'rcu']) sim.run(name);
    expect([sim.at('same'), sim.at('other'), sim.at('rcu')]).toEqual(['wait_srcu_gp', null, null]);
    sim.run('reader').run('same');
    expect([sim.at('same'), sim.rules()]).toEqual([null, []]);
  });

  test('may sleep', () => {
    const ssp = DEFINE_SRCU('ssp');
    const lock = DEFINE_MUTEX('lock');
    function* user() {
      const idx = yield* srcu_read_lock(ssp);
      yield* mutex_lock(lock);
      yield* mutex_unlock(lock);
      yield* synchronize_rcu();
      yield* srcu_read_unlock(ssp, idx);
      yield* synchronize_srcu(ssp);
    }
    expect(machine([ssp], { user }).settle().rules()).toEqual([]);
  });

  test.each([
    ['that was never entered', 0],
    ['by another index', 1],
  ])('leaving a section %s', (_, enter) => {
    const ssp = DEFINE_SRCU('ssp');
    function* user() {
      if (enter) yield* srcu_read_lock(ssp);
      yield* srcu_read_unlock(ssp, enter);
    }
    expect(machine([ssp], { user }).run('user').rules()).toContain('unlock imbalance');
  });

  test('srcu_dereference wants a section of its own domain', () => {
    const [a, b] = [DEFINE_SRCU('a'), DEFINE_SRCU('b')];
    const pointer = variable('pointer', 1);
    const good: number[] = [];
    function* proper() {
      const idx = yield* srcu_read_lock(a);
      good.push(yield* srcu_dereference(pointer, a));
      yield* srcu_read_unlock(a, idx);
      good.push(yield* srcu_dereference_check(pointer, a, true));
    }
    function* wrong() {
      yield* srcu_dereference(pointer, a);
      yield* rcu_read_lock();
      yield* srcu_dereference_check(pointer, a, false);
      yield* rcu_read_unlock();
      const idx = yield* srcu_read_lock(b);
      yield* srcu_dereference(pointer, a);
      yield* srcu_read_unlock(b, idx);
    }
    const sim = machine([a, b], { proper, wrong }).run('proper');
    expect([good, sim.rules()]).toEqual([[1, 1], []]);
    expect(sim.run('wrong').rules()).toEqual(Array(3).fill('suspicious RCU usage'));
  });
});

test('lockdep: a reader may be inside any lock, also a raw one, and take any that sleeps', () => {
  const ssp = DEFINE_SRCU('ssp');
  const use = { lock: 'ssp', cls: 'ssp', mode: 'recursive' };
  const seen: unknown[] = [];
  function* user() {
    const lock = srcu_read_lock(ssp);
    seen.push(lock.spec.acquires);
    const idx = yield* lock;
    seen.push(current('user').held);
    yield* srcu_read_unlock(ssp, idx);
    seen.push(current('user').held, synchronize_srcu(ssp).next().value?.spec.acquires);
  }
  machine([ssp], { user }).run('user');
  const waits = { ...use, mode: 'exclusive', raw: true };
  expect(seen).toEqual([[{ ...use, raw: true }], [use], [], [waits]]);
});

describe('synchronize_srcu', () => {
  test('inside a section of its own domain it waits for itself', () => {
    const ssp = DEFINE_SRCU('ssp');
    function* user() {
      yield* srcu_read_lock(ssp);
      yield* synchronize_srcu(ssp);
    }
    const sim = machine([ssp], { user }).settle();
    expect([sim.at('user'), sim.rules()]).toEqual(['wait_srcu_gp', ['suspicious RCU usage']]);
  });

  test('may sleep, and so may srcu_barrier and cleanup_srcu_struct', () => {
    const ssp = DEFINE_SRCU('ssp');
    const lock = DEFINE_SPINLOCK('lock');
    function* user() {
      yield* spin_lock(lock);
      yield* synchronize_srcu(ssp);
      yield* srcu_barrier(ssp);
      yield* cleanup_srcu_struct(ssp);
      yield* spin_unlock(lock);
    }
    const sim = machine([ssp], { user }).settle();
    expect(sim.rules()).toEqual(Array(3).fill('sleeping function called from invalid context'));
  });
});

describe('callbacks', () => {
  test('run after a grace period, first in first out, with bottom halves off', () => {
    const ssp = DEFINE_SRCU('ssp');
    const [a, b] = [object(item, 'a'), object(item, 'b')];
    const lock = DEFINE_MUTEX('lock');
    const ran: string[] = [];
    function* reader() {
      const idx = yield* srcu_read_lock(ssp);
      yield* srcu_read_unlock(ssp, idx);
    }
    function* callback(head: { name: string }): Steps {
      ran.push(head.name);
      yield* mutex_lock(lock);
      yield* mutex_unlock(lock);
    }
    function* user() {
      yield* call_srcu(ssp, a.rcu, callback);
      yield* call_srcu(ssp, b.rcu, callback);
    }
    const sim = machine([ssp], { reader, user });
    sim.step('reader');
    settle_without(sim, 'reader');
    expect(ran).toEqual([]);
    sim.run('reader').run('srcu_gp-ssp').run('srcu/0-ssp', 'mutex_lock');
    expect(sim.value(reader_of('srcu/0-ssp')!)).toEqual([]);
    sim.settle();
    expect(ran).toEqual(['a.rcu', 'b.rcu']);
    expect(sim.value(reader_of('srcu/0-ssp')!)).toBe(OUTSIDE);
    expect(sim.rules()).toEqual(Array(2).fill('sleeping function called from invalid context'));
  });

  test('may not return with a section open', () => {
    const ssp = DEFINE_SRCU('ssp');
    const a = object(item, 'a');
    function* user() {
      yield* call_srcu(ssp, a.rcu, function* callback() {
        yield* srcu_read_lock(ssp);
      });
    }
    expect(machine([ssp], { user }).settle().rules()).toEqual(['lock held at exit']);
  });

  test('a head may be queued once, by whichever call', () => {
    const ssp = DEFINE_SRCU('ssp');
    const a = object(item, 'a');
    function* nothing(): Steps {}
    function* user() {
      yield* call_srcu(ssp, a.rcu, nothing);
      yield* call_srcu(ssp, a.rcu, nothing);
      yield* call_rcu(a.rcu, nothing);
    }
    const sim = machine([ssp], { user }).run('user');
    expect(sim.rules()).toEqual(['double call_srcu', 'double call_rcu']);
  });
});

describe('srcu_barrier', () => {
  test('waits for the callbacks on all CPUs to return, and for none that is queued later', () => {
    const ssp = DEFINE_SRCU('ssp');
    const [a, b, c] = [object(item, 'a'), object(item, 'b'), object(item, 'c')];
    const ran: string[] = [];
    function* callback(head: { name: string }): Steps {
      yield* rcu_read_lock();
      ran.push(head.name);
      yield* rcu_read_unlock();
    }
    function* here() {
      yield* call_srcu(ssp, a.rcu, callback);
      yield* srcu_barrier(ssp);
    }
    function* there() {
      yield* call_srcu(ssp, b.rcu, callback);
      yield* call_srcu(ssp, c.rcu, callback);
    }
    const sim = machine([ssp], { here, there: { run: there, cpu: 1 } });
    sim.step('there');
    sim.run('here', 'srcu_barrier_wait').step('there');
    settle_without(sim, 'srcu/1-ssp');
    expect([ran, sim.at('here')]).toEqual([['a.rcu'], 'srcu_barrier_wait']);
    sim.run('srcu/1-ssp', 'rcu_read_unlock');
    expect([ran, sim.step('here')]).toEqual([['a.rcu', 'b.rcu'], false]);
    sim.run('srcu/1-ssp', 'srcu_callback_return');
    expect(sim.step('here')).toBe(false);
    sim.step('srcu/1-ssp');
    sim.step('srcu/1-ssp'); // comes to the marker
    expect([sim.step('here'), sim.at('here')]).toEqual([true, null]);
    sim.settle();
    expect([ran, sim.rules()]).toEqual([['a.rcu', 'b.rcu', 'c.rcu'], []]);
  });

  test.each([
    ['whose grace period goes on', 'srcu_gp_end'],
    ['that is being invoked', 'srcu_gp_start'],
  ])('waits for a callback %s', (_, until) => {
    const ssp = DEFINE_SRCU('ssp');
    const a = object(item, 'a');
    function* queue() {
      yield* call_srcu(ssp, a.rcu, function* callback() {
        yield* rcu_read_lock();
        yield* rcu_read_unlock();
      });
    }
    const sim = machine([ssp], { queue, barrier: () => srcu_barrier(ssp) });
    sim.run('queue').step('srcu_gp-ssp');
    sim.run('srcu_gp-ssp', until).run('srcu/0-ssp', 'rcu_read_unlock').run('barrier');
    expect(sim.at('barrier')).toBe('srcu_barrier_wait');
    sim.settle();
    expect(sim.at('barrier')).toBeNull();
  });

  test('returns at once when there are none, whoever reads', () => {
    const ssp = DEFINE_SRCU('ssp');
    const sim = machine([ssp], {
      *reader() {
        yield* srcu_read_lock(ssp);
        yield* synchronize_rcu();
      },
      barrier: () => srcu_barrier(ssp),
    });
    sim.step('reader');
    expect(sim.run('barrier').at('barrier')).toBeNull();
  });
});

describe('cleanup_srcu_struct', () => {
  test('frees the domain: whoever uses it after that touches freed memory', () => {
    const ssp = DEFINE_SRCU('ssp');
    const a = object(item, 'a');
    function* nothing(): Steps {}
    const sim = machine([ssp], {
      *cleanup() {
        yield* cleanup_srcu_struct(ssp);
        yield* cleanup_srcu_struct(ssp);
      },
      *read() {
        yield* srcu_read_lock(ssp);
      },
      *call() {
        yield* call_srcu(ssp, a.rcu, nothing);
      },
      sync: () => synchronize_srcu(ssp),
      barrier: () => srcu_barrier(ssp),
    });
    sim.run('cleanup');
    expect(sim.rules()).toEqual(['double-free']);
    expect(sim.settle().rules()).toEqual(['double-free', ...Array(4).fill('use-after-free')]);
  });

  test.each(['next', 'wait', 'done', 'invoking', 'returned'])(
    'with a callback that is: %s',
    (where) => {
      const ssp = DEFINE_SRCU('ssp');
      const a = object(item, 'a');
      const sim = machine([ssp], {
        *queue() {
          yield* call_srcu(ssp, a.rcu, function* callback() {
            yield* rcu_read_lock();
            yield* rcu_read_unlock();
          });
        },
        *cleanup() {
          yield* cleanup_srcu_struct(ssp);
        },
      });
      sim.run('queue');
      if (where !== 'next') sim.step('srcu_gp-ssp');
      if (where !== 'next' && where !== 'wait') sim.step('srcu_gp-ssp');
      if (where === 'invoking') sim.run('srcu/0-ssp', 'rcu_read_unlock');
      if (where === 'returned') sim.run('srcu/0-ssp');
      sim.run('cleanup').settle();
      const left = 'ssp is cleaned up with callbacks left';
      expect(sim.reports.map(({ rule, message }) => [rule, message])).toEqual(
        where === 'returned' ? [] : [['leaked srcu_struct', left]],
      );
    },
  );

  test('with a reader left', () => {
    const ssp = DEFINE_SRCU('ssp');
    const sim = machine([ssp], {
      *read() {
        const idx = yield* srcu_read_lock(ssp);
        yield* srcu_read_unlock(ssp, idx);
      },
      *cleanup() {
        yield* cleanup_srcu_struct(ssp);
      },
    });
    sim.step('read');
    expect(sim.run('cleanup').rules()).toEqual(['leaked srcu_struct']);
    expect(sim.run('read').rules()).toEqual(['leaked srcu_struct']);
  });
});

test('a domain that boot does not know is an error of the spec', () => {
  const ssp = DEFINE_SRCU('ssp');
  function* user() {
    yield* srcu_read_lock(ssp);
  }
  expect(() => machine([], { user })).toThrow('boot({ srcu: [ssp], threads })');
});
