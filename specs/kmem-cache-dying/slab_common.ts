import {
  assert,
  call_rcu,
  container_of,
  css_get,
  css_get_many,
  css_put,
  DECLARE_WORK,
  flush_workqueue,
  get_online_cpus,
  get_online_mems,
  INIT_WORK,
  kfree,
  list_add_tail,
  list_del,
  list_empty,
  list_for_each_entry,
  list_splice_init,
  load,
  mutex_lock,
  mutex_unlock,
  type Operation,
  type PercpuRef,
  percpu_ref_exit,
  percpu_ref_kill,
  put_online_cpus,
  put_online_mems,
  queue_work,
  type RcuHead,
  READ_ONCE,
  rcu_barrier,
  type Steps,
  spin_lock,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock,
  spin_unlock_irq,
  spin_unlock_irqrestore,
  store,
  together,
  type Work,
  WRITE_ONCE,
} from 'lockstep';
import * as note from './notes.ts';
import {
  type KmemCache,
  kmem_cache,
  type MemCgroup,
  memcg_kmem_cache_wq,
  memcg_kmem_wq_lock,
  memcg_nr_cache_ids,
  slab_caches,
  slab_caches_to_rcu_destroy,
  slab_mutex,
  slab_root_caches,
  system_wq,
  variant,
} from './objects.ts';
import { sysfs_slab_unlink } from './slab_merge.ts';
import { __kmem_cache_shrink, __kmem_cache_shutdown } from './slub.ts';

/**
 * mm/slab_common.c, v5.3 (f0a3a24b532d) with the points of `variant`. Left out: what touches
 * nothing that is shared (kasan, names), and the array growth (memcg_cache_ids_sem).
 */

/** @models mm/slab_common.c kmem_cache_destroy v5.3 */
export function* kmem_cache_destroy(s: KmemCache): Steps {
  if (!variant.dying_at_zero) yield* flush_memcg_workqueue(s);

  yield* get_online_cpus();
  yield* get_online_mems();
  yield* mutex_lock(slab_mutex);
  const refcount = (yield* load(s.refcount)) - 1;
  yield* store(s.refcount, refcount);
  // unreached: where a user stays
  if (refcount === 0 && !(variant.dying_at_zero && (yield* got_user_while_flushed(s)))) {
    let busy = yield* shutdown_memcg_caches(s);
    if (!busy) busy = yield* shutdown_cache(s);
    // In the C shutdown_cache does that, before the release, and for children too; slab_mutex is held.
    if (!busy && !variant.sysfs_goes_first) yield* sysfs_slab_unlink();
    // if (busy): "Slab cache still has objects"
  }
  yield* mutex_unlock(slab_mutex);
  yield* put_online_mems();
  yield* put_online_cpus();
}

/** The middle of kmem_cache_destroy since d38a2b7a9c93: the flush, with slab_mutex let go for it. */
function* got_user_while_flushed(s: KmemCache): Steps<boolean> {
  yield* set_dying(s, true);
  if (variant.sysfs_goes_first) yield* sysfs_slab_unlink();
  if (variant.unlocks_to_flush) {
    yield* mutex_unlock(slab_mutex);
    yield* put_online_mems();
    yield* put_online_cpus();
  }
  yield* flush_memcg_workqueue(s);
  if (variant.unlocks_to_flush) {
    yield* get_online_cpus();
    yield* get_online_mems();
    yield* mutex_lock(slab_mutex);
  }
  if (!variant.retests_refcount || (yield* READ_ONCE(s.refcount)) === 0) return false;
  // unreached: where no user comes
  yield* set_dying(s, false);
  return true;
}

/** @models mm/slab_common.c flush_memcg_workqueue v5.3 */
function* flush_memcg_workqueue(s: KmemCache): Steps {
  if (variant.set_comes_first && !variant.dying_at_zero) yield* set_dying(s, true);
  if (variant.barrier) yield* rcu_barrier();
  if (variant.flush) yield* flush_workqueue(memcg_kmem_cache_wq);
  if (!variant.set_comes_first) yield* set_dying(s, true);
  if (variant.second_barrier) {
    // No slab_mutex: the list can only shrink now.
    // unreached: where no memcg has a child
    if (!(yield* list_empty(s.children))) yield* rcu_barrier();
  }
  yield* note.flushed();
}

