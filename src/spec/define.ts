import type { Kind } from '../model/context.ts';
import type { Report, Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { isShared, notShared, type Shared, SpecError } from '../model/shared.ts';

export type ThreadBody = () => Steps<unknown>;

export interface ThreadOptions {
  readonly run: ThreadBody;
  /** A daemon may wait for ever: for work, for a callback, for an event; not for a lock. */
  readonly daemon?: boolean;
  /** CPU that the thread runs on (default 0). */
  readonly cpu?: number;
  /**
   * What kind of code it is (default: process). It runs beside the other threads; what interrupts
   * its CPU is given to `boot` as an interrupt.
   */
  readonly kind?: Kind;
  /** Made by `boot`: the handlers that run on the CPU of this thread. */
  readonly interrupted?: Shared<readonly string[]>;
}

/** What a spec builds for one configuration. Property names are unique over all kinds. */
export interface Model {
  readonly threads: Readonly<Record<string, ThreadBody | ThreadOptions>>;
  /**
   * Groups of threads, by name, that differ in nothing but their names: of states in which only they
   * are exchanged, one is explored. Checked; a spec whose threads are not identical is invalid.
   */
  readonly symmetric?: readonly (readonly string[])[];
  /** Must hold in every reachable state. */
  readonly always?: Readonly<Record<string, () => boolean>>;
  /** Must hold in every state in which nothing can move. */
  readonly atEnd?: Readonly<Record<string, () => boolean>>;
  /** Must hold in at least one reachable state. */
  readonly sometimes?: Readonly<Record<string, () => boolean>>;
  /** Kernel reports that break this property, instead of counting under their rule's name. */
  readonly never?: Readonly<Record<string, (report: ReportInContext) => boolean>>;
  /** Kernel rules that are not checked, by name, each with the reason, which every report repeats. */
  readonly unchecked?: Readonly<Record<string, string>>;
  /**
   * Which accesses race: strict (the default), any two that overlap, at least one a write, at least
   * one plain; or default, as KCSAN is configured by default: plain writes count as atomic, and only
   * writes that change the value race.
   */
  readonly kcsan?: 'strict' | 'default';
}

/** A report with where it came from. */
export interface ReportInContext extends Report {
  readonly thread: string;
  /** Spec functions on the call stack, innermost last. */
  readonly stack: readonly string[];
}

export interface Variant {
  /** One line for people: which question this variant answers. */
  readonly about?: string;
  /** The kernel version or commit that it models. */
  readonly kernel?: string;
  /** The exact set of properties expected to fail; none: expected to be verified. */
  readonly violates?: readonly string[];
  /** Overrides of `options()`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Overrides of the spec's parameters. */
  readonly params?: Readonly<Record<string, number>>;
}

export interface Configuration<P> {
  readonly params: P;
  readonly variant: string;
}

export interface Spec {
  readonly name: string;
  readonly about?: string;
  /** Parameters that size the configuration, with their defaults. */
  readonly params?: Readonly<Record<string, number>>;
  readonly variants: Readonly<Record<string, Variant>>;
  readonly build: (configuration: Configuration<Readonly<Record<string, number>>>) => Model;
}

/** A spec as its author writes it: `build` knows the parameters by name. */
export interface SpecOf<P extends Readonly<Record<string, number>>>
  extends Omit<Spec, 'params' | 'build'> {
  readonly params?: P;
  readonly build: (configuration: Configuration<{ readonly [K in keyof P]: number }>) => Model;
}

/** Declares a spec; a spec module exports it as its default. */
export function defineSpec<
  const P extends Readonly<Record<string, number>> = Record<never, number>,
>(spec: SpecOf<P>): Spec {
  return spec as unknown as Spec;
}

/**
 * The points in which variants differ, with the values that hold unless a variant overrides them.
 * Reading a field gives the value for the variant being checked.
 */
export function options<const O extends Record<string, boolean | number | string>>(
  defaults: O,
): Readonly<{
  [K in keyof O]: O[K] extends boolean ? boolean : O[K] extends number ? number : string;
}> {
  const view = {};
  for (const name of Object.keys(defaults)) {
    runtime.optionNames.add(name);
    Object.defineProperty(view, name, {
      enumerable: true,
      get: () => optionsOfVariant(name)[name] ?? defaults[name],
    });
  }
  runtime.optionViews.add(view);
  return view as never;
}

/** A default read while modules are loaded would be taken for the value of every variant. */
function optionsOfVariant(name: string): Readonly<Record<string, unknown>> {
  if (!runtime.options) {
    throw new SpecError(
      `option '${name}' is read while the module is loaded, when no variant has been chosen; ` +
        'read it in build() or in a thread',
    );
  }
  return runtime.options;
}

/** The value of an object in the state that a property is asked about. Only for properties. */
export function peek<T>(object: Shared<T>): T {
  if (!runtime.peek) {
    throw new SpecError(
      `peek(${object?.name}) outside a property; a thread reads with yield* READ_ONCE(...)`,
    );
  }
  if (!isShared(object)) {
    const asker = runtime.asking === null ? '' : `property '${runtime.asking}': `;
    const also = object === undefined ? ' That of a value is peek(object)?.field' : '';
    throw new SpecError(`${asker}wrong use of peek: ${notShared(object)}${also}`);
  }
  return runtime.peek(object);
}
