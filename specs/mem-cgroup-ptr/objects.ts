import {
  type Atomic,
  alloc_workqueue,
  atomic_t,
  type Css,
  type CssInitial,
  css,
  DEFINE_MUTEX,
  DEFINE_SPINLOCK,
  type Embedded,
  type Instance,
  type ListHead,
  type ListOrRcu,
  list_head,
  list_or_rcu,
  load,
  object,
  options,
  type PercpuRef,
  percpu_ref,
  pointer,
  type RcuWork,
  type RefFlags,
  type RefInitial,
  rcu_work,
  type Steps,
  type StructType,
  struct,
  type Work,
  work_struct,
} from 'lockstep';
import { css_release } from './cgroup.ts';

/** The points in which the variants differ. The defaults are the RFC as posted. */
export const variant = options({
  /** struct obj_cgroup as merged for v5.9, instead of struct mem_cgroup_ptr. */
  merged: false,
  /** R-a: the reference on the memcg that goes offline is taken before the kill, not after it. */
  gets_before_kill: false,
  /** R-b: the references on the parent are taken before css_set_lock is dropped, not after. */
  gets_parent_in_lock: false,
  /** memcg_init_kmem_memcg_ptr takes css_set_lock to put the pointer on the list. */
  init_locks: false,
  /** An online memcg holds its ID, and the ID holds the css. */
  id_pins_css: true,
  /** The pointer is cleared before the kill. */
  clears_first: true,
  /** A lookup is an RCU section, and a pointer is freed after a grace period. */
  lookup_in_rcu: true,
  frees_by_rcu: true,
  /** The release takes the pointer off its list. */
  release_unlinks: true,
  /** 2f7659a31473: a lookup forgets the pointer that it could not get. */
  lookup_resets: false,
  /** eefbfa7fd678: a charge takes the memcg with css_tryget, not with css_get. */
  charge_tries: false,
  /** A charge holds the memcg. */
  charge_gets: true,
  /** A charge, and an uncharge, reads pointer->memcg inside an RCU section. */
  charge_in_rcu: true,
  /** Off (cgroup v1): the page counters of a memcg, and so parent_mem_cgroup(), have no parent. */
  use_hierarchy: true,
  /** 8de15e920dc8: without use_hierarchy it is the root. */
  links_to_root: false,
  /** The sentence "only one pointer has to be changed" is taken to the letter. */
  one_pointer: false,
  /** "synchronize objcg lists with a dedicated spinlock" (2022), instead of css_set_lock. */
  own_lock: false,
  /** The pointer's count, and those of the cgroups: percpu_refs, or one plain atomic each. */
  ptr_percpu: true,
  css_percpu: true,
});

interface MemcgFields {
  css: Embedded<Css, CssInitial>;
  // css.parent, css.online_cnt, css.destroy_work, css.destroy_rwork
  parent: MemCgroup | null;
  online_cnt: Embedded<Atomic, number>;
  destroy_work: Embedded<Work>;
  destroy_rwork: Embedded<RcuWork>;
  kmem_state: string;
  /** page_counter: what is charged to it and below it. */
  memory: number;
  /** kmem_memcg_ptr, or objcg. */
  kmem_memcg_ptr: MemCgroupPtr | null;
  /** kmem_memcg_ptr_list, or objcg_list. */
  kmem_memcg_ptr_list: Embedded<ListHead<MemCgroupPtr>, readonly MemCgroupPtr[]>;
  // Notes
  /** References on it that are held for pointers. */
  held_for_ptrs: number;
  /** Its list has been spliced into the parent's. */
  reparented: boolean;
  /** Its offlining is over. */
  offlined: boolean;
}

interface PtrFields {
  refcnt: Embedded<PercpuRef, RefInitial>;
  memcg: MemCgroup | null;
  /** union { struct list_head list; struct rcu_head rcu; } */
  list: Embedded<ListOrRcu, 'linked'>;
  /** A note: it has been handed to a parent, so it holds a reference. */
  inherited: boolean;
}

export type MemCgroup = Instance<MemcgFields>;
export type MemCgroupPtr = Instance<PtrFields>;

export const mem_cgroup: StructType<MemcgFields> = struct<MemcgFields>('mem_cgroup', {
  css: css(css_release),
  parent: pointer<MemCgroup>(),
  online_cnt: atomic_t(),
  destroy_work: work_struct(),
  destroy_rwork: rcu_work(),
  kmem_state: 'ONLINE',
  memory: 0,
  kmem_memcg_ptr: pointer<MemCgroupPtr>(),
  kmem_memcg_ptr_list: list_head<MemCgroupPtr>(),
  held_for_ptrs: 0,
  reparented: false,
  offlined: false,
});

/** struct mem_cgroup_ptr, or struct obj_cgroup. */
export const mem_cgroup_ptr = struct<PtrFields>('mem_cgroup_ptr', {
  refcnt: percpu_ref(),
  memcg: pointer<MemCgroup>(),
  list: list_or_rcu(),
  inherited: false,
});

// kernel/cgroup/cgroup.c
export const cgroup_mutex = DEFINE_MUTEX('cgroup_mutex');
export const css_set_lock = DEFINE_SPINLOCK('css_set_lock');
/** max_active 1: one item at a time per CPU. */
export const cgroup_destroy_wq = alloc_workqueue('cgroup_destroy', { max_active: 1 });

// mm/memcontrol.c
export const objcg_lock = DEFINE_SPINLOCK('objcg_lock');

/** Cannot be removed: its css counts nothing. It has no pointer of its own. */
export const root_mem_cgroup = object(mem_cgroup, 'root_mem_cgroup', { css: { noRef: true } });

/** By the page counter's parent, which never changes. */
export function* parent_mem_cgroup(memcg: MemCgroup): Steps<MemCgroup | null> {
  if (variant.use_hierarchy) return yield* load(memcg.parent);
  return variant.links_to_root && memcg !== root_mem_cgroup ? root_mem_cgroup : null;
}

/** Is `other` the memcg or one of those above it? (What no step changes, so a property may ask.) */
export function is_at_or_above(memcg: MemCgroup, other: MemCgroup): boolean {
  const parent = memcg.parent.initial;
  return memcg === other || (parent !== null && is_at_or_above(parent, other));
}

/** How the reference count of a pointer is made. */
export function ref_flags(): RefFlags {
  return variant.ptr_percpu ? 0 : 'PERCPU_REF_INIT_ATOMIC';
}

/** The lock of the lists of pointers. */
export function list_lock() {
  return variant.own_lock ? objcg_lock : css_set_lock;
}