/** @models mm/slab_common.c flush_memcg_workqueue v5.3 */
function* set_dying(s: KmemCache, dying: boolean): Steps {
  if (!variant.sets_dying) return;
  if (variant.set_locks) {
    if (variant.slab_mutex_guards) yield* mutex_lock(slab_mutex);
    else yield* lock_wq();
  }
  yield* together(store(s.dying, dying), note.dying(dying));
  if (variant.set_locks) yield* variant.slab_mutex_guards ? mutex_unlock(slab_mutex) : unlock_wq();
}

/** Everywhere but in the release. */
export function lock_wq(): Operation<void> {
  const lock = variant.irqs_stay_on ? spin_lock : spin_lock_irq;
  return lock(memcg_kmem_wq_lock);
}

export function unlock_wq(): Operation<void> {
  const unlock = variant.irqs_stay_on ? spin_unlock : spin_unlock_irq;
  return unlock(memcg_kmem_wq_lock);
}

/**
 * True (-EBUSY) when a child still has objects.
 * @models mm/slab_common.c shutdown_memcg_caches v5.3
 */
function* shutdown_memcg_caches(s: KmemCache): Steps<boolean> {
  const nr_ids = yield* load(memcg_nr_cache_ids);
  const busy: KmemCache[] = []; // in the C moved off s.children for the second loop
  // unreached: where there is no memcg
  for (let idx = 0; idx < nr_ids; idx++) {
    const c = yield* load(s.caches[idx]!);
    if (!c) continue;
    if (yield* shutdown_cache(c)) busy.push(c);
    else yield* store(s.caches[idx]!, null);
  }
  // unreached: where no memcg with a child is removed
  for (const c of yield* list_for_each_entry(s.children))
    if (!busy.includes(c)) yield* shutdown_cache(c);
  return !(yield* list_empty(s.children));
}

/** True (-EBUSY) when it still has objects. @models mm/slab_common.c shutdown_cache v5.3 */
function* shutdown_cache(s: KmemCache): Steps<boolean> {
  if (yield* __kmem_cache_shutdown(s)) return true; // unreached: where no object is left in it
  yield* memcg_unlink_cache(s);
  yield* list_del(s, slab_caches);
  if (variant.typesafe) {
    yield* list_add_tail(s, slab_caches_to_rcu_destroy);
    yield* queue_work(system_wq, slab_caches_to_rcu_destroy_work); // schedule_work
  } else {
    yield* slab_kmem_cache_release(s);
  }
  return false;
}

const slab_caches_to_rcu_destroy_work = DECLARE_WORK(
  'slab_caches_to_rcu_destroy_work',
  slab_caches_to_rcu_destroy_workfn,
);

// unreached: where the caches are not SLAB_TYPESAFE_BY_RCU
/** Runs in a worker. @models mm/slab_common.c slab_caches_to_rcu_destroy_workfn v5.3 */
function* slab_caches_to_rcu_destroy_workfn(): Steps {
  yield* mutex_lock(slab_mutex);
  const to_destroy = yield* list_for_each_entry(slab_caches_to_rcu_destroy);
  for (const s of to_destroy) yield* list_del(s, slab_caches_to_rcu_destroy);
  yield* mutex_unlock(slab_mutex);
  if (to_destroy.length === 0) return;
  yield* rcu_barrier();
  for (const s of to_destroy) yield* slab_kmem_cache_release(s);
}

/** @models mm/slab_common.c memcg_unlink_cache v5.3 */
function* memcg_unlink_cache(s: KmemCache): Steps {
  const root = yield* load(s.root);
  // unreached: where the root cache stays
  if (!root) {
    yield* list_del(s, slab_root_caches);
    return;
  }
  const memcg = (yield* load(s.memcg))!; // unreached: where no memcg has a child
  yield* list_del(s, root.children); // unreached: likewise
  yield* list_del(s, memcg.kmem_caches); // unreached: likewise
  if (variant.unlink_puts_memcg) yield* drop_memcg(s, memcg);
}

