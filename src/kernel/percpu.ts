import { type Operation, operation, renamed, type Steps } from '../model/operation.ts';
import { HANDLE, type Shared } from '../model/shared.ts';
import { load, store, type Widen } from './access.ts';
import { current, named, silently } from './ghost.ts';
import { check_preemption, on_cpu } from './preempt.ts';
import { rmw } from './rmw.ts';

export { cpu_numbers as for_each_possible_cpu } from './system.ts';

/**
 * Per-CPU variables (include/linux/percpu-defs.h): one of them for each CPU. A thread of the model
 * stays on its CPU, so that a preemptible one gets the wrong CPU's is not seen as such, but reported
 * where the kernel does.
 *
 * - this_cpu_add() and its kind are one step: one instruction, or interrupts are off around it.
 * - __this_cpu_add() is a plain load and a plain store. It needs preemption off, and even then loses
 *   what a softirq of the CPU adds in between.
 */
export interface PerCpu<T> {
  readonly [HANDLE]: string;
  readonly name: string;
  readonly initial: T;
}

/** `DEFINE_PER_CPU(type, name) = initial` */
export function DEFINE_PER_CPU<T>(name: string, initial: T): PerCpu<Widen<T>> {
  return Object.freeze({ [HANDLE]: name, name, initial: initial as Widen<T> });
}

/** The variable of one CPU, for any access; for properties too. */
export function per_cpu<T>(variable: PerCpu<T>, cpu: number): Shared<T> {
  return named(`${variable.name}:${cpu}`, variable.initial);
}

export function this_cpu_read<T>(variable: PerCpu<T>): Operation<T> {
  return silently(renamed('this_cpu_read', load(here(variable))), on_cpu());
}

export function this_cpu_write<T>(variable: PerCpu<T>, value: T): Operation<void> {
  return silently(renamed('this_cpu_write', store(here(variable), value)), on_cpu());
}

export function this_cpu_add(variable: PerCpu<number>, n: number): Operation<void> {
  const mine = here(variable);
  return add('this_cpu_add', [mine, n], mine, n);
}

export function this_cpu_inc(variable: PerCpu<number>): Operation<void> {
  const mine = here(variable);
  return add('this_cpu_inc', [mine], mine, 1);
}

export function this_cpu_dec(variable: PerCpu<number>): Operation<void> {
  const mine = here(variable);
  return add('this_cpu_dec', [mine], mine, -1);
}

export function __this_cpu_read<T>(variable: PerCpu<T>): Operation<T> {
  return checked('__this_cpu_read', load(here(variable)));
}

export function __this_cpu_write<T>(variable: PerCpu<T>, value: T): Operation<void> {
  return checked('__this_cpu_write', store(here(variable), value));
}

export function* __this_cpu_add(variable: PerCpu<number>, n: number): Steps {
  const mine = here(variable);
  const old = yield* checked('__this_cpu_add', load(mine));
  yield* silently(store(mine, old + n), on_cpu());
}

export function* __this_cpu_inc(variable: PerCpu<number>): Steps {
  yield* __this_cpu_add(variable, 1);
}

export function* __this_cpu_dec(variable: PerCpu<number>): Steps {
  yield* __this_cpu_add(variable, -1);
}

function add(
  name: string,
  args: readonly unknown[],
  mine: Shared<number>,
  n: number,
): Operation<void> {
  const main = rmw<number, void>(name, args, mine, (old) => ({
    value: old + n,
    result: undefined,
  }));
  return silently(main, on_cpu());
}

/** A plain access, for which the caller has to have preemption off. */
function checked<R>(what: string, { spec }: Operation<R>): Operation<R> {
  const main = operation<R>({ ...spec, check: (thread) => check_preemption(thread, what) });
  return silently(main, on_cpu());
}

function here<T>(variable: PerCpu<T>): Shared<T> {
  return per_cpu(variable, current('this_cpu').cpu);
}
