import { beforeEach, describe, expect, test } from 'vitest';
import { boot } from '../../src/kernel/boot.ts';
import {
  complete,
  complete_all,
  completion_done,
  DECLARE_COMPLETION,
  reinit_completion,
  try_wait_for_completion,
  wait_for_completion,
} from '../../src/kernel/completion.ts';
import {
  local_bh_disable,
  local_bh_enable,
  local_irq_disable,
  local_irq_enable,
  local_irq_restore,
  local_irq_save,
} from '../../src/kernel/irqflags.ts';
import { kfree, object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_lock, mutex_trylock, mutex_unlock } from '../../src/kernel/mutex.ts';
import { preempt_disable, preempt_enable } from '../../src/kernel/preempt.ts';
import { call_rcu, rcu_head } from '../../src/kernel/rcu.ts';
import {
  DECLARE_RWSEM,
  down_read,
  down_read_trylock,
  down_write,
  down_write_trylock,
  downgrade_write,
  rw_semaphore,
  up_read,
  up_write,
} from '../../src/kernel/rw_semaphore.ts';
import {
  DEFINE_RWLOCK,
  read_lock,
  read_trylock,
  read_unlock,
  write_lock,
  write_trylock,
  write_unlock,
} from '../../src/kernel/rwlock.ts';
import { DEFINE_SEMAPHORE, down, down_trylock, up } from '../../src/kernel/semaphore.ts';
import {
  DEFINE_SEQCOUNT,
  DEFINE_SEQLOCK,
  done_seqretry,
  need_seqretry,
  read_seqbegin,
  read_seqbegin_or_lock,
  read_seqretry,
  seqlock,
  write_seqcount_begin,
  write_seqcount_end,
  write_seqlock,
  write_sequnlock,
} from '../../src/kernel/seqlock.ts';
import {
  DEFINE_SPINLOCK,
  spin_lock,
  spin_lock_bh,
  spin_lock_irqsave,
  spin_trylock,
  spin_unlock,
  spin_unlock_bh,
  spin_unlock_irqrestore,
} from '../../src/kernel/spinlock.ts';
import {
  DECLARE_WAIT_QUEUE_HEAD,
  finish_wait,
  prepare_to_wait,
  prepare_to_wait_exclusive,
  schedule,
  wait_event,
  waitqueue_active,
  wake_up,
  wake_up_all,
} from '../../src/kernel/wait.ts';
import type { Steps } from '../../src/model/operation.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { searched } from '../oracle/compare.ts';
import { fresh, Simulation } from './simulation.ts';

const SLEEPS = 'sleeping function called from invalid context';

beforeEach(fresh);

/** The rules that one thread breaks, alone on the machine. */
function rules(body: () => Steps): string[] {
  return new Simulation(boot({ threads: { body } })).run('body').rules();
}