/** Once, where the variant says. */
function* drop_memcg(s: KmemCache, memcg: MemCgroup): Steps {
  if (!variant.children_count_pages || variant.release_puts_memcg) return;
  yield* css_put(memcg.css);
  yield* WRITE_ONCE(s.memcg, null);
}

/** @models mm/slab_common.c slab_kmem_cache_release v5.3 */
function* slab_kmem_cache_release(s: KmemCache): Steps {
  yield* destroy_memcg_params(s);
  yield* kfree(s);
}

/** @models mm/slab_common.c destroy_memcg_params v5.3 */
function* destroy_memcg_params(s: KmemCache): Steps {
  const root = yield* load(s.root);
  if (!root) return;
  // unreached: where no memcg has a child
  if (!variant.unlink_puts_memcg) yield* drop_memcg(s, (yield* load(s.memcg))!);
  if (variant.children_count_pages) yield* percpu_ref_exit(s.refcnt); // unreached: likewise
}

/** Until v5.2, when the memcg is freed. */
export function* memcg_destroy_kmem_caches(memcg: MemCgroup): Steps {
  yield* get_online_cpus();
  yield* get_online_mems();
  yield* mutex_lock(slab_mutex);
  for (const s of yield* list_for_each_entry(memcg.kmem_caches)) {
    const busy = yield* shutdown_cache(s);
    yield* assert(!busy, 'no child has objects when its memcg is freed'); // BUG_ON
  }
  yield* mutex_unlock(slab_mutex);
  yield* put_online_mems();
  yield* put_online_cpus();
}

/**
 * Runs in the worker that offlines the cgroup.
 * @models mm/slab_common.c memcg_deactivate_kmem_caches v5.3
 */
export function* memcg_deactivate_kmem_caches(memcg: MemCgroup, parent: MemCgroup): Steps {
  const idx = yield* load(memcg.kmemcg_id);
  yield* get_online_cpus();
  yield* get_online_mems();
  yield* mutex_lock(slab_mutex);
  for (const root of yield* list_for_each_entry(slab_root_caches)) {
    const c = yield* load(root.caches[idx]!);
    if (!c) continue; // unreached: where the memcg has a child
    if (variant.clears_entry_first) yield* store(root.caches[idx]!, null);
    yield* kmemcg_cache_deactivate(c); // unreached: where the child comes from a memcg below
    // unreached: likewise
    if (!variant.clears_entry_first) yield* store(root.caches[idx]!, null);
  }
  if (variant.children_count_pages) yield* reparent_caches(memcg, parent);
  yield* together(mutex_unlock(slab_mutex), note.deactivated(memcg));
  yield* put_online_mems();
  yield* put_online_cpus();
}

/**
 * The rest of memcg_deactivate_kmem_caches (fb2f2b0adb98).
 * @models mm/slab_common.c memcg_deactivate_kmem_caches v5.3
 */
function* reparent_caches(memcg: MemCgroup, parent: MemCgroup): Steps {
  let nr_reparented = 0;
  for (const c of yield* list_for_each_entry(memcg.kmem_caches)) {
    yield* WRITE_ONCE(c.memcg, parent);
    yield* css_put(memcg.css);
    nr_reparented++;
  }
  if (nr_reparented > 0) {
    yield* list_splice_init(memcg.kmem_caches, parent.kmem_caches);
    yield* css_get_many(parent.css, nr_reparented);
  }
}

/** Under slab_mutex. @models mm/slab_common.c kmemcg_cache_deactivate v5.3 */
function* kmemcg_cache_deactivate(s: KmemCache): Steps {
  const root = (yield* load(s.root))!;
  if (variant.deactivate_locks) yield* lock_wq();
  const dying = variant.deactivate_checks && (yield* load(root.dying));
  if (!dying) {
    // so that the child does not go with its memcg before the work is done
    if (!variant.children_count_pages) yield* css_get((yield* load(s.memcg))!.css);
    const after_rcu = variant.kills ? kmemcg_cache_deactivate_after_rcu : kmemcg_cache_shutdown_fn;
    yield* store(s.work_fn, after_rcu);
    yield* together(call_rcu(s.rcu_head, kmemcg_rcufn), note.queued());
  }
  if (variant.deactivate_locks) yield* unlock_wq();
}

