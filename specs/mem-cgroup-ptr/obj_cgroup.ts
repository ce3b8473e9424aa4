import {
  assert,
  container_of,
  css_get,
  css_put_many,
  deref,
  GFP_KERNEL,
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
import { COUNTED_OR_NULL } from './properties.ts';

/**
 * struct obj_cgroup as merged for v5.9 (bf4f059954dc). The memcg's own one is on no list until it is
 * reparented, and is killed last.
 */

/** @models mm/memcontrol.c memcg_online_kmem v5.9 */
export function* memcg_init_objcg(memcg: MemCgroup): Steps {
  const objcg = yield* kzalloc(mem_cgroup_ptr, GFP_KERNEL, 'obj_cgroup');
  yield* percpu_ref_init(objcg.refcnt, obj_cgroup_release, ref_flags());
  yield* store(objcg.memcg, memcg);
  yield* WRITE_ONCE(memcg.kmem_memcg_ptr, objcg);
}

/**
 * A counted obj_cgroup of the memcg or of an ancestor, or null.
 * @models mm/memcontrol.c get_obj_cgroup_from_current v5.9
 */
export function* get_obj_cgroup_from_current(memcg: MemCgroup): Steps<MemCgroupPtr | null> {
  let objcg: MemCgroupPtr | null = null;
  let counted = false;
  yield* rcu_read_lock();
  for (let at: MemCgroup = memcg; at !== root_mem_cgroup; ) {
    objcg = yield* READ_ONCE<MemCgroupPtr | null>(at.kmem_memcg_ptr);
    counted = objcg !== null && (yield* percpu_ref_tryget(objcg.refcnt));
    if (counted) break;
    if (variant.lookup_resets) objcg = null;
    at = yield* deref<MemCgroup>(yield* parent_mem_cgroup(at), 'memcg->objcg');
  }
  yield* rcu_read_unlock();
  yield* assert(objcg === null || counted, COUNTED_OR_NULL);
  return objcg;
}

/**
 * Release of the reference count: in whatever context the last reference is dropped.
 * @models mm/memcontrol.c obj_cgroup_release v5.9
 */
export function* obj_cgroup_release(ref: PercpuRef): Steps {
  const objcg = container_of(ref, mem_cgroup_ptr);
  const flags = yield* spin_lock_irqsave(list_lock());
  const memcg = (yield* load(objcg.memcg))!;
  yield* lockdep_assert_held(list_lock());
  yield* together(list_del(objcg, memcg.kmem_memcg_ptr_list), note.list_used(memcg));
  yield* css_put_many(memcg.css, 1, note.held(memcg, -1));
  yield* spin_unlock_irqrestore(list_lock(), flags);
  yield* percpu_ref_exit(ref);
  yield* kfree_rcu(objcg.list);
}

/**
 * Runs in the worker that offlines the memcg.
 * @models mm/memcontrol.c memcg_reparent_objcgs v5.9
 */
export function* memcg_reparent_objcgs(memcg: MemCgroup, parent: MemCgroup): Steps {
  const own = (yield* load(memcg.kmem_memcg_ptr))!; // rcu_replace_pointer
  yield* WRITE_ONCE(memcg.kmem_memcg_ptr, null);

  yield* spin_lock_irq(list_lock());
  yield* lockdep_assert_held(list_lock());
  yield* together(xchg(own.memcg, parent), note.inherited(own));
  yield* together(css_get(parent.css), note.held(parent, 1));
  yield* list_add(own, parent.kmem_memcg_ptr_list);
  // unreached: where the memcg has inherited none
  for (const objcg of yield* list_for_each_entry(memcg.kmem_memcg_ptr_list)) {
    yield* together(css_get(parent.css), note.held(parent, 1));
    yield* xchg(objcg.memcg, parent);
    yield* css_put_many(memcg.css, 1, note.held(memcg, -1));
  }
  yield* list_splice(memcg.kmem_memcg_ptr_list, parent.kmem_memcg_ptr_list);
  yield* together(spin_unlock_irq(list_lock()), note.reparented(memcg));

  yield* percpu_ref_kill(own.refcnt);
}
