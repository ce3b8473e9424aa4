import {
  boot,
  css_put,
  defineSpec,
  fetch_update,
  initially,
  object,
  peek,
  type Shared,
  type ThreadOptions,
  variable,
  wait_until,
} from 'lockstep';
import {
  css_offline,
  memcg_kmem_get_cache,
  memcg_kmem_put_cache,
  memcg_uncharge_slab,
} from './memcontrol.ts';
import { late, left_over, set_after_test } from './notes.ts';
import {
  type KmemCache,
  kmem_cache,
  type MemCgroup,
  mem_cgroup,
  memcg_kmem_cache_wq,
  memcg_nr_cache_ids,
  slab_caches,
  slab_root_caches,
  variant,
} from './objects.ts';
import { kmem_cache_destroy, kmemcg_cache_shutdown } from './slab_common.ts';
import { variants } from './variants.ts';

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
    /** Objects of the first child, freed meanwhile in softirq, each the last of its page. */
    objects: 0,
    /** Each with a kworker and an RCU callback list. */
    cpus: 2,
  },
  variants,
  build({ params: { memcgs, allocators, shared, objects, cpus } }) {
    const root = object(kmem_cache, 'root');
    const children: KmemCache[] = [];
    const removed: MemCgroup[] = [];
    for (let id = 0; id < memcgs; id++) {
      const empty = shared === 1 && id === 0;
      const memcg = new_memcg(id, empty ? allocators : 1);
      removed.push(memcg);
      if (!empty) children.push(new_child(root, memcg, id, id === 0 ? objects : 0));
    }
    const used = shared === 1 ? removed[0]! : new_memcg(memcgs, allocators);
    const root_mem_cgroup = object(mem_cgroup, 'root_mem_cgroup', { css: { noRef: true } });
    initially(root.children, children);
    initially(memcg_nr_cache_ids, shared === 1 ? memcgs : memcgs + 1);
    initially(slab_root_caches, [root]);
    initially(slab_caches, [root, ...children]);

    // How many tasks still use the root cache or a child of it.
    const users = variable('users', allocators + objects);
    const threads: Record<string, ThreadOptions> = {
      destroy: { run: () => destroy(root, users), cpu: 0 },
    };
    for (const [at, memcg] of removed.entries())
      threads[numbered('offline', at)] = {
        run: () => css_offline(memcg, root_mem_cgroup),
        kind: 'worker',
        cpu: at % cpus,
      };
    for (let at = 0; at < allocators; at++)
      threads[numbered('alloc', at)] = {
        run: () => allocate(root, used, users),
        cpu: (at + 1) % cpus,
      };
    for (let at = 0; at < objects; at++)
      threads[numbered('free', at)] = { run: () => free(children[0]!, users), kind: 'softirq' };

    return {
      threads: boot({ cpus, workqueues: [memcg_kmem_cache_wq], threads }),
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
      sometimes:
        variant.create_checks && allocators > 0
          ? { 'P3w: dying is set right after the test in the create path': set_after_test }
          : {},
      atEnd: {
        'no cache is left in the end': () => peek(slab_caches).length === 0,
        'no removed memcg is left in the end': () => removed.every((m) => peek(m.life) === 'freed'),
      },
      never: {
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

/** With its base reference and those of its child or of the tasks that allocate in it. */
function new_memcg(id: number, references: number): MemCgroup {
  return object(mem_cgroup, numbered('memcg', id), {
    kmemcg_id: id,
    css: { count: 1 + references },
  });
}

/** A child as memcg_create_kmem_cache leaves it, with a page for each object. */
function new_child(root: KmemCache, memcg: MemCgroup, id: number, objects: number): KmemCache {
  const child = object(kmem_cache, numbered('child', id), {
    root,
    memcg,
    objects,
    refcnt: { release: kmemcg_cache_shutdown, count: 1 + objects },
  });
  initially(root.caches[id]!, child);
  initially(memcg.kmem_caches, [child]);
  return child;
}

function numbered(name: string, at: number): string {
  return at === 0 ? name : `${name}${at + 1}`;
}

function freed(rule: string): boolean {
  return rule === 'use-after-free' || rule === 'active object freed';
}

/** In a work, a callback, or the release. */
function deferred(report: { thread: string; stack: readonly string[] }): boolean {
  return /^(kworker|softirq)/.test(report.thread) || report.stack.includes('kmemcg_cache_shutdown');
}