/** RCU callback. @models mm/slab_common.c kmemcg_rcufn v5.3 */
function* kmemcg_rcufn(head: RcuHead): Steps {
  const s = container_of(head, kmem_cache);
  yield* INIT_WORK(s.work, kmemcg_workfn);
  yield* queue_work(memcg_kmem_cache_wq, s.work);
}

/** Runs in a worker. @models mm/slab_common.c kmemcg_workfn v5.3 */
function* kmemcg_workfn(work: Work): Steps {
  const s = container_of(work, kmem_cache);
  yield* get_online_cpus();
  yield* get_online_mems();
  const locked = yield* lock_for_work(s);
  const work_fn = (yield* load(s.work_fn))!;
  yield* work_fn(s);
  if (locked) yield* mutex_unlock(slab_mutex); // unreached: where works_lock says so
  yield* put_online_mems();
  yield* put_online_cpus();
  // what kmemcg_cache_deactivate took
  if (!variant.children_count_pages) yield* css_put((yield* load(s.memcg))!.css);
}

/** True when slab_mutex is held, as in every kernel. */
function* lock_for_work(s: KmemCache): Steps<boolean> {
  if (variant.works_lock === 'second' && (yield* load(s.work_fn)) !== kmemcg_cache_shutdown_fn)
    return false;
  yield* mutex_lock(slab_mutex);
  if (variant.works_lock !== 'once') return true;
  yield* mutex_unlock(slab_mutex);
  return false;
}

/** @models mm/slab_common.c kmemcg_cache_deactivate_after_rcu v5.3 */
function* kmemcg_cache_deactivate_after_rcu(s: KmemCache): Steps {
  yield* __kmem_cache_shrink(s);
  if (variant.children_count_pages) yield* percpu_ref_kill(s.refcnt);
}

// unreached: where children have no count, or none is deactivated
/**
 * Release of the reference count: in whatever context the last reference is dropped.
 * @models mm/slab_common.c kmemcg_cache_shutdown v5.3
 */
export function* kmemcg_cache_shutdown(ref: PercpuRef): Steps {
  const s = container_of(ref, kmem_cache);
  const root = (yield* load(s.root))!;
  if (variant.slab_mutex_guards) {
    yield* mutex_lock(slab_mutex);
    yield* queue_shutdown(s, root);
    yield* mutex_unlock(slab_mutex);
  } else if (variant.shutdown_locks && variant.irqs_stay_on) {
    yield* spin_lock(memcg_kmem_wq_lock);
    yield* queue_shutdown(s, root);
    yield* spin_unlock(memcg_kmem_wq_lock);
  } else if (variant.shutdown_locks) {
    const flags = yield* spin_lock_irqsave(memcg_kmem_wq_lock);
    yield* queue_shutdown(s, root);
    yield* spin_unlock_irqrestore(memcg_kmem_wq_lock, flags);
  } else {
    yield* queue_shutdown(s, root);
  }
}

/**
 * What kmemcg_cache_shutdown does under the lock.
 * @models mm/slab_common.c kmemcg_cache_shutdown v5.3
 */
function* queue_shutdown(s: KmemCache, root: KmemCache): Steps {
  if (variant.shutdown_checks && (yield* load(root.dying))) return;
  if (variant.release_puts_memcg) yield* css_put((yield* load(s.memcg))!.css);
  yield* store(s.work_fn, kmemcg_cache_shutdown_fn);
  if (!variant.release_queues) {
    yield* shutdown_cache(s);
  } else if (variant.release_defers_by_rcu) {
    yield* together(call_rcu(s.rcu_head, kmemcg_rcufn), note.queued());
  } else {
    yield* INIT_WORK(s.work, kmemcg_workfn);
    yield* queue_work(memcg_kmem_cache_wq, s.work, note.queued());
  }
}

// unreached: where the release does that itself
/** @models mm/slab_common.c kmemcg_cache_shutdown_fn v5.3 */
function* kmemcg_cache_shutdown_fn(s: KmemCache): Steps {
  yield* shutdown_cache(s); // WARN if it has objects
}
