import { asData, type Data } from '../model/data.ts';
import { type Fingerprint, fingerprint, ZERO } from '../model/fingerprint.ts';
import { Machine, type Node } from '../model/machine.ts';
import { describe } from '../model/operation.ts';
import type { Program } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import type { Shared } from '../model/shared.ts';
import { show } from '../model/text.ts';
import { portable } from '../model/value.ts';
import type { FinalState } from './checks.ts';
import { Frontier } from './frontier.ts';
import { callsOf } from './places.ts';

/** Objects by name with their initial values: as shown, and as compared. */
export type Initials = ReadonlyMap<string, { readonly text: string; readonly key: string }>;

/** The names of what a program has from its start. Asked before it is run. */
export interface Surface {
  readonly threads: readonly string[];
  readonly objects: Initials;
}

export function surfaceOf({ threads }: Program): Surface {
  return {
    threads: threads.map(({ name }) => name),
    objects: initialsOf(runtime.objects.values()),
  };
}

/**
 * Objects that are not the same at the start: that is said once. One that no final state has changed
 * would make all of them differ.
 */
export function withoutStill(
  scope: Scope,
  a: { readonly surface: Surface; readonly finals: FinalStates },
  b: { readonly surface: Surface; readonly finals: FinalStates },
): { readonly still: readonly string[]; readonly scope: Scope } {
  const keyIn = ({ surface }: typeof a, name: string) => surface.objects.get(name)!.key;
  const still = [...scope.objects].filter(
    (name) =>
      keyIn(a, name) !== keyIn(b, name) && !a.finals.moved.has(name) && !b.finals.moved.has(name),
  );
  const objects = new Set([...scope.objects].filter((name) => !still.includes(name)));
  return { still, scope: { ...scope, objects, without: new Set([...scope.without, ...still]) } };
}

function initialsOf(objects: Iterable<Shared<unknown>>): Initials {
  const all = [...objects].map(({ name, initial }) => {
    return [name, { text: show(initial), key: portable(initial) }] as const;
  });
  return new Map(all);
}

/**
 * What final states of two programs are compared by: all but what only one of them has from its
 * start. What is made at run time counts as there, with its initial value, where it is not made.
 */
export interface Scope {
  /** Names of objects that both have from their start. */
  readonly objects: ReadonlySet<string>;
  /** Names of objects that only one has. */
  readonly without: ReadonlySet<string>;
  /** Names of threads that both have. */
  readonly threads: ReadonlySet<string>;
}

export function scopeOf(a: Surface, b: Surface): Scope {
  const [inA, inB] = [new Set(a.objects.keys()), new Set(b.objects.keys())];
  const threads = new Set(b.threads);
  return {
    objects: new Set([...inA].filter((name) => inB.has(name))),
    without: new Set([...inA, ...inB].filter((name) => !(inA.has(name) && inB.has(name)))),
    threads: new Set(a.threads.filter((name) => threads.has(name))),
  };
}

/**
 * The final states of a program as far as they are compared, by digests: 64 bits, as those by which
 * a search tells its states apart. A search may come across one as often as it wants.
 */
export class FinalStates {
  /** By digest: in how many final states it is, which differ in what is not compared. */
  readonly found = new Map<string, number>();
  private readonly whole = new Set<string>();
  private readonly scope: Scope;
  private digests: Digests | null = null;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** Objects that were made at run time. */
  get made(): Initials {
    return this.digests?.made ?? new Map();
  }

  /** Names of the objects that some final state has with another value than the initial one. */
  get moved(): ReadonlySet<string> {
    return this.digests?.moved ?? new Set();
  }

  /**
   * The same by digests that leave out objects, none of which moved: these are what they are at the
   * start in every final state, so one digest differs from the other as all do.
   */
  without(names: readonly string[], { objects }: Surface): Map<string, number> {
    const { hi, lo } = names.map((name) => ofKey(name, objects.get(name)!.key)).reduce(xor, ZERO);
    const shifted = [...this.found].map(([digest, count]) => {
      const [high, low] = digest.split(',').map(Number);
      return [`${high! ^ hi},${low! ^ lo}`, count] as const;
    });
    return new Map(shifted);
  }

  readonly see: FinalState = (machine, rows, base, stride) => {
    if (this.digests?.machine !== machine) this.digests = new Digests(machine, this.scope);
    const whole = this.digests.whole(rows, base, stride);
    if (this.whole.has(whole)) return;
    this.whole.add(whole);
    const digest = this.digests.of(rows, base, stride);
    this.found.set(digest, (this.found.get(digest) ?? 0) + 1);
  };
}

/** Digests of states of one machine, by what is the same for every program: names and values. */
export class Digests {
  readonly machine: Machine;
  private readonly scope: Scope;
  readonly moved = new Set<string>();
  /** Of what all objects are at the start. */
  private readonly start: Fingerprint;
  /** By slot and value, what a value other than the initial one changes. */
  private readonly values: Fingerprint[][] = [];
  /** By thread and local state. */
  private readonly places: Fingerprint[][] = [];

  constructor(machine: Machine, scope: Scope) {
    this.machine = machine;
    this.scope = scope;
    this.start = [...scope.objects]
      .map((name) => ofValue(name, runtime.objects.get(name)!.initial))
      .reduce(xor, ZERO);
  }

  of(rows: Int32Array, base: number, stride: number): string {
    let digest = this.start;
    const { slots, threads } = this.machine;
    for (let at = 0; at < slots.length && threads.length + at < stride; at++) {
      const id = rows[base + threads.length + at]!;
      if (id !== 0) digest = xor(digest, this.ofSlot(at, id));
    }
    for (let thread = 0; thread < threads.length; thread++) {
      digest = xor(digest, this.ofThread(thread, rows[base + thread]!));
    }
    return `${digest.hi},${digest.lo}`;
  }

