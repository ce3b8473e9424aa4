import { beforeEach, describe, expect, test } from 'vitest';
import { store, variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import {
  get_task_struct,
  type Kthread,
  kthread_create,
  kthread_run,
  kthread_should_stop,
  kthread_stop,
  put_task_struct,
  type ThreadFunction,
} from '../../src/kernel/kthread.ts';
import { object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import {
  schedule,
  set_current_state,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  wake_up_process,
} from '../../src/kernel/wait.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

const until_stopped: ThreadFunction = function* until_stopped() {
  for (;;) {
    yield* set_current_state(TASK_INTERRUPTIBLE);
    if (yield* kthread_should_stop()) break;
    yield* schedule();
  }
  yield* set_current_state(TASK_RUNNING);
  return 7;
};

/** A machine with one kthread, `k`, and the threads that the test wants to use it. */
function machine(threadfn: ThreadFunction, threads: (k: Kthread) => Record<string, () => Steps>) {
  const k = kthread_create(threadfn, 'k');
  return { k, sim: new Simulation(boot({ rcu: false, kthreads: [k], threads: threads(k) })) };
}

describe('set_current_state', () => {
  test('schedule() sleeps until wake_up_process, which says whether it was asleep', () => {
    const woken: boolean[] = [];
    const { sim } = machine(until_stopped, (k) => ({
      *waker() {
        yield* kthread_run(k);
        for (let n = 0; n < 2; n++) woken.push(yield* wake_up_process(k));
      },
    }));
    sim.step('waker');
    sim.run('k', 'schedule');
    expect(sim.step('k')).toBe(false);
    sim.run('waker');
    expect([woken, sim.step('k')]).toEqual([[true, false], true]);
  });

  test('back to TASK_RUNNING it does not', () => {
    const sim = new Simulation({
      *user() {
        yield* set_current_state(TASK_INTERRUPTIBLE);
        yield* set_current_state(TASK_RUNNING);
        yield* schedule();
      },
    }).run('user');
    expect(sim.at('user')).toBeNull();
  });
});

describe('a kthread', () => {
  test('runs once it is started', () => {
    const ran = variable('ran', false);
    const { k, sim } = machine(
      function* threadfn() {
        yield* store(ran, true);
        return 0;
      },
      (k) => ({
        *user() {
          yield* kthread_run(k);
        },
      }),
    );
    expect(sim.step('k')).toBe(false);
    sim.settle();
    expect([sim.value(ran), sim.at('k'), sim.value(k.life)]).toEqual([true, null, 'freed']);
    expect(sim.rules()).toEqual([]);
  });

  test('is stopped, waited for, and gives its result', () => {
    const results: number[] = [];
    const { k, sim } = machine(until_stopped, (k) => ({
      *user() {
        yield* kthread_run(k);
        results.push(yield* kthread_stop(k));
      },
    }));
    sim.step('user');
    sim.run('k');
    expect(sim.at('k')).toBe('schedule');
    sim.run('user');
    expect([sim.at('user'), results]).toEqual(['wait_for_exit', []]);
    sim.run('k');
    expect(sim.value(k.life)).toBe('alive');
    sim.run('user');
    expect([results, sim.value(k.life), sim.rules()]).toEqual([[7], 'freed', []]);
  });

  test('that was never started gives -EINTR and does not run its function', () => {
    const ran = variable('ran', false);
    const results: number[] = [];
    const { sim } = machine(
      function* threadfn() {
        yield* store(ran, true);
        return 0;
      },
      (k) => ({
        *user() {
          results.push(yield* kthread_stop(k));
        },
      }),
    );
    sim.settle();
    expect([results, sim.value(ran), sim.rules()]).toEqual([[-4], false, []]);
  });

  test.each([
    ['with a reference', true, [], [3]],
    ['without one', false, ['use-after-free'], []],
  ])('that has exited by itself is stopped %s', (_, reference, rules, expected) => {
    const results: number[] = [];
    const { k, sim } = machine(
      function* threadfn() {
        return 3;
      },
      (k) => ({
        *user() {
          if (reference) yield* get_task_struct(k);
          yield* kthread_run(k);
          results.push(yield* kthread_stop(k));
          if (reference) yield* put_task_struct(k);
        },
      }),
    );
    sim.run('user', 'kthread_stop').run('k').run('user');
    expect([results, sim.rules(), sim.value(k.life)]).toEqual([expected, rules, 'freed']);
  });

  test('waking one that is gone touches freed memory', () => {
    const { sim } = machine(
      function* threadfn() {
        return 0;
      },
      (k) => ({
        *user() {
          yield* kthread_run(k);
          yield* wake_up_process(k);
        },
      }),
    );
    sim.step('user');
    expect(sim.run('k').run('user').rules()).toEqual(['use-after-free']);
  });

  test('may not be stopped with a lock held, nor put too often', () => {
    const lock = DEFINE_SPINLOCK('lock');
    const { sim } = machine(until_stopped, (k) => ({
      *user() {
        yield* kthread_run(k);
        yield* spin_lock(lock);
        yield* kthread_stop(k);
        yield* spin_unlock(lock);
      },
    }));
    expect(sim.settle().rules()).toEqual(['sleeping function called from invalid context']);
    fresh();
    const other = machine(until_stopped, (k) => ({
      *user() {
        yield* put_task_struct(k);
        yield* put_task_struct(k);
      },
    }));
    other.sim.run('user');
    expect(other.sim.rules()).toEqual(['refcount_t: underflow; use-after-free']);
  });
});

test('only a kthread can be asked to stop', () => {
  function* user() {
    yield* kthread_should_stop();
  }
  object(struct('user', {}), 'user');
  expect(() => new Simulation({ user })).toThrow('boot({ kthreads: [...] })');
});
