import {
  assert,
  css_get,
  css_put,
  css_tryget,
  fetch_update,
  load,
  percpu_ref_put,
  READ_ONCE,
  rcu_read_lock,
  rcu_read_unlock,
  type Steps,
  store,
} from 'lockstep';
import {
  mem_cgroup_get_kmem_ptr,
  memcg_init_kmem_memcg_ptr,
  memcg_reparent_kmem_memcg_ptr,
} from './mem_cgroup_ptr.ts';
import {
  get_obj_cgroup_from_current,
  memcg_init_objcg,
  memcg_reparent_objcgs,
} from './obj_cgroup.ts';
import {
  is_at_or_above,
  type MemCgroup,
  type MemCgroupPtr,
  parent_mem_cgroup,
  root_mem_cgroup,
  variant,
} from './objects.ts';
import { ANCESTOR } from './properties.ts';

/**
 * mm/memcontrol.c around the two APIs. Left out: the kmem_caches, their ids, the statistics, and the
 * per-CPU stock of charges, so that each object is charged and uncharged one page.
 */

/** Part of the css_alloc of a memcg. @models mm/memcontrol.c memcg_online_kmem v5.9 */
export function* memcg_online_kmem(memcg: MemCgroup): Steps {
  if (variant.merged) yield* memcg_init_objcg(memcg);
  else yield* memcg_init_kmem_memcg_ptr(memcg);
  yield* store(memcg.kmem_state, 'ONLINE');
}

/** @models mm/memcontrol.c mem_cgroup_css_offline v5.9 */
export function* mem_cgroup_css_offline(memcg: MemCgroup): Steps {
  yield* memcg_offline_kmem(memcg);
  // mem_cgroup_id_put: being online pins the ID, and the ID the css
  if (variant.id_pins_css) yield* css_put(memcg.css);
}

/** @models mm/memcontrol.c memcg_offline_kmem v5.9 */
function* memcg_offline_kmem(memcg: MemCgroup): Steps {
  if ((yield* load(memcg.kmem_state)) !== 'ONLINE') return; // unreached: each memcg was online
  yield* store(memcg.kmem_state, 'ALLOCATED');
  const parent = (yield* parent_mem_cgroup(memcg)) ?? root_mem_cgroup;
  if (variant.merged) yield* memcg_reparent_objcgs(memcg, parent);
  else yield* memcg_reparent_kmem_memcg_ptr(memcg, parent);
}

/**
 * An object is allocated for the memcg: what its pointer is to be. Null: it is not accounted.
 * @models mm/slab.h memcg_slab_pre_alloc_hook v5.9
 */
export function* account(memcg: MemCgroup): Steps<MemCgroupPtr | null> {
  const ptr = yield* variant.merged
    ? get_obj_cgroup_from_current(memcg)
    : mem_cgroup_get_kmem_ptr(memcg);
  if (ptr) {
    const charged = yield* charge(ptr);
    yield* assert(is_at_or_above(memcg, charged), ANCESTOR);
  }
  return ptr;
}

/**
 * obj_cgroup_charge(), for both APIs: the RFC's patch has no charge. Gives what was charged.
 * @models mm/memcontrol.c obj_cgroup_charge v5.9
 */
export function* charge(ptr: MemCgroupPtr): Steps<MemCgroup> {
  if (variant.charge_in_rcu) yield* rcu_read_lock();
  let memcg = (yield* READ_ONCE(ptr.memcg))!;
  if (variant.charge_tries && variant.charge_gets) {
    // unreached: where the task holds the memcg
    while (!(yield* css_tryget(memcg.css))) memcg = (yield* READ_ONCE(ptr.memcg))!;
  } else if (variant.charge_gets) {
    yield* css_get(memcg.css);
  }
  if (variant.charge_in_rcu) yield* rcu_read_unlock();
  yield* page_counter_add(memcg, 1);
  if (variant.charge_gets) yield* css_put(memcg.css);
  return memcg;
}

/**
 * An accounted object is freed, in whatever context.
 * @models mm/slab.h memcg_slab_free_hook v5.9
 */
export function* unaccount(ptr: MemCgroupPtr): Steps {
  if (variant.charge_in_rcu) yield* rcu_read_lock();
  yield* page_counter_add((yield* READ_ONCE(ptr.memcg))!, -1);
  if (variant.charge_in_rcu) yield* rcu_read_unlock();
  yield* percpu_ref_put(ptr.refcnt);
}

/** page_counter_charge and _uncharge: the memcg's counter, and those that it is linked to. */
function* page_counter_add(memcg: MemCgroup, pages: number): Steps {
  for (let at: MemCgroup | null = memcg; at; at = yield* parent_mem_cgroup(at)) {
    yield* fetch_update(at.memory, (old) => old + pages);
  }
}
