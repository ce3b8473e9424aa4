import type { LockUse, ThreadContext } from './context.ts';
import { isShared, type Shared, type Struct } from './shared.ts';

const brand = Symbol.for('lockstep.operation');

/** A finding in the kernel's own terms, of one step. */
export interface Report {
  /** The rule's name as a kernel developer knows it: 'use-after-free', 'unlock imbalance', ... */
  readonly rule: string;
  readonly message: string;
  /** Name of the object concerned. */
  readonly object?: string;
  /** Name of the struct type concerned. */
  readonly type?: string;
  /** After this step nothing may be concluded: the search does not go beyond it. */
  readonly crash?: boolean;
  /** Name of the property that it breaks, where the rule's own would not tell enough. */
  readonly title?: string;
}

/** A read or write of data, as the C has it; what a lock does to itself is none. */
export interface Access {
  readonly to: Shared<any>;
  readonly write: boolean;
  /** Not READ_ONCE and its kin: the compiler may tear it, and so may race with another. */
  readonly plain: boolean;
  /** Which part of the object, where it has several that are accessed apart. */
  readonly part?: string;
}

/** A lock that a step takes, or waits for. */
export interface Acquire extends LockUse {
  /** Never waits, so it cannot be part of a deadlock. */
  readonly trylock?: boolean;
  /** The step takes it with those before it in the list held. */
  readonly within?: boolean;
}

/** What one execution of an operation did. */
export interface Effect<R> {
  readonly result: R;
  /** New values of `writes`, in that order; absent: all unchanged. */
  readonly values?: readonly unknown[];
  readonly reports?: readonly Report[];
}

/** Returned by a step whose guard does not hold in this state. */
export const BLOCKED = null;

export interface OperationSpec<R> {
  /** The kernel's name: `mutex_lock`. With `args` it is the operation's identity. */
  readonly name: string;
  /** Everything `step` depends on beside the values of the footprint. */
  readonly args?: readonly unknown[];
  /** The arguments as people see them, when `args` has more than the call would show. */
  readonly shown?: readonly unknown[];
  readonly writes?: readonly Shared<any>[];
  readonly reads?: readonly Shared<any>[];
  /**
   * Guard and effect. Gets the values of `writes` then `reads`; must be a pure function of them,
   * of `args` and of the thread's context, and must not change them. The guard may depend only on
   * the context's name, CPU and kind.
   */
  readonly step?: (values: any[], thread: ThreadContext) => Effect<R> | null;
  /** May `step` return BLOCKED? Reduction relies on it. */
  readonly blocks?: boolean;
  /** A daemon thread may wait here for ever. */
  readonly idle?: boolean;
  /** Structs whose memory it touches, beside those that its objects are part of. */
  readonly touches?: readonly Struct[];
  /** Accesses to data, for data races. */
  readonly accesses?: readonly Access[];
  /** What lockdep sees taken, or waited for. */
  readonly acquires?: readonly Acquire[];
  /** Looks at the thread's own context before the step (sleeping in atomic context and so on). */
  readonly check?: (thread: ThreadContext) => Report | null;
  /** Updates the thread's own context after the step. */
  readonly after?: (thread: ThreadContext, result: R) => void;
}

/** One atomic step on named objects. Run by `yield*`, which gives its result. */
export class Operation<R> {
  readonly [brand] = true;
  readonly spec: OperationSpec<R>;

  constructor(spec: OperationSpec<R>) {
    this.spec = spec;
  }

  *[Symbol.iterator](): Generator<Operation<unknown>, R, unknown> {
    return (yield this as Operation<unknown>) as R;
  }
}

export function operation<R>(spec: OperationSpec<R>): Operation<R> {
  return new Operation(spec);
}

/** The same step under the name of an API that is built on it. */
export function renamed<R>(name: string, { spec }: Operation<R>): Operation<R> {
  return new Operation({ ...spec, name });
}

export function isOperation(value: unknown): value is Operation<unknown> {
  return typeof value === 'object' && value !== null && brand in value;
}

/** The type of a spec function that takes steps: `function* f(): Steps<number>`. */
export type Steps<R = void> = Generator<Operation<unknown>, R, unknown>;

/**
 * The structs whose memory an operation touches, each with the first object in it that it touches,
 * by their lives; not those that it allocates or frees itself.
 */
export function owners(
  spec: OperationSpec<unknown>,
): Map<Shared<unknown>, { readonly type: string; readonly touched: string }> {
  const lives = new Map<Shared<unknown>, { readonly type: string; readonly touched: string }>();
  const touch = (owner: Struct | null, touched: string): void => {
    if (!owner || lives.has(owner.life) || spec.writes?.includes(owner.life)) return;
    lives.set(owner.life, { type: owner.type, touched });
  };
  for (const { owner, name } of [...(spec.writes ?? []), ...(spec.reads ?? [])]) touch(owner, name);
  for (const struct of spec.touches ?? []) touch(struct, struct.name);
  return lives;
}

/** `mutex_lock(slab_mutex)` */
export function describe(spec: OperationSpec<unknown>): string {
  return `${spec.name}(${(spec.shown ?? spec.args ?? []).map(argument).join(', ')})`;
}

function argument(value: unknown): string {
  if (isShared(value)) return value.name;
  if (typeof value === 'function') return value.name || 'function';
  if (typeof value === 'object' && value !== null) {
    if ('declares' in value) return String(value.declares);
    return 'name' in value && typeof value.name === 'string' ? value.name : JSON.stringify(value);
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
