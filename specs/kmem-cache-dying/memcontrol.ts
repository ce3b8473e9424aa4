import {
  assert,
  type Css,
  container_of,
  css_get,
  css_kill,
  css_put,
  css_tryget_online,
  GFP_NOWAIT,
  INIT_RCU_WORK,
  INIT_WORK,
  kfree,
  kzalloc,
  load,
  percpu_ref_put,
  percpu_ref_tryget,
  queue_rcu_work,
  queue_work,
  READ_ONCE,
  rcu_read_lock,
  rcu_read_unlock,
  type Steps,
  store,
  type Work,
} from 'lockstep';
import {
  cgroup_destroy_wq,
  create_work,
  failslab,
  type KmemCache,
  type MemCgroup,
  mem_cgroup,
  memcg_kmem_cache_wq,
  variant,
} from './objects.ts';
import { memcg_deactivate_kmem_caches, memcg_destroy_kmem_caches } from './slab_common.ts';
import { memcg_create_kmem_cache } from './slab_create.ts';

/** mm/memcontrol.c, v5.3. */

/**
 * The cache to allocate from: the child of the task's memcg, else the root cache.
 * @models mm/memcontrol.c memcg_kmem_get_cache v5.3
 */
export function* memcg_kmem_get_cache(cachep: KmemCache, memcg: MemCgroup): Steps<KmemCache> {
  if (!variant.children_count_pages) return yield* get_cache_with_memcg(cachep, memcg);
  yield* rcu_read_lock();
  const chosen = yield* lookup_cache(cachep, memcg);
  yield* rcu_read_unlock();
  return chosen;
}

/** memcg_kmem_get_cache until v5.2: with a child goes a reference on its memcg. */
function* get_cache_with_memcg(cachep: KmemCache, memcg: MemCgroup): Steps<KmemCache> {
  if (!(yield* css_tryget_online(memcg.css))) return cachep;
  const chosen = yield* lookup_cache(cachep, memcg);
  if (chosen === cachep) yield* css_put(memcg.css);
  return chosen;
}

/**
 * The part of memcg_kmem_get_cache between rcu_read_lock and rcu_read_unlock.
 * @models mm/memcontrol.c memcg_kmem_get_cache v5.3
 */
function* lookup_cache(cachep: KmemCache, memcg: MemCgroup): Steps<KmemCache> {
  const kmemcg_id = yield* READ_ONCE(memcg.kmemcg_id);
  if (kmemcg_id < 0) return cachep; // unreached: while the memcg stays online
  const memcg_cachep = yield* READ_ONCE(cachep.caches[kmemcg_id]!);
  // unreached: where the memcg has a child already
  if (!memcg_cachep) {
    yield* memcg_schedule_kmem_cache_create(memcg, cachep);
    return cachep;
  }
  if (!variant.children_count_pages) return memcg_cachep;
  // unreached: where the memcg has no child before a cache is looked up for the last time
  return (yield* percpu_ref_tryget(memcg_cachep.refcnt)) ? memcg_cachep : cachep;
}

/** @models mm/memcontrol.c memcg_kmem_put_cache v5.3 */
export function* memcg_kmem_put_cache(cachep: KmemCache): Steps {
  if (!(yield* load(cachep.root))) return;
  // unreached: where the memcg has no child before a cache is looked up for the last time
  if (variant.children_count_pages) yield* percpu_ref_put(cachep.refcnt);
  else yield* css_put((yield* load(cachep.memcg))!.css);
}

/**
 * A page of the cache's slabs goes back to the page allocator: the page's reference is dropped.
 * @models mm/slab.h memcg_uncharge_slab v5.3
 */
export function* memcg_uncharge_slab(s: KmemCache): Steps {
  if (!variant.children_count_pages) {
    yield* css_put((yield* load(s.memcg))!.css); // page->mem_cgroup, the same
    return;
  }
  yield* rcu_read_lock();
  const memcg = yield* READ_ONCE(s.memcg);
  yield* assert(memcg !== null, 'P13: a cache has its memcg whenever a page of it is uncharged');
  // the counters of the memcg go down here
  yield* percpu_ref_put(s.refcnt);
  yield* rcu_read_unlock();
}

// unreached: where the memcg has its child for as long as it is online
/**
 * Inside memcg_kmem_get_cache's RCU section. Looks at no flag, takes no reference on cachep.
 * @models mm/memcontrol.c memcg_schedule_kmem_cache_create v5.3
 */
function* memcg_schedule_kmem_cache_create(memcg: MemCgroup, cachep: KmemCache): Steps {
  if (variant.children_count_pages && !(yield* css_tryget_online(memcg.css))) return;
  // unreached: where memory does not run out
  if (yield* READ_ONCE(failslab)) {
    if (variant.children_count_pages && variant.puts_css_on_failure) yield* css_put(memcg.css);
    return;
  }
  const cw = yield* kzalloc(create_work, GFP_NOWAIT, 'cw');
  if (!variant.children_count_pages) yield* css_get(memcg.css);
  yield* store(cw.memcg, memcg);
  yield* store(cw.cachep, cachep);
  yield* INIT_WORK(cw.work, memcg_kmem_cache_create_func);
  yield* queue_work(memcg_kmem_cache_wq, cw.work);
}

/** Runs in a worker. @models mm/memcontrol.c memcg_kmem_cache_create_func v5.3 */
function* memcg_kmem_cache_create_func(work: Work): Steps {
  const cw = container_of(work, create_work);
  const memcg = (yield* load(cw.memcg))!;
  const cachep = (yield* load(cw.cachep))!;
  yield* memcg_create_kmem_cache(memcg, cachep);
  yield* css_put(memcg.css);
  yield* kfree(cw);
}

/**
 * The offlining of a cgroup (css_killed_work_fn), from the kill to the put of its reference.
 * @models kernel/cgroup/cgroup.c css_killed_work_fn v5.3
 */
export function* css_offline(memcg: MemCgroup, parent: MemCgroup): Steps {
  yield* css_kill(memcg.css);
  yield* memcg_offline_kmem(memcg, parent);
  yield* css_put(memcg.css);
}

/** @models mm/memcontrol.c memcg_offline_kmem v5.3 */
function* memcg_offline_kmem(memcg: MemCgroup, parent: MemCgroup): Steps {
  if ((yield* load(memcg.kmem_state)) !== 'ONLINE') return; // unreached: each memcg was online
  if (variant.offline_state_first) yield* store(memcg.kmem_state, 'ALLOCATED');
  yield* memcg_deactivate_kmem_caches(memcg, parent);
  if (!variant.offline_state_first) yield* store(memcg.kmem_state, 'ALLOCATED');
  yield* store(memcg.kmemcg_id, yield* load(parent.kmemcg_id));
}

// unreached: where no memcg is removed
/** Until v5.2 css_free takes slab_mutex. It comes from a work then, after a grace period. */
export function* css_release(css: Css): Steps {
  const memcg = container_of(css, mem_cgroup);
  if (variant.children_count_pages) {
    yield* kfree(memcg);
    return;
  }
  yield* INIT_RCU_WORK(memcg.destroy_rwork, css_free_rwork_fn);
  yield* queue_rcu_work(cgroup_destroy_wq, memcg.destroy_rwork);
}

/** Runs in a worker. */
function* css_free_rwork_fn(work: Work): Steps {
  const memcg = container_of(work, mem_cgroup);
  yield* memcg_destroy_kmem_caches(memcg); // by way of mem_cgroup_css_free
  yield* kfree(memcg);
}
