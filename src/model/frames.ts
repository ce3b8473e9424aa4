import { noteBranch } from './branches.ts';
import type { Flow } from './coverage.ts';
import { runtime } from './runtime.ts';
import { SpecError } from './shared.ts';

/**
 * The half of the rewrite that runs: `spec/rewrite` inserts calls to these functions, so that a
 * suspended thread can be read as a stack of (site, live locals), which generators hide.
 */

/** Where a generator may be suspended. */
export interface Site {
  /** `file:n`: unique and the same in every process that loads the same bytes. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Part of Lockstep's own primitives, not of the spec. */
  readonly library: boolean;
  /** Name of the enclosing function. */
  readonly fn: string;
  /** The source text of the statement, in one line. */
  readonly text: string;
  /** Names of the locals that `live()` gives, in that order; temporaries are called `$n`. */
  readonly names: readonly string[];
}

/** One suspended call of a rewritten generator. */
export interface Frame {
  site: string;
  /** Current values of the live locals; null when they cannot be told (identity by history). */
  live: (() => unknown[]) | null;
  /** Operands evaluated before the yield and used after it: `f(a, yield* g())` holds a. */
  readonly temps: unknown[];
  /** The site delegates to an operation or yields plainly: no frame may stand above this one. */
  leaf: boolean;
}

/** Captured variables of a closure: site of the function, values now; null: cannot be compared. */
export interface Captures {
  readonly site: string;
  readonly values: (() => unknown[]) | null;
}

const closures: WeakMap<object, Captures> = ((globalThis as Record<symbol, unknown>)[
  Symbol.for('lockstep.closures')
] ??= new WeakMap()) as WeakMap<object, Captures>;

/** The names that rewritten code calls, as one object: `globalThis[Symbol.for('lockstep.frames')]`. */
export const frames = {
  enter(): Frame {
    const frame: Frame = { site: '', live: null, temps: [], leaf: false };
    runtime.stack.push(frame);
    return frame;
  },

  leave(frame: Frame): void {
    const at = runtime.stack.lastIndexOf(frame);
    if (at >= 0) runtime.stack.length = at;
  },

  /** Called with the operand of a `yield` or `yield*`, evaluated, just before it suspends. */
  at<T>(frame: Frame, site: string, target: T, live: (() => unknown[]) | null): T {
    frame.site = site;
    runtime.reached.add(site);
    frame.live = live;
    frame.leaf = isLeaf(target);
    return target;
  },

  /** Called with the value of a condition, which it gives back. */
  test<T>(branch: string, value: T): T {
    noteBranch(branch, Boolean(value));
    return value;
  },

  /** Called with what a `switch` is about, for each of its cases. */
  unless<T>(branch: string, value: T): T {
    noteBranch(branch, false);
    return value;
  },

  /** Registers a function's site and captured variables; returns the function. */
  fn<F extends object>(site: string, fn: F, values: (() => unknown[]) | null, name?: string): F {
    closures.set(fn, { site, values });
    runtime.made.add(site);
    // The call around a function hides from the engine which name it should get.
    if (name && (fn as { name?: unknown }).name !== name) {
      Object.defineProperty(fn, 'name', { value: name, configurable: true });
    }
    return fn;
  },

  /** Called where code names a function that it may go on to call or hand over; gives it back. */
  named<T>(id: string, value: T): T {
    runtime.made.add(id);
    return value;
  },

  /** Registers methods of an object literal; returns the object. */
  methods<O extends Record<string, object>>(
    literal: O,
    rows: readonly (readonly [site: string, name: string, values: (() => unknown[]) | null])[],
  ): O {
    for (const [site, name, values] of rows) {
      closures.set(literal[name]!, { site, values });
      runtime.made.add(site);
    }
    return literal;
  },

  /** The captured variables of a function that has none. */
  none: (): unknown[] => [],

  /**
   * Keeps the object of a method call whose arguments suspend, and the method too, which was looked
   * up before them; an inherited one goes with the object.
   */
  callee<O>(frame: Frame, first: number, object: O, method: string): O {
    const own = Object.getOwnPropertyDescriptor(Object(object), method);
    frame.temps[first] = object;
    frame.temps[first + 1] = own?.value;
    return object;
  },

  /** Called once per round of a loop of rewritten code. */
  tick(place: string): void {
    if (!ticks.counting || ++ticks.count <= MAX_TICKS) return;
    ticks.count = 0;
    const thread = runtime.thread ? ` in thread '${runtime.thread.name}'` : '';
    throw new SpecError(
      `${place}: a loop${thread} runs on and on without an operation; ` +
        'a wait needs an operation in it, such as yield* wait_until(...)',
    );
  },

  /** Looks at the result of a call that is dropped or looked into: an operation was never run. */
  used<T>(result: T, call: string): T {
    if (!isStep(result)) return result;
    const instead =
      runtime.asking === null ? 'write yield* before it' : 'a property reads with peek(...)';
    throw new SpecError(`${call} is made but not run; ${instead}`);
  },

  /** Registers the sites of a module. */
  sites(list: readonly Site[]): void {
    for (const site of list) runtime.sites.set(site.id, site);
  },

  /** Registers how a module's code comes to run. */
  flow(flow: Flow): void {
    runtime.flows.push(flow);
  },

  /**
   * Iterates an array by index so that the position can be read: `for (x of a)` with a yield in
   * its body becomes `for (x of frame.temps[n] = frames.iterate(a))`.
   */
  iterate<T>(source: Iterable<T>): Iterable<T> {
    if (typeof source === 'string') return new ArrayCursor([...source]);
    const plain = Array.isArray(source) && source[Symbol.iterator] === Array.prototype.values;
    return plain ? new ArrayCursor(source) : new HiddenCursor(source);
  },
};

