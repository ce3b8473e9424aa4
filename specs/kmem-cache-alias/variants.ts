import { v4_18, v5_3, v5_4, v5_4_y, v5_8 } from '../kmem-cache-dying/generations.ts';
import { KMEM_STATE } from '../kmem-cache-dying/variants.ts';

/**
 * Some situations, each in the kernels that differ there. What breaks in one kernel stops with the
 * one change that leads to the next, which may break something else:
 *
 *     v5.4      P7, P18   a user that goes leaves the flag behind for those that stay
 *     at zero   P9        only the last user sets it, and lets slab_mutex go before the cache does
 *     v5.8      P8        so a dying cache gets no new user, but its name in sysfs is taken
 *     5.4.y     P7, P9    so it gets one, and whoever flushed looks again, which is not enough
 *     sysfs     none      v5.8, with the name given up when the last user goes
 */

export const P7 = 'P7: every child of a removed memcg is freed in the end';
export const P8 = 'P8: a cache can be created while the one it could share goes away';
export const P9 = 'P9: kmem_cache_destroy touches nothing that is freed, and frees once';
export const P9_KEPT = 'P9: no cache that somebody has is freed';
export const P12 = 'P12: nobody waits for a work with slab_mutex held';
export const P12_AA = 'P12: kmem_cache_destroy takes no lock that it holds';
export const P18 = 'P18: no root cache stays dying';
export const LEFT = 'a root cache is left only if somebody has it';
const CIRCULAR =
  'possible circular locking dependency detected: (wq_completion)memcg_kmem_cache -> cpu_hotplug_lock -> (wq_completion)memcg_kmem_cache';

/** One of two users destroys the cache while a memcg with a child of it is removed. */
const shared = { users: 2, creators: 0, memcgs: 1, pages: 1 };
/** The same, and the other user allocates in the memcg, which has no child before. */
const used = { ...shared, pages: 0, allocates: 1 };
/** Both destroy it. */
const deserted = { ...shared, destroyers: 2 };
/** The only user destroys the cache, and another one creates it. */
const created = {};
/** And a memcg with a child of it is removed. */
const replaced = { memcgs: 1 };
/** And the other one destroys it again. */
const returned = { returns: 1 };

/** v5.8 without its second half: dying caches can still be shared. */
const at_zero = { ...v5_8, dying_unmergeable: false };
/** 5.4.y without the first half of its change: back to v5.8, but for a test that finds nothing. */
const unmergeable = { ...v5_4_y, dying_unmergeable: true };
const sysfs = { ...v5_8, sysfs_goes_first: true };
/** d38a2b7a9c93 on top of a kernel in which slab_mutex guards the flag. */
const backport = { ...v4_18, dying_at_zero: true, dying_unmergeable: true };

