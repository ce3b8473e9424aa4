/** The properties by name. Those in quotes are sentences of the commit message of the RFC. */

export const ONE_REFERENCE = '"holds a single reference to the corresponding memory cgroup" (P21)';
export const NEVER_ONLINE = '"a cgroup is never released online" (P22)';
export const PUT_AFTER_GET = 'no reference is put for a pointer before it is taken (P22)';
export const NULL_MEANS_PARENT = '"if the reader gets NULL, it can just read parent\'s" (P20)';
export const ANCESTOR = 'a lookup gives the pointer of the memcg or of one above it (P20)';
export const ONE_EACH = 'each inherited pointer holds one reference in the end, and no more (P21)';
export const LIVE_MEMCG = 'a pointer in use has a live memory cgroup (P20)';
export const ONE_POINTER = '"only one pointer has to be changed"';
export const LIST_LOCK = '"the list is protected using the css set lock"';
export const COUNTED_OR_NULL = 'a lookup gives a counted pointer or NULL (P19)';
export const NOT_FREED_IN_SECTION =
  'a memcg reached through a pointer is not freed before the section ends (P23)';
export const ON_PARENTS_LIST =
  'a pointer is on the list of its memcg, also after reparenting (P25)';
export const NODE_OR_HEAD =
  'the node of a pointer is never a list node and an rcu_head at once (P25)';
export const OLD_HEAD = 'the list head that list_splice leaves is not used again';
export const ALL_FREED = 'every removed memcg is freed in the end';
export const ALL_UNCHARGED = 'what was charged is uncharged in the end';
export const NO_UNDERFLOW = 'no page counter underflows';
