import { series_v5, series_v6, v4_17, v4_18, v5_3, v5_4, v5_8 } from './generations.ts';

/**
 * Which question each variant answers, where it differs from the repaired protocol (the seed with
 * the second rcu_barrier), and what the checker says: the exact properties that fail.
 */

const CLAIM_1 = 'claim 1: no child is created after flush_memcg_workqueue (P5)';
const CLAIM_2 =
  'claim 2: flush_memcg_workqueue waits for all that deactivate and shutdown queued (P2)';
const CLAIM_3 = 'claim 3: deactivate and shutdown queue nothing once dying is set (P2 strict)';
const CLAIM_4 = 'claim 4: no create work touches a freed root cache (P4)';
const NO_WORK = 'no work touches a freed root cache';
const P1 = 'P1: no callback, work or release touches a freed cache';
const P3W = 'P3w: dying is set right after the test in the create path';
const P6 = 'P6: no callback or work for a child after flush_memcg_workqueue';
const P7 = 'P7: every child of a removed memcg is freed in the end';
const P10 = 'P10: the release neither sleeps nor takes slab_mutex';
const P13 = 'P13: a cache has its memcg whenever a page of it is uncharged';
const P14 = 'P14: no child is created after the deactivation pass';
const P15 = 'P15: at most one child per root cache and memcg';
const P16 = 'P16: every removed memcg is freed in the end';
const P17 = 'P17: who looks a child up never touches a freed one';
const ID_VALID = 'kmemcg_id is valid as long as the memcg is ONLINE';
const ALL_FREED = 'no cache is left in the end';
// What the kernel itself would report on the way
const FREED_ACTIVE = 'active object freed';
const EXIT_IN_FLIGHT = 'percpu_ref exit while a switch is in flight';
const GET_AT_ZERO = 'percpu_ref get at zero';
const UNDERFLOW = 'percpu_ref underflow';
const USE_AFTER_FREE = 'use-after-free';
const IRQ_STATE = 'inconsistent lock state: memcg_kmem_wq_lock';
const KMEMCG_ID = 'data-race in index_to_fill / memcg_offline_kmem';
const DYING_IN_CREATE = 'data-race in index_to_fill / set_dying';
const DYING_IN_DEACTIVATE = 'data-race in kmemcg_cache_deactivate / set_dying';
const DYING_IN_SHUTDOWN = 'data-race in queue_shutdown / set_dying';
const DYING_EVERYWHERE = [DYING_IN_CREATE, DYING_IN_DEACTIVATE, DYING_IN_SHUTDOWN];
const MEMCG_IN_SHUTDOWN = 'data-race in queue_shutdown / reparent_caches';
/** Benign: slab_mutex is taken for the deactivation pass after the write, and for the read. */
export const KMEM_STATE = 'data-race in memcg_create_kmem_cache / memcg_offline_kmem';

/** A task looks up the child of a memcg that is being removed. */
const one_reader = { destroyers: 0, allocators: 0, readers: 1 };
/** The last page of a child is freed on another CPU while its memcg is being removed. */
const last_page = { destroyers: 0, allocators: 0, objects: 1 };
/** The same for a child that its memcg has from one below. */
const inherited = { ...last_page, inherited: 1 };
/** It is freed in an interrupt, on the CPU where another child is created. */
const interrupted = { ...inherited, allocators: 1, interrupts: 1 };
/** A task allocates in a memcg that is being removed, and memory may run out. */
const failing = { shared: 1, failing: 1 };

