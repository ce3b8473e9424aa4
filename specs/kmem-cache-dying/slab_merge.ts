import {
  GFP_KERNEL,
  get_online_cpus,
  get_online_mems,
  kfree,
  kzalloc,
  list_add,
  list_for_each_entry,
  load,
  mutex_lock,
  mutex_unlock,
  put_online_cpus,
  put_online_mems,
  type Steps,
  store,
  variable,
} from 'lockstep';
import {
  type KmemCache,
  kmem_cache,
  slab_caches,
  slab_mutex,
  slab_root_caches,
  variant,
} from './objects.ts';

/**
 * How users come to share a root cache (mm/slab_common.c, mm/slub.c). All caches here have the same
 * geometry, so each could be merged with each.
 */

/** The directory in /sys/kernel/slab that is named after the geometry: whose it is. */
export const sysfs_slab = variable<KmemCache | null>('sysfs_slab', null);

/** Null is -EEXIST. @models mm/slab_common.c kmem_cache_create_usercopy v5.3 */
export function* kmem_cache_create(): Steps<KmemCache | null> {
  yield* get_online_cpus();
  yield* get_online_mems();
  yield* mutex_lock(slab_mutex);
  const s = (yield* __kmem_cache_alias()) ?? (yield* create_root_cache());
  yield* mutex_unlock(slab_mutex);
  yield* put_online_mems();
  yield* put_online_cpus();
  return s;
}

/** @models mm/slub.c __kmem_cache_alias v5.3 */
function* __kmem_cache_alias(): Steps<KmemCache | null> {
  const s = yield* find_mergeable();
  if (s) yield* store(s.refcount, (yield* load(s.refcount)) + 1);
  return s;
}

/** @models mm/slab_common.c find_mergeable v5.3 */
function* find_mergeable(): Steps<KmemCache | null> {
  for (const s of yield* list_for_each_entry(slab_root_caches))
    if (!(yield* slab_unmergeable(s))) return s;
  return null;
}

/** @models mm/slab_common.c slab_unmergeable v5.3 */
function* slab_unmergeable(s: KmemCache): Steps<boolean> {
  return variant.dying_unmergeable && (yield* load(s.dying));
}

/** create_cache, for a root cache. @models mm/slab_common.c create_cache v5.3 */
function* create_root_cache(): Steps<KmemCache | null> {
  const s = yield* kzalloc(kmem_cache, GFP_KERNEL, 'root');
  // unreached: where the name is free
  if (yield* sysfs_slab_add(s)) {
    yield* kfree(s);
    return null;
  }
  yield* list_add(s, slab_caches);
  yield* list_add(s, slab_root_caches);
  return s;
}

/** True (-EEXIST) when there is a directory of that name. @models mm/slub.c sysfs_slab_add v5.3 */
function* sysfs_slab_add(s: KmemCache): Steps<boolean> {
  if (yield* load(sysfs_slab)) return true;
  yield* store(sysfs_slab, s);
  return false;
}

/** @models mm/slub.c sysfs_slab_unlink v5.3 */
export function* sysfs_slab_unlink(): Steps {
  yield* store(sysfs_slab, null);
}
