import { beforeEach, expect, test } from 'vitest';
import { variable } from '../../src/kernel/access.ts';
import { boot } from '../../src/kernel/boot.ts';
import { LIST_HEAD, list_add, list_del, list_move, list_node } from '../../src/kernel/list.ts';
import { object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_lock } from '../../src/kernel/mutex.ts';
import { rcu_read_lock, rcu_read_unlock } from '../../src/kernel/rcu.ts';
import {
  lockdep_is_held,
  rcu_access_pointer,
  rcu_assign_pointer,
  rcu_dereference,
  rcu_dereference_check,
  rcu_dereference_protected,
} from '../../src/kernel/rcu_pointer.ts';
import {
  list_add_rcu,
  list_add_tail_rcu,
  list_del_rcu,
  list_first_or_null_rcu,
  list_next_or_null_rcu,
} from '../../src/kernel/rculist.ts';
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../src/kernel/spinlock.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

const entry = struct('entry', { list: list_node() });

beforeEach(fresh);

/** A reader that stands on `a` of the list a, b while `update` runs. */
function walking(update: (l: ReturnType<typeof setup>) => Steps): [string[], Simulation] {
  const all = setup();
  const seen: string[] = [];
  function* reader() {
    yield* rcu_read_lock();
    let at = yield* list_first_or_null_rcu(all.list);
    while (at) {
      seen.push(at.name);
      at = yield* list_next_or_null_rcu(all.list, at);
    }
    yield* rcu_read_unlock();
  }
  const threads = boot({ threads: { reader, updater: () => update(all) } });
  const sim = new Simulation(threads).run('reader', 'list_next_or_null_rcu');
  sim.run('updater').run('reader');
  return [seen, sim];
}

function setup() {
  const a = object(entry, 'a', { list: 'linked' });
  const b = object(entry, 'b', { list: 'linked' });
  return { a, b, c: object(entry, 'c'), list: LIST_HEAD('list', [a, b]) };
}

test('a reader sees what is added behind its entry, not what is added before it', () => {
  const [seen] = walking(function* ({ c, b, list }) {
    yield* list_del_rcu(b, list);
    yield* list_add_tail_rcu(c, list);
    yield* list_add_rcu(b, list);
  });
  expect(seen).toEqual(['a', 'c']);
});

test('a deleted entry leads on to what was behind it, though that was deleted later', () => {
  const [seen, sim] = walking(function* ({ a, b, c, list }) {
    yield* list_del_rcu(a, list);
    yield* list_del_rcu(b, list);
    yield* list_add_rcu(c, list);
  });
  expect([seen, sim.rules()]).toEqual([['a', 'b'], []]);
});

test('an entry deleted by list_del leads into poison, and cannot be deleted again', () => {
  const [seen, sim] = walking(function* ({ a, list }) {
    yield* list_del(a, list);
    yield* list_del_rcu(a, list);
  });
  expect([seen, sim.rules()]).toEqual([['a'], ['list corruption', 'general protection fault']]);
});

test('an entry may be added where it is on no list, also after list_del, but not while on another', () => {
  const { a, c, list } = setup();
  const other = LIST_HEAD<typeof a>('other');
  function* updater() {
    yield* list_add_rcu(c, list);
    yield* list_del_rcu(c, list);
    yield* list_add(c, list);
    yield* list_del(c, list);
    yield* list_add_rcu(c, other);
    yield* list_move(a, list, other);
    yield* list_add_rcu(a, list);
  }
  const sim = new Simulation(boot({ threads: { updater } }));
  sim.run('updater', 'list_move');
  expect([sim.rules(), sim.value(other)]).toEqual([[], [c]]);
  sim.run('updater');
  expect(sim.reports).toMatchObject([
    { rule: 'list corruption', message: 'list: the node of a is in use as something else' },
  ]);
});

test('what protects a dereference', () => {
  const p = variable('p', 0);
  const mutex = DEFINE_MUTEX('mutex');
  const spinlock = DEFINE_SPINLOCK('spinlock');
  function* thread() {
    yield* rcu_access_pointer(p);
    yield* rcu_dereference_check(p, lockdep_is_held(mutex)); // suspicious
    yield* rcu_dereference_protected(p, lockdep_is_held(mutex)); // suspicious
    yield* mutex_lock(mutex);
    yield* rcu_dereference_check(p, lockdep_is_held(mutex));
    yield* rcu_dereference_protected(p, lockdep_is_held(mutex));
    yield* rcu_assign_pointer(p, 1);
    yield* rcu_dereference(p); // suspicious: a mutex is no reader
    yield* spin_lock(spinlock);
    yield* rcu_dereference(p); // suspicious: nor is this what rcu_dereference asks for
    yield* list_first_or_null_rcu(LIST_HEAD('list'));
    yield* spin_unlock(spinlock);
  }
  const sim = new Simulation(boot({ threads: { thread } })).run('thread');
  expect(sim.rules()).toEqual(Array(4).fill('suspicious RCU usage'));
  expect(sim.value(p)).toBe(1);
});
