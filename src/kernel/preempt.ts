import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import type { Shared } from '../model/shared.ts';
import { current, named, silently } from './ghost.ts';
import { preemption_off, preemption_on } from './irqflags.ts';
import { reader_part } from './rcu_reader.ts';

/**
 * Preemption (include/linux/preempt.h). While a thread has it off, no other thread runs on its CPU:
 * those that would begin such a section there, or touch that CPU's variables (percpu.ts), wait. The
 * rest of what they do goes on, as if on another CPU. Softirqs do not wait: they interrupt. The
 * section is an RCU reader, as that of a spinlock.
 *
 * Spinlocks do not take the CPU. Who has preemption off through one does not wait for it: it runs.
 */
export function preempt_disable(): Operation<void> {
  return disable<void>('preempt_disable', () => undefined);
}

export function preempt_enable(): Operation<void> {
  return enable('preempt_enable');
}

/** Preemption off; gives the number of the CPU. */
export function get_cpu(): Operation<number> {
  return disable('get_cpu', ({ cpu }) => cpu);
}

export function put_cpu(): Operation<void> {
  return enable('put_cpu');
}

/** Costs no step, unless it is reported. */
export function* smp_processor_id(): Steps<number> {
  const thread = current('smp_processor_id');
  const report = check_preemption(thread, 'smp_processor_id');
  if (report) {
    yield* operation<void>({
      name: 'smp_processor_id',
      step: () => ({ result: undefined, reports: [report] }),
    });
  }
  return thread.cpu;
}

/**
 * check_preemption_disabled() (lib/smp_processor_id.c): the thread may be on another CPU by the time
 * that it uses what it got. A kworker of a bound workqueue stays where it is.
 */
export function check_preemption(
  { name, kind, atomic, irqsOff }: ThreadContext,
  what: string,
): Report | null {
  if (kind !== 'process' || atomic > 0 || irqsOff) return null;
  return {
    rule: 'using smp_processor_id() in preemptible code',
    message: `using ${what}() in preemptible code: ${name}`,
  };
}

/** Part of a step that needs the CPU: waits while another thread has preemption off there. */
export function on_cpu(): Operation<void> | null {
  const cpu = contended();
  return cpu
    ? operation<void>({
        name: 'on_cpu',
        args: [cpu],
        reads: [cpu],
        blocks: true,
        step: ([owner]) => (owner === null ? { result: undefined } : null),
      })
    : null;
}

function disable<R>(name: string, result: (thread: ThreadContext) => R): Operation<R> {
  const cpu = contended();
  const main = operation<R>({
    name,
    args: [],
    writes: cpu ? [cpu] : [],
    blocks: cpu !== null,
    step: ([owner], thread) => {
      if (!cpu) return { result: result(thread) };
      return owner === null ? { result: result(thread), values: [thread.name] } : null;
    },
    after: (thread) => {
      thread.atomic++;
      thread.take({ lock: cpu_of(thread).name, cls: null, mode: 'exclusive' });
    },
  });
  return silently(main, reader_part(preemption_off));
}

function enable(name: string): Operation<void> {
  const thread = current(name);
  const cpu = cpu_of(thread);
  const sections = thread.locks.filter((held) => held === cpu.name).length;
  const main = operation<void>({
    name,
    args: [],
    writes: sections === 1 ? [cpu] : [],
    check: ({ name: who }) =>
      sections > 0
        ? null
        : {
            rule: 'unlock imbalance',
            message: `${who} calls ${name}, but did not disable preemption`,
            crash: true,
          },
    // A section that began under a spinlock has not taken the CPU.
    step: ([owner], { name: who }) =>
      sections === 1
        ? { result: undefined, values: [owner === who ? null : owner] }
        : { result: undefined },
    after: (thread) => {
      if (sections === 0) return;
      thread.atomic--;
      thread.drop(cpu.name);
    },
  });
  return silently(main, sections > 0 ? reader_part(preemption_on) : null);
}

/** The CPU, if this thread has to have it before it goes on: not one that cannot be preempted. */
function contended(): Shared<string | null> | null {
  const thread = current('preempt_disable');
  const preemptible = thread.atomic === 0 && !thread.irqsOff && !thread.interrupts;
  return preemptible ? cpu_of(thread) : null;
}

/** The thread that has preemption off there. */
function cpu_of({ cpu }: ThreadContext): Shared<string | null> {
  return named<string | null>(`preempt:${cpu}`, null);
}
