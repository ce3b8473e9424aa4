import {
  atomic_dec_and_test,
  container_of,
  css_get,
  css_put,
  css_put_many,
  INIT_RCU_WORK,
  INIT_WORK,
  kfree,
  load,
  mutex_lock,
  mutex_unlock,
  type PercpuRef,
  percpu_ref_exit,
  percpu_ref_kill_and_confirm,
  queue_rcu_work,
  queue_work,
  type Steps,
  together,
  type Work,
} from 'lockstep';
import { mem_cgroup_css_offline } from './memcontrol.ts';
import * as note from './notes.ts';
import { cgroup_destroy_wq, cgroup_mutex, type MemCgroup, mem_cgroup } from './objects.ts';

/**
 * kernel/cgroup/cgroup.c: how the css of a memcg goes away. Left out: the cgroup itself with the css
 * of its own, what rmdir does before kill_css, and a css that fails to come online.
 */

/**
 * cgroup_rmdir, for a cgroup whose children, if it has any, were removed before it.
 * @models kernel/cgroup/cgroup.c cgroup_rmdir v5.9
 * @models kernel/cgroup/cgroup.c kill_css v5.9
 */
export function* cgroup_rmdir(memcg: MemCgroup): Steps {
  yield* mutex_lock(cgroup_mutex);
  yield* css_get(memcg.css); // kill_css
  yield* percpu_ref_kill_and_confirm(memcg.css, css_killed_ref_fn);
  yield* mutex_unlock(cgroup_mutex);
}

/**
 * Runs in the RCU callback of the switch: nobody can get it online any more.
 * @models kernel/cgroup/cgroup.c css_killed_ref_fn v5.9
 */
export function* css_killed_ref_fn(ref: PercpuRef): Steps {
  const memcg = container_of(ref, mem_cgroup);
  if (yield* atomic_dec_and_test(memcg.online_cnt)) {
    yield* INIT_WORK(memcg.destroy_work, css_killed_work_fn);
    yield* queue_work(cgroup_destroy_wq, memcg.destroy_work);
  }
}

/**
 * Runs in a worker: a css goes offline when all its children are.
 * @models kernel/cgroup/cgroup.c css_killed_work_fn v5.9
 */
function* css_killed_work_fn(work: Work): Steps {
  let memcg: MemCgroup | null = container_of(work, mem_cgroup);
  yield* mutex_lock(cgroup_mutex);
  do {
    yield* mem_cgroup_css_offline(memcg);
    yield* css_put_many(memcg.css, 1, note.offlined(memcg));
    // it cannot be freed before cgroup_mutex is released
    memcg = yield* load<MemCgroup | null>(memcg.parent);
  } while (memcg && (yield* atomic_dec_and_test(memcg.online_cnt)));
  yield* mutex_unlock(cgroup_mutex);
}

// unreached: where no memcg is removed
/**
 * The last reference is gone, in whatever context.
 * @models kernel/cgroup/cgroup.c css_release v5.9
 */
export function* css_release(ref: PercpuRef): Steps {
  const memcg = container_of(ref, mem_cgroup);
  yield* together(INIT_WORK(memcg.destroy_work, css_release_work_fn), note.released(memcg));
  yield* queue_work(cgroup_destroy_wq, memcg.destroy_work);
}

/** Runs in a worker. @models kernel/cgroup/cgroup.c css_release_work_fn v5.9 */
function* css_release_work_fn(work: Work): Steps {
  const memcg = container_of(work, mem_cgroup);
  yield* mutex_lock(cgroup_mutex);
  yield* mutex_unlock(cgroup_mutex);
  yield* INIT_RCU_WORK(memcg.destroy_rwork, css_free_rwork_fn);
  yield* queue_rcu_work(cgroup_destroy_wq, memcg.destroy_rwork);
}

/** Runs in a worker. @models kernel/cgroup/cgroup.c css_free_rwork_fn v5.9 */
function* css_free_rwork_fn(work: Work): Steps {
  const memcg = container_of(work, mem_cgroup);
  yield* percpu_ref_exit(memcg.css);
  const parent = yield* load(memcg.parent);
  yield* kfree(memcg);
  if (parent) yield* css_put(parent.css); // unreached: the root cgroup stays
}
