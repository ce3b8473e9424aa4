import { type Operation, operation, type Steps } from '../model/operation.ts';
import { SpecError } from '../model/shared.ts';
import { kfree } from './memory.ts';
import { call_rcu, type RcuHead } from './rcu.ts';

/**
 * kfree_rcu(memory, rcu): frees the struct that the head is in, after a grace period. As until v5.7,
 * when it was a call_rcu that rcu_barrier waits for (kernel/rcu/tree.c, __kvfree_call_rcu).
 */
export function kfree_rcu(head: RcuHead): Operation<void> {
  if (!head.owner) throw new SpecError(`kfree_rcu(${head.name}): the head is in no struct`);
  return operation<void>({ ...call_rcu(head, rcu_kfree).spec, name: 'kfree_rcu', args: [head] });
}

function* rcu_kfree(head: RcuHead): Steps {
  yield* kfree(head.owner!);
}