describe('rw_semaphore', () => {
  const make = () => DECLARE_RWSEM('sem');
  const reading = (sem: ReturnType<typeof make>) =>
    function* () {
      yield* down_read(sem);
      yield* up_read(sem);
    };
  const writing = (sem: ReturnType<typeof make>) =>
    function* () {
      yield* down_write(sem);
      yield* up_write(sem);
    };

  test('readers share it, a writer waits for all of them and holds back later ones', () => {
    const sem = make();
    const read = reading(sem);
    const sim = new Simulation({ r1: read, r2: read, r3: read, w: writing(sem) });
    sim.step('r1');
    expect(sim.step('r2')).toBe(true);
    expect(sim.run('w').at('w')).toBe('down_write_wait');
    expect(sim.step('r3')).toBe(false);
    sim.run('r1');
    expect(sim.step('w')).toBe(false);
    sim.run('r2');
    expect(sim.step('r3')).toBe(false);
    expect(sim.step('w')).toBe(true);
    expect(sim.step('r3')).toBe(false);
    expect(sim.settle().value(sem)).toEqual({ readers: [], writer: null, waiting: [] });
    expect(sim.rules()).toEqual([]);
  });

  test('downgrade_write lets readers in, and no writer', () => {
    const sem = make();
    function* user() {
      yield* down_write(sem);
      yield* downgrade_write(sem);
      yield* up_read(sem);
    }
    const sim = new Simulation({ user, r: reading(sem), w: writing(sem) });
    sim.step('user');
    expect(sim.step('r')).toBe(false);
    sim.step('user');
    expect(sim.step('r')).toBe(true);
    expect(sim.run('w').at('w')).toBe('down_write_wait');
    sim.settle();
    expect([sim.at('w'), sim.rules()]).toEqual([null, []]);
  });

  test('trylocks take what is free, and do not pass a writer that waits', () => {
    const sem = make();
    const got: boolean[] = [];
    function* tries() {
      got.push(yield* down_read_trylock(sem));
      got.push(yield* down_write_trylock(sem));
      yield* up_read(sem);
      got.push(yield* down_write_trylock(sem));
      got.push(yield* down_read_trylock(sem));
      yield* up_write(sem);
    }
    expect(new Simulation({ tries }).run('tries').rules()).toEqual([]);
    expect(got).toEqual([true, false, true, false]);
    const sim = new Simulation({ r: reading(sem), w: writing(sem), tries });
    sim.step('r');
    sim.step('w');
    sim.step('tries');
    sim.step('tries');
    sim.run('r');
    expect(sim.value(sem)).toEqual({ readers: [], writer: null, waiting: ['w'] });
    expect(got.slice(4)).toEqual([false, false]);
    function* late() {
      got.push(yield* down_write_trylock(sem));
    }
    const free = new Simulation({ r: reading(sem), w: writing(sem), late });
    free.step('r');
    free.step('w');
    free.run('r').step('late');
    expect(got.slice(6)).toEqual([false]);
  });

  test('taking it while it writes, and releasing it as what it is not, are reported', () => {
    const sem = make();
    const wrong: (() => Steps)[] = [
      function* () {
        yield* down_write(sem);
        yield* down_write(sem);
      },
      function* () {
        yield* down_write(sem);
        yield* down_read(sem);
      },
      function* () {
        yield* down_read(sem);
        yield* down_write(sem);
      },
      () => up_read(sem)[Symbol.iterator](),
      function* () {
        yield* down_read(sem);
        yield* up_write(sem);
      },
      function* () {
        yield* down_read(sem);
        yield* downgrade_write(sem);
      },
    ];
    const first = wrong.map((body) => {
      const sim = new Simulation({ body });
      for (let step = 0; step < 2 && sim.rules().length === 0; step++) sim.step('body');
      return sim.rules();
    });
    expect(first).toEqual([
      ...[0, 1, 2].map(() => ['recursive locking']),
      ...[0, 1, 2].map(() => ['unlock imbalance']),
    ]);
  });

  test('it may sleep; freeing it held is reported', () => {
    const sem = make();
    const foo = struct('foo', { sem: rw_semaphore() });
    const a = object(foo, 'a');
    function* atomic() {
      yield* preempt_disable();
      yield* down_read(sem);
      yield* up_read(sem);
      yield* down_write(sem);
      yield* up_write(sem);
      yield* preempt_enable();
    }
    function* frees() {
      yield* down_read(a.sem);
      yield* kfree(a);
    }
    expect(rules(atomic)).toEqual([SLEEPS, SLEEPS]);
    expect(new Simulation({ frees }).run('frees').rules()).toEqual(['active object freed']);
  });
});

test('a deadlock names the readers that a writer waits for', async () => {
  const loaded = await loadSpec('test/fixtures/checks/rwsem-upgrade.ts');
  const { outcome } = searched(instantiate(loaded, 'bad'), false);
  const deadlock = outcome.properties.find(({ name }) => name === 'deadlock');
  expect(deadlock?.message).toContain('waits at down_write_wait(sem), held by reader');
});

