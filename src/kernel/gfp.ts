import type { ThreadContext } from '../model/context.ts';
import type { Report } from '../model/operation.ts';
import { might_sleep } from './mutex.ts';

/** Allocation flags (include/linux/gfp.h), as far as they say whether the allocation may sleep. */
export interface Gfp {
  readonly name: string;
  /** __GFP_DIRECT_RECLAIM: it may wait for memory to be freed. */
  readonly reclaims: boolean;
}

export const GFP_KERNEL: Gfp = Object.freeze({ name: 'GFP_KERNEL', reclaims: true });
export const GFP_NOWAIT: Gfp = Object.freeze({ name: 'GFP_NOWAIT', reclaims: false });
export const GFP_ATOMIC: Gfp = Object.freeze({ name: 'GFP_ATOMIC', reclaims: false });

/** might_alloc() (include/linux/sched/mm.h): might_sleep_if(gfpflags_allow_blocking(flags)). */
export function might_alloc(thread: ThreadContext, flags: Gfp, what: string): Report | null {
  return flags.reclaims ? might_sleep(thread, what) : null;
}
