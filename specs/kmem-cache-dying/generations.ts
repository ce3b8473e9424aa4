/** The kernels whose protocol is checked, each the one before it with what was changed. */

/** 4.14 to 4.17: the works that deactivate the children are waited for by nobody. */
export const v4_17 = {
  children_count_pages: false,
  sets_dying: false,
  create_checks: false,
  deactivate_checks: false,
  deactivate_locks: false,
  barrier: false,
  flush: false,
  second_barrier: false,
};

/** 92ee383f6daa, 4.18 to 5.2: a flag that slab_mutex guards, and two waits behind it. */
export const v4_18 = {
  ...v4_17,
  sets_dying: true,
  slab_mutex_guards: true,
  create_checks: true,
  create_locks: false,
  deactivate_checks: true,
  barrier: true,
  flush: true,
};

/**
 * The list, 2019-05-21: children count their pages, so a release looks at the flag, and a spinlock
 * guards it. The flag was set with slab_mutex held too, which the review found needless.
 */
export const series_v5 = {
  ...v4_18,
  children_count_pages: true,
  slab_mutex_guards: false,
  create_locks: true,
  deactivate_locks: true,
  release_defers_by_rcu: true,
  irqs_stay_on: true,
  puts_css_on_failure: false,
};

/** The list, 2019-06-04: the lock is taken with interrupts off. */
export const series_v6 = { ...series_v5, release_defers_by_rcu: false, irqs_stay_on: false };

/** f0a3a24b532d, as merged: creation does not look at the flag. */
export const v5_3 = { ...series_v6, create_checks: false };

/** a264df74df38 and b749ecfaf6c5: 5.5, and 5.4.y since December 2019. */
export const v5_4 = { ...v5_3, second_barrier: true, unlink_puts_memcg: false };

/** d38a2b7a9c93 and 3a98990ae215. */
export const v5_8 = {
  ...v5_4,
  dying_at_zero: true,
  dying_unmergeable: true,
  puts_css_on_failure: true,
};

/** 5.4.y since July 2021 ("fix kmem_cache_create failed when sysfs node not destroyed"). */
export const v5_4_y = { ...v5_8, dying_unmergeable: false, retests_refcount: true };
