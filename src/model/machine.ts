import { type LocalState, ThreadAutomaton } from './automaton.ts';
import { Contention } from './contention.ts';
import type { ThreadContext } from './context.ts';
import {
  type Access,
  BLOCKED,
  describe,
  type Effect,
  type OperationSpec,
  owners,
  type Report,
} from './operation.ts';
import type { Program } from './program.ts';
import { runtime } from './runtime.ts';
import { type Shared, SpecError } from './shared.ts';
import { Slot } from './slot.ts';
import { TupleMap } from './tuple-map.ts';
import { canonicalFrozen, deepFreeze } from './value.ts';

/** What a thread does next from a state: known once, then a table look-up. */
export interface Transition {
  /** Number among all transitions, in the order they were learned. */
  readonly id: number;
  readonly node: Node;
  readonly next: Node;
  readonly result: unknown;
  /** Row positions and the value ids they get: [position, id, position, id, ...]. */
  readonly changes: Int32Array;
  /** What the step does to the state's fingerprint, by xor. */
  readonly hi: number;
  readonly lo: number;
  readonly reports: readonly Report[];
  /** Nothing is explored beyond this step. */
  readonly crash: boolean;
}

/** A local state as the search sees it: its operation resolved to row positions. */
export interface Node {
  readonly thread: number;
  readonly state: LocalState;
  /** Positions written; a subset of `footprint`. */
  readonly writes: readonly number[];
  /** All positions that the operation depends on. */
  readonly footprint: Int32Array;
  readonly blocks: boolean;
  readonly idle: boolean;
  /** Accesses to data, which may race. */
  readonly accesses: readonly NodeAccess[];
  /** Is one of them plain? */
  readonly plain: boolean;
  /** By the values of the footprint; null: the guard does not hold. */
  readonly transitions: TupleMap<Transition | typeof BLOCKED>;
  /** Whether the guard holds, for operations asked about before they are run. */
  readonly guards: TupleMap<boolean>;
  /** Successors seen, in the order they were seen. */
  readonly successors: Node[];
  /** Positions that have been seen to change: often fewer than it may write. */
  readonly changed: number[];
}

export interface NodeAccess extends Omit<Access, 'to'> {
  readonly position: number;
}

/** What a thread was asked in a local state: values, one per position of the footprint. */
export interface Asked {
  readonly node: Node;
  readonly values: Int32Array;
}

/** A transition with the values it was learned from, one per position of the footprint. */
export interface Learned {
  readonly transition: Transition;
  readonly values: Int32Array;
}

/**
 * A program as integers. A state is a row: one local state id per thread, then one value id per
 * shared object. Objects are found as operations name them; one not found yet has its initial value.
 */
export class Machine {
  readonly program: Program;
  readonly threads: readonly ThreadAutomaton[];
  readonly slots: Slot[] = [];
  /** Per thread, by local state id. */
  readonly nodes: Node[][];
  /** Every transition in the order it was learned: enough to teach another machine the same. */
  readonly learned: Learned[] = [];
  /** Where a thread was found to wait, in the order it was. */
  readonly waits: Asked[] = [];
  readonly contention = new Contention(this);
  private readonly guarded: <T>(code: () => T) => T;
  private changesSeen = 0;
  private readonly byName = new Map<string, Slot>();
  /** Values and results by structure: equal ones are the same object for the spec's code. */
  private readonly pool = new Map<string, unknown>();

  constructor(program: Program, guarded: <T>(code: () => T) => T, keepLocals = false) {
    this.program = program;
    this.guarded = guarded;
    this.threads = program.threads.map(
      (thread) => new ThreadAutomaton(thread, guarded, keepLocals),
    );
    this.nodes = this.threads.map(() => []);
    this.threads.forEach((automaton, thread) => {
      this.nodeOf(thread, automaton.start);
    });
  }

  /** Length of a state row with the objects known so far. */
  get width(): number {
    return this.threads.length + this.slots.length;
  }

  /** How much has been learned of what threads can do: edges, and objects that they change. */
  get knowledge(): number {
    return this.threads.reduce((sum, thread) => sum + thread.edgeCount, this.changesSeen);
  }

  /** The row of the start state; all others follow from it by transitions. */
  initialRow(): Int32Array {
    return new Int32Array(this.width);
  }

  slotOf(object: Shared<unknown>): Slot {
    const known = this.byName.get(object.name);
    if (known) return known;
    const slot = new Slot(object, this.width, this.pool);
    this.slots.push(slot);
    this.byName.set(object.name, slot);
    return slot;
  }

