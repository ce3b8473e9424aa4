import { beforeEach, describe, expect, test } from 'vitest';
import { READ_ONCE, variable } from '../../src/kernel/access.ts';
import { boot, type Interrupt } from '../../src/kernel/boot.ts';
import {
  local_bh_disable,
  local_bh_enable,
  local_irq_disable,
  local_irq_restore,
  local_irq_save,
} from '../../src/kernel/irqflags.ts';
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../src/kernel/mutex.ts';
import { preempt_disable } from '../../src/kernel/preempt.ts';
import { rcu_read_lock } from '../../src/kernel/rcu.ts';
import {
  DEFINE_RWLOCK,
  read_lock_bh,
  write_lock_irq,
  write_lock_irqsave,
  write_unlock_irqrestore,
} from '../../src/kernel/rwlock.ts';
import {
  DEFINE_SPINLOCK,
  spin_lock,
  spin_lock_bh,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock_irq,
  spin_unlock_irqrestore,
} from '../../src/kernel/spinlock.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

test('boot needs something that runs; an interrupt is enough', () => {
  expect(() => boot({ threads: {}, timers: true })).toThrow(/boot\(\) is given no thread/);
  const tick: Interrupt = { kind: 'hardirq', *run() {} };
  expect(Object.keys(boot({ threads: {}, interrupts: { tick } }))).toContain('tick');
});

type Kind = Interrupt['kind'];
type Body = () => Steps<unknown>;

function* touch(name: string): Steps {
  yield* READ_ONCE(variable(name, 0));
}

/** A task on CPU 0 and one on CPU 1, and handlers on CPU 0. */
function machine(handlers: Readonly<Record<string, Kind>>, task: Body): Simulation {
  const interrupts = Object.entries(handlers).map(([name, kind]): [string, Interrupt] => [
    name,
    { run: () => touch(`touched by ${name}`), kind },
  ]);
  return new Simulation(
    boot({
      cpus: 2,
      threads: { task, elsewhere: { run: () => touch('touched elsewhere'), cpu: 1 } },
      interrupts: Object.fromEntries(interrupts),
    }),
  );
}

const quiet: Body = () => touch('touched by task');

test('while a handler runs, the tasks of its CPU stand still, and those of others do not', () => {
  const sim = machine({ irq: 'hardirq' }, quiet);
  expect(sim.step('irq')).toBe(true);
  expect(sim.at('irq')).toBe('READ_ONCE');
  expect(sim.step('task')).toBe(false);
  expect(sim.step('elsewhere')).toBe(true);
  sim.run('irq');
  expect(sim.at('irq')).toBeNull();
  expect(sim.step('task')).toBe(true);
});

describe('what a task has off keeps handlers from beginning', () => {
  const spin = () => DEFINE_SPINLOCK('lock');
  const rw = () => DEFINE_RWLOCK('lock');
  const sections: Readonly<Record<string, readonly [Body, ...Kind[]]>> = {
    nothing: [() => touch('y'), 'softirq', 'hardirq', 'nmi'],
    rcu_read_lock: [() => rcu_read_lock()[Symbol.iterator](), 'softirq', 'hardirq', 'nmi'],
    preempt_disable: [() => preempt_disable()[Symbol.iterator](), 'softirq', 'hardirq', 'nmi'],
    spin_lock: [() => spin_lock(spin())[Symbol.iterator](), 'softirq', 'hardirq', 'nmi'],
    local_bh_disable: [() => local_bh_disable()[Symbol.iterator](), 'hardirq', 'nmi'],
    spin_lock_bh: [() => spin_lock_bh(spin())[Symbol.iterator](), 'hardirq', 'nmi'],
    read_lock_bh: [() => read_lock_bh(rw())[Symbol.iterator](), 'hardirq', 'nmi'],
    local_irq_disable: [() => local_irq_disable()[Symbol.iterator](), 'nmi'],
    local_irq_save: [() => local_irq_save()[Symbol.iterator](), 'nmi'],
    spin_lock_irq: [() => spin_lock_irq(spin())[Symbol.iterator](), 'nmi'],
    spin_lock_irqsave: [() => spin_lock_irqsave(spin())[Symbol.iterator](), 'nmi'],
    write_lock_irq: [() => write_lock_irq(rw()), 'nmi'],
    write_lock_irqsave: [() => write_lock_irqsave(rw()), 'nmi'],
  };
  test.each(Object.entries(sections))('%s', (_, [enter, ...begin]) => {
    for (const kind of ['softirq', 'hardirq', 'nmi'] as const) {
      fresh();
      const sim = machine({ irq: kind }, function* () {
        yield* enter();
        yield* touch('x');
      });
      sim.step('task');
      expect([kind, sim.step('irq')]).toEqual([kind, begin.includes(kind)]);
    }
  });
});

