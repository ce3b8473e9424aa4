import {
  boot,
  css_put,
  DEFINE_SPINLOCK,
  defineSpec,
  initially,
  peek,
  percpu_ref_get,
  percpu_ref_put,
  type Spinlock,
  type Steps,
  type Struct,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock_irq,
  spin_unlock_irqrestore,
  type ThreadOptions,
  wait_until,
} from 'lockstep';
import { cgroup_rmdir, css_killed_ref_fn } from './cgroup.ts';
import { inherited_ptrs, line_of_memcgs, numbered, own_ptr } from './initial.ts';
import { account, charge, memcg_online_kmem, unaccount } from './memcontrol.ts';
import { each_holds_one, ever, has_live_memcg, holds_one_each, on_its_list } from './notes.ts';
import {
  cgroup_destroy_wq,
  css_set_lock,
  type MemCgroup,
  type MemCgroupPtr,
  root_mem_cgroup,
} from './objects.ts';
import * as property from './properties.ts';
import { variants } from './variants.ts';

export default defineSpec({
  name: 'mem-cgroup-ptr',
  about: 'reparenting the kernel memory of a memcg by switching one counted pointer',
  params: {
    /** Memcgs in a line below the root. */
    depth: 1,
    /** How many of them are removed, the lowest first. */
    removed: 1,
    /** 1: a memcg is removed only when the one below it is gone. */
    one_by_one: 0,
    /** 1: instead, the lowest and its parent have been removed; who goes offline is told next. */
    dying: 0,
    /** 1: the lowest is created first. */
    created: 0,
    /** Pointers that the lowest has inherited from children that are gone, each with a small object. */
    inherited: 0,
    /** Objects of the lowest memcg that are freed in softirq. */
    objects: 0,
    /** Tasks, and softirqs, that hold the lowest memcg and allocate and free an object in it. */
    tasks: 0,
    softirqs: 0,
    /** Owners of an object of the lowest memcg who hold no memcg, and charge more to its pointer. */
    chargers: 0,
    /** 1: the inherited pointers' objects are freed under siglock; fork takes it in css_set_lock. */
    signals: 0,
    /** Each with a kworker and an RCU callback list. */
    cpus: 1,
  },
  variants,
  build({ params }) {
    const { depth, removed, created, inherited, objects, chargers, cpus, dying } = params;
    const readers = params.tasks + params.softirqs;
    const charged = objects + chargers;
    const memcgs = line_of_memcgs(depth, readers + inherited, dying === 1);
    const lowest = memcgs.at(-1)!;
    const all = [root_mem_cgroup, ...memcgs];
    for (const memcg of all) initially(memcg.memory, charged);
    if (created === 1) initially(lowest.kmem_state, 'NONE');
    const own = memcgs
      .slice(0, depth - created)
      .map((memcg) => own_ptr(memcg, memcg === lowest ? objects + chargers : 0));
    const old = inherited_ptrs(lowest, inherited);
    const used = own.at(-1)!;

    const gone = memcgs.slice(depth - (dying === 1 ? 2 : removed));
    const threads: Record<string, ThreadOptions> = {};
    if (created === 1) {
      threads.rmdir = { run: () => create_and_remove(lowest) };
    } else if (dying === 1) {
      threads.killed = { run: () => css_killed_ref_fn(lowest.css), kind: 'softirq' };
    } else if (removed > 0) {
      const order = memcgs.slice(depth - removed).reverse();
      threads.rmdir = { run: () => remove(order, params.one_by_one === 1) };
    }
    for (let at = 0; at < params.tasks; at++)
      threads[numbered('task', at)] = { run: () => use(lowest), cpu: at % cpus };
    for (let at = 0; at < params.softirqs; at++)
      threads[numbered('softirq_task', at)] = { run: () => use(lowest), kind: 'softirq' };
    for (let at = 0; at < chargers; at++)
      threads[numbered('charger', at)] = { run: () => charge_more(used), cpu: at % cpus };
    for (let at = 0; at < objects; at++)
      threads[numbered('free', at)] = { run: () => unaccount(used), kind: 'softirq' };
    const siglock = DEFINE_SPINLOCK('siglock');
    if (params.signals === 1) {
      threads.fork = { run: () => fork(siglock) };
      threads.signal = { run: () => signal(siglock, old) };
    } else if (inherited > 0) {
      threads.free_old = { run: () => put_all(old), kind: 'softirq' };
    }

    const ptrs = [...own, ...old];
    return {
      threads: boot({ threads, cpus, workqueues: [cgroup_destroy_wq] }),
      always: {
        [property.ONE_REFERENCE]: () => all.every(each_holds_one),
        [property.PUT_AFTER_GET]: () => all.every((memcg) => peek(memcg.held_for_ptrs) >= 0),
        [property.NEVER_ONLINE]: () => !ever.released_online(),
        [property.LIVE_MEMCG]: () => memcgs.every(has_live_memcg),
        [property.ON_PARENTS_LIST]: () => ptrs.every(on_its_list),
        [property.OLD_HEAD]: () => !ever.used_old_head(),
        [property.NO_UNDERFLOW]: () => all.every((memcg) => peek(memcg.memory) >= 0),
      },
      never: {
        [property.NOT_FREED_IN_SECTION]: (report) =>
          report.rule === 'use-after-free' &&
          report.type === 'mem_cgroup' &&
          !report.stack.some((fn) => fn.endsWith('_release')) &&
          (report.stack.includes('charge') || report.stack.includes('unaccount')),
        [property.LIST_LOCK]: (report) => report.rule === 'lock not held',
        [property.NODE_OR_HEAD]: (report) =>
          report.rule === 'list corruption' && /in use as|queued over/.test(report.message),
      },
      sometimes: {
        ...(removed > 0 && {
          'rmdir, killed: the memcgs are freed': () => gone.every((memcg) => freed(memcg)),
        }),
        ...(readers + chargers > 0 && {
          'task, softirq_task, charger: all have charged an object at once': () =>
            peek(lowest.memory) === charged + readers + chargers,
        }),
        ...(readers > 0 &&
          depth > 1 && {
            "task, softirq_task: all have charged an object to the parent in the memcg's stead":
              () => peek(memcgs.at(-2)!.memory) === peek(lowest.memory) + readers,
          }),
        ...(params.signals > 0 && {
          'fork: has both locks': () => peek(css_set_lock) === 'fork' && peek(siglock) === 'fork',
        }),
        ...(objects > 0 && removed > 0 && { 'free: the pointer is freed': () => freed(used) }),
        ...(inherited > 0 && {
          'free_old, signal: the inherited pointers are freed': () => old.every(freed),
        }),
      },
      atEnd: {
        [property.ALL_FREED]: () => gone.every(freed),
        [property.ONE_EACH]: () => all.every(holds_one_each),
        [property.ALL_UNCHARGED]: () =>
          all.every((memcg) => freed(memcg) || peek(memcg.memory) === 0),
      },
    };
  },
});

