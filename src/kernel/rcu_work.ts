import { type Operation, renamed, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import type { Struct } from '../model/shared.ts';
import { load } from './access.ts';
import { together } from './ghost.ts';
import type { Embedded } from './memory.ts';
import { call_rcu, RcuHead } from './rcu.ts';
import {
  INIT_WORK,
  insert_work,
  set_pending,
  set_wq,
  Work,
  type WorkFunction,
  type Workqueue,
} from './workqueue.ts';

/**
 * Works that are queued after a grace period (kernel/workqueue.c, queue_rcu_work): pending from the
 * call on, while their rcu_head is with RCU and then while they are on the list.
 */
export class RcuWork extends Work {
  readonly rcu: RcuHead;
  readonly parts: readonly [RcuHead];

  constructor(name: string, owner: Struct | null) {
    super(name, null, owner);
    this.rcu = new RcuHead(`${name}.rcu`, null, owner);
    this.parts = [this.rcu];
  }
}

/** `struct rcu_work` inside a heap struct. */
export function rcu_work(): Embedded<RcuWork> {
  return { declares: 'rcu_work()', embed: (name, owner) => new RcuWork(name, owner) };
}

export function INIT_RCU_WORK(rwork: RcuWork, fn: WorkFunction): Operation<void> {
  return renamed('INIT_RCU_WORK', INIT_WORK(rwork, fn));
}

/** False when it was pending already. */
export function* queue_rcu_work(wq: Workqueue, rwork: RcuWork): Steps<boolean> {
  const claimed = yield* set_pending('queue_rcu_work', rwork);
  if (claimed === null) return false;
  yield* together(call_rcu(rwork.rcu, rcu_work_rcufn), set_wq('rwork->wq', rwork, wq));
  return true;
}

/** The callback: what queue_work does after it has set PENDING. */
export function* rcu_work_rcufn(head: RcuHead): Steps {
  const rwork = runtime.objects.get(head.name.slice(0, -'.rcu'.length)) as RcuWork;
  const state = (yield* load(rwork))!;
  yield* insert_work(state.wq!, rwork, state);
}
