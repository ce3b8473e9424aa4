import type { ThreadContext } from '../model/context.ts';
import {
  type Effect,
  type Operation,
  type OperationSpec,
  operation,
  type Report,
} from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { Shared, SpecError } from '../model/shared.ts';

/**
 * Bookkeeping that the kernel does not have: notes for properties, taken in the same atomic step as
 * the kernel operation they are about, so that they add neither states nor schedules.
 */

type Step = Operation<any> | null;

/**
 * The first operation, with the others done in the same step. Gives the first one's result, and
 * waits as long as any of them would.
 */
export function together<R>(main: Operation<R>, ...also: readonly Step[]): Operation<R> {
  const others = also.filter((part) => part !== null);
  if (others.length === 0) return main;
  return fuse(main, others, [
    ...(main.spec.args ?? []),
    ...others.flatMap(({ spec }) => [spec.name, ...(spec.args ?? [])]),
  ]);
}

/** As `together`, for parts that follow from the thread's context and need no mention. */
export function silently<R>(main: Operation<R>, ...also: readonly Step[]): Operation<R> {
  const others = also.filter((part) => part !== null);
  return others.length === 0 ? main : fuse(main, others, main.spec.args ?? []);
}

/**
 * As `silently`, with the other part done only when the first one's result is true. The first one
 * must not read anything beside what it writes.
 */
export function if_taken(
  main: Operation<boolean>,
  part: Operation<void> | null,
): Operation<boolean> {
  if (!part) return main;
  const { spec } = silently(main, part);
  return operation<boolean>({
    ...spec,
    step: (values, thread) => {
      const effect = main.spec.step!(values, thread);
      return effect?.result ? spec.step!(values, thread) : effect;
    },
  });
}

/** A note: `target` becomes `change(old, ...values of reads)`. Touches no kernel state. */
export function note<T>(
  target: Shared<T>,
  change: (old: T, ...seen: any[]) => T,
  ...reads: readonly Shared<any>[]
): Operation<void> {
  if (reads.includes(target)) {
    throw new SpecError(`note(${target.name}): its old value comes first; do not list it again`);
  }
  return operation<void>({
    name: 'note',
    args: [target, change, ...reads],
    writes: [target],
    reads,
    step: ([old, ...seen]) => ({ result: undefined, values: [change(old, ...seen)] }),
  });
}

/** The object of that name, made on first use; for objects that belong to a thread or a CPU. */
export function named<T>(name: string, initial: T): Shared<T> {
  return (runtime.objects.get(name) as Shared<T> | undefined) ?? new Shared(name, initial);
}

/** The thread whose code is running. */
export function current(what: string): ThreadContext {
  if (!runtime.thread) throw new SpecError(`${what} outside a thread`);
  return runtime.thread;
}

function fuse<R>(
  main: Operation<R>,
  others: readonly Operation<any>[],
  args: readonly unknown[],
): Operation<R> {
  const specs: readonly OperationSpec<any>[] = [main.spec, ...others.map((part) => part.spec)];
  const writes = [...new Set(specs.flatMap((spec) => spec.writes ?? []))];
  const reads = [...new Set(specs.flatMap((spec) => spec.reads ?? []))].filter(
    (o) => !writes.includes(o),
  );
  const slots = new Map([...writes, ...reads].map((object, slot) => [object, slot]));
  const own = specs.map((spec) =>
    [...(spec.writes ?? []), ...(spec.reads ?? [])].map((o) => slots.get(o)!),
  );
  return operation<R>({
    name: main.spec.name,
    args,
    shown: main.spec.shown ?? main.spec.args ?? [],
    writes,
    reads,
    touches: specs.flatMap((spec) => spec.touches ?? []),
    accesses: specs.flatMap((spec) => spec.accesses ?? []),
    acquires: specs.flatMap((spec) => spec.acquires ?? []),
    blocks: specs.some((spec) => spec.blocks === true),
    idle: main.spec.idle ?? false,
    step: (values, thread) => {
      const after = [...values];
      const reports: Report[] = [];
      let first: Effect<R> | undefined;
      for (const [part, spec] of specs.entries()) {
        const mine = own[part]!;
        const effect: Effect<any> | null = spec.step
          ? spec.step(
              mine.map((slot) => after[slot]),
              thread,
            )
          : { result: undefined };
        if (effect === null) return null;
        effect.values?.forEach((value, at) => {
          after[mine[at]!] = value;
        });
        if (effect.reports) reports.push(...effect.reports);
        first ??= effect;
        if (effect.reports?.some((report) => report.crash)) break;
      }
      return { result: first!.result, values: after.slice(0, writes.length), reports };
    },
    check: (thread) => {
      for (const spec of specs) {
        const report = spec.check?.(thread);
        if (report) return report;
      }
      return null;
    },
    after: (thread, result) => {
      main.spec.after?.(thread, result);
      for (const part of others) part.spec.after?.(thread, undefined);
    },
  });
}