describe('rwlock', () => {
  test('a softirq reads past a writer that waits, a process does not', () => {
    const lock = DEFINE_RWLOCK('lock');
    function* read() {
      yield* read_lock(lock);
      yield* read_unlock(lock);
    }
    function* write() {
      yield* write_lock(lock);
      yield* write_unlock(lock);
    }
    const sim = new Simulation({
      read,
      late: read,
      write,
      softirq: { run: read, kind: 'softirq' },
    });
    sim.step('read');
    sim.step('write');
    expect(sim.step('late')).toBe(false);
    expect(sim.step('softirq')).toBe(true);
    sim.run('read');
    expect(sim.step('write')).toBe(false);
    sim.run('softirq');
    expect(sim.step('write')).toBe(true);
    expect(sim.settle().rules()).toEqual([]);
  });

  test('inside, preemption is off: it may not sleep, and is an RCU reader', () => {
    const lock = DEFINE_RWLOCK('lock');
    const mutex = DEFINE_MUTEX('mutex');
    const foo = struct('foo', { rcu: rcu_head() });
    const a = object(foo, 'a');
    function* sleeps() {
      if (yield* write_trylock(lock)) yield* mutex_lock(mutex);
      yield* mutex_unlock(mutex);
      yield* write_unlock(lock);
      yield* mutex_lock(mutex);
      yield* mutex_unlock(mutex);
    }
    function* user() {
      yield* write_lock(lock);
      yield* write_unlock(lock);
    }
    function* updater() {
      yield* call_rcu(a.rcu, function* () {});
    }
    function* tries() {
      if (yield* read_trylock(lock)) yield* read_unlock(lock);
    }
    expect(rules(sleeps)).toEqual([SLEEPS]);
    fresh();
    const sim = new Simulation(boot({ threads: { holder: tries, user, updater, tries } }));
    sim.step('holder');
    sim.step('user');
    sim.step('tries');
    expect([sim.at('user'), sim.at('tries')]).toEqual(['write_lock_wait', null]);
    expect(['holder', 'user', 'tries'].map((name) => sim.inside(name))).toEqual([
      true,
      false,
      false,
    ]);
    sim.step('holder');
    sim.step('user');
    sim.step('updater');
    sim.step('rcu_gp');
    expect(sim.step('rcu_gp')).toBe(false);
    sim.step('user');
    expect(sim.step('rcu_gp')).toBe(true);
  });
});

test('trylocks of a mutex and a spinlock fail also for the holder', () => {
  const [mutex, lock] = [DEFINE_MUTEX('mutex'), DEFINE_SPINLOCK('lock')];
  const got: boolean[] = [];
  function* user() {
    got.push(yield* mutex_trylock(mutex), yield* mutex_trylock(mutex));
    got.push(yield* spin_trylock(lock), yield* spin_trylock(lock));
    yield* spin_unlock(lock);
    yield* mutex_unlock(mutex);
    yield* mutex_lock(mutex);
    yield* mutex_unlock(mutex);
  }
  expect(rules(user)).toEqual([]);
  expect(got).toEqual([true, false, true, false]);
});

test('semaphore: as many as its count; down_trylock gives 0 when it took it', () => {
  const sem = DEFINE_SEMAPHORE('sem', 2);
  const got: number[] = [];
  function* taker() {
    yield* down(sem);
    got.push(yield* down_trylock(sem), yield* down_trylock(sem));
  }
  function* waiter() {
    yield* down(sem);
  }
  function* giver() {
    yield* up(sem);
  }
  const sim = new Simulation({ taker, waiter, giver }).run('taker');
  expect([got, sim.step('waiter')]).toEqual([[0, 1], false]);
  sim.run('giver');
  expect([sim.step('waiter'), sim.value(sem), sim.rules()]).toEqual([true, 0, []]);
});

