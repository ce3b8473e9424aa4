import {
  assert,
  css_get,
  GFP_KERNEL,
  get_online_cpus,
  get_online_mems,
  kzalloc,
  list_add,
  load,
  mutex_lock,
  mutex_unlock,
  percpu_ref_init,
  put_online_cpus,
  put_online_mems,
  READ_ONCE,
  type Steps,
  store,
  together,
} from 'lockstep';
import * as note from './notes.ts';
import {
  type KmemCache,
  kmem_cache,
  type MemCgroup,
  refcnt_flags,
  slab_caches,
  slab_mutex,
  variant,
} from './objects.ts';
import { kmemcg_cache_shutdown, lock_wq, unlock_wq } from './slab_common.ts';

/** mm/slab_common.c: how a memcg comes to a child of its own. */

/** Runs in a worker. @models mm/slab_common.c memcg_create_kmem_cache v5.3 */
export function* memcg_create_kmem_cache(memcg: MemCgroup, root_cache: KmemCache): Steps {
  yield* get_online_cpus();
  yield* get_online_mems();
  yield* mutex_lock(slab_mutex);
  const read = variant.create_reads_once ? READ_ONCE : load;
  const online = (yield* read(memcg.kmem_state)) === 'ONLINE';
  // unreached: where the memcg is offline by then
  const idx = online ? yield* index_to_fill(memcg, root_cache) : null;
  // unreached: likewise
  if (idx !== null) yield* create_cache(memcg, root_cache, idx);
  yield* together(mutex_unlock(slab_mutex), note.not_creating());
  yield* put_online_mems();
  yield* put_online_cpus();
}

// unreached: where the memcg has its child for as long as it is online
/**
 * The other tests at the head of memcg_create_kmem_cache: null for `goto out_unlock`.
 * @models mm/slab_common.c memcg_create_kmem_cache v5.3
 */
function* index_to_fill(memcg: MemCgroup, root_cache: KmemCache): Steps<number | null> {
  if (variant.create_checks) {
    if (variant.create_locks) yield* lock_wq();
    const read = variant.create_reads_once ? READ_ONCE : load;
    const dying = yield* together(read(root_cache.dying), note.creating());
    if (variant.create_locks) yield* unlock_wq();
    if (dying) return null;
  }
  const idx = yield* load(memcg.kmemcg_id);
  yield* assert(idx >= 0, 'kmemcg_id is valid as long as the memcg is ONLINE');
  if (idx < 0) return null;
  const taken = variant.create_looks_again && (yield* load(root_cache.caches[idx]!)) !== null;
  return taken ? null : idx;
}

/** @models mm/slab_common.c create_cache v5.3 */
function* create_cache(memcg: MemCgroup, root_cache: KmemCache, idx: number): Steps {
  const s = yield* kzalloc(kmem_cache, GFP_KERNEL);
  if (variant.children_count_pages)
    yield* percpu_ref_init(s.refcnt, kmemcg_cache_shutdown, refcnt_flags()); // init_memcg_params
  yield* store(s.root, root_cache);
  yield* list_add(s, slab_caches);
  if (variant.children_count_pages) yield* css_get(memcg.css); // memcg_link_cache
  yield* store(s.memcg, memcg);
  yield* together(list_add(s, root_cache.children), ...note.linked(memcg, root_cache.caches[idx]!));
  yield* list_add(s, memcg.kmem_caches);
  yield* store(root_cache.caches[idx]!, s);
}
