import {
  boot,
  css_put,
  defineSpec,
  fetch_update,
  type Interrupt,
  initially,
  object,
  peek,
  type Shared,
  type ThreadOptions,
  variable,
  WRITE_ONCE,
  wait_until,
} from 'lockstep';
import {
  css_offline,
  memcg_kmem_get_cache,
  memcg_kmem_put_cache,
  memcg_uncharge_slab,
} from './memcontrol.ts';
import { late, left_over } from './notes.ts';
import {
  cgroup_destroy_wq,
  failslab,
  type KmemCache,
  kmem_cache,
  type MemCgroup,
  mem_cgroup,
  memcg_kmem_cache_wq,
  memcg_nr_cache_ids,
  slab_caches,
  slab_root_caches,
  system_wq,
  variant,
} from './objects.ts';
import { kmem_cache_destroy } from './slab_common.ts';
import { new_child, new_memcg, numbered } from './start.ts';
import { variants } from './variants.ts';
import { witnesses } from './witnesses.ts';

export default defineSpec({
  name: 'kmem-cache-dying',
  about: 'destroying a root kmem_cache while memcgs create and deactivate children of it',
  params: {
    /** Memory cgroups that have a child cache and are being removed. */
    memcgs: 1,
    /** Tasks that allocate once each, in one more memcg that has no child cache yet. */
    allocators: 1,
    /** 1: they allocate in the first memcg instead, which then has no child at the start. */
    shared: 0,
    /** Tasks that allocate once each in the first memcg, from the child that is there. */
    readers: 0,
    /** Objects of the first child, freed meanwhile in softirq, each the last of its page. */
    objects: 0,
    /** 1: that softirq interrupts its CPU, where a work may hold the lock; 0: it is ksoftirqd. */
    interrupts: 0,
    /** Empty slab pages that the first child keeps. */
    pages: 0,
    /** 1: the first memcg has its child from one below, and its parent holds on by one reference. */
    inherited: 0,
    /** 1: memory may run out, so that no create work can be allocated. */
    failing: 0,
    /** 0: the root cache stays. */
    destroyers: 1,
    /** Each with a kworker and an RCU callback list. */
    cpus: 2,
  },
  variants,
  build({ params }) {
    const { memcgs, allocators, readers, objects, cpus, destroyers } = params;
    const root = object(kmem_cache, 'root');
    const children: KmemCache[] = [];
    const removed: MemCgroup[] = [];
    for (let id = 0; id < memcgs; id++) {
      const first = id === 0;
      const empty = first && params.shared === 1;
      const pages = first ? params.pages : 0;
      const held = first ? objects : 0;
      const tasks = first ? readers + (empty ? allocators : 0) : 0;
      const memcg = new_memcg(id, { tasks, pages: empty ? null : pages + held });
      removed.push(memcg);
      if (empty) continue;
      const inherited = first && params.inherited === 1;
      children.push(new_child(root, memcg, id, { objects: held, pages, inherited }));
    }
    const used =
      params.shared === 1 ? removed[0]! : new_memcg(memcgs, { tasks: allocators, pages: null });
    const root_mem_cgroup = object(mem_cgroup, 'root_mem_cgroup', { css: { noRef: true } });
    const parent =
      params.inherited === 1
        ? object(mem_cgroup, 'parent', { css: { count: 1, killed: true } })
        : root_mem_cgroup;
    initially(root.children, children);
    initially(memcg_nr_cache_ids, params.shared === 1 ? memcgs : memcgs + 1);
    initially(slab_root_caches, [root]);
    initially(slab_caches, [root, ...children]);

    // How many tasks still use the root cache or a child of it.
    const users = variable('users', allocators + readers + objects);
    const threads: Record<string, ThreadOptions> = {};
    const interrupts: Record<string, Interrupt> = {};
    if (destroyers === 1) threads.destroy = { run: () => destroy(root, users), cpu: 0 };
    for (const [at, memcg] of removed.entries())
      threads[numbered('offline', at)] = {
        run: () => css_offline(memcg, parent),
        kind: 'worker',
        cpu: at % cpus,
      };
    for (let at = 0; at < allocators; at++)
      threads[numbered('alloc', at)] = {
        run: () => allocate(root, used, users),
        cpu: (at + 1) % cpus,
      };
    for (let at = 0; at < readers; at++)
      threads[numbered('read', at)] = {
        run: () => allocate(root, removed[0]!, users),
        cpu: (at + 1) % cpus,
      };
    for (let at = 0; at < objects; at++) {
      const handlers = params.interrupts === 1 ? interrupts : threads;
      handlers[numbered('free', at)] = {
        run: () => free(children[0]!, users),
        kind: 'softirq',
        cpu: (at + 1) % cpus,
      };
    }
    if (params.failing === 1) threads.fail = { run: () => run_out_of_memory() };

    const workqueues = [memcg_kmem_cache_wq];
    if (!variant.children_count_pages) workqueues.push(cgroup_destroy_wq);
    if (variant.typesafe) workqueues.push(system_wq);
    return {
      threads: boot({ cpus, workqueues, threads, interrupts }),
      // Code of 2019 is held against KCSAN's default: plain writes of a word count as atomic.
      kcsan: 'default',
      always: {
        'claim 1: no child is created after flush_memcg_workqueue (P5)': () => !late.linked(),
        'claim 2: flush_memcg_workqueue waits for all that deactivate and shutdown queued (P2)':
          () => !left_over(cpus, 'own'),
        'claim 3: deactivate and shutdown queue nothing once dying is set (P2 strict)': () =>
          !late.queued(),
        'P6: no callback or work for a child after flush_memcg_workqueue': () =>
          !left_over(cpus, 'all'),
        'P14: no child is created after the deactivation pass': () => !late.offline(),
        'P15: at most one child per root cache and memcg': () => !late.twice(),
      },
      sometimes: witnesses(params, { root, children, removed, parent, used, users }),
      atEnd: {
        'no cache is left in the end': () => destroyers === 0 || peek(slab_caches).length === 0,
        'P7: every child of a removed memcg is freed in the end': () =>
          children.every((child) => peek(child.life) === 'freed'),
        'P16: every removed memcg is freed in the end': () =>
          removed.every((memcg) => peek(memcg.life) === 'freed'),
      },
      never: {
        'P17: who looks a child up never touches a freed one': (report) =>
          freed(report.rule) &&
          report.type === 'kmem_cache' &&
          report.object !== 'root' &&
          /memcg_kmem_(get|put)_cache/.test(report.stack.join()),
        'P1: no callback, work or release touches a freed cache': (report) =>
          freed(report.rule) && report.type === 'kmem_cache' && deferred(report),
        'no work touches a freed root cache': (report) =>
          freed(report.rule) && report.object === 'root' && report.thread.startsWith('kworker'),
        'claim 4: no create work touches a freed root cache (P4)': (report) =>
          freed(report.rule) &&
          report.object === 'root' &&
          report.stack.includes('memcg_kmem_cache_create_func'),
        'P10: the release neither sleeps nor takes slab_mutex': (report) =>
          report.rule.startsWith('sleeping function') &&
          report.stack.includes('kmemcg_cache_shutdown'),
      },
    };
  },
});

