import * as property from './properties.ts';

/** Which question each variant answers, and what the checker says: the exact properties that fail. */

const own_get_first = { gets_before_kill: true };
const mended = { ...own_get_first, gets_parent_in_lock: true };
/** bf4f059954dc */
const v5_9 = { merged: true };
/** eefbfa7fd678 and 8de15e920dc8 */
const v5_10 = { ...v5_9, charge_tries: true, links_to_root: true };
/** 2f7659a31473 */
const v5_11 = { ...v5_10, lookup_resets: true };
/** "mm: memcg: synchronize objcg lists with a dedicated spinlock" */
const v5_17 = { ...v5_11, own_lock: true };

const RFC = 'list, 2019-09-05 (RFC)';

/** What follows when a css reaches zero twice. */
const RELEASED_TWICE = [
  'active object freed',
  'active object initialised',
  'double call_rcu',
  'percpu_ref get at zero',
  'use-after-free',
];
const CIRCULAR =
  'possible circular locking dependency detected: css_set_lock -> siglock -> css_set_lock';
/** Who is still on the list is handed to the parent, with the lock that the release has dropped. */
const MEMCG_IN_RELEASE = 'data-race in memcg_ptr_release / memcg_reparent_kmem_memcg_ptr';
const UNACCOUNTED = [property.ONE_REFERENCE, property.PUT_AFTER_GET];
const FLAT = [property.NO_UNDERFLOW, property.ALL_UNCHARGED];