test('what was saved is restored, however it nests', () => {
  const sim = machine({ irq: 'hardirq' }, function* () {
    const a = DEFINE_SPINLOCK('a');
    const b = DEFINE_RWLOCK('b');
    const outer = yield* local_irq_save();
    const middle = yield* spin_lock_irqsave(a);
    const inner = yield* write_lock_irqsave(b);
    yield* write_unlock_irqrestore(b, inner);
    yield* spin_unlock_irqrestore(a, middle);
    yield* local_irq_restore(outer);
    yield* touch('x');
  });
  for (let off = 0; off < 5; off++) {
    sim.step('task');
    expect([sim.at('task'), sim.step('irq')]).toEqual([sim.at('task'), false]);
  }
  sim.step('task');
  expect([sim.at('task'), sim.step('irq')]).toEqual(['READ_ONCE', true]);
  expect(sim.rules()).toEqual([]);
});

test('spin_unlock_irq turns interrupts on, though they were off before', () => {
  const sim = machine({ irq: 'hardirq' }, function* () {
    const lock = DEFINE_SPINLOCK('lock');
    yield* local_irq_disable();
    yield* spin_lock_irq(lock);
    yield* spin_unlock_irq(lock);
    yield* touch('x');
  });
  sim.run('task', 'spin_unlock_irq');
  expect(sim.step('irq')).toBe(false);
  sim.step('task');
  expect(sim.step('irq')).toBe(true);
});

test('bottom halves are off as often as they were disabled', () => {
  const sim = machine({ irq: 'softirq' }, function* () {
    yield* local_bh_disable();
    yield* local_bh_disable();
    yield* local_bh_enable();
    yield* local_bh_enable();
    yield* touch('x');
  });
  for (let off = 0; off < 3; off++) {
    sim.step('task');
    expect(sim.step('irq')).toBe(false);
  }
  sim.step('task');
  expect(sim.step('irq')).toBe(true);
});

describe('handlers that interrupt handlers', () => {
  const order: readonly (readonly [Kind, readonly Kind[]])[] = [
    ['softirq', ['hardirq', 'nmi']],
    ['hardirq', ['nmi']],
    ['nmi', []],
  ];
  test.each(order)('%s is interrupted by %j', (kind, by) => {
    for (const other of ['softirq', 'hardirq', 'nmi'] as const) {
      fresh();
      const sim = machine({ first: kind, second: other }, quiet);
      sim.step('first');
      expect([other, sim.step('second')]).toEqual([other, by.includes(other)]);
      expect(sim.step('first')).toBe(!by.includes(other));
      sim.run('second');
      sim.run('first');
      expect([sim.at('first'), sim.step('task')]).toEqual([null, true]);
    }
  });

  test('a softirq waits for the task that has bottom halves off, also behind a hardirq', () => {
    const sim = machine({ hard: 'hardirq', soft: 'softirq' }, function* () {
      yield* local_bh_disable();
      yield* local_bh_enable();
    });
    sim.step('task');
    sim.run('hard');
    expect(sim.at('hard')).toBeNull();
    expect(sim.step('soft')).toBe(false);
    sim.step('task');
    expect(sim.step('soft')).toBe(true);
  });
});

test('a handler fires as often as it is said to', () => {
  let fired = 0;
  const counting = boot({
    threads: { quiet },
    interrupts: {
      irq: {
        *run() {
          fired++;
        },
        kind: 'hardirq',
        times: 3,
      },
    },
  });
  new Simulation(counting).run('irq');
  expect(fired).toBe(3);
});

describe('inside a handler', () => {
  const rules = (run: Body, kind: Kind = 'hardirq') => {
    const sim = new Simulation(boot({ threads: { quiet }, interrupts: { irq: { run, kind } } }));
    sim.step('irq');
    expect(sim.inside('irq')).toBe(true);
    return sim.run('irq').rules();
  };

  test('grace periods are held back, and sleeping is wrong', () => {
    const mutex = DEFINE_MUTEX('mutex');
    function* sleeps() {
      yield* mutex_lock(mutex);
      yield* mutex_unlock(mutex);
    }
    expect(rules(sleeps)).toEqual(['sleeping function called from invalid context']);
  });

  test('what is taken has to be given back', () => {
    const lock = DEFINE_SPINLOCK('lock');
    expect(rules(() => spin_lock(lock)[Symbol.iterator]())).toEqual(['lock held at exit']);
  });

  test('an RCU section has to be left', () => {
    expect(rules(() => rcu_read_lock()[Symbol.iterator](), 'softirq')).toEqual([
      'lock held at exit',
    ]);
  });
});

test('a thread and an interrupt have names of their own', () => {
  const irq: Interrupt = { run: quiet, kind: 'hardirq' };
  expect(() => boot({ threads: { irq: quiet }, interrupts: { irq } })).toThrow(
    "a thread and an interrupt are both called 'irq'",
  );
});
