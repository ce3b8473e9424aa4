import { beforeEach, describe, expect, test } from 'vitest';
import { boot } from '../../src/kernel/boot.ts';
import { GFP_ATOMIC, GFP_KERNEL, GFP_NOWAIT, type Gfp } from '../../src/kernel/gfp.ts';
import { kfree_rcu } from '../../src/kernel/kfree_rcu.ts';
import { kfree, kzalloc, object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../src/kernel/mutex.ts';
import { rcu_head, rcu_read_lock, rcu_read_unlock } from '../../src/kernel/rcu.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import { on_stack } from '../../src/kernel/stack.ts';
import type { Steps } from '../../src/model/operation.ts';
import type { Life, Shared } from '../../src/model/shared.ts';
import { fresh, Simulation } from './simulation.ts';

const foo = struct('foo', { rcu: rcu_head() });
const SLEEPS = 'sleeping function called from invalid context';

beforeEach(fresh);

function run(user: () => Steps<unknown>) {
  return new Simulation(boot({ threads: { user } })).settle();
}

describe('kzalloc', () => {
  test('is named after the type or the label, and the thread', () => {
    const names: string[] = [];
    run(function* () {
      for (const made of [
        yield* kzalloc(foo, GFP_KERNEL),
        yield* kzalloc(foo, GFP_ATOMIC, 'label'),
        yield* kzalloc(foo, GFP_KERNEL),
      ])
        names.push(made.name);
    });
    expect(names).toEqual(['foo@user', 'label@user', 'foo@user#2']);
  });

  test.each<[string, Gfp, number]>([
    ['GFP_KERNEL may sleep', GFP_KERNEL, 2],
    ['GFP_ATOMIC does not', GFP_ATOMIC, 0],
    ['nor does GFP_NOWAIT', GFP_NOWAIT, 0],
  ])('%s', (_, flags, reports) => {
    const [spinlock, mutex] = [DEFINE_SPINLOCK('spinlock'), DEFINE_MUTEX('mutex')];
    const sim = run(function* () {
      yield* mutex_lock(mutex);
      yield* kzalloc(foo, flags);
      yield* mutex_unlock(mutex);
      yield* spin_lock(spinlock);
      yield* kzalloc(foo, flags);
      yield* spin_unlock(spinlock);
      yield* rcu_read_lock();
      yield* kzalloc(foo, flags);
      yield* rcu_read_unlock();
    });
    expect(sim.rules()).toEqual(Array(reports).fill(SLEEPS));
  });

  test('the report says what was called, and where', () => {
    const sim = run(function* () {
      yield* rcu_read_lock();
      yield* kzalloc(foo, GFP_KERNEL);
    });
    expect(sim.reports[0]!.message).toBe(
      'kzalloc(foo@user, GFP_KERNEL) may sleep, called inside an RCU read-side critical section',
    );
  });
});

describe('kfree', () => {
  test('of NULL is fine', () => {
    const sim = run(() => kfree(null)[Symbol.iterator]());
    expect([sim.at('user'), sim.rules()]).toEqual([null, []]);
  });

  test('twice is a double free', () => {
    const a = object(foo, 'a');
    const sim = run(function* () {
      yield* kfree(a);
      yield* kfree(a);
    });
    expect(sim.rules()).toEqual(['double-free']);
  });

  test('of a local variable is an invalid free, also by way of RCU', () => {
    const direct = run(() => on_stack(foo, kfree_it));
    expect(direct.rules()).toEqual(['invalid-free']);
    expect(direct.reports[0]!.message).toBe('&foo@user is freed, but it is a local variable');
    fresh();
    const never = object(foo, 'never');
    const sim = new Simulation(
      boot({
        threads: {
          user: () =>
            on_stack(foo, function* (mine) {
              yield* kfree_rcu(mine.rcu);
              yield* kfree(never);
            }),
        },
      }),
    );
    sim.step('user');
    sim.step('user');
    expect(sim.run('rcu_gp').run('softirq/0').rules()).toEqual(['invalid-free']);
  });
});

function* kfree_it(memory: Parameters<typeof kfree>[0]): Steps {
  yield* kfree(memory);
}

test('a local variable is there without an allocation, and gone when its function returns', () => {
  const lock = DEFINE_SPINLOCK('lock');
  const lives: Shared<Life>[] = [];
  function* user() {
    yield* spin_lock(lock);
    yield* on_stack(foo, function* (mine) {
      lives.push(mine.life);
      yield* spin_unlock(lock);
    });
  }
  const sim = new Simulation(boot({ threads: { user } })).run('user', 'return');
  expect(lives.map((life) => [life.name, sim.value(life)])).toEqual([['&foo@user', 'alive']]);
  sim.run('user');
  expect([sim.value(lives[0]!), sim.rules()]).toEqual(['freed', []]);
});
