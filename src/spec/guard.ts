import { counted } from '../model/frames.ts';
import { runtime } from '../model/runtime.ts';
import { SpecError } from '../model/shared.ts';
import { placeOf } from './places.ts';

/** One for all copies of this module in the process: what is replaced is replaced once. */
const state = ((globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.guard')] ??= {
  depth: 0,
  installed: false,
}) as { depth: number; installed: boolean };

/**
 * Runs code of a spec. A thread is run many times and must take the same steps each time, so what
 * would make it differ, and what would act on the outside, throws SpecError meanwhile. So does a
 * loop that goes on and on without an operation.
 */
export function guarded<T>(code: () => T): T {
  if (!state.installed) install();
  state.depth++;
  try {
    return counted(code);
  } catch (error) {
    if (state.depth === 1) locate(error);
    throw error;
  } finally {
    state.depth--;
  }
}

/** Adds the line of the spec to what its code threw, unless it is named already. */
function locate(error: unknown): void {
  if (!(error instanceof Error)) return;
  const files = new Set([...runtime.sites.values()].map((site) => site.file));
  const place = placeOf(error, files);
  if (!place || error.message.includes(place.replace(/:\d+$/, ':'))) return;
  try {
    error.message += ` (${place})`;
  } catch {
    // A frozen error stays as it is.
  }
}

/** Methods by what holds them, as their users write them. */
const FORBIDDEN: readonly (readonly [holder: object, prefix: string, names: readonly string[]])[] =
  [
    [Math, 'Math.', ['random']],
    [Date, 'Date.', ['now']],
    [performance, 'performance.', ['now']],
    [crypto, 'crypto.', ['getRandomValues', 'randomUUID']],
    [process, 'process.', ['abort', 'exit', 'hrtime', 'kill', 'nextTick', 'uptime']],
    [globalThis, '', ['fetch', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout']],
  ];

function install(): void {
  state.installed = true;
  for (const [holder, prefix, names] of FORBIDDEN) {
    for (const name of names) {
      const own = holder as Record<string, (...args: unknown[]) => unknown>;
      own[name] = new Proxy(own[name]!, {
        apply(target, self, args) {
          if (state.depth > 0) refuse(`${prefix}${name}()`);
          return Reflect.apply(target, self, args);
        },
      });
    }
  }
  // A date made from numbers is as good as any value; the current one is not.
  globalThis.Date = new Proxy(Date, {
    apply(target, self, args) {
      if (state.depth > 0) refuse('Date()');
      return Reflect.apply(target, self, args);
    },
    construct(target, args, caller) {
      if (state.depth > 0 && args.length === 0) refuse('new Date()');
      return Reflect.construct(target, args, caller);
    },
  });
}

function refuse(what: string): never {
  throw new SpecError(
    `${what} in ${runtime.thread ? 'a thread' : 'build() or a property'}: it must do the same each time it ` +
      'runs, so it may depend on nothing but parameters, options and the results of operations',
  );
}
