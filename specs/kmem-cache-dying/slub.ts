import {
  call_rcu,
  container_of,
  kfree,
  list_del,
  list_for_each_entry,
  load,
  type RcuHead,
  READ_ONCE,
  type Steps,
} from 'lockstep';
import { memcg_uncharge_slab } from './memcontrol.ts';
import { type KmemCache, type Page, page, variant } from './objects.ts';

/** mm/slub.c: the slab pages of a child. A root cache has none here. */

/**
 * True when it still has objects. Under slab_mutex.
 * @models mm/slub.c __kmem_cache_shutdown v5.3
 */
export function* __kmem_cache_shutdown(s: KmemCache): Steps<boolean> {
  yield* __kmem_cache_shrink(s); // free_partial
  return (yield* READ_ONCE(s.objects)) > 0; // node->nr_slabs, an atomic
}

/**
 * The empty pages go. Under slab_mutex, and nobody else touches them.
 * @models mm/slub.c __kmem_cache_shrink v5.3
 */
export function* __kmem_cache_shrink(s: KmemCache): Steps {
  // unreached: where no child keeps empty pages
  for (const empty of yield* list_for_each_entry(s.partial)) {
    yield* list_del(empty, s.partial);
    yield* free_slab(s, empty);
  }
}

/** @models mm/slub.c free_slab v5.3 */
function* free_slab(s: KmemCache, empty: Page): Steps {
  if (variant.typesafe) yield* call_rcu(empty.rcu_head, rcu_free_slab);
  else yield* __free_slab(s, empty);
}

/** RCU callback. @models mm/slub.c rcu_free_slab v5.3 */
function* rcu_free_slab(head: RcuHead): Steps {
  const empty = container_of(head, page);
  yield* __free_slab((yield* load(empty.slab_cache))!, empty);
}

/** @models mm/slub.c __free_slab v5.3 */
function* __free_slab(s: KmemCache, empty: Page): Steps {
  yield* memcg_uncharge_slab(s);
  yield* kfree(empty);
}
