export * from './kernel/access.ts';
export * from './kernel/assert.ts';
export * from './kernel/atomic.ts';
export {
  __clear_bit,
  __set_bit,
  clear_bit,
  set_bit,
  test_and_clear_bit,
  test_and_set_bit,
  test_bit,
} from './kernel/bitops.ts';
export * from './kernel/boot.ts';
export * from './kernel/completion.ts';
export {
  CPUHP_AP_ONLINE_DYN,
  CPUHP_BP_PREPARE_DYN,
  type CpuhpCallback,
  cpu_down,
  cpu_online,
  cpu_online_mask,
  cpu_up,
  cpuhp_remove_state,
  cpuhp_setup_state,
  for_each_online_cpu,
} from './kernel/cpu.ts';
export * from './kernel/css.ts';
export * from './kernel/delayed_work.ts';
export { cancel_work, cancel_work_sync, flush_work, flush_workqueue } from './kernel/flush_work.ts';
export { GFP_ATOMIC, GFP_KERNEL, GFP_NOWAIT, type Gfp } from './kernel/gfp.ts';
export { note, together } from './kernel/ghost.ts';
export {
  type Flags,
  local_bh_disable,
  local_bh_enable,
  local_irq_disable,
  local_irq_enable,
  local_irq_restore,
  local_irq_save,
} from './kernel/irqflags.ts';
export { kfree_rcu } from './kernel/kfree_rcu.ts';
export * from './kernel/kref.ts';
export {
  get_task_struct,
  type Kthread,
  kthread_create,
  kthread_run,
  kthread_should_stop,
  kthread_stop,
  put_task_struct,
  type ThreadFunction,
} from './kernel/kthread.ts';
export {
  LIST_HEAD,
  ListHead,
  ListNode,
  ListOrRcu,
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_for_each_entry,
  list_head,
  list_move,
  list_node,
  list_or_rcu,
  list_splice,
  list_splice_init,
} from './kernel/list.ts';
export {
  container_of,
  deref,
  type Embedded,
  type Initial,
  type Instance,
  kfree,
  kzalloc,
  object,
  pointer,
  pointers,
  type StructType,
  struct,
} from './kernel/memory.ts';
export * from './kernel/module.ts';
export {
  DEFINE_MUTEX,
  Mutex,
  mutex,
  mutex_lock,
  mutex_lock_nested,
  mutex_trylock,
  mutex_unlock,
} from './kernel/mutex.ts';
export * from './kernel/percpu.ts';
export {
  type Confirm,
  PercpuRef,
  percpu_ref,
  percpu_ref_exit,
  percpu_ref_get,
  percpu_ref_get_many,
  percpu_ref_init,
  percpu_ref_is_zero,
  percpu_ref_kill,
  percpu_ref_kill_and_confirm,
  percpu_ref_put,
  percpu_ref_put_many,
  percpu_ref_reinit,
  percpu_ref_resurrect,
  percpu_ref_tryget,
  percpu_ref_tryget_live,
  type RefFlags,
  type RefInitial,
  type Release,
} from './kernel/percpu-refcount.ts';
export * from './kernel/percpu-rwsem.ts';
export {
  get_cpu,
  preempt_disable,
  preempt_enable,
  put_cpu,
  smp_processor_id,
} from './kernel/preempt.ts';
export * from './kernel/raw_spinlock.ts';
export {
  call_rcu,
  init_rcu_head,
  type RcuCallback,
  RcuHead,
  rcu_barrier,
  rcu_data,
  rcu_head,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
} from './kernel/rcu.ts';
export * from './kernel/rcu_pointer.ts';
export { INIT_RCU_WORK, queue_rcu_work, RcuWork, rcu_work } from './kernel/rcu_work.ts';
export * from './kernel/rculist.ts';
export * from './kernel/refcount.ts';
export {
  DECLARE_RWSEM,
  down_read,
  down_read_trylock,
  down_write,
  down_write_trylock,
  downgrade_write,
  type ReadWrite,
  RwSemaphore,
  rw_semaphore,
  up_read,
  up_write,
} from './kernel/rw_semaphore.ts';
export * from './kernel/rwlock.ts';
export * from './kernel/semaphore.ts';
export * from './kernel/seqlock.ts';
export * from './kernel/spinlock.ts';
export {
  call_srcu,
  cleanup_srcu_struct,
  DEFINE_SRCU,
  DEFINE_STATIC_SRCU,
  type SrcuStruct,
  srcu_barrier,
  srcu_dereference,
  srcu_dereference_check,
  srcu_read_lock,
  srcu_read_lock_held,
  srcu_read_unlock,
  synchronize_srcu,
} from './kernel/srcu.ts';
export { on_stack } from './kernel/stack.ts';
export {
  add_timer,
  DEFINE_TIMER,
  del_timer,
  del_timer_sync,
  mod_timer,
  Timer,
  type TimerFunction,
  timer_base,
  timer_delete,
  timer_delete_sync,
  timer_list,
  timer_pending,
  timer_setup,
  timer_shutdown_sync,
} from './kernel/timer.ts';
export * from './kernel/wait.ts';
export * from './kernel/wait_bit.ts';
export {
  alloc_workqueue,
  DECLARE_WORK,
  INIT_WORK,
  queue_work,
  Work,
  type WorkFunction,
  type Workqueue,
  work_objects,
  work_struct,
} from './kernel/workqueue.ts';
export type { Operation, Report, Steps } from './model/operation.ts';
export { initially, type Shared, type Struct } from './model/shared.ts';
export type { Model, Spec, ThreadBody, ThreadOptions, Variant } from './spec/define.ts';
export { defineSpec, options, peek } from './spec/define.ts';
