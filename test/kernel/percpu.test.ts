import { beforeEach, describe, expect, test } from 'vitest';
import { load } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import {
  __this_cpu_add,
  __this_cpu_dec,
  __this_cpu_read,
  __this_cpu_write,
  DEFINE_PER_CPU,
  for_each_possible_cpu,
  per_cpu,
  this_cpu_add,
  this_cpu_dec,
  this_cpu_inc,
  this_cpu_read,
  this_cpu_write,
} from '../../src/kernel/percpu.ts';
import {
  get_cpu,
  preempt_disable,
  preempt_enable,
  put_cpu,
  smp_processor_id,
} from '../../src/kernel/preempt.ts';
import { synchronize_rcu } from '../../src/kernel/rcu.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

const nr = DEFINE_PER_CPU('nr', 0);
const PREEMPTIBLE = 'using smp_processor_id() in preemptible code';

test('each CPU has its own variable, and a loop over all finds them', () => {
  let sum = 0;
  function* count() {
    yield* this_cpu_add(nr, 5);
    yield* this_cpu_dec(nr);
  }
  function* sums() {
    for (const cpu of for_each_possible_cpu()) sum += yield* load(per_cpu(nr, cpu));
  }
  const threads = { a: count, b: { run: count, cpu: 1 }, sums };
  const sim = new Simulation(boot({ cpus: 2, rcu: false, threads })).run('a').run('b').run('sums');
  expect([sim.value(per_cpu(nr, 0)), sim.value(per_cpu(nr, 1)), sum]).toEqual([4, 4, 8]);
});

test('this_cpu_ is one step, __this_cpu_add two', () => {
  const got: unknown[] = [];
  function* user() {
    yield* preempt_disable();
    yield* __this_cpu_write(nr, 1);
    yield* __this_cpu_add(nr, 2);
    yield* __this_cpu_dec(nr);
    got.push(yield* __this_cpu_read(nr));
    yield* this_cpu_write(nr, 7);
    yield* this_cpu_inc(nr);
    got.push(yield* this_cpu_read(nr));
    yield* preempt_enable();
  }
  const sim = new Simulation({ user });
  let steps = 0;
  while (sim.step('user')) steps++;
  expect([got, steps, sim.rules()]).toEqual([[2, 8], 11, []]);
});

describe('DEBUG_PREEMPT', () => {
  function* careless() {
    yield* __this_cpu_add(nr, 1);
    yield* smp_processor_id();
  }

  test('reports a preemptible thread, once for each call', () => {
    const sim = new Simulation({ user: careless }).run('user');
    expect(sim.rules()).toEqual([PREEMPTIBLE, PREEMPTIBLE]);
    expect(sim.reports[0]!.message).toBe('using __this_cpu_add() in preemptible code: user');
  });

  test('not a softirq, a bound kworker, or who holds a spinlock', () => {
    const lock = DEFINE_SPINLOCK('lock');
    function* locked() {
      yield* spin_lock(lock);
      yield* careless();
      yield* spin_unlock(lock);
    }
    const sim = new Simulation({
      locked,
      softirq: { run: careless, kind: 'softirq' },
      kworker: { run: careless, kind: 'worker' },
    }).settle();
    expect(sim.rules()).toEqual([]);
  });
});

describe('preemption off', () => {
  function* section() {
    yield* get_cpu();
    yield* put_cpu();
  }

  test('gives the CPU, to one thread of it at a time', () => {
    const got: number[] = [];
    function* user() {
      got.push(yield* get_cpu());
      yield* put_cpu();
    }
    const on1 = { run: user, cpu: 1 };
    const sim = new Simulation({ a: user, b: section, elsewhere: on1 });
    sim.step('a');
    expect([sim.step('b'), sim.step('elsewhere')]).toEqual([false, true]);
    sim.settle();
    expect([got, sim.rules(), sim.at('b')]).toEqual([[0, 1], [], null]);
  });

  test('keeps other threads from the variables of the CPU, and lets softirqs in', () => {
    function* inc() {
      yield* this_cpu_inc(nr);
    }
    const threads = { a: section, task: inc, softirq: { run: inc, kind: 'softirq' } } as const;
    const sim = new Simulation(threads);
    sim.step('a');
    expect([sim.step('task'), sim.step('softirq')]).toEqual([false, true]);
    sim.step('a');
    expect(sim.step('task')).toBe(true);
  });

  test('keeps a kworker that was in the middle of __this_cpu_add from going on', () => {
    const kworker = { run: () => __this_cpu_add(nr, 1), kind: 'worker' } as const;
    const sim = new Simulation({ kworker, a: section });
    expect([sim.step('kworker'), sim.step('a'), sim.step('kworker')]).toEqual([true, true, false]);
    expect(sim.settle().value(per_cpu(nr, 0))).toBe(1);
  });

  test('nests, and ends with the outermost', () => {
    function* nested() {
      yield* get_cpu();
      yield* section();
      yield* put_cpu();
    }
    const sim = new Simulation({ nested, other: section });
    for (const _ of [1, 2, 3]) sim.step('nested');
    expect(sim.step('other')).toBe(false);
    sim.step('nested');
    expect([sim.step('other'), sim.rules()]).toEqual([true, []]);
  });

  test('under a spinlock it does not wait for the CPU, nor gives away that of another', () => {
    const lock = DEFINE_SPINLOCK('lock');
    function* locked() {
      yield* spin_lock(lock);
      yield* section();
      yield* spin_unlock(lock);
    }
    const sim = new Simulation({ a: section, locked, b: section });
    sim.step('a');
    expect(sim.run('locked').at('locked')).toBe(null);
    expect([sim.step('b'), sim.rules()]).toEqual([false, []]);
  });

  test('holds back a grace period', () => {
    function* waits(): Steps {
      yield* synchronize_rcu();
    }
    const sim = new Simulation(boot({ threads: { user: section, waits } }));
    sim.step('user');
    expect(sim.run('waits').at('waits')).toBe('wait_rcu_gp');
    expect(sim.run('user').run('waits').at('waits')).toBe(null);
  });

  test('enabling it without having it off is reported', () => {
    const sim = new Simulation({
      *user() {
        yield* preempt_enable();
      },
    }).run('user');
    expect(sim.rules()).toEqual(['unlock imbalance']);
  });
});
