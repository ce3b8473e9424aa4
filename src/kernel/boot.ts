import { Shared, SpecError } from '../model/shared.ts';
import type { ThreadBody, ThreadOptions } from '../spec/define.ts';
import { interrupts as interrupting, make_cpu, type Running } from './interrupt.ts';
import { type Kthread, kthread } from './kthread.ts';
import { type Done, type Queued, rcu_gp_kthread, rcu_softirq } from './rcu.ts';
import { type Mask, OUTSIDE, type Reader } from './rcu_reader.ts';
import {
  process_srcu,
  type SrcuStruct,
  srcu_gp_name,
  srcu_invoke_callbacks,
  srcu_worker_name,
} from './srcu.ts';
import { set_system } from './system.ts';
import { make_timer_base, timer_clock, timer_softirq } from './timer.ts';
import { kworker, kworker_name, type Workqueue } from './workqueue.ts';

type Threads = Readonly<Record<string, ThreadBody | ThreadOptions>>;

/** A handler that interrupts its CPU, wherever interrupts of its kind are on there. */
export interface Interrupt {
  readonly run: ThreadBody;
  readonly kind: 'softirq' | 'hardirq' | 'nmi';
  /** Default 0. */
  readonly cpu?: number;
  /** How often it fires (default 1). */
  readonly times?: number;
}

export interface Machine {
  /** The spec's own threads. */
  readonly threads: Threads;
  /** CPUs, each with its RCU callback list and its kworkers (default 1). */
  readonly cpus?: number;
  /** Queues to make kworkers for: max_active of them per CPU. */
  readonly workqueues?: readonly Workqueue[];
  /** Threads that kthread_run starts. */
  readonly kthreads?: readonly Kthread[];
  /** SRCU domains: each has a thread for its grace periods, and a worker per CPU for its callbacks. */
  readonly srcu?: readonly SrcuStruct[];
  /** Without RCU, sections cost no object and call_rcu is an error (default true). */
  readonly rcu?: boolean;
  /** With timers, each CPU has a thread that runs their handlers (default false). */
  readonly timers?: boolean;
  readonly interrupts?: Readonly<Record<string, Interrupt>>;
  /**
   * RCU callbacks and timers run beside all other threads, as if in ksoftirqd on a CPU with nothing
   * else to do (default); false: they interrupt their CPU.
   */
  readonly ksoftirqd?: boolean;
}

const KINDS: readonly Interrupt['kind'][] = ['softirq', 'hardirq', 'nmi'];

/** A field with a wrong name would be left out without a word, and with it what it stands for. */
function known(rest: object, whose: string): void {
  const [field] = Object.keys(rest);
  if (field !== undefined) throw new SpecError(`${whose} has no field called '${field}'`);
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
  kthreads = [],
  srcu = [],
  rcu = true,
  timers = false,
  interrupts = {},
  ksoftirqd = true,
  ...unknown
}: Machine): Threads {
  known(unknown, 'boot()');
  if (Object.keys({ ...threads, ...interrupts }).length === 0) {
    throw new SpecError(
      'boot() is given no thread, so nothing would ever happen: boot({ threads: { name: function* () { ... } } })',
    );
  }
  const all: Record<string, ThreadOptions> = {};
  for (const [name, thread] of Object.entries(threads))
    all[name] = typeof thread === 'function' ? { run: thread } : thread;
  const busy = new Map<number, Shared<Running>>();
  const running = (cpu: number): Shared<Running> => {
    const known = busy.get(cpu) ?? make_cpu(cpu);
    busy.set(cpu, known);
    return known;
  };
  for (const [name, interrupt] of Object.entries(interrupts)) {
    const { run, kind, cpu = 0, times = 1, ...unknown } = interrupt;
    known(unknown, `interrupt '${name}'`);
    if (!KINDS.includes(kind))
      throw new SpecError(`interrupt '${name}': kind must be one of ${KINDS.join(', ')}`);
    if (name in all) throw new SpecError(`a thread and an interrupt are both called '${name}'`);
    const on = running(cpu);
    all[name] = { run: () => interrupting(on, run, times), cpu, kind };
  }
  for (const k of kthreads) all[k.name] = { run: () => kthread(k), daemon: true };
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
  for (const ssp of srcu) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      const run = () => srcu_invoke_callbacks(ssp, cpu);
      all[srcu_worker_name(ssp, cpu)] = { run, daemon: true, cpu, kind: 'worker' };
    }
  }
  if (timers) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      make_timer_base(cpu);
      const on = ksoftirqd ? null : running(cpu);
      const run = () => timer_softirq(cpu, on);
      all[`timer/${cpu}`] = { run, daemon: true, cpu, kind: 'softirq' };
    }
  }
  if (rcu) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      new Shared<readonly Queued[]>(`rcu_next:${cpu}`, []);
      new Shared<readonly Queued[]>(`rcu_wait:${cpu}`, []);
      new Shared<Done>(`rcu_done:${cpu}`, { invoking: null, queue: [] });
      const on = ksoftirqd ? null : running(cpu);
      const run = () => rcu_softirq(cpu, on);
      all[`softirq/${cpu}`] = { run, daemon: true, cpu, kind: 'softirq' };
    }
    for (const name of Object.keys(all)) new Shared<Reader>(`rcu:${name}`, OUTSIDE);
  }
  for (const [name, { cpu = 0 }] of Object.entries(all)) {
    if (cpu >= cpus)
      throw new SpecError(`'${name}' runs on CPU ${cpu}, but there are ${cpus}: boot({ cpus })`);
  }
  const system = new Map(Object.entries(all).map(([name, { cpu = 0 }]) => [name, cpu]));
  for (const [name, thread] of Object.entries(all)) {
    const interrupted = busy.get(thread.cpu ?? 0);
    if (!interrupted) continue;
    new Shared<Mask>(`irqs:${name}`, 0);
    all[name] = { ...thread, interrupted };
  }
  // These stand for the passing of time, not for code that runs on a CPU.
  if (rcu) all.rcu_gp = { run: rcu_gp_kthread, daemon: true };
  for (const ssp of srcu) all[srcu_gp_name(ssp)] = { run: () => process_srcu(ssp), daemon: true };
  if (timers) {
    for (let cpu = 0; cpu < cpus; cpu++)
      all[`clock/${cpu}`] = { run: () => timer_clock(cpu), daemon: true, cpu };
  }
  set_system({ cpus, threads: system });
  return all;
}
