import { type Access, type Operation, operation, type Report } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import type { Embedded } from './memory.ts';
import { RcuHead } from './rcu.ts';

/**
 * Doubly linked lists of structs (include/linux/list.h), as one object per list. What
 * CONFIG_DEBUG_LIST reports (lib/list_debug.c) is reported: adding what is on the list already,
 * deleting what is not.
 */
export class ListHead<S extends Struct = Struct> extends Shared<readonly S[]> {}

export function LIST_HEAD<S extends Struct>(name: string, initial: readonly S[] = []): ListHead<S> {
  return new ListHead<S>(name, initial);
}

/** `struct list_head` inside a heap struct, as the head of a list. */
export function list_head<S extends Struct>(): Embedded<ListHead<S>, readonly S[]> {
  return {
    declares: 'list_head()',
    alone: "LIST_HEAD('name')",
    embed: (name, owner, initial) => new ListHead<S>(name, initial ?? [], owner),
  };
}

/**
 * `union { struct list_head list; struct rcu_head rcu; }` inside a heap struct: the node by which it
 * is on a list, and once it is off, the head by which it is freed. Using it as one while it is the
 * other is reported as list corruption.
 */
export class ListOrRcu extends RcuHead {}

export function list_or_rcu(): Embedded<ListOrRcu, 'linked'> {
  return {
    declares: 'list_or_rcu()',
    embed: (name, owner, initial) => new ListOrRcu(name, initial ?? null, owner),
  };
}

/**
 * What a node says to a reader that still stands on its entry: 'linked' and the list knows what comes
 * next; after list_del_rcu what came next then; after list_del poison. Null: never on a list.
 */
export type NodeState = 'linked' | 'LIST_POISON1' | { readonly next: Struct | null } | null;

/** `struct list_head` inside a heap struct, as the node of a list that RCU readers walk. */
export class ListNode extends Shared<NodeState> {}

export function list_node(): Embedded<ListNode, 'linked'> {
  return {
    declares: 'list_node()',
    embed: (name, owner, initial) => new ListNode(name, initial ?? null, owner),
  };
}

/** Adds at the front. */
export function list_add<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return add('list_add', entry, list, (old) => [entry, ...old]);
}

export function list_add_tail<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return add('list_add_tail', entry, list, (old) => [...old, entry]);
}

export function list_del<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return del('list_del', entry, list, () => 'LIST_POISON1');
}

/** @param left what a ListNode of the entry says from then on, given what came next */
export function del<S extends Struct>(
  name: string,
  entry: S,
  list: ListHead<S>,
  left: (next: S | null) => NodeState,
): Operation<void> {
  const node = node_of(entry);
  return operation<void>({
    name,
    args: [entry, list],
    writes: [list, ...node],
    touches: [entry],
    accesses: changes(list),
    step: ([old, ...storage]) => {
      if (!old.includes(entry)) return wrong(list, `${entry.name} is deleted but not on it`);
      if (storage.some((node) => node !== 'linked')) return wrong(list, reused(entry));
      const rest = old.filter((other: S) => other !== entry);
      const next = old[old.indexOf(entry) + 1] ?? null;
      const values = node.map((part) => (part instanceof ListNode ? left(next) : null));
      return { result: undefined, values: [rest, ...values] };
    },
  });
}

export function list_move<S extends Struct>(
  entry: S,
  from: ListHead<S>,
  to: ListHead<S>,
): Operation<void> {
  return operation<void>({
    name: 'list_move',
    args: [entry, from, to],
    writes: from === to ? [from] : [from, to],
    touches: [entry],
    accesses: from === to ? changes(from) : [...changes(from), ...changes(to)],
    step: ([old, other]: readonly (readonly S[])[]) => {
      const rest = old!.filter((e) => e !== entry);
      const values = from === to ? [[entry, ...rest]] : [rest, [entry, ...(other ?? [])]];
      return old!.includes(entry)
        ? { result: undefined, values }
        : wrong(from, `${entry.name} is moved but not on it`);
    },
  });
}