function* destroy(root: KmemCache, users: Shared<number>) {
  if (variant.users_stop_first) yield* wait_until(users, (left) => left === 0);
  yield* kmem_cache_destroy(root);
}

/** A task that charges a cgroup which it holds a reference on (memalloc_use_memcg). */
function* allocate(root: KmemCache, memcg: MemCgroup, users: Shared<number>) {
  const cache = yield* memcg_kmem_get_cache(root, memcg);
  // the object is allocated and freed here
  yield* memcg_kmem_put_cache(cache);
  yield* css_put(memcg.css);
  yield* fetch_update(users, (left) => left - 1);
}

function* free(cache: KmemCache, users: Shared<number>) {
  yield* fetch_update(cache.objects, (left) => left - 1);
  yield* memcg_uncharge_slab(cache);
  yield* fetch_update(users, (left) => left - 1);
}

function* run_out_of_memory() {
  yield* WRITE_ONCE(failslab, true);
}

function freed(rule: string): boolean {
  return rule === 'use-after-free' || rule === 'active object freed';
}

/** In a work, a callback, or the release. */
function deferred(report: { thread: string; stack: readonly string[] }): boolean {
  return /^(kworker|softirq)/.test(report.thread) || report.stack.includes('kmemcg_cache_shutdown');
}
