/** Which question each answers, what differs from the repaired protocol, and what the checker says. */

const D3 = [
  'P1: no callback, work or release touches a freed cache',
  'P6: no callback or work for a child after flush_memcg_workqueue',
  'percpu_ref exit while a switch is in flight',
];

export const variants = {
  repaired: {
    about: 'the seed with the second rcu_barrier',
  },
  seed: {
    about: 'the patch of 2019-06-04: spinlock, and the test under it in the create path',
    options: { second_barrier: false },
    violates: D3,
  },
  'v5.3': {
    about: 'as merged: no test in the create path',
    options: { second_barrier: false, create_checks: false },
    violates: D3,
  },
  'v5.4': {
    about: 'v5.3 with a264df74df38 (second rcu_barrier) and b749ecfaf6c5',
    options: { create_checks: false, unlink_puts_memcg: false },
  },
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
  },
  'shutdown-without-lock': {
    about: 'kmemcg_cache_shutdown tests and queues without the lock',
    options: { shutdown_locks: false },
  },
  'set-without-lock': {
    about: 'flush_memcg_workqueue sets the flag without the lock',
    options: { set_locks: false },
  },
  'deactivate-without-check': {
    about: 'kmemcg_cache_deactivate queues its callback whether dying or not',
    options: { deactivate_checks: false },
  },
  'shutdown-without-check': {
    about: 'kmemcg_cache_shutdown queues its work whether dying or not',
    options: { shutdown_checks: false },
  },
  'flag-after-flush': {
    about: 'the flag is set after the barrier and the flush',
    options: { set_comes_first: false },
  },
  'no-rcu-barrier': {
    about: 'flush_memcg_workqueue without its first rcu_barrier',
    options: { barrier: false },
  },
  'no-flush-workqueue': {
    about: 'flush_memcg_workqueue without flush_workqueue',
    options: { flush: false },
  },
  'release-takes-slab-mutex': {
    about: 'the release tests the flag under slab_mutex, as before the patch',
    options: { shutdown_takes_slab_mutex: true },
  },
  'allocation-after-destroy': {
    about: 'a user breaks the rule and allocates while the cache is destroyed',
    options: { users_stop_first: false },
  },
  'one-memcg': {
    about: 'the child is created in the memcg that is being removed (P14)',
    params: { shared: 1 },
  },
  'two-allocators': {
    about: 'two create works for one child, on two CPUs (P15)',
    params: { shared: 1, allocators: 2 },
  },
  'create-does-not-look-again': {
    about: 'two create works, and the second does not see the child of the first (P15)',
    params: { shared: 1, allocators: 2 },
    options: { create_looks_again: false },
  },
  'last-page-freed': {
    about: 'the last page of the child is freed in softirq meanwhile',
    params: { objects: 1, allocators: 0 },
  },
};
