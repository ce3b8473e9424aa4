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
const P10 = 'P10: the release neither sleeps nor takes slab_mutex';
const P14 = 'P14: no child is created after the deactivation pass';
const P15 = 'P15: at most one child per root cache and memcg';
const ID_VALID = 'kmemcg_id is valid as long as the memcg is ONLINE';
const ALL_FREED = 'no cache is left in the end';
// What the kernel itself would report on the way
const FREED_ACTIVE = 'active object freed';
const EXIT_IN_FLIGHT = 'percpu_ref exit while a switch is in flight';
const USE_AFTER_FREE = 'use-after-free';

export const variants = {
  repaired: {
    about: 'the seed with the second rcu_barrier',
  },

  // Kernel generations
  seed: {
    about: 'the patch of 2019-06-04: spinlock, and the test under it in the create path',
    options: { second_barrier: false },
    violates: [P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'v5.3': {
    about: 'as merged: no test in the create path',
    options: { second_barrier: false, create_checks: false },
    violates: [P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'v5.4': {
    about: 'v5.3 with a264df74df38 (second rcu_barrier) and b749ecfaf6c5',
    options: { create_checks: false, unlink_puts_memcg: false },
  },

  // "What does this lock protect?"
  'create-without-check': {
    about: 'is the test in the create path needed?',
    options: { create_checks: false },
  },
  'create-without-lock': {
    about: 'what does the lock around the test in the create path protect?',
    options: { create_locks: false },
  },
  'deactivate-without-lock': {
    about: 'kmemcg_cache_deactivate tests and queues without the lock',
    options: { deactivate_locks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
  },
  'shutdown-without-lock': {
    about: 'kmemcg_cache_shutdown tests and queues without the lock',
    options: { shutdown_locks: false },
    violates: [CLAIM_3],
  },
  'set-without-lock': {
    about: 'flush_memcg_workqueue sets the flag without the lock',
    options: { set_locks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, FREED_ACTIVE, EXIT_IN_FLIGHT],
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
    violates: [P3W, P10],
  },

  // The rule for users
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

  // One memcg, whose child is created and deactivated
  'one-memcg': {
    about: 'the child is created in the memcg that is being removed (P14)',
    params: { shared: 1 },
  },
  'offline-state-last': {
    about: 'the same, and the memcg stays ONLINE until its deactivation pass is over',
    params: { shared: 1 },
    options: { offline_state_first: false },
    violates: [P14, ID_VALID],
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
    violates: [CLAIM_3],
  },
  'free-after-destroy': {
    about: 'a user breaks the rule and frees while the cache is destroyed',
    params: { objects: 1, allocators: 0 },
    options: { users_stop_first: false },
    violates: [P1, ALL_FREED, USE_AFTER_FREE],
  },
  'free-after-destroy-without-lock': {
    about: 'the same, and the release tests and queues without the lock',
    params: { objects: 1, allocators: 0 },
    options: { users_stop_first: false, shutdown_locks: false },
    violates: [CLAIM_2, CLAIM_3, P1, P6, ALL_FREED, FREED_ACTIVE, USE_AFTER_FREE],
  },
};
