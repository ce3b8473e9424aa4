import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report } from '../model/operation.ts';
import { current, silently } from './ghost.ts';
import { cpu_of, section } from './rcu_reader.ts';

/**
 * Bottom halves and interrupts of this thread's CPU (kernel/softirq.c, include/linux/irqflags.h).
 * With either off a thread may not sleep, and is an RCU reader (since v5.0). It holds back the
 * handlers that interrupt its CPU (interrupt.ts), and has the CPU for itself (preempt.ts).
 */
export function local_bh_disable(): Operation<void> {
  return silently(section('local_bh_disable', bh_off), take_cpu());
}

export function local_bh_enable(): Operation<void> {
  return section('local_bh_enable', bh_on, (thread) => leaves_bh(thread, 'local_bh_enable', 1));
}

/** Whether interrupts were off already. */
export type Flags = boolean;

export function local_irq_disable(): Operation<void> {
  return silently(section('local_irq_disable', interrupts(true)), take_cpu());
}

export function local_irq_enable(): Operation<void> {
  return section('local_irq_enable', interrupts(false));
}

/** `local_irq_save(flags)`: `const flags = yield* local_irq_save()`. */
export function local_irq_save(): Operation<Flags> {
  const { spec } = silently(section('local_irq_save', interrupts(true)), take_cpu());
  return operation<Flags>({
    ...(spec as Operation<any>['spec']),
    step: (values, thread) => {
      const effect = spec.step!(values, thread);
      return effect && { ...effect, result: thread.irqsOff };
    },
  });
}

export function local_irq_restore(flags: Flags): Operation<void> {
  const check = (thread: ThreadContext) => restores(thread, 'local_irq_restore');
  const { spec } = section('local_irq_restore', interrupts(flags), check);
  return operation<void>({ ...spec, args: [flags] });
}

/**
 * Part of a step with which a section begins that is not preemptible: waits while another task of the
 * CPU is in such a section. Null: the thread is in one already.
 */
export function take_cpu(): Operation<void> | null {
  const thread = current('preempt_disable');
  if (!thread.preemptible) return null;
  const cpu = cpu_of(thread);
  return operation<void>({
    name: 'take_cpu',
    writes: [cpu],
    blocks: true,
    step: ([owner], { name }) => (owner === null ? { result: undefined, values: [name] } : null),
    after: (context) => context.take({ lock: cpu.name, cls: null, mode: 'exclusive', map: true }),
  });
}

function interrupts(off: boolean): (thread: ThreadContext) => void {
  return (thread) => {
    thread.irqsOff = off;
  };
}

export function bh_off(thread: ThreadContext): void {
  thread.atomic++;
  thread.bhOff++;
}

export function bh_on(thread: ThreadContext): void {
  thread.atomic--;
  thread.bhOff--;
}

/** What the _irq and _bh flavours of a lock do beside locking. */
export function irqs_off(thread: ThreadContext): void {
  preemption_off(thread);
  thread.irqsOff = true;
}

/** Interrupts go on, whatever they were before the lock was taken. */
export function irqs_on(thread: ThreadContext): void {
  preemption_on(thread);
  thread.irqsOff = false;
}

/** As spin_unlock_irqrestore(): back to what they were. */
export function irqs_restored(flags: Flags): (thread: ThreadContext) => void {
  return (thread) => {
    preemption_on(thread);
    thread.irqsOff = flags;
  };
}

/** Bottom halves count once more than preemption does. */
export function bottom_halves_off(thread: ThreadContext): void {
  preemption_off(thread);
  bh_off(thread);
}

export function bottom_halves_on(thread: ThreadContext): void {
  preemption_on(thread);
  bh_on(thread);
}

export function preemption_off(thread: ThreadContext): void {
  thread.atomic++;
}

export function preemption_on(thread: ThreadContext): void {
  thread.atomic--;
}

/** preempt_count_sub(): the count may not fall below zero. */
export function leaves_atomic(thread: ThreadContext, name: string, by: number): Report | null {
  if (thread.atomic >= by) return null;
  return {
    rule: 'unlock imbalance',
    message: `${thread.name} calls ${name} with a preempt_count of ${thread.atomic}`,
    crash: true,
  };
}

/** raw_check_bogus_irq_restore(): what is restored was saved when interrupts went off. */
export function restores({ name, irqsOff }: ThreadContext, what: string): Report | null {
  if (irqsOff) return null;
  return {
    rule: 'raw_local_irq_restore() called with IRQs enabled',
    message: `${name} calls ${what} with interrupts on`,
  };
}

/** __local_bh_enable_ip(): it may run softirqs, so interrupts must be on. */
export function leaves_bh(thread: ThreadContext, name: string, by: number): Report | null {
  const below = leaves_atomic(thread, name, by);
  if (below || !thread.irqsOff) return below;
  return {
    rule: 'IRQs not enabled as expected',
    message: `${thread.name} calls ${name} with interrupts off`,
  };
}
