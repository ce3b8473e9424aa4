import {
  assert,
  container_of,
  css_get,
  css_get_many,
  css_put_many,
  GFP_KERNEL,
  kfree,
  kfree_rcu,
  kzalloc,
  list_add,
  list_del,
  list_for_each_entry,
  list_splice,
  load,
  lockdep_assert_held,
  type PercpuRef,
  percpu_ref_exit,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_tryget,
  READ_ONCE,
  rcu_read_lock,
  rcu_read_unlock,
  type Steps,
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock_irq,
  spin_unlock_irqrestore,
  store,
  together,
  WRITE_ONCE,
  xchg,
} from 'lockstep';
import * as note from './notes.ts';
import {
  list_lock,
  type MemCgroup,
  type MemCgroupPtr,
  mem_cgroup_ptr,
  parent_mem_cgroup,
  ref_flags,
  root_mem_cgroup,
  variant,
} from './objects.ts';
import { COUNTED_OR_NULL, NULL_MEANS_PARENT, ONE_POINTER } from './properties.ts';

/** struct mem_cgroup_ptr as in the RFC of 2019-09-05, with the points of `variant`. */

export function* memcg_init_kmem_memcg_ptr(memcg: MemCgroup): Steps {
  const ptr = yield* kzalloc(mem_cgroup_ptr, GFP_KERNEL);
  yield* percpu_ref_init(ptr.refcnt, memcg_ptr_release, ref_flags());
  yield* store(ptr.memcg, memcg); // and takes no reference: the css is not initialised yet
  yield* WRITE_ONCE(memcg.kmem_memcg_ptr, ptr);
  if (variant.init_locks) yield* spin_lock_irq(list_lock());
  yield* lockdep_assert_held(list_lock());
  yield* list_add(ptr, memcg.kmem_memcg_ptr_list);
  if (variant.init_locks) yield* spin_unlock_irq(list_lock());
}

/** A counted pointer of the memcg or of an ancestor, or null. */
export function* mem_cgroup_get_kmem_ptr(memcg: MemCgroup): Steps<MemCgroupPtr | null> {
  let at: MemCgroup | null = memcg;
  let memcg_ptr: MemCgroupPtr | null;
  let counted = false; // what the C knows only by where it leaves the loop
  if (variant.lookup_in_rcu) yield* rcu_read_lock();
  do {
    memcg_ptr = yield* READ_ONCE<MemCgroupPtr | null>(at.kmem_memcg_ptr);
    counted = memcg_ptr !== null && (yield* percpu_ref_tryget(memcg_ptr.refcnt));
    if (counted) break;
    const parent: MemCgroup | null = yield* parent_mem_cgroup(at);
    yield* assert(
      memcg_ptr !== null || parent !== null || at === root_mem_cgroup,
      NULL_MEANS_PARENT,
    );
    if (variant.lookup_resets) memcg_ptr = null;
    at = parent;
  } while (at);
  if (variant.lookup_in_rcu) yield* rcu_read_unlock();
  yield* assert(memcg_ptr === null || counted, COUNTED_OR_NULL);
  return memcg_ptr;
}

/** Release of the reference count: in whatever context the last reference is dropped. */
export function* memcg_ptr_release(ref: PercpuRef): Steps {
  const ptr = container_of(ref, mem_cgroup_ptr);
  const flags = yield* spin_lock_irqsave(list_lock());
  if (variant.release_unlinks) {
    const home = (yield* load(ptr.memcg))!; // the C needs no head to take an entry off its list
    yield* lockdep_assert_held(list_lock());
    yield* together(list_del(ptr, home.kmem_memcg_ptr_list), note.list_used(home));
  }
  yield* spin_unlock_irqrestore(list_lock(), flags);

  const memcg = (yield* load(ptr.memcg))!;
  yield* css_put_many(memcg.css, 1, note.held(memcg, -1));
  yield* percpu_ref_exit(ref);
  if (variant.frees_by_rcu) yield* kfree_rcu(ptr.list);
  else yield* kfree(ptr);
}

/** Runs in the worker that offlines the memcg. */
export function* memcg_reparent_kmem_memcg_ptr(memcg: MemCgroup, parent: MemCgroup): Steps {
  const own = (yield* load(memcg.kmem_memcg_ptr))!; // rcu_swap_protected
  if (variant.clears_first) yield* WRITE_ONCE(memcg.kmem_memcg_ptr, null);
  if (variant.gets_before_kill) yield* get_for_own(memcg);
  yield* percpu_ref_kill(own.refcnt);
  if (!variant.gets_before_kill) yield* get_for_own(memcg);
  if (!variant.clears_first) yield* WRITE_ONCE(memcg.kmem_memcg_ptr, null);

  let nr_reparented = 0;
  yield* spin_lock_irq(list_lock());
  // unreached: where the kill was the release
  for (const ptr of yield* list_for_each_entry(memcg.kmem_memcg_ptr_list)) {
    yield* together(xchg(ptr.memcg, parent), note.inherited(ptr));
    nr_reparented++;
  }
  if (variant.one_pointer) yield* assert(nr_reparented <= 1, ONE_POINTER);
  // unreached: likewise
  if (nr_reparented > 0) {
    yield* lockdep_assert_held(list_lock());
    yield* list_splice(memcg.kmem_memcg_ptr_list, parent.kmem_memcg_ptr_list);
    if (variant.gets_parent_in_lock) yield* get_for_inherited(parent, nr_reparented);
  }
  yield* together(spin_unlock_irq(list_lock()), note.reparented(memcg));

  // unreached: likewise
  if (nr_reparented > 0) {
    if (!variant.gets_parent_in_lock) yield* get_for_inherited(parent, nr_reparented);
    yield* css_put_many(memcg.css, nr_reparented, note.held(memcg, -nr_reparented));
  }
}

function* get_for_own(memcg: MemCgroup): Steps {
  yield* together(css_get(memcg.css), note.held(memcg, 1));
}

function* get_for_inherited(parent: MemCgroup, n: number): Steps {
  yield* together(css_get_many(parent.css, n), note.held(parent, n));
}
