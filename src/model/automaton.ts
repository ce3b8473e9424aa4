import type { ThreadContext } from './context.ts';
import { Coroutine } from './coroutine.ts';
import { type Fingerprint, fingerprint } from './fingerprint.ts';
import type { Frame } from './frames.ts';
import { describe, type OperationSpec } from './operation.ts';
import type { ThreadDeclaration } from './program.ts';
import { referencesIn } from './references.ts';
import { runtime } from './runtime.ts';
import { SpecError, type Struct } from './shared.ts';
import { show } from './text.ts';
import { canonical, canonicalFrozen, mayChange, Opaque } from './value.ts';

/** Where a thread is: its suspended call stack, live locals and pending operation. */
export interface LocalState {
  readonly id: number;
  readonly fingerprint: Fingerprint;
  /** The operation that the thread would run next; null: it has finished. */
  readonly pending: OperationSpec<unknown> | null;
  /** Sites of the suspended frames, outermost first; empty in code that was not rewritten. */
  readonly sites: readonly string[];
  /** Live locals of each frame of the spec, as [name, text], outermost first; only when asked for. */
  readonly locals: readonly (readonly (readonly [string, string])[])[];
  /** The thread's own context here, as it is when the pending operation runs. */
  readonly context: ThreadContext;
  /**
   * The structs that its locals point to, in a state that it may rest in for ever; null: they cannot
   * be told.
   */
  readonly references: readonly Struct[] | null;
  /** How this state was reached first; null for the start. Positions a generator here. */
  readonly path: { readonly from: LocalState; readonly result: unknown } | null;
  /** Known successors, by canonical result. */
  readonly edges: Map<string, LocalState>;
}

/**
 * A thread as a table. A coroutine is a deterministic function of the results it receives, so each
 * (local state, result) is run once and remembered as an edge.
 */
export class ThreadAutomaton {
  readonly declaration: ThreadDeclaration;
  readonly states: LocalState[] = [];
  /** Number of edges learned; grows with every new fact about the thread. */
  edgeCount = 0;
  private readonly known = new Map<string, LocalState>();
  /** One suspended generator per local state, used up by the next edge learned there. */
  private readonly parked = new Map<LocalState, Coroutine>();
  private readonly run: <T>(code: () => T) => T;
  private readonly keepLocals: boolean;

  /**
   * @param run wraps every entry into spec code (the guard against nondeterminism)
   * @param keepLocals whether local states remember their locals as text, for a trace
   */
  constructor(declaration: ThreadDeclaration, run: <T>(code: () => T) => T, keepLocals = false) {
    this.declaration = declaration;
    this.run = run;
    this.keepLocals = keepLocals;
    const instance = new Coroutine(this.declaration, this.run);
    this.enter(instance, null, 'start');
  }

  get start(): LocalState {
    return this.states[0]!;
  }

  /** The local state after `from`'s pending operation gave `result`. Runs the generator if new. */
  next(from: LocalState, result: unknown): LocalState {
    const key = canonicalFrozen(result);
    const known = from.edges.get(key);
    if (known) return known;
    const instance = this.instanceAt(from);
    instance.resume(result);
    const next = this.enter(instance, { from, result }, key);
    from.edges.set(key, next);
    this.edgeCount++;
    return next;
  }

  private enter(instance: Coroutine, path: LocalState['path'], result: string): LocalState {
    const key = this.identity(instance, path, result);
    const known = this.known.get(key);
    if (known) {
      if (!this.parked.has(known)) this.parked.set(known, instance);
      return known;
    }
    const state: LocalState = {
      id: this.states.length,
      fingerprint: fingerprint(this.declaration.name, key),
      pending: instance.pending,
      sites: instance.stack.map((frame) => frame.site),
      locals: this.keepLocals ? localsOf(instance.stack) : [],
      context: instance.context.copy(),
      references: instance.pending?.idle ? referencesOf(instance) : [],
      path,
      edges: new Map(),
    };
    this.known.set(key, state);
    this.states.push(state);
    // A closure in the operation sees the instance's variables: that instance must not move on.
    if (!instance.pending?.args?.some(mayChange)) this.parked.set(state, instance);
    return state;
  }

  /**
   * By what can be seen of the suspended generator when all of it can be seen, else by history:
   * the state it came from and the result it got, which is sound for any code and merges less.
   */
  private identity(instance: Coroutine, path: LocalState['path'], result: string): string {
    const { pending, context, stack } = instance;
    if (!pending) return `finished ${context.key()}`;
    const visible =
      stack.length > 0 &&
      stack.every((frame, depth) => frame.live && frame.leaf === (depth === stack.length - 1));
    if (visible) {
      try {
        return `at ${context.key()} ${canonical([
          pending.name,
          pending.args ?? [],
          pending.writes ?? [],
          pending.reads ?? [],
          ...stack.flatMap((frame) => [frame.site, ...frame.live!()]),
        ])}`;
      } catch (error) {
        // A local that cannot be compared, or (ReferenceError) one that is not initialised yet.
        if (!(error instanceof Opaque || error instanceof ReferenceError)) throw error;
      }
    }
    const from = path ? `${path.from.fingerprint.hi},${path.from.fingerprint.lo}` : '';
    return `after ${from} ${result}`;
  }

  private instanceAt(state: LocalState): Coroutine {
    const parked = this.parked.get(state);
    if (parked) {
      this.parked.delete(state);
      return parked;
    }
    const results: unknown[] = [];
    let at = state;
    for (; at.path; at = at.path.from) results.push(at.path.result);
    const instance = new Coroutine(this.declaration, this.run);
    for (const result of results.reverse()) instance.resume(result);
    if (instance.pending?.name !== state.pending?.name) {
      throw new SpecError(
        `thread '${this.declaration.name}' is not deterministic: run again with the same results ` +
          `it came to ${label(instance.pending)} instead of ${label(state.pending)}; ` +
          'it may depend only on parameters and on the results of its operations',
      );
    }
    return instance;
  }
}

function referencesOf({ pending, stack }: Coroutine): Struct[] | null {
  if (stack.length === 0 || !stack.every(({ live }) => live)) return null;
  try {
    return [...referencesIn([pending?.args ?? [], stack.map(({ live }) => live!())])];
  } catch (error) {
    if (error instanceof ReferenceError) return null; // some local is not initialised yet
    throw error;
  }
}

function localsOf(stack: readonly Frame[]): [string, string][][] {
  return stack.flatMap(({ site: id, live }) => {
    const site = runtime.sites.get(id);
    if (!site || site.library) return [];
    try {
      const values = live?.() ?? [];
      return [values.map((value, at): [string, string] => [site.names[at] ?? '', show(value)])];
    } catch (error) {
      if (error instanceof ReferenceError) return [[]]; // some local is not initialised yet
      throw error;
    }
  });
}

function label(pending: OperationSpec<unknown> | null): string {
  return pending ? describe(pending) : 'its end';
}