export const variants = {
  rfc: {
    about: 'references on the memcg (R-a) and on its parent (R-b) are put before they are taken',
    kernel: RFC,
    violates: UNACCOUNTED,
  },
  'rfc-own-get-first': {
    about: 'the same with the reference taken first; the parent is root, whose css counts nothing',
    options: own_get_first,
    violates: UNACCOUNTED,
  },
  'rfc-mended': {
    about: 'and the references on the parent are taken before the lock is dropped (R-b)',
    options: mended,
  },
  'rfc-id-lets-go': {
    about: 'why R-a does no harm: what if the ID of an online memcg did not hold the memcg?',
    options: { id_pins_css: false },
    violates: [...UNACCOUNTED, property.NEVER_ONLINE, ...RELEASED_TWICE],
  },
  'rfc-id-lets-go-mended': {
    about: 'R-a mended is no matter of the ID',
    options: { ...mended, id_pins_css: false },
  },
  'rfc-plain-count': {
    about: 'R-a when the count of the pointer is one plain atomic: the kill itself releases it',
    options: { ptr_percpu: false },
    violates: UNACCOUNTED,
  },
  'rfc-mended-plain-count': {
    about: 'the same, mended',
    options: { ...mended, ptr_percpu: false },
  },

  // R-b: references on the parent that are put before they are taken
  'rfc-parent-online': {
    about: 'R-b with three pointers while the parent is online: its css counts per CPU, no harm',
    params: { depth: 2, inherited: 2 },
    options: own_get_first,
    violates: UNACCOUNTED,
  },
  'rfc-parent-online-mended': {
    about: 'the same, mended',
    params: { depth: 2, inherited: 2 },
    options: mended,
  },
  'rfc-parent-online-plain-css': {
    about: 'the same when the count of the css is one plain atomic: an online cgroup is released',
    params: { depth: 2, inherited: 2 },
    options: { ...own_get_first, css_percpu: false },
    violates: [
      ...UNACCOUNTED,
      property.NEVER_ONLINE,
      property.LIVE_MEMCG,
      'percpu_ref get at zero',
      'use-after-free',
    ],
  },
  'rfc-parent-online-plain-css-mended': {
    about: 'the same, mended',
    params: { depth: 2, inherited: 2 },
    options: { ...mended, css_percpu: false },
  },
  'rfc-parent-dying': {
    about: 'R-b with three pointers while the parent is being removed',
    params: { depth: 2, dying: 1, inherited: 2 },
    options: own_get_first,
    violates: [...UNACCOUNTED, property.NEVER_ONLINE, ...RELEASED_TWICE],
  },
  'rfc-parent-dying-mended': {
    about: 'the same, mended',
    params: { depth: 2, dying: 1, inherited: 2 },
    options: mended,
  },

  // The other sentences of the commit message
  'rfc-one-pointer': {
    about: 'is only one pointer changed, when the memcg had no children?',
    params: { objects: 1 },
    options: { ...mended, one_pointer: true },
  },
  'rfc-one-pointer-inherited': {
    about: 'and when it had? One for each child that is gone, too',
    params: { inherited: 1 },
    options: { ...mended, one_pointer: true },
    violates: [property.ONE_POINTER],
  },
  'rfc-created': {
    about:
      'the list is first used without the lock: when the memcg is created; nothing comes of it',
    params: { created: 1 },
    options: mended,
    violates: [property.LIST_LOCK],
  },
  'rfc-created-locked': {
    about: 'the same with the lock',
    params: { created: 1 },
    options: { ...mended, init_locks: true },
  },
  'rfc-lookup': {
    about: 'a task looks up, charges and puts while its memcg is removed',
    params: { tasks: 1 },
    options: mended,
  },
  'rfc-lookup-without-rcu': {
    about: '"released using rcu, so it can be accessed in a rcu read section": and outside?',
    params: { tasks: 1 },
    options: { ...mended, lookup_in_rcu: false },
    violates: ['use-after-free'],
  },
  'rfc-kfree': {
    about: 'released at once: the grace period of the kill comes after the pointer was cleared',
    params: { tasks: 1 },
    options: { ...mended, frees_by_rcu: false },
  },
  'rfc-clears-last': {
    about: 'the pointer is cleared after the kill: a lookup finds it when it is released already',
    params: { tasks: 1 },
    options: { ...mended, clears_first: false },
    violates: ['use-after-free'],
  },
  'rfc-object': {
    about: 'an object is freed while its memcg is removed',
    params: { objects: 1 },
    options: mended,
  },
  'rfc-release-without-list-del': {
    about: 'the rcu_head overwrites the node of a list that the pointer is still on',
    params: { objects: 1 },
    options: { ...mended, release_unlinks: false },
    violates: [
      ...UNACCOUNTED,
      property.NEVER_ONLINE,
      property.ONE_EACH,
      property.NODE_OR_HEAD,
      'percpu_ref underflow',
      'use-after-free',
      MEMCG_IN_RELEASE,
    ],
  },
  'rfc-readers': {
    about: 'a task and a softirq look up, charge and put while the memcg is removed',
    params: { depth: 2, tasks: 1, softirqs: 1 },
    options: mended,
  },
  'rfc-two-cpus': {
    about: 'a memcg and its parent are removed at once, with workers on two CPUs',
    params: { depth: 2, removed: 2, cpus: 2 },
    options: mended,
  },
  'rfc-depth-3': {
    about: 'a task in the lowest of three, whose parent is being removed too',
    params: { depth: 3, dying: 1, tasks: 1 },
    options: mended,
  },
  'rfc-up-to-root': {
    about: 'all three are removed, one by one, and the object outlives them or not',
    params: { depth: 3, removed: 3, one_by_one: 1, objects: 1 },
    options: mended,
  },
  'rfc-no-rcu-section': {
    about: 'what is the RCU section around pointer->memcg for?',
    params: { objects: 1 },
    options: { ...mended, charge_in_rcu: false },
    violates: [property.NOT_FREED_IN_SECTION],
  },

  // R-c: without use_hierarchy a lookup ends at the memcg itself
  'rfc-flat': {
    about:
      'R-c does not happen: who sees the pointer holds back its switch; counters have no parent',
    params: { tasks: 1 },
    options: { ...mended, use_hierarchy: false },
    violates: [...FLAT, property.NULL_MEANS_PARENT],
  },
  'rfc-flat-linked': {
    about: 'the same with the counters linked to root',
    params: { tasks: 1 },
    options: { ...mended, use_hierarchy: false, links_to_root: true },
  },
  'rfc-flat-plain-count': {
    about: 'R-c with a plain count: the lookup gives a pointer that it did not get',
    params: { tasks: 1 },
    options: { ...mended, use_hierarchy: false, ptr_percpu: false },
    violates: [
      ...FLAT,
      property.NULL_MEANS_PARENT,
      property.COUNTED_OR_NULL,
      'percpu_ref underflow',
      'use-after-free',
    ],
  },
  'rfc-flat-plain-count-resets': {
    about:
      'the same, and the lookup forgets what it did not get: R-c is gone, the counters are not',
    params: { tasks: 1 },
    options: { ...mended, use_hierarchy: false, ptr_percpu: false, lookup_resets: true },
    violates: [...FLAT, property.NULL_MEANS_PARENT],
  },

  // R-d: the release takes css_set_lock wherever the last reference is dropped
  'rfc-signal': {
    about: 'R-d: an object is freed under siglock, which fork takes inside css_set_lock',
    params: { removed: 0, inherited: 1, signals: 1 },
    options: mended,
    violates: ['deadlock', CIRCULAR],
  },
  'rfc-signal-own-lock': {
    about: 'the same with a lock of their own for the lists',
    params: { removed: 0, inherited: 1, signals: 1 },
    options: { ...mended, own_lock: true },
  },

  // obj_cgroup
  'v5.9': {
    about: 'R-a and R-b cannot happen: parents are got under the lock, and the kill comes last',
    kernel: '5.9, bf4f059954dc',
    params: { objects: 1 },
    options: v5_9,
  },
  'v5.9-parent-dying': {
    about: 'the situation of rfc-parent-dying; the parent is got under the lock',
    kernel: '5.9, bf4f059954dc',
    params: { depth: 2, dying: 1, inherited: 2 },
    options: v5_9,
  },
  'v5.9-created': {
    about: 'the situation of rfc-created; the own pointer is on no list',
    kernel: '5.9, bf4f059954dc',
    params: { created: 1 },
    options: v5_9,
  },
  'v5.9-readers': {
    about: 'a task and a softirq look up, charge and put while the memcg is removed',
    kernel: '5.9, bf4f059954dc',
    params: { depth: 2, tasks: 1, softirqs: 1 },
    options: v5_9,
  },
  'v5.9-up-to-root': {
    about: 'three are removed, one by one, and the object outlives them or not',
    kernel: '5.9, bf4f059954dc',
    params: { depth: 3, removed: 3, one_by_one: 1, objects: 1 },
    options: v5_9,
  },
  'v5.9-lookup': {
    about: 'what 2f7659a31473 mends cannot happen with a percpu_ref',
    kernel: '5.9, bf4f059954dc',
    params: { tasks: 1 },
    options: v5_9,
  },
  'v5.9-lookup-plain-count': {
    about: 'with a plain count it can: a pointer that was not got',
    params: { tasks: 1 },
    options: { ...v5_9, ptr_percpu: false },
    violates: [property.COUNTED_OR_NULL, 'percpu_ref underflow', 'use-after-free'],
  },
  'v5.11-lookup-plain-count': {
    about: 'the same with the fix',
    kernel: '5.11, 2f7659a31473',
    params: { tasks: 1 },
    options: { ...v5_11, ptr_percpu: false },
  },
  'v5.9-charger': {
    about: 'an object charges more to its pointer, and nobody holds the memcg',
    kernel: '5.9, bf4f059954dc',
    params: { chargers: 1 },
    options: v5_9,
    violates: [property.NOT_FREED_IN_SECTION, ...RELEASED_TWICE],
  },
  'v5.10-charger': {
    about: 'the same with css_tryget',
    kernel: '5.10, eefbfa7fd678',
    params: { chargers: 1 },
    options: v5_10,
  },
  'v5.10-charger-without-get': {
    about: 'what is the reference for that a charge takes on the memcg?',
    params: { chargers: 1 },
    options: { ...v5_10, charge_gets: false },
    violates: [property.NOT_FREED_IN_SECTION],
  },
  'v5.9-flat': {
    about: 'without use_hierarchy: a lookup in a removed memcg, and an uncharge of root',
    kernel: '5.9, bf4f059954dc',
    params: { tasks: 1 },
    options: { ...v5_9, use_hierarchy: false },
    violates: [...FLAT, 'null-ptr-deref'],
  },
  'v5.10-flat': {
    about: 'the same with the counters linked to root',
    kernel: '5.10, 8de15e920dc8',
    params: { tasks: 1 },
    options: { ...v5_10, use_hierarchy: false },
  },
  'v5.16-signal': {
    about: 'as rfc-signal: the entries of the signal queue are accounted objects',
    kernel: '5.16',
    params: { removed: 0, inherited: 1, signals: 1 },
    options: v5_11,
    violates: ['deadlock', CIRCULAR],
  },
  'v5.17-signal': {
    about: 'the same with a lock of their own for the lists',
    kernel: '5.17, "synchronize objcg lists with a dedicated spinlock"',
    params: { removed: 0, inherited: 1, signals: 1 },
    options: v5_17,
  },
};