export const variants = {
  // The last user is not the first that goes (d38a2b7a9c93)
  'v5.2-shared': {
    about: 'the flag is set for a cache that others keep: a child keeps its pages, they its memcg',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: shared,
    options: v4_18,
    violates: [P7, P18],
  },
  'v5.2-shared-no-pages': {
    about:
      'the situation of v5.2-shared without pages: a child goes with its memcg, deactivated or not',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: { ...shared, pages: 0 },
    options: v4_18,
    violates: [P18],
  },
  'v5.2-shared-no-pages-at-zero': {
    about: 'the same, and only the last user sets the flag',
    params: { ...shared, pages: 0 },
    options: { ...v4_18, dying_at_zero: true },
  },
  'v5.2-shared-at-zero': {
    about: 'the situation of v5.2-shared, and only the last user sets the flag',
    params: shared,
    options: { ...v4_18, dying_at_zero: true },
  },
  'v5.3-shared': {
    about: 'the flag is set for a cache that others keep: children are not deactivated any more',
    kernel: '5.3, f0a3a24b532d',
    params: shared,
    options: v5_3,
    violates: [P7, P18],
  },
  'v5.3-shared-at-zero': {
    about: 'the same, and only the last user sets the flag',
    params: shared,
    options: { ...v5_3, dying_at_zero: true },
  },
  'v5.4-shared': {
    about: 'the second rcu_barrier changes nothing here',
    kernel: '5.5, 5.4.y, a264df74df38',
    params: shared,
    options: v5_4,
    violates: [P7, P18],
  },
  'v5.4-shared-at-zero': {
    about: 'the same, and only the last user sets the flag',
    params: shared,
    options: { ...v5_4, dying_at_zero: true },
  },
  'v5.8-shared': {
    about: 'only the last user sets the flag',
    kernel: '5.8, d38a2b7a9c93',
    params: shared,
    options: v5_8,
  },
  '5.4.y-shared': {
    about: 'likewise',
    kernel: '5.4.y since July 2021',
    params: shared,
    options: v5_4_y,
  },
  'v5.4-used': {
    about: 'the child that is not deactivated is made after the first user has gone',
    kernel: '5.5, 5.4.y, a264df74df38',
    params: used,
    options: v5_4,
    violates: [P7, P18, KMEM_STATE],
  },
  'v5.4-used-at-zero': {
    about: 'the same, and only the last user sets the flag: a benign race is left',
    params: used,
    options: { ...v5_4, dying_at_zero: true },
    violates: [KMEM_STATE],
  },
  'v5.4-used-at-zero-marked': {
    about: 'the same with READ_ONCE(memcg->kmem_state)',
    params: used,
    options: { ...v5_4, dying_at_zero: true, create_reads_once: true },
  },

  // All users go: which locks are held for the flush?
  'v5.4-deserted': {
    about: 'two users destroy the cache at once',
    kernel: '5.5, 5.4.y, a264df74df38',
    params: deserted,
    options: v5_4,
  },
  'v5.8-deserted': {
    about: 'two users destroy the cache at once: the last one sets the flag, and unlocks to flush',
    kernel: '5.8, d38a2b7a9c93',
    params: deserted,
    options: v5_8,
  },
  'v5.8-deserted-locked': {
    about: 'the same, and slab_mutex is held for the flush',
    params: deserted,
    options: { ...v5_8, unlocks_to_flush: false },
    violates: [P12, P7, P18, LEFT, 'deadlock', CIRCULAR],
  },
  '5.4.y-deserted': {
    about: 'two users destroy the cache at once',
    kernel: '5.4.y since July 2021',
    params: deserted,
    options: v5_4_y,
  },
  '4.19.135-rc1': {
    about: 'd38a2b7a9c93 where slab_mutex guards the flag: the setter takes what its caller holds',
    kernel: '4.19.135-rc1',
    params: deserted,
    options: backport,
    violates: [P12_AA],
  },
  '4.19.135': {
    about: 'the same, and the setter relies on its caller',
    kernel: '4.19.135',
    params: deserted,
    options: { ...backport, set_locks: false },
  },

  // A new user comes while the last one goes
  'v5.4-created': {
    about: 'the new user gets a cache that is dying, and stays so',
    kernel: '5.5, 5.4.y, a264df74df38',
    params: created,
    options: v5_4,
    violates: [P18],
  },
  'at-zero-created': {
    about: 'the new user gets a cache that is freed: the race of d5b3cf7139b8 again',
    params: created,
    options: at_zero,
    violates: [P9_KEPT],
  },
  'v5.8-created': {
    about: 'the new user gets none: the name in sysfs is taken until the old one is freed',
    kernel: '5.8, d38a2b7a9c93',
    params: created,
    options: v5_8,
    violates: [P8],
  },
  'v5.8-sysfs-created': {
    about: 'the same, and the name is given up when the last user goes',
    params: created,
    options: sysfs,
  },
  '5.4.y-created': {
    about: 'the new user gets the old cache, which is kept, as the test after the flush finds it',
    kernel: '5.4.y since July 2021',
    params: created,
    options: v5_4_y,
  },

  // A new user comes, and a memcg with a child is removed
  '5.4.y-replaced': {
    about: 'a memcg that is removed while the flag is set for a cache that is kept',
    kernel: '5.4.y since July 2021',
    params: replaced,
    options: v5_4_y,
    violates: [P7],
  },
  '5.4.y-replaced-used': {
    about: 'the same, with a child that the new user caused',
    kernel: '5.4.y since July 2021',
    params: { ...replaced, allocates: 1 },
    options: v5_4_y,
    violates: [P7, KMEM_STATE],
  },
  '5.4.y-unmergeable-replaced': {
    about: 'a dying cache gets no new user, as in v5.8: no child is left, but the name is taken',
    params: replaced,
    options: unmergeable,
    violates: [P8],
  },
  '5.4.y-unmergeable-replaced-used': {
    about: 'likewise: a child is made only for a cache that is not dying',
    params: { ...replaced, allocates: 1 },
    options: unmergeable,
    violates: [P8, KMEM_STATE],
  },
  'v5.8-sysfs-replaced': {
    about: 'the name is given up when the last user goes',
    params: replaced,
    options: sysfs,
  },

  // A new user comes, and goes as well
  'v5.4-returned': {
    about: 'refcount is looked at after the flush, and slab_mutex held from there',
    kernel: '5.5, 5.4.y, a264df74df38',
    params: returned,
    options: v5_4,
  },
  'v5.8-returned': {
    about: 'the new user gets a cache before or after, or none',
    kernel: '5.8, d38a2b7a9c93',
    params: returned,
    options: v5_8,
    violates: [P8],
  },
  '5.4.y-returned': {
    about: 'refcount goes 0, 1, 0 while the first flushes: both find that they were the last',
    kernel: '5.4.y since July 2021',
    params: returned,
    options: v5_4_y,
    violates: [P9],
  },
  '5.4.y-unmergeable-returned': {
    about: 'a dying cache gets no new user, as in v5.8: freed once, but the name is taken',
    params: returned,
    options: unmergeable,
    violates: [P8],
  },
  'v5.8-sysfs-returned': {
    about: 'the name is given up when the last user goes',
    params: returned,
    options: sysfs,
  },

  // All at once
  'v5.8-sysfs': {
    about: 'two users go, one comes and goes, a memcg is removed; the name is given up first',
    params: { ...deserted, creators: 1, returns: 1 },
    options: sysfs,
  },
};