export const variants = {
  repaired: {
    about: 'the seed with the second rcu_barrier',
  },

  // Kernel generations
  'v4.17': {
    about: 'no flag, and nobody waits for the works that deactivate the children (D1)',
    kernel: '4.14 to 4.17',
    params: { allocators: 0 },
    options: v4_17,
    violates: [CLAIM_2, P1, P6, FREED_ACTIVE],
  },
  'v4.17-create': {
    about: 'nor for those that create children (D1)',
    kernel: '4.14 to 4.17',
    params: { memcgs: 0 },
    options: v4_17,
    violates: [CLAIM_1, CLAIM_4, NO_WORK, P1],
  },
  'v5.2': {
    about: 'a flag that slab_mutex guards; children live as long as their memcg',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: { pages: 1 },
    options: v4_18,
  },
  'v5.2-deactivation': {
    about: 'the situation of v4.17',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: { allocators: 0 },
    options: v4_18,
  },
  'v5.2-creation': {
    about: 'the situation of v4.17-create',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: { memcgs: 0 },
    options: v4_18,
  },
  'v5.2-no-flag': {
    about: 'the same, which waits but sets no flag: what is the flag for?',
    params: { pages: 1 },
    options: { ...v4_18, sets_dying: false },
    violates: [CLAIM_2, P1, P6, FREED_ACTIVE],
  },
  'series-v5': {
    about: 'children count their pages; a spinlock guards the flag, with interrupts on (D10)',
    kernel: 'list, 2019-05-21',
    options: series_v5,
    violates: [P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT, IRQ_STATE],
  },
  seed: {
    about: 'a spinlock guards the flag, with interrupts off, and the create path tests it (D3)',
    kernel: 'list, 2019-06-04',
    options: series_v6,
    violates: [P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'v5.3': {
    about: 'as merged: no test in the create path (D3)',
    kernel: '5.3, f0a3a24b532d',
    options: v5_3,
    violates: [P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'v5.4': {
    about: 'v5.3 with a second rcu_barrier, and the memcg kept until the child is freed',
    kernel: '5.5 and 5.4.y, a264df74df38',
    options: v5_4,
  },
  'v5.8': {
    about: 'the flag is set when the last user goes, and the flush comes between two lock sections',
    kernel: '5.8, d38a2b7a9c93',
    options: v5_8,
  },

  // An interrupt in which the last page of a child is freed, while a create work has the lock
  'interrupts-on': {
    about: 'what if the lock is taken with interrupts on? (D10)',
    kernel: 'list, 2019-05-21',
    params: interrupted,
    options: { irqs_stay_on: true },
    violates: [P7, P16, 'deadlock', IRQ_STATE],
  },
  'interrupts-off': {
    about: 'the same, and the lock is taken with interrupts off',
    kernel: 'list, 2019-06-04',
    params: interrupted,
  },

  // SLAB_TYPESAFE_BY_RCU: a page of the child is uncharged after a grace period
  typesafe: {
    about: 'does the memcg of a child last as long as its pages?',
    kernel: '5.4, b749ecfaf6c5',
    params: { pages: 1, allocators: 0 },
    options: { ...v5_4, typesafe: true },
  },
  'typesafe-unlink-puts-memcg': {
    about: 'the same, and unlinking the child puts the memcg (D4)',
    kernel: 'fb2f2b0adb98, until b749ecfaf6c5',
    params: { pages: 1, allocators: 0 },
    options: { ...v5_4, typesafe: true, unlink_puts_memcg: true },
    violates: [P13],
  },

  // No memory for the create work
  'no-memory': {
    about: 'is the memcg let go of when no create work can be allocated? (P16) But a benign race',
    kernel: '5.8, 3a98990ae215',
    params: failing,
    violates: [KMEM_STATE],
  },
  'no-memory-marked': {
    about: 'the same with READ_ONCE(memcg->kmem_state)',
    params: failing,
    options: { create_reads_once: true },
  },
  'no-memory-keeps-css': {
    about: 'the situation of no-memory without the css_put (D5)',
    kernel: 'f0a3a24b532d, until 3a98990ae215',
    params: failing,
    options: { puts_css_on_failure: false },
    violates: [P16, KMEM_STATE],
  },

  // The root cache stays
  'root-stays': {
    about: 'is every child of a removed memcg freed while the root cache lives? (P7)',
    params: { destroyers: 0, objects: 1, pages: 1 },
    options: v5_4,
  },
  'v5.2-root-stays': {
    about: 'the same in v5.2, where empty pages of the child keep the memcg',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: { destroyers: 0, objects: 1, pages: 1 },
    options: v4_18,
  },

  // "What does this lock protect?"
  'create-without-check': {
    about: 'is the test in the create path needed?',
    options: { create_checks: false },
  },
  'create-without-lock': {
    about: 'what does the lock around the test in the create path protect? The plain read',
    options: { create_locks: false },
    violates: [DYING_IN_CREATE],
  },
  'create-without-lock-marked': {
    about: 'the same with READ_ONCE: nothing else',
    options: { create_locks: false, create_reads_once: true },
  },
  'deactivate-without-lock': {
    about: 'kmemcg_cache_deactivate tests and queues without the lock, as the race tells, too',
    options: { deactivate_locks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT, DYING_IN_DEACTIVATE],
  },
  'shutdown-without-lock': {
    about: 'kmemcg_cache_shutdown tests and queues without the lock, as the race tells, too',
    options: { shutdown_locks: false },
    violates: [CLAIM_3, DYING_IN_SHUTDOWN],
  },
  'set-without-lock': {
    about: 'flush_memcg_workqueue sets the flag without the lock: it races with all that read it',
    options: { set_locks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT, ...DYING_EVERYWHERE],
  },

  // What is the flag for, and the rest of flush_memcg_workqueue?
  'deactivate-without-check': {
    about: 'kmemcg_cache_deactivate queues its callback whether dying or not',
    options: { deactivate_checks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'shutdown-without-check': {
    about: 'kmemcg_cache_shutdown queues its work whether dying or not',
    options: { shutdown_checks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, FREED_ACTIVE],
  },
  'flag-after-flush': {
    about: 'the flag is set after the barrier and the flush',
    options: { set_comes_first: false },
    violates: [CLAIM_2, P1, P3W, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'no-rcu-barrier': {
    about: 'flush_memcg_workqueue without its first rcu_barrier',
    options: { barrier: false },
    violates: [CLAIM_2, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'no-flush-workqueue': {
    about: 'flush_memcg_workqueue without flush_workqueue',
    options: { flush: false },
    violates: [CLAIM_1, CLAIM_2, CLAIM_4, NO_WORK, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'release-takes-slab-mutex': {
    about: 'slab_mutex guards the flag, as before the patch, so the release has to take it',
    options: { slab_mutex_guards: true },
    violates: [P10, 'inconsistent lock state: slab_mutex'],
  },

  // The rule for users
  'allocation-before-destroy': {
    about: 'users keep the rule and only allocate before the cache is destroyed',
    params: { memcgs: 0 },
  },
  'allocation-after-destroy': {
    about: 'a user breaks the rule and allocates while the cache is destroyed',
    params: { memcgs: 0 },
    options: { users_stop_first: false },
    violates: [CLAIM_4, NO_WORK, P1, USE_AFTER_FREE],
  },
  'allocation-after-destroy-without-check': {
    about: 'the same without the test in the create path: what the test is good for',
    params: { memcgs: 0 },
    options: { users_stop_first: false, create_checks: false },
    violates: [CLAIM_1, CLAIM_4, NO_WORK, P1, USE_AFTER_FREE],
  },
  'allocation-after-destroy-v5.2': {
    about: 'the same in v5.2, where the test is under slab_mutex',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: { memcgs: 0 },
    options: { ...v4_18, users_stop_first: false },
    violates: [CLAIM_4, NO_WORK, P1, USE_AFTER_FREE],
  },

  // One memcg, whose child is created and deactivated
  'one-memcg': {
    about: 'the child is created in the memcg that is being removed (P14): a benign race',
    params: { shared: 1 },
    violates: [KMEM_STATE],
  },
  'one-memcg-marked': {
    about: 'the same with READ_ONCE(memcg->kmem_state)',
    params: { shared: 1 },
    options: { create_reads_once: true },
  },
  'offline-state-last': {
    about: 'the same as one-memcg, and the memcg stays ONLINE until its deactivation pass is over',
    params: { shared: 1 },
    options: { offline_state_first: false },
    violates: [P14, ID_VALID, KMEM_STATE, KMEMCG_ID],
  },
  'two-allocators': {
    about: 'two create works for one child, on two CPUs (P15)',
    params: { memcgs: 0, allocators: 2 },
  },
  'create-does-not-look-again': {
    about: 'the same, and the second does not see the child of the first',
    params: { memcgs: 0, allocators: 2 },
    options: { create_looks_again: false },
    violates: [P15],
  },

  // A release that the freeing of a page runs
  'last-page-freed': {
    about: 'the last page of the child is freed in softirq meanwhile',
    params: { objects: 1, allocators: 0 },
  },
  'last-page-freed-without-lock': {
    about: 'the same, and the release tests and queues without the lock',
    params: { objects: 1, allocators: 0 },
    options: { shutdown_locks: false },
    violates: [CLAIM_3, DYING_IN_SHUTDOWN],
  },
  'free-after-destroy': {
    about: 'a user breaks the rule and frees while the cache is destroyed',
    params: { objects: 1, allocators: 0 },
    options: { users_stop_first: false },
    violates: [P1, P7, P13, ALL_FREED, USE_AFTER_FREE],
  },
  'free-after-destroy-without-lock': {
    about: 'the same, and the release tests and queues without the lock',
    params: { objects: 1, allocators: 0 },
    options: { users_stop_first: false, shutdown_locks: false },
    violates: [
      CLAIM_2,
      CLAIM_3,
      P1,
      P6,
      P7,
      P13,
      ALL_FREED,
      FREED_ACTIVE,
      USE_AFTER_FREE,
      DYING_IN_SHUTDOWN,
    ],
  },

  // Who has found a child before it was taken out of the array
  reader: {
    about: 'call_rcu comes before the child is taken out of the array: what keeps it?',
    params: one_reader,
  },
  'reader-v5.2': {
    about: 'there it is the reference on the memcg which the reader takes',
    kernel: '4.18 to 5.2, 92ee383f6daa',
    params: one_reader,
    options: v4_18,
  },
  'reader-kill-unlocked': {
    about: 'the same, and the work that kills the count does not wait for the deactivation pass',
    params: one_reader,
    options: { works_lock: 'second' },
    violates: [P17],
  },
  'reader-plain-count': {
    about: 'the same, and the count is one atomic, so the kill waits for no grace period',
    params: one_reader,
    options: { percpu: false },
    violates: [P17],
  },
  'reader-plain-count-entry-first': {
    about: 'the same, and the child is taken out of the array before call_rcu',
    params: one_reader,
    options: { percpu: false, clears_entry_first: true },
  },
  'reader-no-kill': {
    about: 'kmemcg_rcufn queues the shutdown itself',
    params: one_reader,
    options: { kills: false },
    violates: [P17],
  },
  'reader-release-frees': {
    about: 'the release shuts the child down itself',
    params: one_reader,
    options: { release_queues: false },
  },

  // A memcg that goes leaves its children to its parent, which is being removed as well
  inherited: {
    about:
      'the parent, held by one reference, is made their memcg before more are taken: who puts it?',
    params: inherited,
  },
  'inherited-typesafe': {
    about: 'the same, and a work puts the memcg without slab_mutex, when the child is off the list',
    params: inherited,
    options: { typesafe: true, unlink_puts_memcg: false },
  },
  'inherited-release-puts-memcg': {
    about: 'the same, and the release puts the memcg, without slab_mutex, as in no kernel',
    params: inherited,
    options: { release_puts_memcg: true },
    violates: [GET_AT_ZERO, UNDERFLOW, USE_AFTER_FREE, MEMCG_IN_SHUTDOWN],
  },

  // The second work of a child, while its first is in its tail on another CPU
  'works-overlap': {
    about: 'INIT_WORK on a work that is not over',
    params: last_page,
  },
  'works-overlap-unlocked': {
    about: 'the same, and only slab_mutex of the deactivation pass is waited for',
    params: last_page,
    options: { works_lock: 'once' },
  },
};
