import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { Shared, SpecError, type Struct } from '../model/shared.ts';
import { current, silently } from './ghost.ts';
import { enter_part, exit_part, type Running } from './interrupt.ts';
import { bh_off, bh_on } from './irqflags.ts';
import { class_of, map } from './lockdep.ts';
import type { Embedded } from './memory.ts';
import { reader_part } from './rcu_reader.ts';
import { cpu_numbers } from './system.ts';

/**
 * Timers (kernel/time/timer.c). There is no time: an armed timer may fire at any moment after it was
 * armed, whatever `expires` would say, and so before or after any other.
 *
 * The rules:
 * - Each CPU has a base: the timers that are armed there, and the one whose handler runs. Everything
 *   here is done with the base locked, hence in one step.
 * - mod_timer puts the timer on this CPU's base, unless its handler runs on another: then it stays
 *   there, so that a handler never runs twice at once.
 * - A timer is disarmed before its handler is called, in softirq: the handler may arm it again, or
 *   free it. It is an RCU reader, as everything with bottom halves off.
 * - A base fires the first of its timers; the clock (a thread too) brings another to the front.
 */
export type TimerFunction = (timer: Timer) => Steps<unknown>;

export interface TimerState {
  /** Null once it was shut down. */
  readonly fn: TimerFunction | null;
  readonly pending: boolean;
}

/** `struct timer_list`; null until timer_setup. */
export class Timer extends Shared<TimerState | null> {
  /** debug_objects: memory that contains an armed timer must not be freed. */
  freed(value: TimerState | null): string | null {
    return value?.pending ? `timer_list ${this.name}, pending` : null;
  }
}

/** `struct timer_list` inside a heap struct; `container_of(timer, type)` is from_timer(). */
export function timer_list(): Embedded<Timer> {
  return {
    declares: 'timer_list()',
    alone: "DEFINE_TIMER('name', fn)",
    embed: (name, owner: Struct) => new Timer(name, null, owner),
  };
}

/** `DEFINE_TIMER(name, fn)`: a static timer. */
export function DEFINE_TIMER(name: string, fn: TimerFunction): Timer {
  return new Timer(name, { fn, pending: false });
}

export interface TimerBase {
  readonly pending: readonly Timer[];
  readonly running: Timer | null;
}

const IDLE: TimerBase = { pending: [], running: null };

/** What `boot` makes for a CPU. */
export function make_timer_base(cpu: number): void {
  new Shared<TimerBase>(`timer_base:${cpu}`, IDLE);
}

/** The timers of one CPU. For properties that look at what is armed. */
export function timer_base(cpu: number): Shared<TimerBase> {
  const base = runtime.objects.get(`timer_base:${cpu}`);
  if (!base) throw new SpecError('timers need boot({ timers: true, threads })');
  return base as Shared<TimerBase>;
}

/** Debug objects: initialising a timer that is armed is reported (and disarms it). */
export function timer_setup(timer: Timer, fn: TimerFunction): Operation<void> {
  return on_bases<void>('timer_setup', timer, [fn], (old, bases) => ({
    result: undefined,
    values: [{ fn, pending: false }, ...bases.map((base) => without(base, timer))],
    reports: old?.pending
      ? [misuse(timer, 'active object initialised', 'initialised while pending')]
      : [],
  }));
}

/** Arms the timer, also when it is armed already; true when it was. After a shutdown: nothing. */
export function mod_timer(timer: Timer): Operation<boolean> {
  return arm('mod_timer', timer);
}

/** Arms a timer that is not armed: if it is, that is reported, and stays as it was. */
export function add_timer(timer: Timer): Operation<boolean> {
  return arm('add_timer', timer);
}

function arm(name: 'mod_timer' | 'add_timer', timer: Timer): Operation<boolean> {
  const here = current(name).cpu;
  const { spec } = on_bases<boolean>(name, timer, [here], (state, bases) => {
    if (state === null) {
      const what = 'armed before timer_setup';
      return { result: false, reports: [misuse(timer, 'uninitialised object activated', what)] };
    }
    if (state.fn === null) return { result: false };
    if (state.pending && name === 'add_timer') {
      const report = misuse(timer, 'timer already pending', 'added while pending');
      return { result: true, reports: [report] };
    }
    const busy = bases.findIndex((base) => base.running === timer);
    const on = busy === -1 ? here : busy;
    const after = bases.map((base) => without(base, timer));
    after[on] = { ...after[on]!, pending: [...after[on]!.pending, timer] };
    return { result: state.pending, values: [{ ...state, pending: true }, ...after] };
  });
  return operation<boolean>({ ...spec, shown: [timer] });
}

/**
 * Disarms. Its handler may still be running. True when it was armed. Debug objects: as in the other
 * ways to stop it, one that timer_setup() has not seen is reported (debug_timer_assert_init).
 */
export function del_timer(timer: Timer): Operation<boolean> {
  return on_bases('del_timer', timer, [], (state, bases) => detach(timer, state, bases));
}

/**
 * Waits until the handler is not running, and disarms: a handler that arms its own timer is waited
 * for and then disarmed. Spins, so it may be called with a lock held; not with one that the handler
 * takes, nor from the handler: it never ends then.
 */
export function del_timer_sync(timer: Timer): Operation<boolean> {
  const { spec } = on_bases('del_timer_sync', timer, [], (state, bases) =>
    bases.some((base) => base.running === timer) ? null : detach(timer, state, bases),
  );
  return operation<boolean>({
    ...spec,
    acquires: [running_handler(timer)],
    // WARN_ON(in_hardirq()), but for timers that are TIMER_IRQSAFE
    check: ({ kind }) =>
      kind === 'hardirq' || kind === 'nmi'
        ? misuse(timer, 'del_timer_sync in hardirq', `stopped in ${kind}, which it may run in`)
        : null,
  });
}

