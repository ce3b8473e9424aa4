import { beforeEach, describe, expect, test } from 'vitest';
import { variable } from '../../src/kernel/access.ts';
import {
  complete,
  complete_all,
  DECLARE_COMPLETION,
  try_wait_for_completion,
  wait_for_completion_timeout,
} from '../../src/kernel/completion.ts';
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../src/kernel/mutex.ts';
import { preempt_disable } from '../../src/kernel/preempt.ts';
import {
  __set_current_state,
  DECLARE_WAIT_QUEUE_HEAD,
  finish_wait,
  prepare_to_wait,
  schedule,
  set_current_state,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  wake_up_process,
} from '../../src/kernel/wait.ts';
import {
  clear_and_wake_up_bit,
  wait_on_bit,
  wait_on_bit_lock,
  wake_up_bit,
} from '../../src/kernel/wait_bit.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

describe('wait_for_completion_timeout', () => {
  const setUp = (completing: typeof complete) => {
    const x = DECLARE_COMPLETION('x');
    const results: (number | boolean)[] = [];
    function* waiter() {
      results.push(yield* wait_for_completion_timeout(x));
      results.push(yield* try_wait_for_completion(x));
    }
    function* completer() {
      yield* completing(x);
    }
    return { sim: new Simulation({ waiter, completer }), results };
  };

  test('gives up at any moment before complete(), and leaves that to who waits next', () => {
    const { sim, results } = setUp(complete);
    expect(sim.step('waiter')).toBe(true);
    sim.run('completer').run('waiter');
    expect(results).toEqual([0, true]);
  });

  test('never after it, and takes it', () => {
    const { sim, results } = setUp(complete);
    sim.run('completer').run('waiter');
    expect(results).toEqual([1, false]);
  });

  test('but for complete_all, which nobody takes', () => {
    const { sim, results } = setUp(complete_all);
    sim.run('completer').run('waiter');
    expect(results).toEqual([1, true]);
  });

  test('may sleep', () => {
    const x = DECLARE_COMPLETION('x');
    function* waiter() {
      yield* preempt_disable();
      yield* wait_for_completion_timeout(x);
    }
    const { reports } = new Simulation({ waiter }).run('waiter');
    expect(reports.map(({ rule }) => rule)).toEqual([
      'sleeping function called from invalid context',
    ]);
  });
});

describe('the state of a task', () => {
  test.each([TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE] as const)(
    'in %s schedule() sleeps until wake_up_process',
    (state) => {
      const woken: boolean[] = [];
      function* sleeper() {
        yield* schedule();
        yield* set_current_state(state);
        yield* schedule();
      }
      function* waker() {
        for (let times = 0; times < 2; times++) {
          woken.push(yield* wake_up_process({ name: 'sleeper' }));
        }
      }
      const sim = new Simulation({ sleeper, waker });
      expect([sim.run('sleeper').at('sleeper'), sim.run('waker').at('waker')]).toEqual([
        'schedule',
        null,
      ]);
      expect([woken, sim.run('sleeper').at('sleeper')]).toEqual([[true, false], null]);
    },
  );

  test('whoever is running again does not sleep', () => {
    function* user() {
      yield* set_current_state(TASK_INTERRUPTIBLE);
      yield* __set_current_state(TASK_RUNNING);
      yield* schedule();
    }
    expect(new Simulation({ user }).run('user').at('user')).toBe(null);
  });
});

test('what may sleep is not called between set_current_state and schedule', () => {
  const wq = DECLARE_WAIT_QUEUE_HEAD('wq');
  const mutex = DEFINE_MUTEX('mutex');
  const reported = () => sim.rules().length;
  const counts: number[] = [];
  function* section() {
    yield* mutex_lock(mutex);
    yield* mutex_unlock(mutex);
    counts.push(reported());
  }
  function* user() {
    yield* prepare_to_wait(wq);
    yield* section();
    yield* finish_wait(wq);
    yield* section();
    yield* set_current_state(TASK_INTERRUPTIBLE);
    yield* section();
    yield* schedule();
    yield* section();
    yield* set_current_state(TASK_INTERRUPTIBLE);
    yield* __set_current_state(TASK_RUNNING);
    yield* section();
  }
  function* waker() {
    yield* wake_up_process({ name: 'user' });
  }
  const sim = new Simulation({ user, waker });
  sim.run('user').run('waker').run('user');
  expect(counts).toEqual([1, 1, 2, 2, 2]);
  expect(new Set(sim.rules())).toEqual(new Set(['do not call blocking ops when !TASK_RUNNING']));
});

describe('wait_on_bit_lock', () => {
  const lock = (word: ReturnType<typeof variable<number>>) => () => wait_on_bit_lock(word, 0);

  test('sets the bit; of those that wait for it one at a time is woken, and all that only wait', () => {
    const word = variable('word', 0b10);
    function* owner() {
      yield* wait_on_bit_lock(word, 0);
      yield* clear_and_wake_up_bit(0, word);
    }
    const wait = () => wait_on_bit(word, 0);
    const sim = new Simulation({ owner, z: lock(word), a: lock(word), w1: wait, w2: wait });
    sim.step('owner');
    expect(sim.value(word)).toBe(0b11);
    for (const name of ['z', 'w1', 'a', 'w2']) expect(sim.run(name).at(name)).toBe('bit_wait');
    sim.run('owner');
    expect(['a', 'w1', 'w2'].map((name) => sim.step(name))).toEqual([false, true, true]);
    expect([sim.run('z').at('z'), sim.value(word)]).toEqual([null, 0b11]);
    expect(sim.run('w1').at('w1')).toBe('bit_wait'); // the bit is set again
  });

  test('whoever is woken while the bit is set waits again, behind the others', () => {
    const word = variable('word', 1);
    function* waker() {
      yield* wake_up_bit(word, 0);
      yield* clear_and_wake_up_bit(0, word);
    }
    const sim = new Simulation({ a: lock(word), b: lock(word), waker }).run('a').run('b');
    sim.step('waker');
    expect(sim.run('a').at('a')).toBe('bit_wait');
    sim.run('waker').run('a').run('b');
    expect([sim.at('a'), sim.at('b')]).toEqual(['bit_wait', null]);
  });

  test('may sleep', () => {
    const word = variable('word', 0);
    function* user() {
      yield* preempt_disable();
      yield* wait_on_bit_lock(word, 0);
    }
    expect(new Simulation({ user }).run('user').rules()).toEqual([
      'sleeping function called from invalid context',
    ]);
  });
});
