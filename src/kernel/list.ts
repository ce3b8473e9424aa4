import { type Operation, operation, type Report } from '../model/operation.ts';
import { Shared, type Struct } from '../model/shared.ts';
import type { Embedded } from './memory.ts';

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
  return { embed: (name, owner, initial) => new ListHead<S>(name, initial ?? [], owner) };
}

/** Adds at the front. */
export function list_add<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return add('list_add', entry, list, (old) => [entry, ...old]);
}

export function list_add_tail<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return add('list_add_tail', entry, list, (old) => [...old, entry]);
}

export function list_del<S extends Struct>(entry: S, list: ListHead<S>): Operation<void> {
  return operation<void>({
    name: 'list_del',
    args: [entry, list],
    writes: [list],
    step: ([old]: readonly (readonly S[])[]) =>
      old!.includes(entry)
        ? { result: undefined, values: [old!.filter((other) => other !== entry)] }
        : {
            result: undefined,
            reports: [corruption(list, `${entry.name} is deleted but not on it`)],
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
    step: ([old, other]: readonly (readonly S[])[]) => {
      const rest = old!.filter((e) => e !== entry);
      const values = from === to ? [[entry, ...rest]] : [rest, [entry, ...(other ?? [])]];
      return old!.includes(entry)
        ? { result: undefined, values }
        : {
            result: undefined,
            reports: [corruption(from, `${entry.name} is moved but not on it`)],
          };
    },
  });
}

/** list_splice_init: everything moves to the front of the other list. */
export function list_splice_init<S extends Struct>(
  from: ListHead<S>,
  to: ListHead<S>,
): Operation<void> {
  return operation<void>({
    name: 'list_splice_init',
    args: [from, to],
    writes: [from, to],
    step: ([moved, old]) => ({ result: undefined, values: [[], [...moved, ...old]] }),
  });
}

export function list_empty<S extends Struct>(list: ListHead<S>): Operation<boolean> {
  return operation<boolean>({
    name: 'list_empty',
    args: [list],
    reads: [list],
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
    step: ([entries]) => ({ result: entries }),
  });
}

function add<S extends Struct>(
  name: string,
  entry: S,
  list: ListHead<S>,
  added: (old: readonly S[]) => readonly S[],
): Operation<void> {
  return operation<void>({
    name,
    args: [entry, list],
    writes: [list],
    step: ([old]: readonly (readonly S[])[]) =>
      old!.includes(entry)
        ? { result: undefined, reports: [corruption(list, `${entry.name} is added twice`)] }
        : { result: undefined, values: [added(old!)] },
  });
}

function corruption(list: ListHead<any>, what: string): Report {
  return {
    rule: 'list corruption',
    message: `${list.name}: ${what}`,
    object: list.name,
    crash: true,
  };
}
