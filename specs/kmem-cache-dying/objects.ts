import {
  alloc_workqueue,
  type Css,
  container_of,
  css,
  DEFINE_MUTEX,
  DEFINE_SPINLOCK,
  type Embedded,
  type Instance,
  kfree,
  LIST_HEAD,
  type ListHead,
  list_head,
  options,
  type PercpuRef,
  percpu_ref,
  pointer,
  pointers,
  type RcuHead,
  type Release,
  rcu_head,
  type Shared,
  type Steps,
  type StructType,
  struct,
  variable,
  type Work,
  work_struct,
} from 'lockstep';

/** The points in which the variants differ. The defaults are the repaired protocol. */
export const variant = options({
  /** memcg_create_kmem_cache looks at dying (the seed), with memcg_kmem_wq_lock or without. */
  create_checks: true,
  create_locks: true,
  /** memcg_create_kmem_cache looks whether another worker has made the cache already. */
  create_looks_again: true,
  /** kmemcg_cache_deactivate looks at dying, and does so under memcg_kmem_wq_lock. */
  deactivate_checks: true,
  deactivate_locks: true,
  /** kmemcg_cache_shutdown likewise. */
  shutdown_checks: true,
  shutdown_locks: true,
  /** Before the patch: slab_mutex guards the flag, where it is set and in the release too. */
  slab_mutex_guards: false,
  /** The parts of flush_memcg_workqueue. */
  set_locks: true,
  set_comes_first: true,
  barrier: true,
  flush: true,
  /** a264df74df38: one more wait, for the callback that percpu_ref_kill queues. */
  second_barrier: true,
  /** Until b749ecfaf6c5 the reference on the memcg went with the unlinking of the cache. */
  unlink_puts_memcg: true,
  /** memcg_offline_kmem leaves ONLINE before the deactivation pass, not after it. */
  offline_state_first: true,
  /** The rule for users: no allocation once the destruction has begun. */
  users_stop_first: true,

  // What the generations of the protocol differ in, see generations.ts.
  /** Until v4.17 there was no flag. */
  sets_dying: true,
  /** A child counts its pages itself and goes with the last; before it lived as long as its memcg. */
  children_count_pages: true,
  /** Series v5: the release queues its work by way of call_rcu, and the lock leaves interrupts on. */
  release_defers_by_rcu: false,
  irqs_stay_on: false,
  /** v5.8: dying is set when the last user goes, with all locks dropped afterwards for the flush. */
  dying_at_zero: false,
  unlocks_to_flush: true,
  /** v5.8: no new user is given a dying cache. */
  dying_unmergeable: false,
  /** 5.4.y of 2021: whoever flushed looks whether there is a new user. */
  retests_refcount: false,
  /** In no kernel: the directory in sysfs goes with the last user, so its name is free at once. */
  sysfs_goes_first: false,
  /** 3a98990ae215: the reference on the memcg is put when no create work can be allocated. */
  puts_css_on_failure: true,
  /** The caches are SLAB_TYPESAFE_BY_RCU: their pages go through RCU. */
  typesafe: false,
});

const MEMCG_CACHES_MAX_SIZE = 8;

interface CacheFields {
  /** How many users share a root cache. */
  refcount: number;
  /** Objects that users hold. */
  objects: number;
  // memcg_params of a root cache
  dying: boolean;
  children: Embedded<ListHead<KmemCache>>;
  caches: Embedded<readonly Shared<KmemCache | null>[]>;
  // memcg_params of a child
  root: KmemCache | null;
  memcg: MemCgroup | null;
  refcnt: Embedded<PercpuRef, { release: Release; count?: number }>;
  work_fn: ((s: KmemCache) => Steps<unknown>) | null;
  work: Embedded<Work>; // shares its storage with rcu_head in the C
  rcu_head: Embedded<RcuHead>;
}

interface MemcgFields {
  css: Embedded<Css, { count?: number; noRef?: boolean }>;
  kmem_state: string;
  kmemcg_id: number;
  kmem_caches: Embedded<ListHead<KmemCache>, readonly KmemCache[]>;
  /** A note: its deactivation pass is over. */
  deactivated: boolean;
}

export type KmemCache = Instance<CacheFields>;
export type MemCgroup = Instance<MemcgFields>;

export const kmem_cache = struct<CacheFields>('kmem_cache', {
  refcount: 1,
  objects: 0,
  dying: false,
  children: list_head<KmemCache>(),
  caches: pointers<KmemCache>(MEMCG_CACHES_MAX_SIZE),
  root: pointer<KmemCache>(),
  memcg: pointer<MemCgroup>(),
  refcnt: percpu_ref(),
  work_fn: null,
  work: work_struct(),
  rcu_head: rcu_head(),
});

export const mem_cgroup: StructType<MemcgFields> = struct<MemcgFields>('mem_cgroup', {
  css: css(mem_cgroup_css_free),
  kmem_state: 'ONLINE',
  kmemcg_id: -1,
  kmem_caches: list_head<KmemCache>(),
  deactivated: false,
});

/** struct memcg_kmem_cache_create_work */
export const create_work = struct('memcg_kmem_cache_create_work', {
  memcg: pointer<MemCgroup>(),
  cachep: pointer<KmemCache>(),
  work: work_struct(),
  /** A note: it was queued after flush_workqueue had begun. */
  late: false,
});

function* mem_cgroup_css_free(css: Css): Steps {
  yield* kfree(container_of(css, mem_cgroup));
}

// mm/slab_common.c
export const slab_mutex = DEFINE_MUTEX('slab_mutex');
export const memcg_kmem_wq_lock = DEFINE_SPINLOCK('memcg_kmem_wq_lock');
export const slab_root_caches = LIST_HEAD<KmemCache>('slab_root_caches');
export const slab_caches = LIST_HEAD<KmemCache>('slab_caches');

// mm/memcontrol.c
export const memcg_nr_cache_ids = variable('memcg_nr_cache_ids', 0);
/** Flags 0, max_active 1: bound, so one item at a time per CPU, and not ordered. */
export const memcg_kmem_cache_wq = alloc_workqueue('memcg_kmem_cache', { max_active: 1 });
