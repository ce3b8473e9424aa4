import { Shared } from '../model/shared.ts';
import type { ThreadBody, ThreadOptions } from '../spec/define.ts';
import { type Done, type Queued, rcu_gp_kthread, rcu_softirq } from './rcu.ts';
import { OUTSIDE, type Reader } from './rcu_reader.ts';
import { set_system } from './system.ts';
import { make_timer_base, timer_clock, timer_softirq } from './timer.ts';
import { kworker, kworker_name, type Workqueue } from './workqueue.ts';

type Threads = Readonly<Record<string, ThreadBody | ThreadOptions>>;

export interface Machine {
  /** The spec's own threads. */
  readonly threads: Threads;
  /** CPUs, each with its RCU callback list and its kworkers (default 1). */
  readonly cpus?: number;
  /** Queues to make kworkers for: max_active of them per CPU. */
  readonly workqueues?: readonly Workqueue[];
  /** Without RCU, sections cost no object and call_rcu is an error (default true). */
  readonly rcu?: boolean;
  /** With timers, each CPU has a thread that runs their handlers (default false). */
  readonly timers?: boolean;
}

/**
 * The kernel around a spec: returns its threads together with those that run callbacks, works and timers.
 *
 *     threads: boot({ cpus: 2, workqueues: [wq], threads: { destroyer, offline } })
 *
 * Each thread gets its RCU reader object here, since a grace period has to ask all of them.
 */
export function boot({
  threads,
  cpus = 1,
  workqueues = [],
  rcu = true,
  timers = false,
}: Machine): Threads {
  const all: Record<string, ThreadBody | ThreadOptions> = { ...threads };
  for (const wq of workqueues) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      for (let slot = 0; slot < wq.max_active; slot++) {
        all[kworker_name(wq, cpu, slot)] = {
          run: () => kworker(wq, cpu, slot),
          daemon: true,
          cpu,
          kind: 'worker',
        };
      }
    }
  }
  if (timers) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      make_timer_base(cpu);
      all[`timer/${cpu}`] = { run: () => timer_softirq(cpu), daemon: true, cpu, kind: 'softirq' };
    }
  }
  if (rcu) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      new Shared<readonly Queued[]>(`rcu_next:${cpu}`, []);
      new Shared<readonly Queued[]>(`rcu_wait:${cpu}`, []);
      new Shared<Done>(`rcu_done:${cpu}`, { invoking: null, queue: [] });
      all[`softirq/${cpu}`] = { run: () => rcu_softirq(cpu), daemon: true, cpu, kind: 'softirq' };
    }
    all.rcu_gp = { run: rcu_gp_kthread, daemon: true };
    for (const name of Object.keys(all))
      if (name !== 'rcu_gp') new Shared<Reader>(`rcu:${name}`, OUTSIDE);
  }
  if (timers) {
    for (let cpu = 0; cpu < cpus; cpu++)
      all[`clock/${cpu}`] = { run: () => timer_clock(cpu), daemon: true, cpu };
  }
  set_system({ cpus, threads: Object.keys(all) });
  return all;
}
