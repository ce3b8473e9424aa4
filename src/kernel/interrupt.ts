import type { ThreadContext } from '../model/context.ts';
import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';
import { current, silently } from './ghost.ts';
import { type Mask, mask_of, masked_by, reader_part } from './rcu_reader.ts';
import { threads_on } from './system.ts';

/**
 * Interrupts (kernel/softirq.c irq_enter, __do_softirq; arch entry code). A handler may begin at any
 * point where nobody on its CPU has interrupts of its kind off: a softirq where bottom halves and
 * interrupts are on and no softirq runs, a hardirq where interrupts are on and none runs, an NMI
 * where none runs. Until it returns no other thread of the CPU moves, but for what interrupts it in
 * turn. Hardirqs run with interrupts off (since v2.6.35), so they do not nest.
 *
 * The threads of one CPU run as if each were the one that the CPU runs now: they may be preempted
 * anywhere, and a section with preemption off does not keep the others from running (preempt.ts).
 * For a handler they are all on the CPU: any of them with interrupts off holds it back.
 */
export type Running = readonly string[];

/** Who runs on the CPU as handlers, the innermost last; made by `boot` for a CPU that has any. */
export function make_cpu(cpu: number): Shared<Running> {
  return new Shared<Running>(`cpu:${cpu}`, []);
}

/** A thread that runs a handler, so many times. */
export function* interrupts(
  running: Shared<Running>,
  handler: () => Steps<unknown>,
  times: number,
): Steps {
  for (let fired = 0; fired < times; fired++) {
    yield* irq_enter(running);
    yield* handler();
    yield* irq_exit(running);
  }
}

function irq_enter(running: Shared<Running>): Operation<void> {
  const main = operation<void>({
    name: 'irq_enter',
    args: [],
    blocks: true,
    step: () => ({ result: undefined }),
    after: entered,
  });
  return silently(main, enter_part(running), reader_part(entered));
}

function irq_exit(running: Shared<Running>): Operation<void> {
  const main = operation<void>({
    name: 'irq_exit',
    args: [],
    check: returning,
    step: () => ({ result: undefined }),
    after: left,
  });
  return silently(main, exit_part(running), reader_part(left));
}

function returning({ name, kind, held, atomic, rcu, irqsOff }: ThreadContext): Report | null {
  if (held.length > 0 || atomic !== 1 || rcu > 0) {
    const what = held.map(({ lock }) => lock).join(', ') || 'an open section';
    return { rule: 'lock held at exit', message: `the handler ${name} returns with ${what}` };
  }
  // __handle_irq_event_percpu()
  if (kind === 'softirq' || irqsOff) return null;
  return { rule: 'handler enabled interrupts', message: `${name} returns with interrupts on` };
}

function entered(thread: ThreadContext): void {
  thread.atomic++;
  if (thread.kind === 'softirq') thread.bhOff++;
  else thread.irqsOff = true;
}

function left(thread: ThreadContext): void {
  thread.readsSequence = false;
  thread.atomic--;
  if (thread.kind === 'softirq') thread.bhOff--;
  else thread.irqsOff = false;
}

/** Part of the step with which a handler begins. */
export function enter_part(running: Shared<Running>): Operation<void> {
  const me = current('irq_enter');
  const others = threads_on(me.cpu).filter((name) => name !== me.name);
  const masks = others.map(mask_of).filter((mask) => mask !== undefined);
  return operation<void>({
    name: 'enter',
    writes: [running],
    reads: masks,
    blocks: true,
    step: ([stack, ...off], { name, kind }) =>
      off.some((mask: Mask) => masked_by(mask, kind))
        ? null
        : { result: undefined, values: [[...stack, name]] },
  });
}

/** Part of the step with which it returns. */
export function exit_part(running: Shared<Running>): Operation<void> {
  return operation<void>({
    name: 'exit',
    writes: [running],
    step: ([stack], { name }) => ({
      result: undefined,
      values: [stack.filter((other: string) => other !== name)],
    }),
  });
}
