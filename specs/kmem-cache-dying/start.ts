import { initially, object } from 'lockstep';
import {
  type KmemCache,
  kmem_cache,
  type MemCgroup,
  mem_cgroup,
  page,
  refcnt_flags,
  variant,
} from './objects.ts';
import { kmemcg_cache_shutdown } from './slab_common.ts';

/** What is there when the threads start. */

/** Online, with its base reference and those of the tasks in it. */
export interface Holds {
  readonly tasks: number;
  /** Slab pages of its child, each with objects or empty; null: it has no child. */
  readonly pages: number | null;
}

export function new_memcg(id: number, { tasks, pages }: Holds): MemCgroup {
  const child = variant.children_count_pages ? Number(pages !== null) : (pages ?? 0);
  return object(mem_cgroup, numbered('memcg', id), {
    kmemcg_id: id,
    css: { count: 1 + tasks + child },
  });
}

/** A child as memcg_create_kmem_cache leaves it, with a page for each object, and empty ones. */
export function new_child(
  root: KmemCache,
  memcg: MemCgroup,
  id: number,
  { objects = 0, pages = 0, inherited = false } = {},
): KmemCache {
  const base = inherited ? 0 : 1;
  const child = object(kmem_cache, numbered('child', id), {
    root,
    memcg,
    objects,
    refcnt: {
      release: kmemcg_cache_shutdown,
      count: base + objects + pages,
      killed: inherited,
      flags: refcnt_flags(),
    },
  });
  const partial = Array.from({ length: pages }, (_, at) =>
    object(page, numbered(`${child.name}:page`, at), { slab_cache: child }),
  );
  initially(child.partial, partial);
  if (!inherited) initially(root.caches[id]!, child);
  initially(memcg.kmem_caches, [child]);
  return child;
}

export function numbered(name: string, at: number): string {
  return at === 0 ? name : `${name}${at + 1}`;
}