/**
 * Everything moves to the front of the other list. The head that it leaves still points there, so it
 * must not be used again: here it keeps its entries.
 */
export function list_splice<S extends Struct>(from: ListHead<S>, to: ListHead<S>): Operation<void> {
  return operation<void>({
    name: 'list_splice',
    args: [from, to],
    reads: [from],
    writes: [to],
    accesses: [...walks(from, true), ...changes(to)],
    step: ([old, moved]) => ({ result: undefined, values: [[...moved, ...old]] }),
  });
}

/** As list_splice, and the head that it leaves is an empty list again. */
export function list_splice_init<S extends Struct>(
  from: ListHead<S>,
  to: ListHead<S>,
): Operation<void> {
  return operation<void>({
    name: 'list_splice_init',
    args: [from, to],
    writes: [from, to],
    accesses: [...changes(from), ...changes(to)],
    step: ([moved, old]) => ({ result: undefined, values: [[], [...moved, ...old]] }),
  });
}

export function list_empty<S extends Struct>(list: ListHead<S>): Operation<boolean> {
  return operation<boolean>({
    name: 'list_empty',
    args: [list],
    reads: [list],
    accesses: walks(list, false),
    step: ([entries]) => ({ result: entries.length === 0 }),
  });
}

/**
 * The entries, for `for (const entry of yield* list_for_each_entry(list))`. One step, as for a walk
 * under the lock that protects the list; the loop may delete the entry it is at (_safe).
 */
export function list_for_each_entry<S extends Struct>(list: ListHead<S>): Operation<readonly S[]> {
  return operation<readonly S[]>({
    name: 'list_for_each_entry',
    args: [list],
    reads: [list],
    accesses: walks(list, true),
    step: ([entries]) => ({ result: entries }),
  });
}

export function add<S extends Struct>(
  name: string,
  entry: S,
  list: ListHead<S>,
  added: (old: readonly S[]) => readonly S[],
): Operation<void> {
  const node = node_of(entry);
  return operation<void>({
    name,
    args: [entry, list],
    writes: [list, ...node],
    touches: [entry],
    accesses: changes(list),
    step: ([old, ...storage]) => {
      if (old.includes(entry)) return wrong(list, `${entry.name} is added twice`);
      if (storage.some((value, at) => !may_be_added(node[at]!, value)))
        return wrong(list, reused(entry));
      return { result: undefined, values: [added(old), ...node.map(() => 'linked')] };
    },
  });
}

/** The entry's node, where it is modelled: for readers, or because it is an rcu_head too. */
function node_of(entry: Struct): (ListOrRcu | ListNode)[] {
  return Object.values(entry).filter(
    (field) => field instanceof ListOrRcu || field instanceof ListNode,
  );
}

/**
 * What a change of the list accesses (include/linux/list.h): ->next with WRITE_ONCE, for the sake of
 * list_empty() and RCU readers, ->prev plainly.
 */
function changes(to: ListHead<any>): Access[] {
  return [
    { to, part: 'next', write: true, plain: false },
    { to, part: 'prev', write: true, plain: true },
  ];
}

/** Who looks at the list follows ->next: plainly, but for list_empty() and RCU readers. */
export function walks(to: ListHead<any>, plain: boolean): Access[] {
  return [{ to, part: 'next', write: false, plain }];
}

/**
 * A node that is still on another list would take that list's place in it: the kernel finds out when
 * its neighbours there are added to or deleted. One that was deleted may be added again.
 */
function may_be_added(node: ListOrRcu | ListNode, value: unknown): boolean {
  return value === null || (node instanceof ListNode && value !== 'linked');
}

function reused(entry: Struct): string {
  return `the node of ${entry.name} is in use as something else`;
}

function wrong(list: ListHead<any>, what: string) {
  return {
    result: undefined,
    reports: [
      {
        rule: 'list corruption',
        message: `${list.name}: ${what}`,
        object: list.name,
        crash: true,
      } satisfies Report,
    ],
  };
}