  /** The slot of the object with that name, which this machine must have met. */
  slotNamed(name: string): Slot {
    const object = this.byName.get(name)?.object ?? runtime.objects.get(name);
    if (!object) throw new Error(`no object is called '${name}' here`);
    return this.slotOf(object);
  }

  slotAt(position: number): Slot {
    return this.slots[position - this.threads.length]!;
  }

  /** The value of an object in a row that may be older than the object. */
  valueIn(rows: Int32Array, base: number, stride: number, object: Shared<unknown>): unknown {
    const slot = this.slotOf(object);
    return slot.values[slot.position < stride ? rows[base + slot.position]! : 0];
  }

  node(rows: Int32Array, base: number, thread: number): Node {
    return this.nodes[thread]![rows[base + thread]!]!;
  }

  /**
   * What `thread` does next in the state at `base`: null when it waits or has finished.
   * The row must be at least `width` long.
   */
  transition(rows: Int32Array, base: number, thread: number): Transition | null {
    return this.transitionOf(this.nodes[thread]![rows[base + thread]!]!, rows, base);
  }

  /** As `transition`, for the local state that the thread is in. */
  transitionOf(node: Node, rows: Int32Array, base: number): Transition | null {
    const known = node.transitions.get(rows, base);
    return known === undefined ? this.learn(rows, base, node) : known;
  }

  /**
   * Would the guard of `node` hold with the values of this state? Runs no thread. One that fails with
   * values that the thread does not meet there is not false.
   */
  guardHolds(rows: Int32Array, base: number, node: Node): boolean {
    if (!node.blocks) return true;
    const known = node.transitions.get(rows, base);
    if (known !== undefined) return known !== BLOCKED;
    let holds = node.guards.get(rows, base);
    if (holds === undefined) {
      try {
        holds = this.run(rows, base, node) !== BLOCKED;
      } catch {
        holds = true;
      }
      node.guards.set(rows, base, holds);
    }
    return holds;
  }

  /** The handler that runs on the CPU of this thread in its stead; null: none does. */
  handlerOver(rows: Int32Array, base: number, { thread, state }: Node): string | null {
    const { name, interrupted } = this.program.threads[thread]!;
    if (!interrupted) return null;
    const { position, values } = this.slotOf(interrupted);
    const running = values[rows[base + position]!] as readonly string[];
    const innermost = running.at(-1);
    if (innermost === undefined || innermost === name) return null;
    // A handler that is about to begin may interrupt the one that runs: its own guard decides.
    const begins = state.pending?.writes?.includes(interrupted) && !running.includes(name);
    return begins ? null : innermost;
  }

  nodeOf(thread: number, state: LocalState): Node {
    const nodes = this.nodes[thread]!;
    const known = nodes[state.id];
    if (known) return known;
    const spec = state.pending;
    const at = (objects: readonly Shared<unknown>[]): number[] => [
      ...new Set(objects.map((object) => this.slotOf(object).position)),
    ];
    const writes = at(spec?.writes ?? []);
    if (spec && writes.length < (spec.writes?.length ?? 0)) {
      throw new SpecError(`${describe(spec)} writes one object twice`);
    }
    const cpu = this.program.threads[thread]!.interrupted;
    const footprint = Int32Array.from(
      spec
        ? at([
            ...(spec.writes ?? []),
            ...(spec.reads ?? []),
            ...owners(spec).keys(),
            ...(cpu ? [cpu] : []),
          ])
        : [],
    );
    const accesses = (spec?.accesses ?? []).map(({ to, plain, ...access }) => ({
      ...access,
      position: this.slotOf(to).position,
      plain: plain && !state.context.inSequence,
    }));
    const node: Node = {
      thread,
      state,
      writes,
      footprint,
      blocks: spec !== null && (spec.blocks === true || cpu !== undefined),
      idle: spec?.idle ?? false,
      accesses,
      plain: accesses.some(({ plain }) => plain),
      transitions: new TupleMap(footprint),
      guards: new TupleMap(footprint),
      successors: [],
      changed: [],
    };
    // Asked for in every state from then on.
    if (!spec) node.transitions.set(footprint, 0, BLOCKED);
    nodes[state.id] = node;
    return node;
  }

  private learn(rows: Int32Array, base: number, node: Node): Transition | null {
    const effect = this.run(rows, base, node);
    if (effect === BLOCKED && !node.blocks) {
      throw new Error(`operation ${node.state.pending!.name} waits but is not declared to block`);
    }
    const transition = effect === BLOCKED ? BLOCKED : this.resolve(rows, base, node, effect);
    node.transitions.set(rows, base, transition);
    const values = node.footprint.map((position) => rows[base + position]!);
    if (transition) this.learned.push({ transition, values });
    else this.waits.push({ node, values });
    return transition;
  }