  /** Objects that were made at run time. */
  get made(): Initials {
    const { objects, without } = this.scope;
    const all = this.machine.slots.map(({ object }) => object);
    return initialsOf(all.filter(({ name }) => !objects.has(name) && !without.has(name)));
  }

  /** Of all there is in the state, local states too. */
  whole(rows: Int32Array, base: number, stride: number): string {
    const { slots, threads, nodes } = this.machine;
    let { hi, lo } = ZERO;
    for (let at = 0; at < slots.length && threads.length + at < stride; at++) {
      const print = slots[at]!.fingerprints[rows[base + threads.length + at]!]!;
      hi ^= print.hi;
      lo ^= print.lo;
    }
    for (let thread = 0; thread < threads.length; thread++) {
      const print = nodes[thread]![rows[base + thread]!]!.state.fingerprint;
      hi ^= print.hi;
      lo ^= print.lo;
    }
    return `${hi},${lo}`;
  }

  private ofSlot(at: number, id: number): Fingerprint {
    const known = (this.values[at] ??= []);
    return (known[id] ??= this.changeOf(at, id));
  }

  private changeOf(at: number, id: number): Fingerprint {
    const { object, values } = this.machine.slots[at]!;
    const { name, initial } = object;
    this.moved.add(name);
    if (this.scope.without.has(name)) return ZERO;
    const now = ofValue(name, values[id]);
    return this.scope.objects.has(name) ? xor(now, ofValue(name, initial)) : now;
  }

  private ofThread(thread: number, id: number): Fingerprint {
    const known = (this.places[thread] ??= []);
    known[id] ??= this.ofPlace(this.machine.nodes[thread]![id]!);
    return known[id];
  }

  private ofPlace(node: Node): Fingerprint {
    const { name } = this.machine.threads[node.thread]!.declaration;
    return this.scope.threads.has(name) ? fingerprint(`thread ${name}`, endOf(node)) : ZERO;
  }
}

function ofValue(object: string, value: unknown): Fingerprint {
  return ofKey(object, portable(value));
}

function ofKey(object: string, key: string): Fingerprint {
  return fingerprint(`object ${object}`, key);
}

function xor(a: Fingerprint, b: Fingerprint): Fingerprint {
  return { hi: a.hi ^ b.hi, lo: a.lo ^ b.lo };
}

/** Where a thread ends: at its end, or at the statement that it waits at. No line, as these move. */
function endOf({ state }: Node): string {
  if (!state.pending) return FINISHED;
  const within = callsOf(state.sites).at(-1)?.fn;
  return `waits at ${describe(state.pending)}${within === undefined ? '' : ` in ${within}`}`;
}

const FINISHED = 'finished';

/** A final state in words. */
export interface End {
  readonly digest: string;
  /** What is compared of it: objects with their values, by name, then threads with where they end. */
  readonly parts: ReadonlyMap<string, Part>;
}

export interface Part {
  readonly what: 'object' | 'thread';
  readonly name: string;
  /** As people see it, and for other programs. */
  readonly text: string;
  readonly data: Data;
  /** As it is compared. */
  readonly key: string;
  /** As at the start of the program. */
  readonly untouched: boolean;
}

/**
 * Follows schedules of one program to their ends, one by one, on a machine of its own.
 * @returns null for one that cannot be followed, or after which something can move
 */
export function endsOf(
  program: Program,
  scope: Scope,
  guarded: <T>(code: () => T) => T,
): (schedule: readonly string[]) => End | null {
  const machine = new Machine(program, guarded);
  const digests = new Digests(machine, scope);
  const names = program.threads.map(({ name }) => name);
  return (schedule) => {
    const state = new Frontier(machine.width, 1);
    state.push(machine.initialRow(), 0, machine.width, 0, 0);
    const moveOf = (thread: number) => {
      if (machine.width > state.stride) state.widen(machine.width);
      return thread < 0 ? null : machine.transition(state.rows, 0, thread);
    };
    for (const name of schedule) {
      const move = moveOf(names.indexOf(name));
      if (!move || move.crash) return null;
      state.take(machine, move);
    }
    if (names.some((_, thread) => moveOf(thread) !== null)) return null;
    const { rows, stride } = state;
    return { digest: digests.of(rows, 0, stride), parts: partsOf(machine, scope, rows, stride) };
  };
}

function partsOf(
  machine: Machine,
  scope: Scope,
  rows: Int32Array,
  stride: number,
): Map<string, Part> {
  const met = new Map(machine.slots.map((slot) => [slot.object.name, slot]));
  const objects = [...new Set([...scope.objects, ...met.keys()])].sort();
  const parts = new Map<string, Part>();
  for (const name of objects) {
    if (scope.without.has(name)) continue;
    const slot = met.get(name);
    const id = slot && slot.position < stride ? rows[slot.position]! : 0;
    if (id === 0 && !scope.objects.has(name)) continue;
    const object: Shared<unknown> = slot?.object ?? runtime.objects.get(name)!;
    const value = slot ? slot.values[id] : object.initial;
    const [text, data, key] = [show(value), asData(value), portable(value)];
    parts.set(`object ${name}`, { what: 'object', name, text, data, key, untouched: id === 0 });
  }
  for (const [thread, { declaration }] of machine.threads.entries()) {
    const { name } = declaration;
    if (!scope.threads.has(name)) continue;
    const text = endOf(machine.node(rows, 0, thread));
    const untouched = text === FINISHED;
    const part = { what: 'thread', name, text, data: text, key: text, untouched } as const;
    parts.set(`thread ${name}`, part);
  }
  return parts;
}
