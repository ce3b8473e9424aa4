import {
  alloc_workqueue,
  type Css,
  type CssInitial,
  css,
  DEFINE_MUTEX,
  DEFINE_SPINLOCK,
  type Embedded,
  type Instance,
  LIST_HEAD,
  type ListHead,
  list_head,
  options,
  type PercpuRef,
  percpu_ref,
  pointer,
  pointers,
  type RcuHead,
  type RcuWork,
  type RefFlags,
  type RefInitial,
  rcu_head,
  rcu_work,
  type Shared,
  type Steps,
  type StructType,
  struct,
  variable,
  type Work,
  work_struct,
} from 'lockstep';
import { css_release } from './memcontrol.ts';

/** The points in which the variants differ. The defaults are the repaired protocol. */
export const variant = options({
  /** memcg_create_kmem_cache looks at dying (the seed), with memcg_kmem_wq_lock or without. */
  create_checks: true,
  create_locks: true,
  /** In no kernel: it reads dying, and kmem_state, with READ_ONCE. */
  create_reads_once: false,
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

  // In no kernel: what keeps a child for those who found it before it was taken out of the array.
  /** The deactivation kills the reference count, and what is left of it decides. */
  kills: true,
  /** The reference count is per CPU until then, so that the kill waits for a grace period. */
  percpu: true,
  /** kmemcg_workfn holds slab_mutex; or only waits for it 'once'; or takes it in the 'second' work. */
  works_lock: 'held',
  /** The release leaves the rest to a work. */
  release_queues: true,
  /** The release puts the reference on the memcg. */
  release_puts_memcg: false,
  /** The deactivation takes the child out of the array first. */
  clears_entry_first: false,
});

export function refcnt_flags(): RefFlags {
  return variant.percpu ? 0 : 'PERCPU_REF_INIT_ATOMIC';
}

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
  refcnt: Embedded<PercpuRef, RefInitial>;
  /** Empty slab pages that it keeps (struct kmem_cache_node). */
  partial: Embedded<ListHead<Page>, readonly Page[]>;
  work_fn: ((s: KmemCache) => Steps<unknown>) | null;
  work: Embedded<Work>; // shares its storage with rcu_head in the C
  rcu_head: Embedded<RcuHead>;
}

interface MemcgFields {
  css: Embedded<Css, CssInitial>;
  kmem_state: string;
  kmemcg_id: number;
  kmem_caches: Embedded<ListHead<KmemCache>, readonly KmemCache[]>;
  destroy_rwork: Embedded<RcuWork>;
  /** A note: its deactivation pass is over. */
  deactivated: boolean;
}

interface PageFields {
  slab_cache: KmemCache | null;
  rcu_head: Embedded<RcuHead>;
}

export type KmemCache = Instance<CacheFields>;
export type MemCgroup = Instance<MemcgFields>;
export type Page = Instance<PageFields>;

export const kmem_cache = struct<CacheFields>('kmem_cache', {
  refcount: 1,
  objects: 0,
  dying: false,
  children: list_head<KmemCache>(),
  caches: pointers<KmemCache>(MEMCG_CACHES_MAX_SIZE),
  root: pointer<KmemCache>(),
  memcg: pointer<MemCgroup>(),
  refcnt: percpu_ref(),
  partial: list_head<Page>(),
  work_fn: null,
  work: work_struct(),
  rcu_head: rcu_head(),
});

export const mem_cgroup: StructType<MemcgFields> = struct<MemcgFields>('mem_cgroup', {
  css: css(css_release),
  kmem_state: 'ONLINE',
  kmemcg_id: -1,
  kmem_caches: list_head<KmemCache>(),
  destroy_rwork: rcu_work(),
  deactivated: false,
});

/** A slab page. */
export const page: StructType<PageFields> = struct<PageFields>('page', {
  slab_cache: pointer<KmemCache>(),
  rcu_head: rcu_head(),
});

/** struct memcg_kmem_cache_create_work */
export const create_work = struct('memcg_kmem_cache_create_work', {
  memcg: pointer<MemCgroup>(),
  cachep: pointer<KmemCache>(),
  work: work_struct(),
  /** A note: it was queued after flush_workqueue had begun. */
  late: false,
});

// mm/slab_common.c
export const slab_mutex = DEFINE_MUTEX('slab_mutex');
export const memcg_kmem_wq_lock = DEFINE_SPINLOCK('memcg_kmem_wq_lock');
export const slab_root_caches = LIST_HEAD<KmemCache>('slab_root_caches');
export const slab_caches = LIST_HEAD<KmemCache>('slab_caches');
export const slab_caches_to_rcu_destroy = LIST_HEAD<KmemCache>('slab_caches_to_rcu_destroy');

// mm/memcontrol.c
export const memcg_nr_cache_ids = variable('memcg_nr_cache_ids', 0);
/** Flags 0, max_active 1: bound, so one item at a time per CPU, and not ordered. */
export const memcg_kmem_cache_wq = alloc_workqueue('memcg_kmem_cache', { max_active: 1 });
/** kmalloc(GFP_NOWAIT) fails. */
export const failslab = variable('failslab', false);

// elsewhere
export const cgroup_destroy_wq = alloc_workqueue('cgroup_destroy', { max_active: 1 });
/** For one item only, here. */
export const system_wq = alloc_workqueue('events', { max_active: 1 });