test('completion: complete lets one pass, complete_all everybody until it is made new', () => {
  const x = DECLARE_COMPLETION('x');
  const got: boolean[] = [];
  function* waiter() {
    yield* wait_for_completion(x);
  }
  function* user() {
    yield* complete(x);
    got.push(yield* completion_done(x));
    yield* complete_all(x);
    yield* complete(x);
    got.push(yield* try_wait_for_completion(x));
    yield* reinit_completion(x);
    got.push(yield* completion_done(x), yield* try_wait_for_completion(x));
  }
  const sim = new Simulation({ a: waiter, b: waiter, c: waiter, user });
  expect(sim.step('a')).toBe(false);
  sim.step('user');
  expect([sim.step('a'), sim.step('b')]).toEqual([true, false]);
  for (let step = 0; step < 3; step++) sim.step('user');
  expect(sim.value(x)).toBe(0xffffffff);
  sim.step('user');
  expect([sim.step('b'), sim.step('c'), sim.value(x)]).toEqual([true, true, 0xffffffff]);
  expect(sim.run('user').rules()).toEqual([]);
  expect(got).toEqual([false, true, false, false]);
});

describe('seqlock', () => {
  test('a reader waits while somebody writes, and is told when somebody has written', () => {
    const sl = DEFINE_SEQLOCK('sl');
    const retry: boolean[] = [];
    function* reader() {
      for (let round = 0; round < 2; round++) {
        retry.push(yield* read_seqretry(sl, yield* read_seqbegin(sl)));
      }
    }
    function* writer() {
      yield* write_seqlock(sl);
      yield* write_sequnlock(sl);
    }
    const sim = new Simulation({ reader, writer, other: writer });
    sim.step('reader');
    sim.step('writer');
    expect(sim.step('other')).toBe(false);
    sim.step('reader');
    expect(sim.step('reader')).toBe(false);
    sim.settle();
    expect([retry, sim.value(sl), sim.rules()]).toEqual([[true, false], 4, []]);
  });

  test('with a mutex for its writers the section itself turns preemption off', () => {
    const mutex = DEFINE_MUTEX('mutex');
    const other = DEFINE_MUTEX('other');
    const seq = DEFINE_SEQCOUNT('seq', mutex);
    function* writer() {
      yield* mutex_lock(mutex);
      yield* write_seqcount_begin(seq);
      if (yield* mutex_trylock(other)) yield* mutex_unlock(other);
      yield* mutex_lock(other);
      yield* write_seqcount_end(seq);
      yield* mutex_unlock(other);
      yield* mutex_unlock(mutex);
      yield* write_seqcount_begin(seq);
    }
    expect(rules(writer)).toEqual([SLEEPS, 'lock not held']);
  });

  test('a reader that was disturbed takes the lock, and keeps out writers then', () => {
    const sl = DEFINE_SEQLOCK('sl');
    const seen: number[] = [];
    function* reader() {
      let seq = 0;
      for (;;) {
        seq = yield* read_seqbegin_or_lock(sl, seq);
        seen.push(seq);
        if (!(yield* need_seqretry(sl, seq))) break;
        seq = 1;
      }
      yield* done_seqretry(sl, seq);
    }
    function* writer() {
      yield* write_seqlock(sl);
      yield* write_sequnlock(sl);
    }
    const sim = new Simulation({ reader, calm: reader, writer, late: writer });
    sim.step('reader');
    sim.run('writer').run('reader', 'read_sequnlock_excl');
    expect([seen, sim.step('late')]).toEqual([[0, 1], false]);
    sim.run('calm').run('reader');
    expect([seen, sim.at('calm'), sim.step('late'), sim.rules()]).toEqual([
      [0, 1, 2],
      null,
      true,
      [],
    ]);
  });

  test('freeing one that is being written is reported', () => {
    const foo = struct('foo', { sl: seqlock() });
    const a = object(foo, 'a');
    function* writer() {
      yield* write_seqlock(a.sl);
      yield* kfree(a);
    }
    expect(rules(writer)).toEqual(['active object freed']);
  });
});

