import { initially, object } from 'lockstep';
import { memcg_ptr_release } from './mem_cgroup_ptr.ts';
import { obj_cgroup_release } from './obj_cgroup.ts';
import {
  type MemCgroup,
  type MemCgroupPtr,
  mem_cgroup,
  mem_cgroup_ptr,
  ref_flags,
  root_mem_cgroup,
  variant,
} from './objects.ts';

/** What is there from the start. */

export function numbered(name: string, at: number): string {
  return at === 0 ? name : `${name}${at + 1}`;
}

/**
 * Memcgs, each the parent of the next; `references`: those on the last, beside its base one and
 * that of its ID. `dying`: the last two have been removed. Their base references are gone, and those
 * of their offline work are there; the last one's is about to be queued, its parent's waits for it.
 */
export function line_of_memcgs(depth: number, references: number, dying: boolean): MemCgroup[] {
  const line: MemCgroup[] = [];
  for (let level = 1; level <= depth; level++) {
    const last = level === depth;
    const killed = dying && level >= depth - 1;
    // the base reference, that of the ID, and one that each child has on its parent
    const count = 1 + (variant.id_pins_css ? 1 : 0) + (last ? references : 1);
    const memcg = object(mem_cgroup, numbered('memcg', level - 1), {
      css: { count, percpu: variant.css_percpu, killed },
      parent: line.at(-1) ?? root_mem_cgroup,
      online_cnt: last || killed ? 1 : 2,
    });
    line.push(memcg);
  }
  initially(root_mem_cgroup.online_cnt, 2);
  return line;
}

/** The memcg's own pointer, as memcg_online_kmem makes it, and `users` objects that hold it. */
export function own_ptr(memcg: MemCgroup, users: number): MemCgroupPtr {
  const ptr = new_ptr(`${memcg.name}.ptr`, memcg, { count: 1 + users });
  initially(memcg.kmem_memcg_ptr, ptr);
  if (!variant.merged) link(memcg, [ptr]);
  return ptr;
}

/** Pointers of children of the memcg that are gone, each held by one object. */
export function inherited_ptrs(memcg: MemCgroup, count: number): MemCgroupPtr[] {
  const ptrs = Array.from({ length: count }, (_, at) =>
    new_ptr(numbered('old', at), memcg, { count: 1, killed: true }),
  );
  link(memcg, ptrs);
  initially(memcg.held_for_ptrs, count);
  return ptrs;
}

function new_ptr(name: string, memcg: MemCgroup, ref: { count: number; killed?: boolean }) {
  const release = variant.merged ? obj_cgroup_release : memcg_ptr_release;
  return object(mem_cgroup_ptr, name, {
    refcnt: { release, flags: ref_flags(), ...ref },
    memcg,
    inherited: ref.killed ?? false,
  });
}

function link(memcg: MemCgroup, ptrs: readonly MemCgroupPtr[]): void {
  const list = memcg.kmem_memcg_ptr_list;
  initially(list, [...list.initial, ...ptrs]);
  for (const ptr of ptrs) initially(ptr.list, 'linked');
}
