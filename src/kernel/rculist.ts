import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import { SpecError, type Struct } from '../model/shared.ts';
import { add, del, type ListHead, ListNode, walks } from './list.ts';

/**
 * Lists that are changed while RCU readers walk them (include/linux/rculist.h). The structs on them
 * have a `list_node()`. Updaters exclude each other, so what one does is one step; a reader takes a
 * step for each entry:
 *
 *     for (let e = yield* list_first_or_null_rcu(list); e; e = yield* list_next_or_null_rcu(list, e))
 *
 * An entry that list_del_rcu took off still leads on to what was behind it then, which is why it has
 * to stay until the reader has left; one that list_del took off leads into poison.
 */
export function list_add_rcu<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return add('list_add_rcu', entry, list, (old) => [entry, ...old]);
}

export function list_add_tail_rcu<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return add('list_add_tail_rcu', entry, list, (old) => [...old, entry]);
}

export function list_del_rcu<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return del('list_del_rcu', entry, list, (next) => ({ next }));
}

export function list_first_or_null_rcu<S extends Struct>(list: ListHead<S>): Operation<S | null> {
  return operation<S | null>({
    name: 'list_first_or_null_rcu',
    args: [list],
    reads: [list],
    accesses: walks(list, false),
    check: in_reader(list),
    step: ([entries]) => ({ result: entries[0] ?? null }),
  });
}

/** The entry behind this one; touches this one. */
export function list_next_or_null_rcu<S extends Struct>(
  list: ListHead<S>,
  entry: S,
): Operation<S | null> {
  const node = node_of(entry);
  return operation<S | null>({
    name: 'list_next_or_null_rcu',
    args: [list, entry],
    reads: [list, node],
    accesses: walks(list, false),
    check: in_reader(list),
    step: ([entries, state]) => {
      if (state === null) throw new SpecError(`${entry.name} was never on a list`);
      if (state === 'linked') return { result: entries[entries.indexOf(entry) + 1] ?? null };
      if (state === 'LIST_POISON1') return { result: null, reports: [poisoned(entry)] };
      return { result: state.next };
    },
  });
}

function node_of(entry: Struct): ListNode {
  const node = Object.values(entry).find((field) => field instanceof ListNode);
  if (!node) throw new SpecError(`${entry.type} has no list_node(), by which readers walk on`);
  return node;
}

/** list_for_each_entry_rcu() accepts any section that holds back grace periods. */
function in_reader(list: ListHead<any>): (thread: ThreadContext) => Report | null {
  return (thread) =>
    thread.readers > 0
      ? null
      : {
          rule: 'suspicious RCU usage',
          message: `RCU-list ${list.name} traversed in non-reader section`,
          object: list.name,
        };
}

function poisoned(entry: Struct): Report {
  return {
    rule: 'general protection fault',
    message: `general protection fault: ${entry.name} leads to LIST_POISON1, 0xdead000000000100`,
    object: entry.name,
    type: entry.type,
    crash: true,
  };
}