describe('wait queues', () => {
  test('wake_up wakes all that are not exclusive and one that is; wake_up_all all', () => {
    const wq = DECLARE_WAIT_QUEUE_HEAD('wq');
    const active: boolean[] = [];
    function* waiter() {
      yield* prepare_to_wait(wq);
      yield* schedule();
      yield* finish_wait(wq);
    }
    function* exclusive() {
      yield* prepare_to_wait_exclusive(wq);
      yield* schedule();
      yield* finish_wait(wq);
    }
    function* waker() {
      yield* wake_up(wq);
      active.push(yield* waitqueue_active(wq));
      yield* wake_up_all(wq);
      active.push(yield* waitqueue_active(wq));
    }
    const sim = new Simulation({ e1: exclusive, e2: exclusive, e3: exclusive, a: waiter, waker });
    for (const name of ['e1', 'e2', 'e3', 'a']) sim.run(name);
    sim.run('waker', 'waitqueue_active');
    expect(['a', 'e1', 'e2', 'e3'].map((name) => sim.step(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    sim.settle();
    expect([active, sim.at('e3'), sim.rules()]).toEqual([[true, false], null, []]);
  });

  test('a wake-up looks again when the queue has changed; who runs stays on it', () => {
    const wq = DECLARE_WAIT_QUEUE_HEAD('wq');
    function* waiter() {
      yield* prepare_to_wait(wq);
      yield* schedule();
    }
    function* leaver() {
      yield* prepare_to_wait(wq);
      yield* finish_wait(wq);
    }
    function* waker() {
      yield* wake_up_all(wq);
    }
    const sim = new Simulation({ a: waiter, leaver, waker });
    sim.run('a');
    sim.step('waker');
    sim.step('leaver');
    sim.step('waker');
    expect(sim.at('waker')).toBe('wake_up_all');
    sim.step('waker');
    sim.step('leaver');
    sim.run('waker');
    expect([sim.step('a'), sim.value(wq), sim.rules()]).toEqual([true, [], []]);
  });

  test('who was woken by another queue is awake, and does not count as the exclusive one', () => {
    const [wq, other] = [DECLARE_WAIT_QUEUE_HEAD('wq'), DECLARE_WAIT_QUEUE_HEAD('other')];
    function* both() {
      yield* prepare_to_wait_exclusive(wq);
      yield* prepare_to_wait(other);
      yield* schedule();
      yield* finish_wait(wq);
    }
    function* one() {
      yield* prepare_to_wait_exclusive(wq);
      yield* schedule();
    }
    function* waker() {
      yield* wake_up(other);
      yield* wake_up(wq);
    }
    const sim = new Simulation({ both, one, waker }).run('both').run('one').run('waker');
    expect([sim.step('one'), sim.value(wq)]).toEqual([true, [{ thread: 'both', exclusive: true }]]);
    expect(sim.run('both').value(wq)).toEqual([]);
  });

  test('wait_event leaves the queue when the second test is true', () => {
    const wq = DECLARE_WAIT_QUEUE_HEAD('wq');
    let tests = 0;
    function* waiter() {
      yield* wait_event(wq, function* () {
        return ++tests === 2;
      });
      yield* schedule();
    }
    const sim = new Simulation({ waiter }).run('waiter');
    expect([sim.at('waiter'), sim.value(wq)]).toEqual([null, []]);
  });

  test('wait_event tests first, and after it is on the queue; it may sleep', () => {
    const wq = DECLARE_WAIT_QUEUE_HEAD('wq');
    const tests: string[] = [];
    let ready = false;
    function* waiter() {
      yield* wait_event(wq, function* () {
        tests.push('test');
        return ready;
      });
    }
    function* waker() {
      yield* wake_up(wq);
    }
    const sim = new Simulation({ waiter, waker });
    expect([tests.length, sim.at('waiter')]).toEqual([1, 'prepare_to_wait']);
    sim.run('waiter');
    expect([tests.length, sim.at('waiter')]).toEqual([2, 'schedule']);
    ready = true;
    expect(sim.step('waiter')).toBe(false);
    sim.run('waker').run('waiter');
    expect([tests.length, sim.at('waiter'), sim.rules()]).toEqual([3, null, []]);
    const lock = DEFINE_SPINLOCK('lock');
    fresh();
    const atomic = rules(function* () {
      yield* spin_lock(lock);
      yield* waiter();
      yield* spin_unlock(lock);
    });
    expect(atomic).toEqual([SLEEPS]);
  });

  test('schedule returns at once for who runs, and is a bug in atomic context', () => {
    const body = rules(function* () {
      yield* schedule();
      yield* local_bh_disable();
      yield* schedule();
      yield* local_bh_enable();
    });
    expect(body).toEqual(['scheduling while atomic']);
  });
});

describe('preemption, bottom halves, interrupts', () => {
  const sections: [string, () => Steps, () => Steps][] = [
    ['preemption', () => steps(preempt_disable()), () => steps(preempt_enable())],
    ['bottom halves', () => steps(local_bh_disable()), () => steps(local_bh_enable())],
    ['interrupts', () => steps(local_irq_disable()), () => steps(local_irq_enable())],
  ];

  function* steps(operation: ReturnType<typeof preempt_disable>): Steps {
    yield* operation;
  }

  test.each(sections)('with %s off sleeping is a bug, and grace periods wait', (_, off, on) => {
    const mutex = DEFINE_MUTEX('mutex');
    const sim = new Simulation(
      boot({
        threads: {
          *user() {
            yield* off();
            yield* mutex_lock(mutex);
            yield* mutex_unlock(mutex);
            yield* on();
            yield* mutex_lock(mutex);
            yield* mutex_unlock(mutex);
          },
        },
      }),
    );
    sim.step('user');
    expect(sim.inside('user')).toBe(true);
    sim.run('user');
    expect([sim.inside('user'), sim.rules()]).toEqual([false, [SLEEPS]]);
  });

  test('sections nest, of whatever kind: only the outermost ends the RCU reader', () => {
    const [lock, inner] = [DEFINE_SPINLOCK('lock'), DEFINE_SPINLOCK('inner')];
    const sim = new Simulation(
      boot({
        threads: {
          *user() {
            const outer = yield* local_irq_save();
            const flags = yield* spin_lock_irqsave(lock);
            yield* spin_lock(inner);
            yield* spin_unlock(inner);
            yield* spin_unlock_irqrestore(lock, flags);
            yield* local_irq_restore(outer);
          },
        },
      }),
    );
    const inside: boolean[] = [];
    while (sim.step('user')) inside.push(sim.inside('user'));
    expect(inside).toEqual([true, true, true, true, true, false]);
    expect(sim.rules()).toEqual([]);
  });

  test('bottom halves stay off when the lock is released without them', () => {
    const lock = DEFINE_SPINLOCK('lock');
    const mutex = DEFINE_MUTEX('mutex');
    const user = (matching: boolean) =>
      rules(function* () {
        yield* spin_lock_bh(lock);
        yield* matching ? spin_unlock_bh(lock) : spin_unlock(lock);
        yield* mutex_lock(mutex);
        yield* mutex_unlock(mutex);
      });
    expect(user(true)).toEqual([]);
    fresh();
    expect(user(false)).toEqual([SLEEPS]);
  });

  test('what was not turned off cannot be turned on', () => {
    const lock = DEFINE_SPINLOCK('lock');
    for (const [name, body] of Object.entries({
      *preempt_enable() {
        yield* preempt_enable();
      },
      *local_bh_enable() {
        yield* local_bh_enable();
      },
      *spin_unlock_bh() {
        yield* spin_lock(lock);
        yield* spin_unlock_bh(lock);
      },
    })) {
      fresh();
      expect([name, rules(body)]).toEqual([name, ['unlock imbalance']]);
    }
  });
});
