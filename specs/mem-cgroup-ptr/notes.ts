import { note, type Operation, peek, variable } from 'lockstep';
import { list_lock, type MemCgroup, type MemCgroupPtr } from './objects.ts';

/** What the properties are about and the kernel does not keep, noted in the step it tells of. */

const released_early = variable('note:released online', false);
const old_head_used = variable('note:old list head used', false);

/** `n` references on the memcg are taken, or put, for pointers. */
export function held(memcg: MemCgroup, n: number): Operation<void> {
  return note(memcg.held_for_ptrs, (before) => before + n);
}

export function inherited(ptr: MemCgroupPtr): Operation<void> {
  return note(ptr.inherited, () => true);
}

export function reparented(memcg: MemCgroup): Operation<void> {
  return note(memcg.reparented, () => true);
}

export function offlined(memcg: MemCgroup): Operation<void> {
  return note(memcg.offlined, () => true);
}

export function released(memcg: MemCgroup): Operation<void> {
  return note(released_early, (before, offline) => before || !offline, memcg.offlined);
}

export function list_used(memcg: MemCgroup): Operation<void> {
  return note(old_head_used, (before, gone) => before || gone, memcg.reparented);
}

export const ever = {
  released_online: () => peek(released_early),
  used_old_head: () => peek(old_head_used),
};

/** The pointers on the memcg's list, if the list is still in use and nobody is changing it. */
function listed(memcg: MemCgroup): readonly MemCgroupPtr[] {
  if (peek(list_lock()) !== null || peek(memcg.reparented)) return [];
  return peek(memcg.kmem_memcg_ptr_list);
}

/** Each inherited pointer on the list has its reference on the memcg. */
export function each_holds_one(memcg: MemCgroup): boolean {
  const inherited = listed(memcg).filter((ptr) => peek(ptr.inherited));
  return peek(memcg.held_for_ptrs) >= inherited.length;
}

export function holds_one_each(memcg: MemCgroup): boolean {
  const inherited = listed(memcg).filter((ptr) => peek(ptr.inherited));
  const settled = peek(list_lock()) === null && !peek(memcg.reparented);
  return !settled || peek(memcg.held_for_ptrs) === inherited.length;
}

export function on_its_list(ptr: MemCgroupPtr): boolean {
  if (peek(list_lock()) !== null || peek(ptr.list) !== 'linked') return true;
  const memcg = peek(ptr.memcg)!;
  return !peek(memcg.reparented) && peek(memcg.kmem_memcg_ptr_list).includes(ptr);
}

export function has_live_memcg(memcg: MemCgroup): boolean {
  const own = peek(memcg.life) === 'alive' ? peek(memcg.kmem_memcg_ptr) : null;
  const in_use = own ? [own, ...listed(memcg)] : listed(memcg);
  return in_use.every((ptr) => {
    const target = peek(ptr.memcg);
    return target === null || peek(target.life) === 'alive';
  });
}
