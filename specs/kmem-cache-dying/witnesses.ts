import { peek, type Shared, type Work, work_objects } from 'lockstep';
import { set_after_test } from './notes.ts';
import {
  type KmemCache,
  type MemCgroup,
  memcg_kmem_cache_wq,
  slab_caches,
  variant,
} from './objects.ts';

interface Cast {
  readonly root: KmemCache;
  readonly children: readonly KmemCache[];
  readonly removed: readonly MemCgroup[];
  /** Of those that are removed. */
  readonly parent: MemCgroup;
  /** Where the allocators allocate. */
  readonly used: MemCgroup;
  readonly users: Shared<number>;
}

type Params = Readonly<
  Record<
    | 'memcgs'
    | 'allocators'
    | 'shared'
    | 'readers'
    | 'objects'
    | 'pages'
    | 'inherited'
    | 'failing'
    | 'destroyers'
    | 'cpus',
    number
  >
>;

/** That each thread comes to what it is there for, as far as it is there. */
export function witnesses(params: Params, cast: Cast): Record<string, () => boolean> {
  const { root, children, removed, parent, used, users } = cast;
  const [child] = children;
  const pages = params.objects + params.pages;
  const counts = variant.children_count_pages;
  const found: Record<string, () => boolean> = {};
  if (params.destroyers === 1)
    found['destroy: the root cache is freed'] = () => peek(root.life) === 'freed';
  if (params.memcgs > 0)
    found['offline: the memcg is freed'] = () => removed.some((m) => peek(m.life) === 'freed');
  if (child && params.inherited === 0) {
    found['offline: the deactivation of the child is queued'] = () => peek(child.rcu_head) !== null;
    found['kworker: the child is freed while the root cache is there'] = () =>
      peek(child.life) === 'freed' && peek(root.life) === 'alive';
    if (counts)
      found['kworker: the reference count of the child is killed'] = () => peek(child.refcnt)!.dead;
  }
  if (params.objects > 0 && params.inherited === 0 && params.cpus > 1 && counts)
    found['kworker: the second work of the child is queued while its first is in its tail'] = () =>
      works().filter((work) => work === child!.work).length === 2;
  if (params.inherited > 0)
    found['offline: its parent takes the child'] = () => peek(parent.kmem_caches).length > 0;
  if (params.allocators > 0) {
    found['alloc: a create work makes a child'] = () => made(used) !== undefined;
    found['kworker: a create work is done and no child made'] = () =>
      peek(users) === 0 && works().length === 0;
  }
  if (params.readers > 0)
    found['read: there is a reference for an allocation from the child'] = () =>
      counts
        ? peek(child!.refcnt)!.count > 1 + pages
        : peek(removed[0]!.css)!.count > 1 + params.readers + pages && !peek(child!.rcu_head);
  if (params.objects > 0 && counts)
    found['free: the last page queues the shutdown of the child'] = () =>
      peek(child!.work_fn)?.name === 'kmemcg_cache_shutdown_fn';
  if (params.failing > 0)
    found['fail: nothing is queued for an online memcg'] = () =>
      peek(users) === 0 &&
      !peek(used.css)!.dead &&
      made(used) === undefined &&
      works().length === 0;
  if (
    params.destroyers > 0 &&
    params.allocators > 0 &&
    variant.create_checks &&
    !variant.slab_mutex_guards
  )
    found['P3w: dying is set right after the test in the create path'] = set_after_test;
  return found;
}

function made(memcg: MemCgroup): KmemCache | undefined {
  return peek(slab_caches).find((s) => peek(s.memcg)?.name === memcg.name);
}

/** What is queued or runs. */
function works(): Work[] {
  const { queues, workers } = work_objects(memcg_kmem_cache_wq);
  const items = [...queues.flatMap(peek), ...workers.map(peek)];
  return items.flatMap((item) => (item ? [item.work] : []));
}
