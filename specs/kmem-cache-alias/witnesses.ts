import { peek, type Shared } from 'lockstep';
import {
  type KmemCache,
  type MemCgroup,
  slab_caches,
  slab_root_caches,
  variant,
} from '../kmem-cache-dying/objects.ts';

interface Params {
  readonly users: number;
  readonly destroyers: number;
  readonly creators: number;
  readonly returns: number;
}

interface Objects {
  readonly root: KmemCache;
  readonly memcg: MemCgroup | null;
  readonly child: KmemCache | null;
  readonly created: Shared<KmemCache | null>;
}

/** What each thread has to be seen doing in a configuration, so that a proof is not about nothing. */
export function witnesses(
  { users, destroyers, creators, returns }: Params,
  { root, memcg, child, created }: Objects,
): Record<string, () => boolean> {
  const last_goes = destroyers === users;
  // The backport of 4.19.135-rc1 comes no further than that.
  const hangs = variant.dying_at_zero && variant.slab_mutex_guards && variant.set_locks;
  const can_die = !variant.dying_at_zero || (last_goes && variant.unlocks_to_flush && !hangs);
  const own = () => peek(slab_root_caches).filter((s) => s.name !== root.name);
  const children = () => peek(slab_caches).filter((s) => peek(s.root) !== null);

  const seen: Record<string, () => boolean> = {
    'destroy: gives up the cache': () => peek(root.refcount) < users,
  };
  if (last_goes && !hangs) seen['destroy: frees the cache'] = () => peek(root.life) === 'freed';
  if (creators > 0) {
    seen['create: shares the cache'] = () => peek(created)?.name === root.name;
    if (can_die && !variant.dying_unmergeable)
      seen['create: shares the cache while it is dying'] = () =>
        peek(created)?.name === root.name && peek(root.dying);
    if (last_goes) seen['create: makes a cache of its own'] = () => own().length > 0;
    if (last_goes && returns > 0)
      seen['create: gives up its own'] = () => own().some((s) => peek(s.refcount) === 0);
    if (variant.sysfs_goes_first)
      seen['create: its own is there beside the dying one'] = () =>
        peek(slab_root_caches).length === 2;
  }
  if (memcg) {
    seen['offline: deactivates a child'] = () =>
      peek(memcg.deactivated) && children().some((c) => peek(c.work_fn) !== null);
    if (can_die && (child || !variant.dying_unmergeable))
      seen['offline: leaves a child to kmem_cache_destroy'] = () =>
        peek(memcg.deactivated) && children().some((c) => peek(c.work_fn) === null);
    if (child)
      seen['kworker: frees the child'] = () =>
        peek(child.life) === 'freed' && peek(root.life) === 'alive' && !peek(root.dying);
    else seen['kworker: makes a child'] = () => peek(memcg.kmem_caches).length > 0;
  }
  return seen;
}
