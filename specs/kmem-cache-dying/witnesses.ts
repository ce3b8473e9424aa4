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

type Params = Readonly<Record<'memcgs' | 'allocators' | 'shared' | 'readers', number>> &
  Readonly<Record<'objects' | 'pages' | 'inherited' | 'failing', number>> &
  Readonly<Record<'destroyers' | 'cpus', number>>;

/** That each thread comes to what it is there for, in the configurations where it can. */
export function witnesses(params: Params, cast: Cast): Record<string, () => boolean> {
  const { memcgs, allocators, shared, readers, objects, inherited, failing, destroyers } = params;
  const { root, children, removed, parent, used, users } = cast;
  const memcg = removed[0]!;
  const child = children[0]!;
  const counts = variant.children_count_pages;
  const own = memcgs > shared && inherited === 0;
  const pages = objects + params.pages;

  const all: (readonly [when: boolean, name: string, seen: () => boolean])[] = [
    [destroyers > 0, 'destroy: the root cache is freed', () => peek(root.life) === 'freed'],
    [
      memcgs > 0,
      'offline: a memcg is freed',
      () => removed.some((each) => peek(each.life) === 'freed'),
    ],
    [own, 'offline: the deactivation of the child is queued', () => peek(child.rcu_head) !== null],
    [
      inherited > 0,
      'offline: the parent takes the child',
      () => peek(parent.kmem_caches).length > 0,
    ],
    [
      own && counts,
      'kworker: the reference count of the child is killed',
      () => peek(child.refcnt)!.dead,
    ],
    [
      own && counts && objects > 0 && params.cpus > 1,
      'kworker: the first work of the child is in its tail when the second is queued',
      () => works().filter((work) => work === child.work).length === 2,
    ],
    [
      own,
      'kworker: the child is freed before the root cache',
      () => peek(child.life) === 'freed' && peek(root.life) === 'alive',
    ],
    [
      params.pages > 0,
      'kworker: an empty page of the child is freed',
      () => child.partial.initial.some((each) => peek(each.life) === 'freed'),
    ],
    [
      variant.typesafe && params.pages > 0,
      'softirq: a page outlives the destruction of its cache',
      () =>
        peek(root.dying) &&
        !peek(slab_caches).includes(child) &&
        child.partial.initial.some((each) => peek(each.life) === 'alive'),
    ],
    [
      objects > 0 && counts,
      'free: the last page queues the shutdown of the child',
      () => peek(child.work_fn)?.name === 'kmemcg_cache_shutdown_fn',
    ],
    [allocators > 0, 'alloc: a child is made', () => made(used) !== undefined],
    [
      allocators > 1,
      'alloc: two create works are there at once',
      () => works().filter((work) => work.owner !== child).length === 2,
    ],
    [
      shared > 0,
      'kworker: a create work comes to a memcg that is offline',
      () => works().length > 0 && peek(memcg.kmem_state) !== 'ONLINE' && !made(memcg),
    ],
    [
      readers > 0,
      'read: the child is held for an allocation',
      () =>
        counts
          ? peek(child.refcnt)!.count > 1 + pages
          : peek(memcg.css)!.count > 1 + readers + pages && !peek(child.rcu_head),
    ],
    [
      failing > 0,
      'fail: nothing is queued for an online memcg',
      () => peek(users) === 0 && !peek(used.css)!.dead && !made(used) && works().length === 0,
    ],
    [
      destroyers > 0 && allocators > 0 && variant.create_checks && !variant.slab_mutex_guards,
      'P3w: dying is set right after the test in the create path',
      set_after_test,
    ],
  ];
  return Object.fromEntries(all.filter(([when]) => when).map(([, name, seen]) => [name, seen]));
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
