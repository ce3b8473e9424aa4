import {
  assert,
  boot,
  css_put,
  defineSpec,
  initially,
  object,
  peek,
  type Shared,
  type Steps,
  store,
  type ThreadOptions,
  variable,
  work_objects,
} from 'lockstep';
import {
  css_offline,
  memcg_kmem_get_cache,
  memcg_kmem_put_cache,
} from '../kmem-cache-dying/memcontrol.ts';
import {
  cgroup_destroy_wq,
  type KmemCache,
  kmem_cache,
  type MemCgroup,
  mem_cgroup,
  memcg_kmem_cache_wq,
  memcg_nr_cache_ids,
  slab_caches,
  slab_mutex,
  slab_root_caches,
  variant,
} from '../kmem-cache-dying/objects.ts';
import { kmem_cache_destroy } from '../kmem-cache-dying/slab_common.ts';
import { kmem_cache_create, sysfs_slab } from '../kmem-cache-dying/slab_merge.ts';
import { new_child, new_memcg, numbered } from '../kmem-cache-dying/start.ts';
import { LEFT, P7, P8, P9, P9_KEPT, P12, P12_AA, P18, variants } from './variants.ts';
import { witnesses } from './witnesses.ts';

/**
 * The functions are those of ../kmem-cache-dying. What no variant reaches in them is checked there:
 * allocation from a child that is there already, other guards of the flag, SLAB_TYPESAFE_BY_RCU.
 */
export default defineSpec({
  name: 'kmem-cache-alias',
  about: 'a root kmem_cache that its users share: destroyed by some, created again by others',
  params: {
    /** Who have the cache at the start. */
    users: 1,
    /** How many of them destroy it. */
    destroyers: 1,
    /** 1: one more user creates a cache of the same geometry. */
    creators: 1,
    /** 1: and destroys it again. */
    returns: 0,
    /** 1: a memory cgroup with a child of the cache is removed. */
    memcgs: 0,
    /** Empty slab pages that the child keeps. */
    pages: 0,
    /** 1: it has none at first; who keeps or creates the cache allocates there. */
    allocates: 0,
  },
  variants,
  build({ params }) {
    const { users, destroyers, creators, returns, memcgs, pages, allocates } = params;
    const root = object(kmem_cache, 'root', { refcount: users });
    initially(slab_caches, [root]);
    initially(slab_root_caches, [root]);
    initially(sysfs_slab, root);
    initially(memcg_nr_cache_ids, memcgs);
    const threads: Record<string, ThreadOptions> = {};
    for (let at = 0; at < destroyers; at++)
      threads[numbered('destroy', at)] = {
        run: () => kmem_cache_destroy(root),
        cpu: at % 2,
      };

    const holds = allocates === 1 ? { tasks: 1, pages: null } : { tasks: 0, pages };
    const memcg = memcgs === 1 ? new_memcg(0, holds) : null;
    const child = memcg && allocates === 0 ? new_child(root, memcg, 0, { pages }) : null;
    if (child) {
      initially(slab_caches, [root, child]);
      initially(root.children, [child]);
    }
    if (memcg) {
      const root_mem_cgroup = object(mem_cgroup, 'root_mem_cgroup', { css: { noRef: true } });
      threads.offline = { run: () => css_offline(memcg, root_mem_cgroup), kind: 'worker', cpu: 1 };
    }

    const used = allocates === 1 ? memcg : null;
    /** What the creator has, from kmem_cache_create to kmem_cache_destroy. */
    const created = variable<KmemCache | null>('created', null);
    if (creators === 1)
      threads.create = { run: () => create(created, used, returns === 1), cpu: 1 };
    else if (used) threads.keep = { run: () => allocate(root, used), cpu: 1 };

    const kept = () => [destroyers < users ? root : null, peek(created)];
    const workqueues = [memcg_kmem_cache_wq];
    if (!variant.children_count_pages) workqueues.push(cgroup_destroy_wq);
    return {
      threads: boot({ cpus: 2, workqueues, threads }),
      // As in ../kmem-cache-dying: plain writes of a word count as atomic.
      kcsan: 'default',
      always: {
        [P9_KEPT]: () => kept().every((s) => s === null || peek(s.life) === 'alive'),
        [P12]: () => !flushed_by(peek(slab_mutex)),
      },
      atEnd: {
        [P7]: () => peek(slab_caches).every((s) => peek(s.root) === null),
        [P18]: () => peek(slab_root_caches).every((s) => !peek(s.dying)),
        [LEFT]: () =>
          peek(slab_root_caches).every((s) => kept().some((has) => has?.name === s.name)),
      },
      never: {
        [P9]: ({ rule, stack }) =>
          stack.includes('kmem_cache_destroy') &&
          ['use-after-free', 'double-free', 'list corruption'].includes(rule),
        [P12_AA]: ({ rule, stack }) =>
          rule === 'recursive locking' && stack.includes('kmem_cache_destroy'),
      },
      sometimes: witnesses(params, { root, memcg, child, created }),
    };
  },
});

function* create(created: Shared<KmemCache | null>, used: MemCgroup | null, returns: boolean) {
  const s = yield* kmem_cache_create();
  yield* assert(s !== null, P8);
  if (!s) return;
  yield* store(created, s);
  if (used) yield* allocate(s, used); // unreached: where the child is there already
  if (!returns) return;
  yield* store(created, null); // unreached: where the user stays
  yield* kmem_cache_destroy(s); // unreached: likewise
}

/** By a task that has a reference on the memcg. */
function* allocate(s: KmemCache, memcg: MemCgroup): Steps {
  yield* memcg_kmem_put_cache(yield* memcg_kmem_get_cache(s, memcg));
  yield* css_put(memcg.css);
}

/** Does that thread wait for a work? */
function flushed_by(thread: string | null): boolean {
  if (thread === null) return false;
  const { queues, workers } = work_objects(memcg_kmem_cache_wq);
  const items = [...queues.flatMap(peek), ...workers.map(peek)];
  return items.some((item) => item?.flushers.includes(thread));
}