const cursorBrand = Symbol.for('lockstep.cursor');

/** A position in an array, compared by the array and the index. */
export class ArrayCursor<T> {
  readonly [cursorBrand] = true;
  readonly array: readonly T[];
  index = 0;

  constructor(array: readonly T[]) {
    this.array = array;
  }

  [Symbol.iterator](): Iterator<T> {
    return this as unknown as Iterator<T>;
  }

  next(): IteratorResult<T> {
    if (this.index < this.array.length) return { value: this.array[this.index++]!, done: false };
    this.index = Number.MAX_SAFE_INTEGER; // an exhausted array iterator stays exhausted
    return { value: undefined, done: true };
  }
}

/** A position that cannot be read; being of a class, it cannot be compared either. */
class HiddenCursor<T> {
  private readonly source: Iterable<T>;

  constructor(source: Iterable<T>) {
    this.source = source;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.source[Symbol.iterator]();
  }
}

export function capturesOf(fn: object): Captures | undefined {
  return closures.get(fn);
}

export function isCursor(value: object): value is ArrayCursor<unknown> {
  return cursorBrand in value;
}

/** Something that `yield*` runs. */
export function isStep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isLeaf(value) || Object.prototype.toString.call(value) === '[object Generator]';
}

function isLeaf(target: unknown): boolean {
  return (
    typeof target === 'object' && target !== null && Symbol.for('lockstep.operation') in target
  );
}

((globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.frames')] ??=
  frames) as typeof frames;

/** Rounds of loops between two operations of a thread, before they count as endless. */
const MAX_TICKS = 1_000_000;

/** One for all copies of this module. */
const ticks = ((globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.ticks')] ??= {
  count: 0,
  counting: false,
}) as { count: number; counting: boolean };

/** Called before a thread is resumed: its loops may run on from zero. */
export function resetTicks(): void {
  ticks.count = 0;
}

/** From now on, loops are counted, or not. */
export function countTicks(counting: boolean): void {
  ticks.count = 0;
  ticks.counting = counting;
}

/** Runs code whose loops are counted. */
export function counted<T>(code: () => T): T {
  const before = ticks.counting;
  if (!before) ticks.count = 0;
  ticks.counting = true;
  try {
    return code();
  } finally {
    ticks.counting = before;
  }
}
