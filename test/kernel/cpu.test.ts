import { beforeEach, describe, expect, test } from 'vitest';
import { load, store, variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import {
  CPUHP_AP_ONLINE_DYN,
  CPUHP_BP_PREPARE_DYN,
  cpu_down,
  cpu_online,
  cpu_online_mask,
  cpu_up,
  cpuhp_remove_state,
  cpuhp_setup_state,
  for_each_online_cpu,
} from '../../src/kernel/cpu.ts';
import { cpus_read_lock, cpus_read_unlock } from '../../src/kernel/percpu-rwsem.ts';
import { preempt_disable, preempt_enable } from '../../src/kernel/preempt.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

function machine(threads: Parameters<typeof boot>[0]['threads'], rcu = false) {
  return new Simulation(boot({ cpus: 3, rcu, threads }));
}

describe('callbacks', () => {
  test('run in the order of their states, below the bring-up of the CPU and above it', () => {
    const calls: string[] = [];
    function* said(what: string): Steps {
      calls.push((yield* cpu_online(1)) ? `${what} online` : what);
    }
    function* register(
      place: typeof CPUHP_AP_ONLINE_DYN | typeof CPUHP_BP_PREPARE_DYN,
      name: string,
    ) {
      return yield* cpuhp_setup_state(
        place,
        name,
        (cpu) => said(`+${name}${cpu}`),
        (cpu) => said(`-${name}${cpu}`),
      );
    }
    function* user() {
      const first = yield* register(CPUHP_AP_ONLINE_DYN, 'a');
      yield* register(CPUHP_AP_ONLINE_DYN, 'b');
      yield* register(CPUHP_BP_PREPARE_DYN, 'p');
      expect(calls.splice(0)).toEqual(
        ['+a', '+b', '+p'].flatMap((call) => [0, 1, 2].map((cpu) => `${call}${cpu} online`)),
      );
      yield* cpu_down(1);
      expect(calls.splice(0)).toEqual(['-b1 online', '-a1 online', '-p1']);
      yield* register(CPUHP_BP_PREPARE_DYN, 'q');
      expect(calls.splice(0)).toEqual(['+q0', '+q2']);
      yield* cpu_up(1);
      expect(calls.splice(0)).toEqual(['+p1', '+q1', '+a1 online', '+b1 online']);
      yield* cpuhp_remove_state(first);
      yield* cpuhp_remove_state(first);
      expect(calls.splice(0)).toEqual(['-a0 online', '-a1 online', '-a2 online']);
      yield* register(CPUHP_AP_ONLINE_DYN, 'c'); // in the place of the first
      calls.length = 0;
      yield* cpu_down(1);
    }
    const sim = machine({ user }).run('user');
    expect([sim.at('user'), calls]).toEqual([null, ['-b1 online', '-c1 online', '-q1', '-p1']]);
  });

  test('may be missing', () => {
    const got: unknown[] = [];
    function* user() {
      got.push(yield* cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, 'none', null, null));
      got.push(yield* cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, 'nor here', null, null));
      got.push(yield* cpu_down(2), yield* cpu_up(2));
      yield* cpuhp_remove_state(CPUHP_BP_PREPARE_DYN);
      got.push(yield* cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, 'none', null, null));
    }
    machine({ user }).run('user');
    expect(got).toEqual([1, 2, true, true, 1]);
  });

  test('run with the lock held for writing, and are not registered meanwhile', () => {
    const called = variable('called', 0);
    function* user() {
      yield* cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, 'a', null, function* () {
        yield* store(called, 1);
      });
      yield* cpu_down(1);
    }
    function* reader() {
      yield* cpus_read_lock();
      yield* cpus_read_unlock();
    }
    function* other() {
      yield* cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, 'b', null, null);
    }
    const sim = machine({ user, reader, other }).run('user', 'store');
    expect([sim.step('reader'), sim.step('other')]).toEqual([false, false]);
    sim.step('user');
    expect([sim.value(called), sim.settle().at('other')]).toEqual([1, null]);
  });
});

test('cpu_up of an online CPU, cpu_down of an offline one and of the last one do nothing', () => {
  const got: boolean[] = [];
  function* user() {
    got.push(yield* cpu_up(0), yield* cpu_down(1), yield* cpu_down(1), yield* cpu_down(0));
    got.push(yield* cpu_down(2), yield* cpu_up(1), yield* cpu_up(0));
  }
  const sim = machine({ user }).run('user');
  expect(got).toEqual([false, true, false, true, false, true, true]);
  expect([sim.value(cpu_online_mask()), sim.rules()]).toEqual([[0, 1, 2], []]);
});

test('for_each_online_cpu looks at the mask for each CPU', () => {
  const x = variable('x', 0);
  const seen: number[] = [];
  function* reader() {
    yield* for_each_online_cpu(function* (cpu) {
      seen.push(cpu);
      yield* load(x);
    });
  }
  function* user() {
    yield* cpu_down(1);
  }
  const sim = machine({ reader, user }).run('reader', 'load').run('user');
  sim.run('reader');
  expect(seen).toEqual([0, 2]);
});

describe('a CPU goes offline', () => {
  test.each([
    ['preempt_disable', preempt_disable, preempt_enable],
    ['a spinlock', spin_lock, spin_unlock],
  ])('only when nobody has preemption off (%s)', (_, off, on) => {
    const lock = DEFINE_SPINLOCK('lock');
    function* section() {
      yield* off(lock);
      yield* on(lock);
    }
    function* user() {
      yield* cpu_down(1);
    }
    const sim = machine({ section, user }, true);
    sim.step('section');
    expect(sim.run('user').at('user')).toBe('take_cpu_down');
    sim.step('section');
    expect(sim.run('user').at('user')).toBe(null);
  });
});
