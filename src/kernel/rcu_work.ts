import { type Operation, operation, type Steps } from '../model/operation.ts';
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
  Work,
  type WorkFunction,
  type Workqueue,
  type WorkState,
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
  return { embed: (name, owner) => new RcuWork(name, owner) };
}

/** Leaves rwork->wq as it is, as INIT_WORK knows nothing of it. */
export function INIT_RCU_WORK(rwork: RcuWork, fn: WorkFunction): Operation<void> {
  const { step, ...spec } = INIT_WORK(rwork, fn).spec;
  return operation<void>({
    ...spec,
    name: 'INIT_RCU_WORK',
    step: ([old], thread) => {
      const effect = step!([old], thread)!;
      const [state] = effect.values as [WorkState];
      return old?.wq ? { ...effect, values: [{ ...state, wq: old.wq }] } : effect;
    },
  });
}

/** False when it was pending already. */
export function* queue_rcu_work(wq: Workqueue, rwork: RcuWork): Steps<boolean> {
  const claimed = yield* set_pending('queue_rcu_work', rwork);
  if (claimed === null) return false;
  yield* together(call_rcu(rwork.rcu, rcu_work_rcufn), set_wq(rwork, wq));
  return true;
}

function set_wq(rwork: RcuWork, wq: Workqueue): Operation<void> {
  return operation<void>({
    name: 'rwork->wq',
    args: [wq],
    writes: [rwork],
    step: ([state]) => ({ result: undefined, values: [{ ...state, wq }] }),
  });
}

/** The callback: what queue_work does after it has set PENDING. */
export function* rcu_work_rcufn(head: RcuHead): Steps {
  const rwork = runtime.objects.get(head.name.slice(0, -'.rcu'.length)) as RcuWork;
  const state = (yield* load(rwork))!;
  yield* insert_work(state.wq!, rwork, state);
}
