/** The properties by name. Those in quotes are sentences of the commit message of the RFC. */

export const ONE_REFERENCE = '"holds a single reference to the corresponding memory cgroup" (P21)';
export const NEVER_ONLINE = '"a cgroup is never released online" (P22)';
export const PUT_AFTER_GET = 'no reference is put for a pointer before it is taken (P22)';
export const NULL_MEANS_PARENT = '"if the reader gets NULL, it can just read parent\'s" (P20)';
export const LIVE_MEMCG = 'a pointer in use has a live memory cgroup (P20)';
export const ONE_POINTER = '"only one pointer has to be changed"';
export const LIST_LOCK = '"the list is protected using the css set lock"';
export const COUNTED_OR_NULL = 'a lookup gives a counted pointer or NULL (P19)';
export const NOT_FREED_IN_SECTION =
  'a memcg reached through a pointer is not freed before the section ends (P23)';
export const ON_PARENTS_LIST =
  'a pointer is on the list of its memcg, also after reparenting (P25)';
export const NO_LATE_LIST_OP = 'no list operation on a pointer after kfree_rcu (P25)';
export const OLD_HEAD = 'the list head that list_splice leaves is not used again';
export const ALL_FREED = 'every removed memcg is freed in the end';
export const ALL_UNCHARGED = 'what was charged is uncharged in the end';
export const NO_UNDERFLOW = 'no page counter underflows';