  /** Guard and effect of the pending operation on the values in this state. */
  private run(rows: Int32Array, base: number, node: Node): Effect<unknown> | null {
    if (this.handlerOver(rows, base, node) !== null) return BLOCKED;
    const spec = node.state.pending!;
    const value = (object: Shared<unknown>): unknown =>
      this.valueIn(rows, base, Number.MAX_SAFE_INTEGER, object);
    for (const [life, { type, touched }] of owners(spec)) {
      if (value(life) === 'alive') continue;
      const what = { operation: spec.name, object: life.name, type, touched };
      return { result: undefined, reports: [useAfterFree(what, value(life))] };
    }
    const { context } = node.state;
    const values = [...(spec.writes ?? []), ...(spec.reads ?? [])].map(value);
    const effect = spec.step ? this.effect(spec, values, context) : { result: undefined };
    const found = spec.check?.(context);
    if (!found) return effect;
    // What is wrong with the call is wrong also when it has to wait; nothing is known of after.
    if (effect === BLOCKED) return { result: undefined, reports: [{ ...found, crash: true }] };
    return { ...effect, reports: [found, ...(effect.reports ?? [])] };
  }

  /** Conditions and changes are the spec's code too. */
  private effect(
    spec: OperationSpec<unknown>,
    values: unknown[],
    context: ThreadContext,
  ): Effect<unknown> | null {
    try {
      return this.guarded(() => spec.step!(values, context));
    } catch (error) {
      if (error instanceof Error && error.name === 'SpecError') throw error;
      throw new SpecError(`${describe(spec)} in thread '${context.name}' fails: ${error}`);
    }
  }

  private resolve(rows: Int32Array, base: number, node: Node, effect: Effect<unknown>): Transition {
    const automaton = this.threads[node.thread]!;
    const reports = [...(effect.reports ?? [])];
    const crash = reports.some((report) => report.crash);
    const changes: number[] = [];
    let { hi, lo } = node.state.fingerprint;
    effect.values?.forEach((value, index) => {
      const slot = this.slotOf(node.state.pending!.writes![index]!);
      const old = rows[base + slot.position]!;
      const id = slot.intern(value);
      if (id === old) return;
      changes.push(slot.position, id);
      if (!node.changed.includes(slot.position)) {
        node.changed.push(slot.position);
        this.changesSeen++;
      }
      hi ^= slot.fingerprints[old]!.hi ^ slot.fingerprints[id]!.hi;
      lo ^= slot.fingerprints[old]!.lo ^ slot.fingerprints[id]!.lo;
    });
    // A thread that crashed goes nowhere: what it would do next is not the protocol's any more.
    const result = this.internResult(effect.result);
    const next = crash ? node : this.nodeOf(node.thread, automaton.next(node.state, result));
    if (!crash && !node.successors.includes(next)) node.successors.push(next);
    hi ^= next.state.fingerprint.hi;
    lo ^= next.state.fingerprint.lo;
    const { locks, readers } = next.state.context;
    if (!crash && !next.state.pending && (locks.length > 0 || readers > 0)) {
      const held = locks.length > 0 ? locks.join(', ') : 'an open section';
      const message = `${automaton.declaration.name} ends while it holds ${held}`;
      reports.push({ rule: 'lock held at exit', message, ...(locks[0] && { object: locks[0] }) });
    }
    return {
      id: this.learned.length,
      node,
      next,
      result,
      changes: Int32Array.from(changes),
      hi,
      lo,
      reports,
      crash,
    };
  }

  private internResult(result: unknown): unknown {
    const text = canonicalFrozen(result);
    if (!this.pool.has(text)) this.pool.set(text, deepFreeze(result));
    return this.pool.get(text);
  }
}

interface Touch {
  readonly operation: string;
  /** Name of the struct, and of what is touched in it. */
  readonly object: string;
  readonly touched: string;
  readonly type: string;
}

/** KASAN's finding: the memory of an object that the operation touches is not allocated. */
function useAfterFree({ operation, object, touched, type }: Touch, life: unknown): Report {
  return {
    rule: 'use-after-free',
    message:
      life === 'freed'
        ? `${operation} touches ${touched} after ${object} was freed`
        : `${operation} touches ${touched}, but ${object} is not allocated yet`,
    object,
    type,
    crash: true,
  };
}
