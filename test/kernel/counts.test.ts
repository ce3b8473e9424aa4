import { beforeEach, describe, expect, test } from 'vitest';
import { boot } from '../../src/kernel/boot.ts';
import { css, css_get, css_kill, css_put, css_tryget_online } from '../../src/kernel/css.ts';
import { LIST_HEAD, list_add, list_add_tail, list_del, list_empty } from '../../src/kernel/list.ts';
import { container_of, kfree, object, struct } from '../../src/kernel/memory.ts';
import {
  type PercpuRef,
  percpu_ref,
  percpu_ref_exit,
  percpu_ref_get,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_tryget,
  percpu_ref_tryget_live,
} from '../../src/kernel/percpu-refcount.ts';
import {
  cpu_hotplug_lock,
  get_online_cpus,
  percpu_down_write,
  percpu_up_write,
  put_online_cpus,
} from '../../src/kernel/percpu-rwsem.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

const cache = struct('cache', { ref: percpu_ref() });

function* release(ref: PercpuRef): Steps {
  yield* kfree(container_of(ref, cache));
}

beforeEach(fresh);

describe('percpu_ref', () => {
  function run(body: (ref: PercpuRef) => Steps<unknown>) {
    const c = object(cache, 'c');
    function* user() {
      yield* percpu_ref_init(c.ref, release);
      yield* body(c.ref);
    }
    return { c, sim: new Simulation(boot({ threads: { user } })) };
  }

  test('zero is seen only after the switch, and the release runs once', () => {
    const { c, sim } = run(function* (ref) {
      yield* percpu_ref_get(ref);
      yield* percpu_ref_kill(ref);
      yield* percpu_ref_put(ref);
    });
    sim.run('user');
    expect([sim.at('user'), sim.value(c.life)]).toEqual([null, 'alive']);
    sim.settle();
    expect([sim.value(c.life), sim.rules()]).toEqual(['freed', []]);
  });

  test('a put that reaches zero later runs the release in its own context', () => {
    const { c, sim } = run(function* (ref) {
      yield* percpu_ref_get(ref);
      yield* percpu_ref_kill(ref);
      yield* percpu_ref_put(ref);
    });
    for (let step = 0; step < 3; step++) sim.step('user');
    sim.run('rcu_gp').run('softirq/0');
    expect(sim.value(c.life)).toBe('alive');
    sim.run('user');
    expect(sim.value(c.life)).toBe('freed');
  });

  test('a killed ref can be taken with tryget, not with tryget_live', () => {
    const got: boolean[] = [];
    const { sim } = run(function* (ref) {
      yield* percpu_ref_kill(ref);
      got.push(yield* percpu_ref_tryget(ref), yield* percpu_ref_tryget_live(ref));
    });
    sim.run('user');
    expect(got).toEqual([true, false]);
  });

  test('killing twice, and exit while a switch is in flight, are reported', () => {
    const exit = run(function* (ref) {
      yield* percpu_ref_kill(ref);
      yield* percpu_ref_exit(ref);
      yield* percpu_ref_kill(ref);
    });
    expect(exit.sim.run('user').rules()).toEqual([
      'percpu_ref exit while a switch is in flight',
      'percpu_ref killed twice',
    ]);
  });

  test('a count of zero or less after the switch, and an underflow, are reported', () => {
    const { sim } = run(function* (ref) {
      yield* percpu_ref_put(ref);
      yield* percpu_ref_put(ref);
      yield* percpu_ref_kill(ref);
    });
    expect(sim.settle().rules().slice(0, 2)).toEqual([
      'percpu_ref <= 0 after switching to atomic',
      'percpu_ref underflow',
    ]);
  });
});

test('css: the last put releases; killed ones are not got online; underflow is reported', () => {
  const group = struct('group', { css: css() });
  const g = object(group, 'g');
  const got: boolean[] = [];
  function* user() {
    yield* css_get(g.css);
    got.push(yield* css_tryget_online(g.css));
    yield* css_kill(g.css);
    got.push(yield* css_tryget_online(g.css));
    for (const _ of [1, 2, 3]) yield* css_put(g.css);
    yield* css_put(g.css);
  }
  const sim = new Simulation({ user }).run('user');
  expect([got, sim.rules()]).toEqual([[true, false], ['css underflow']]);
});

test('lists: order, emptiness, corruption', () => {
  const node = struct('node', {});
  const [a, b] = [object(node, 'a'), object(node, 'b')];
  const list = LIST_HEAD<typeof a>('list');
  const empty: boolean[] = [];
  function* user() {
    empty.push(yield* list_empty(list));
    yield* list_add(a, list);
    yield* list_add_tail(b, list);
    empty.push(yield* list_empty(list));
    yield* list_del(a, list);
    yield* list_del(a, list);
  }
  const sim = new Simulation({ user }).run('user');
  expect([empty, sim.value(list), sim.rules()]).toEqual([[true, false], [b], ['list corruption']]);
});

test('hotplug: readers do not exclude each other, a writer waits for them and stops new ones', () => {
  function* reader() {
    yield* get_online_cpus();
    yield* put_online_cpus();
  }
  function* writer() {
    yield* percpu_down_write(cpu_hotplug_lock());
    yield* percpu_up_write(cpu_hotplug_lock());
  }
  const sim = new Simulation(boot({ rcu: false, threads: { r1: reader, r2: reader, writer } }));
  sim.step('r1');
  expect(sim.run('writer').at('writer')).toBe('percpu_down_write_wait');
  expect(sim.step('r2')).toBe(false);
  sim.run('r1').run('writer').run('r2');
  expect([sim.at('writer'), sim.at('r2'), sim.rules()]).toEqual([null, null, []]);
});
