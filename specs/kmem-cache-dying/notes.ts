import {
  note,
  type Operation,
  peek,
  rcu_data,
  type Shared,
  variable,
  work_objects,
} from 'lockstep';
import { type KmemCache, type MemCgroup, memcg_kmem_cache_wq } from './objects.ts';

/**
 * What the properties are about and the kernel does not keep. Every note but one (`flushed`) is
 * taken in the step that it tells of.
 */

/** dying is set. */
const dying_set = variable('note:dying', false);
/** flush_memcg_workqueue has returned. */
const flush_returned = variable('note:flushed', false);
/** deactivate or shutdown queued something when dying was set. */
const queued_late = variable('note:queued late', false);
/** A create work has seen dying clear, and goes on to make the child. */
const create_goes_on = variable('note:create goes on', false);
/** What went wrong when a child was linked to its root cache. */
const linked_after_flush = variable('note:linked after flush', false);
const linked_after_deactivation = variable('note:linked after deactivation', false);
const linked_twice = variable('note:linked twice', false);

export function dying(set: boolean): Operation<void> {
  return note(dying_set, () => set);
}

export function flushed(): Operation<void> {
  return note(flush_returned, () => true);
}

export function queued(): Operation<void> {
  return note(queued_late, (late, set) => late || set, dying_set);
}

export function creating(): Operation<void> {
  return note(create_goes_on, (_, set) => !set, dying_set);
}

export function not_creating(): Operation<void> {
  return note(create_goes_on, () => false);
}

export function deactivated(memcg: MemCgroup): Operation<void> {
  return note(memcg.deactivated, () => true);
}

export function linked(memcg: MemCgroup, entry: Shared<KmemCache | null>): Operation<void>[] {
  return [
    note(linked_after_flush, (before, flushed) => before || flushed, flush_returned),
    note(linked_after_deactivation, (before, done) => before || done, memcg.deactivated),
    note(linked_twice, (before, old) => before || old !== null, entry),
  ];
}

/** P3w: the flag is set right after the test in the create path. */
export function set_after_test(): boolean {
  return peek(create_goes_on) && peek(dying_set);
}

export const late = {
  queued: () => peek(queued_late),
  linked: () => peek(linked_after_flush),
  offline: () => peek(linked_after_deactivation),
  twice: () => peek(linked_twice),
};

/** After flush_memcg_workqueue: is there a callback of the given kind, or a work, for a child? */
export function left_over(cpus: number, kinds: 'all' | 'own'): boolean {
  if (!peek(flush_returned)) return false;
  const { queues, workers } = work_objects(memcg_kmem_cache_wq);
  const items = [...queues.flatMap(peek), ...workers.map(peek)];
  if (items.some((item) => item?.work.owner?.type === 'kmem_cache')) return true;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const { next, wait, done } = rcu_data(cpu);
    const { invoking, queue } = peek(done);
    const heads = [...peek(next), ...peek(wait), ...queue].map(({ head }) => head);
    if (invoking !== 'rcu_barrier') heads.push(invoking);
    const of_child = heads.filter((head) => head?.owner?.type === 'kmem_cache');
    if (of_child.some((head) => kinds === 'all' || head!.name.endsWith('.rcu_head'))) return true;
  }
  return false;
}