/** Their names since v6.2. */
export const timer_delete = del_timer;
export const timer_delete_sync = del_timer_sync;

/**
 * As del_timer_sync, and from its first step on the timer cannot be armed any more, not even by its
 * own handler; timer_setup makes it usable again.
 */
export function* timer_shutdown_sync(timer: Timer): Steps<boolean> {
  const was = yield* on_bases('timer_shutdown_sync', timer, [], (state, bases) =>
    detach(timer, state && { ...state, fn: null }, bases),
  );
  yield* del_timer_sync(timer);
  return was;
}

export function timer_pending(timer: Timer): Operation<boolean> {
  return operation<boolean>({
    name: 'timer_pending',
    args: [timer],
    reads: [timer],
    step: ([state]) => ({ result: state?.pending ?? false }),
  });
}

/** run_timer_softirq() of one CPU. `interrupts`: the CPU that it interrupts, if it does. */
export function* timer_softirq(cpu: number, interrupts: Shared<Running> | null): Steps<never> {
  for (;;) {
    const timer = yield* expire_timer(cpu, interrupts);
    const fn = yield* detach_timer(timer);
    yield* fn(timer);
    yield* handler_return(cpu, interrupts);
  }
}

/** Brings another of the armed timers to the front, as long as none is firing. */
export function* timer_clock(cpu: number): Steps<never> {
  for (;;) yield* time_passes(cpu);
}

function time_passes(cpu: number): Operation<void> {
  return operation<void>({
    name: 'time_passes',
    args: [cpu],
    writes: [timer_base(cpu)],
    blocks: true,
    idle: true,
    step: ([{ pending, running }]) => {
      if (running !== null || pending.length < 2) return null;
      const [first, ...others] = pending;
      return { result: undefined, values: [{ running, pending: [...others, first] }] };
    },
  });
}

function expire_timer(cpu: number, interrupts: Shared<Running> | null): Operation<Timer> {
  return silently(
    operation<Timer>({
      name: 'expire_timers',
      args: [cpu],
      writes: [timer_base(cpu)],
      blocks: true,
      idle: true,
      step: ([base]: TimerBase[]) => {
        const [first, ...others] = base!.pending;
        return first ? { result: first, values: [{ pending: others, running: first }] } : null;
      },
      after: bh_off,
    }),
    reader_part(bh_off),
    interrupts && enter_part(interrupts),
  );
}

/**
 * The first touch of the timer itself. The base is locked from the step before until this one:
 * meanwhile it is pending and on no base, and everybody else waits (on_bases). For lockdep it holds,
 * until the handler returns, what del_timer_sync waits for (call_timer_fn).
 */
function detach_timer(timer: Timer): Operation<TimerFunction> {
  const handler = running_handler(timer);
  return operation<TimerFunction>({
    name: 'detach_timer',
    args: [timer],
    writes: [timer],
    step: ([state]) => ({
      result: state.fn ?? nothing,
      values: [{ ...state, pending: false }],
    }),
    acquires: [handler],
    after: (thread) => thread.take(handler),
  });
}

/** Of a timer that was shut down while its handler ran and had armed it. */
function* nothing(): Steps {}

/** The timer is not touched any more: its handler may have freed it. */
function handler_return(cpu: number, interrupts: Shared<Running> | null): Operation<void> {
  return silently(
    operation<void>({
      name: 'timer_fn_return',
      args: [cpu],
      writes: [timer_base(cpu)],
      check: (thread) =>
        thread.locks.length === 0 && thread.readers === 1
          ? null
          : {
              rule: 'lock held at exit',
              message: `timer preempt leak: the handler returns on ${thread.name} with ${thread.locks.join(', ') || 'an open section'}`,
            },
      step: ([base]) => ({ result: undefined, values: [{ ...base, running: null }] }),
      after: (thread) => {
        bh_on(thread);
        thread.held = thread.held.filter(({ map }) => !map);
        thread.readsSequence = false;
      },
    }),
    reader_part(bh_on),
    interrupts && exit_part(interrupts),
  );
}

type Change<R> = { result: R; values?: readonly unknown[]; reports?: readonly Report[] } | null;

/** A step with the timer's base locked: waits while a softirq is between taking and disarming it. */
function on_bases<R>(
  name: string,
  timer: Timer,
  args: readonly unknown[],
  change: (state: TimerState | null, bases: readonly TimerBase[]) => Change<R>,
): Operation<R> {
  return operation<R>({
    name,
    args: [timer, ...args],
    writes: [timer, ...cpu_numbers().map(timer_base)],
    blocks: true,
    step: ([state, ...bases]) =>
      state?.pending && !bases.some((base) => base.pending.includes(timer))
        ? null
        : change(state, bases),
  });
}

function detach(
  timer: Timer,
  state: TimerState | null,
  bases: readonly TimerBase[],
): Change<boolean> {
  return {
    result: state?.pending ?? false,
    values: [state && { ...state, pending: false }, ...bases.map((base) => without(base, timer))],
    reports:
      state === null
        ? [misuse(timer, 'uninitialised object used', 'stopped before timer_setup')]
        : [],
  };
}

function without(base: TimerBase, timer: Timer): TimerBase {
  return { ...base, pending: base.pending.filter((other) => other !== timer) };
}

function running_handler(timer: Timer) {
  return map(`(timer)${class_of(timer)}`);
}

function misuse(timer: Timer, rule: string, what: string): Report {
  return {
    rule,
    message: `timer_list ${timer.name} is ${what}`,
    object: timer.name,
    ...(timer.owner ? { type: timer.owner.type } : {}),
  };
}
