import { beforeEach, describe, expect, test } from 'vitest';
import { store, variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import { kfree, object, struct } from '../../src/kernel/memory.ts';
import { reader_of } from '../../src/kernel/rcu_reader.ts';
import { DEFINE_SPINLOCK, spin_lock } from '../../src/kernel/spinlock.ts';
import {
  DEFINE_TIMER,
  del_timer,
  del_timer_sync,
  mod_timer,
  type Timer,
  timer_base,
  timer_list,
  timer_pending,
  timer_setup,
  timer_shutdown_sync,
} from '../../src/kernel/timer.ts';
import type { Operation, Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

function machine(threads: Parameters<typeof boot>[0]['threads'], rcu = false) {
  return new Simulation(boot({ cpus: 2, rcu, timers: true, threads }));
}

describe('firing', () => {
  test('an armed timer is disarmed before its handler runs, which may arm it again', () => {
    const seen: boolean[] = [];
    const timer = DEFINE_TIMER('timer', function* tick(self): Steps {
      seen.push(yield* timer_pending(self));
      if (seen.length === 1) yield* mod_timer(self);
    });
    const armed: boolean[] = [];
    function* user() {
      armed.push(yield* mod_timer(timer));
      armed.push(yield* mod_timer(timer));
    }
    const sim = machine({ user }).run('user').settle();
    expect([armed, seen]).toEqual([
      [false, true],
      [false, false],
    ]);
    expect(sim.rules()).toEqual([]);
  });

  test('of two armed timers either may be the first', () => {
    const order: string[] = [];
    const ticked = variable('ticked', false);
    function* note(timer: { name: string }): Steps {
      order.push(timer.name);
      yield* store(ticked, true);
    }
    const [a, b] = [DEFINE_TIMER('a', note), DEFINE_TIMER('b', note)];
    function* user() {
      yield* mod_timer(a);
      yield* mod_timer(b);
    }
    const sim = machine({ user }).run('user');
    expect(sim.step('clock/0')).toBe(true);
    sim.step('timer/0');
    sim.step('timer/0');
    expect(sim.step('clock/0')).toBe(false);
    sim.run('timer/0');
    expect(order).toEqual(['b', 'a']);
  });

  test('a timer whose handler runs on another CPU is armed there', () => {
    const ran = variable('ran', 0);
    const timer = DEFINE_TIMER('timer', function* tick() {
      yield* store(ran, 1);
    });
    function* arm() {
      yield* mod_timer(timer);
    }
    const sim = machine({ here: arm, there: { run: arm, cpu: 1 } }).run('here');
    sim.step('timer/0');
    expect(sim.step('there')).toBe(false); // the base is locked
    sim.step('timer/0');
    expect(sim.step('there')).toBe(true);
    expect(sim.value(timer_base(0)).pending).toEqual([timer]);
    expect(sim.value(timer_base(1)).pending).toEqual([]);
  });

  test('its handler is an RCU reader, and may not leave with a lock', () => {
    const lock = DEFINE_SPINLOCK('lock');
    const timer = DEFINE_TIMER('timer', function* tick() {
      yield* spin_lock(lock);
    });
    function* user() {
      yield* mod_timer(timer);
    }
    const sim = machine({ user }, true).run('user');
    sim.step('timer/0');
    expect(sim.value(reader_of('timer/0')!)).toEqual([]);
    sim.run('timer/0');
    expect(sim.rules()).toEqual(['lock held at exit']);
  });
});

describe('stopping', () => {
  function stopping(stop: (timer: Timer) => Steps<boolean> | Operation<boolean>) {
    const ticks = variable('ticks', 0);
    const timer = DEFINE_TIMER('timer', function* tick(self) {
      yield* store(ticks, 1);
      yield* mod_timer(self);
      yield* store(ticks, 2);
    });
    const stopped: boolean[] = [];
    function* user() {
      yield* mod_timer(timer);
      stopped.push(yield* stop(timer));
      stopped.push(yield* mod_timer(timer));
    }
    const sim = machine({ user });
    sim.step('user');
    return { sim, timer, ticks, stopped };
  }

  test('del_timer leaves a running handler alone', () => {
    const { sim, stopped } = stopping(del_timer);
    sim.run('timer/0', 'mod_timer').step('user');
    expect(stopped).toEqual([false]);
  });

  test('del_timer_sync waits for it, and disarms what it has armed', () => {
    const { sim, timer, ticks, stopped } = stopping(del_timer_sync);
    sim.run('timer/0', 'timer_fn_return');
    expect([sim.value(ticks), sim.step('user')]).toEqual([2, false]);
    sim.step('timer/0');
    expect([sim.step('user'), stopped, sim.value(timer)!.pending]).toEqual([true, [true], false]);
  });

  test('timer_shutdown_sync lets nobody arm it from its first step on', () => {
    const { sim, timer, stopped } = stopping(timer_shutdown_sync);
    sim.run('timer/0', 'mod_timer').step('user');
    sim.run('timer/0').run('user');
    expect([stopped, sim.value(timer)!.pending, sim.value(timer)!.fn]).toEqual([
      [false, false],
      false,
      null,
    ]);
  });
});

test('debug objects: an armed timer that is freed or set up, and a raw one that is armed', () => {
  const device = struct('device', { timer: timer_list() });
  const [a, b] = [object(device, 'a'), object(device, 'b')];
  function* nothing(): Steps {}
  function* user() {
    yield* timer_setup(a.timer, nothing);
    yield* mod_timer(a.timer);
    yield* timer_setup(a.timer, nothing);
    yield* mod_timer(a.timer);
    yield* mod_timer(b.timer);
    yield* kfree(a);
  }
  const sim = machine({ user }).run('user').settle();
  expect(sim.rules()).toEqual([
    'active object initialised',
    'uninitialised object activated',
    'active object freed',
    'use-after-free',
  ]);
});

test.each([
  ['del_timer', del_timer, 1],
  ['del_timer_sync', del_timer_sync, 1],
  ['timer_shutdown_sync', timer_shutdown_sync, 2],
] as const)('debug objects: %s of a raw timer', (_, stop, reports) => {
  const device = struct('device', { timer: timer_list() });
  const a = object(device, 'a');
  function* user(): Steps {
    yield* stop(a.timer);
    yield* timer_setup(a.timer, function* () {});
    yield* stop(a.timer);
  }
  const sim = machine({ user }).run('user');
  expect(sim.rules()).toEqual(Array(reports).fill('uninitialised object used'));
});