function* create_and_remove(memcg: MemCgroup): Steps {
  yield* memcg_online_kmem(memcg);
  yield* cgroup_rmdir(memcg);
}

/** `one_by_one`: each only when the one before it is gone. */
function* remove(memcgs: readonly MemCgroup[], one_by_one: boolean): Steps {
  for (const memcg of memcgs) {
    yield* cgroup_rmdir(memcg);
    // unreached: unless one_by_one
    if (one_by_one) yield* wait_until(memcg.life, (life) => life === 'freed');
  }
}

/** An object is allocated for a memcg that the task holds, and freed. */
function* use(memcg: MemCgroup): Steps {
  const ptr = yield* account(memcg);
  if (ptr) yield* unaccount(ptr);
  yield* css_put(memcg.css);
}

function* charge_more(ptr: MemCgroupPtr): Steps {
  yield* percpu_ref_get(ptr.refcnt);
  yield* charge(ptr);
  yield* unaccount(ptr);
  yield* unaccount(ptr);
}

/** Objects that are less than a page, so that nothing is uncharged. */
function* put_all(ptrs: readonly MemCgroupPtr[]): Steps {
  for (const ptr of ptrs) yield* percpu_ref_put(ptr.refcnt);
}

/** flush_sigqueue(): entries, accounted to whoever sent the signal, are freed under siglock. */
function* signal(siglock: Spinlock, ptrs: readonly MemCgroupPtr[]): Steps {
  const flags = yield* spin_lock_irqsave(siglock);
  yield* put_all(ptrs);
  yield* spin_unlock_irqrestore(siglock, flags);
}

/** cgroup_post_fork() */
function* fork(siglock: Spinlock): Steps {
  yield* spin_lock_irq(css_set_lock);
  const flags = yield* spin_lock_irqsave(siglock);
  yield* spin_unlock_irqrestore(siglock, flags);
  yield* spin_unlock_irq(css_set_lock);
}

function freed(memory: Struct): boolean {
  return peek(memory.life) === 'freed';
}
