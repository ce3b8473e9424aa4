import { beforeEach, describe, expect, test } from 'vitest';
import { lockdep_assert_held } from '../../src/kernel/assert.ts';
import { boot } from '../../src/kernel/boot.ts';
import { css, css_get, css_kill, css_put, css_tryget_online } from '../../src/kernel/css.ts';
import { kfree_rcu } from '../../src/kernel/kfree_rcu.ts';
import {
  LIST_HEAD,
  type ListOrRcu,
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_or_rcu,
  list_splice,
} from '../../src/kernel/list.ts';
import {
  container_of,
  deref,
  type Embedded,
  type Instance,
  kfree,
  object,
  struct,
} from '../../src/kernel/memory.ts';
import {
  type PercpuRef,
  percpu_ref,
  percpu_ref_exit,
  percpu_ref_get,
  percpu_ref_init,
  percpu_ref_is_zero,
  percpu_ref_kill,
  percpu_ref_kill_and_confirm,
  percpu_ref_put,
  percpu_ref_put_many,
  percpu_ref_reinit,
  percpu_ref_resurrect,
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
import { call_rcu, rcu_data } from '../../src/kernel/rcu.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import type { Steps } from '../../src/model/operation.ts';
import type { Struct } from '../../src/model/shared.ts';
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

  test('confirm runs after the switch, and before the release that the switch may run', () => {
    const order: string[] = [];
    const counted = struct('counted', { ref: percpu_ref() });
    const c = object(counted, 'counted');
    function* user() {
      yield* percpu_ref_init(c.ref, function* () {
        order.push('release');
      });
      yield* percpu_ref_kill_and_confirm(c.ref, function* () {
        order.push('confirm');
      });
      order.push('kill returned');
    }
    new Simulation(boot({ threads: { user } })).run('user').settle();
    expect(order).toEqual(['kill returned', 'confirm', 'release']);
  });

  test('an atomic ref is confirmed and released inside the kill', () => {
    const order: string[] = [];
    const counted = struct('counted', { ref: percpu_ref() });
    const c = object(counted, 'counted');
    function* release() {
      order.push('release');
    }
    function* user() {
      yield* percpu_ref_init(c.ref, release, 'PERCPU_REF_INIT_ATOMIC');
      yield* percpu_ref_kill_and_confirm(c.ref, function* () {
        order.push('confirm');
      });
      order.push('kill returned');
    }
    const sim = new Simulation(boot({ threads: { user } })).run('user');
    expect([order, sim.rules()]).toEqual([['confirm', 'release', 'kill returned'], []]);
    expect(sim.value(rcu_data(0).next)).toEqual([]);
  });

  test('in per-CPU mode more puts than gets go unnoticed until the count is killed', () => {
    const released: string[] = [];
    const group = struct('counted', {
      css: css(function* () {
        released.push('release');
      }),
    });
    const run = (percpu: boolean) => {
      fresh();
      released.length = 0;
      const g = object(group, 'g', { css: { percpu } });
      function* user() {
        yield* css_put(g.css);
        yield* css_get(g.css);
        yield* percpu_ref_kill(g.css);
      }
      const sim = new Simulation(boot({ threads: { user } })).settle();
      return [released.length, sim.rules()];
    };
    expect(run(true)).toEqual([1, []]);
    expect(run(false)).toEqual([2, ['percpu_ref get at zero']]);
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

describe('a percpu_ref that is used again', () => {
  function reinit(
    body: (ref: PercpuRef) => Steps<unknown>,
    other: (ref: PercpuRef) => Steps<unknown> = function* () {},
  ) {
    const released: string[] = [];
    const c = object(cache, 'c');
    function* user() {
      yield* percpu_ref_init(
        c.ref,
        function* () {
          released.push('release');
        },
        'PERCPU_REF_ALLOW_REINIT',
      );
      yield* body(c.ref);
    }
    const threads = { user, other: () => other(c.ref) };
    return { ref: c.ref, released, sim: new Simulation(boot({ threads })) };
  }

  test('counts per CPU, with its base reference, and is released again', () => {
    const zero: boolean[] = [];
    const { ref, released, sim } = reinit(function* (ref) {
      zero.push(yield* percpu_ref_is_zero(ref));
      yield* percpu_ref_kill(ref);
      zero.push(yield* percpu_ref_is_zero(ref));
      yield* kfree(null); // until the switch is over
      zero.push(yield* percpu_ref_is_zero(ref));
      yield* percpu_ref_reinit(ref);
      zero.push(yield* percpu_ref_tryget_live(ref));
      yield* percpu_ref_put_many(ref, 2);
      yield* percpu_ref_get(ref);
      yield* percpu_ref_kill(ref);
    });
    sim.run('user', 'kfree').run('rcu_gp').run('softirq/0');
    expect([zero, released]).toEqual([[false, false], ['release']]);
    sim.run('user', 'percpu_ref_put_many');
    expect(sim.value(ref)).toMatchObject({ mode: 'percpu', dead: false, count: 2, memory: true });
    sim.settle();
    expect([zero, released, sim.rules()]).toEqual([
      [false, false, true, true],
      ['release', 'release'],
      [],
    ]);
  });

  test('while a switch is in flight it is live, and per-CPU after it', () => {
    const { ref, sim } = reinit(function* (ref) {
      yield* percpu_ref_kill(ref);
      yield* percpu_ref_resurrect(ref);
    });
    sim.run('user');
    expect(sim.at('user')).toBe('percpu_ref_switch_to_percpu');
    expect(sim.value(ref)).toMatchObject({ mode: 'atomic', dead: false, switching: true });
    sim.settle();
    expect(sim.value(ref)).toMatchObject({ mode: 'percpu', dead: false, count: 1 });
    expect([sim.at('user'), sim.rules()]).toEqual([null, []]);
  });

  test('killed again before the switch is over, it stays one atomic count', () => {
    const { ref, released, sim } = reinit(function* (ref) {
      yield* percpu_ref_kill(ref);
      yield* percpu_ref_resurrect(ref);
    }, percpu_ref_kill);
    sim.run('user').run('other').settle();
    expect([sim.value(ref)?.mode, released, sim.rules()]).toEqual(['atomic', ['release'], []]);
  });

  test('is never at 0 while it counts per CPU', () => {
    const zero: boolean[] = [];
    const { ref, sim } = reinit(function* (ref) {
      yield* percpu_ref_put(ref);
      zero.push(yield* percpu_ref_is_zero(ref));
    });
    sim.settle();
    expect([sim.value(ref)?.count, zero]).toEqual([0, [false]]);
  });

  test.each<[string, (ref: PercpuRef) => Steps<unknown>, string[]]>([
    [
      'reinit at a count that is not 0',
      function* (ref) {
        yield* percpu_ref_get(ref);
        yield* percpu_ref_kill(ref);
        yield* percpu_ref_reinit(ref);
      },
      ['percpu_ref reinit while not zero'],
    ],
    [
      'resurrect of a live one',
      function* (ref) {
        yield* percpu_ref_resurrect(ref);
      },
      ['percpu_ref resurrect while not dead'],
    ],
  ])('%s is reported', (_, body, rules) => {
    expect(reinit(body).sim.settle().rules()).toEqual(rules);
  });

  test('without the flag its counters are gone', () => {
    const c = object(cache, 'c');
    function* user() {
      yield* percpu_ref_init(c.ref, function* () {});
      yield* percpu_ref_kill(c.ref);
      yield* percpu_ref_resurrect(c.ref);
    }
    const sim = new Simulation(boot({ threads: { user } })).run('user');
    expect(sim.rules()).toEqual(['percpu_ref reinit not allowed']);
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
  expect([got, sim.rules()]).toEqual([[true, false], ['percpu_ref underflow']]);
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

describe('a node that shares its storage with an rcu_head', () => {
  const entry = struct('entry', { node: list_or_rcu() });

  function run(body: (e: Instance<{ node: Embedded<ListOrRcu> }>) => Steps<unknown>) {
    const e = object(entry, 'e');
    const user = () => body(e);
    return { e, sim: new Simulation(boot({ threads: { user } })) };
  }

  test('off the list it is freed after a grace period', () => {
    const list = LIST_HEAD<Struct>('list');
    const { e, sim } = run(function* (e) {
      yield* list_add(e, list);
      yield* list_del(e, list);
      yield* kfree_rcu(e.node);
    });
    sim.run('user');
    expect(sim.value(e.life)).toBe('alive');
    expect(sim.settle().rules()).toEqual([]);
    expect(sim.value(e.life)).toBe('freed');
  });

  test('queued while on a list, and deleted or added while queued, are list corruption', () => {
    const list = LIST_HEAD<Struct>('list');
    const other = LIST_HEAD<Struct>('other');
    const early = run(function* (e) {
      yield* list_add(e, list);
      yield* kfree_rcu(e.node);
      yield* list_del(e, list);
    });
    expect(early.sim.run('user').rules()).toEqual(['list corruption', 'list corruption']);
    fresh();
    const late = run(function* (e) {
      yield* call_rcu(e.node, function* () {});
      yield* list_add(e, other);
    });
    expect(late.sim.run('user').rules()).toEqual(['list corruption']);
  });

  test('list_splice moves the entries and leaves the old head pointing at them', () => {
    const [list, other] = [LIST_HEAD<Struct>('list'), LIST_HEAD<Struct>('other')];
    const { e, sim } = run(function* (e) {
      yield* list_add(e, list);
      yield* list_splice(list, other);
      yield* list_del(e, other);
    });
    expect(sim.run('user').rules()).toEqual([]);
    expect([sim.value(list), sim.value(other), sim.value(e.node)]).toEqual([[e], [], null]);
  });
});

test('lockdep_assert_held is silent under the lock and reports without it', () => {
  const lock = DEFINE_SPINLOCK('lock');
  function* user() {
    yield* spin_lock(lock);
    yield* lockdep_assert_held(lock);
    yield* spin_unlock(lock);
    yield* lockdep_assert_held(lock);
  }
  const sim = new Simulation(boot({ threads: { user } })).run('user');
  expect(sim.rules()).toEqual(['lock not held']);
});

test('deref gives what a pointer points to; NULL is an oops that names the expression', () => {
  const g = object(cache, 'g');
  const got: unknown[] = [];
  function* user() {
    got.push(yield* deref<typeof g>(g, 'g->ref'));
    yield* deref<typeof g>(null, 'cache->ref');
    got.push('unreachable');
  }
  const sim = new Simulation({ user });
  sim.step('user');
  expect([got, sim.rules()]).toEqual([[g], ['null-ptr-deref']]);
});
