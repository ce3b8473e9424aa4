import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { current, silently } from './ghost.ts';
import { preemption_off, preemption_on, take_cpu } from './irqflags.ts';
import { cpu_of, reader_part } from './rcu_reader.ts';

/**
 * Preemption (include/linux/preempt.h). While a thread has it off, or interrupts or bottom halves
 * (irqflags.ts), no other task runs on its CPU: those that would begin such a section there, or touch
 * that CPU's variables (percpu.ts), wait. The rest of what they do goes on, as if on another CPU.
 * Softirqs do not wait: they interrupt. The section is an RCU reader, as that of a spinlock.
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
  const thread = current('on_cpu');
  const cpu = cpu_of(thread);
  return thread.preemptible
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
  const change = (thread: ThreadContext): void => {
    preemption_off(thread);
    thread.preemptOff++;
  };
  const main = operation<R>({
    name,
    args: [],
    step: (_, thread) => ({ result: result(thread) }),
    after: change,
  });
  return silently(main, take_cpu(), reader_part(change));
}

function enable(name: string): Operation<void> {
  const change = (thread: ThreadContext): void => {
    if (thread.preemptOff === 0) return;
    preemption_on(thread);
    thread.preemptOff--;
  };
  const main = operation<void>({
    name,
    args: [],
    check: ({ name: who, preemptOff }) =>
      preemptOff > 0
        ? null
        : {
            rule: 'unlock imbalance',
            message: `${who} calls ${name}, but did not disable preemption`,
            crash: true,
          },
    step: () => ({ result: undefined }),
    after: change,
  });
  return silently(main, reader_part(change));
}
