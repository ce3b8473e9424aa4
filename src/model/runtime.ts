import type { ThreadContext } from './context.ts';
import type { Flow } from './coverage.ts';
import type { Frame, Site } from './frames.ts';
import type { Shared } from './shared.ts';

/**
 * What running spec code can reach of its checker. A bundled spec carries its own copy of this
 * module, so the one instance lives on globalThis and every copy finds it there.
 */
export interface Runtime {
  /** The context of the thread whose generator is being run, null outside one. */
  thread: ThreadContext | null;
  /** Call stack of rewritten generator frames of the thread being run, outermost first. */
  stack: Frame[];
  /** Reads the value of an object in the state a property is being asked about. */
  peek: (<T>(object: Shared<T>) => T) | null;
  /** Overrides of `options()` by the variant being checked; null: none is yet. */
  options: Readonly<Record<string, unknown>> | null;
  /** What `options()` gave. */
  optionViews: WeakSet<object>;
  /** Keys that some `options()` call of the loaded spec declared. */
  optionNames: Set<string>;
  /** Every shared object made so far, by name. */
  objects: Map<string, Shared<unknown>>;
  /** Handles to heap structs, by name, so that re-running a thread finds the same ones. */
  structs: Map<string, object>;
  /** Yield sites of rewritten modules, by id. */
  sites: Map<string, Site>;
  /** Id of the spec's build(), if it has one. */
  builder: string | null;
  /** Ids of the functions, and of their names, that code has come to since build() began. */
  made: Set<string>;
  /** How code of the spec's modules comes to run, a module each. */
  flows: Flow[];
  /** Ids of the sites that some thread came to, whether it was suspended there or not. */
  reached: Set<string>;
  /** Names of assertions that were reached. */
  assertions: Set<string>;
  /** Name of the property that is being asked, null outside one. */
  asking: string | null;
  /** Outcomes of conditions, as in `Asked`. */
  branches: Map<string | null, Map<string, number>>;
}

const key = Symbol.for('lockstep.runtime');
const holder = globalThis as { [key]?: Runtime };

holder[key] ??= {
  thread: null,
  stack: [],
  peek: null,
  options: null,
  optionViews: new WeakSet(),
  optionNames: new Set(),
  objects: new Map(),
  structs: new Map(),
  sites: new Map(),
  builder: null,
  made: new Set(),
  flows: [],
  reached: new Set(),
  assertions: new Set(),
  asking: null,
  branches: new Map(),
};

export const runtime: Runtime = holder[key];
