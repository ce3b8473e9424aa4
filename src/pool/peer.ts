import type { Frontier } from '../explore/frontier.ts';
import type { Machine } from '../model/machine.ts';
import { SpecError } from '../model/shared.ts';

/**
 * What one machine learned, in its own numbering: flat [thread, local state, k, footprint values,
 * next local state, m, (footprint index, value) ...] per transition, in the order of learning.
 */
export type Lessons = Int32Array;

/** States in the sender's numbering, with the names of its objects by row position. */
export interface Parcel {
  readonly objects: readonly string[];
  readonly stride: number;
  readonly count: number;
  readonly rows: Int32Array;
  readonly his: Int32Array;
  readonly los: Int32Array;
}

/** The transitions `from` up to (not including) `to`, in the order the machine learned them. */
export function lessons(machine: Machine, from: number, to = machine.learned.length): Lessons {
  const flat: number[] = [];
  for (let i = from; i < to; i++) {
    const { transition, values } = machine.learned[i]!;
    const { node, next, changes } = transition;
    flat.push(node.thread, node.state.id, values.length, ...values, next.state.id);
    flat.push(changes.length / 2);
    for (let c = 0; c < changes.length; c += 2) {
      flat.push(node.footprint.indexOf(changes[c]!), changes[c + 1]!);
    }
  }
  return Int32Array.from(flat);
}

/** Takes states `from` up to the end out of a frontier. */
export function pack(machine: Machine, frontier: Frontier, from: number): Parcel {
  const { stride, count } = frontier;
  frontier.count = from;
  return {
    objects: machine.slots.map(({ object }) => object.name),
    stride,
    count: count - from,
    rows: frontier.rows.slice(from * stride, count * stride),
    his: frontier.his.slice(from, count),
    los: frontier.los.slice(from, count),
  };
}

/**
 * Another machine for the same program, in another thread, whose numbering of local states and
 * values differs from ours. It sends the transitions that it learned; we run them, which teaches us
 * the same and shows how its numbers map to ours. A value itself never has to be sent.
 */
export class Peer {
  private readonly machine: Machine;
  /** Per thread: its local state ids to ours. */
  private readonly states: number[][];
  /** Per row position of ours: its value ids to ours. */
  private readonly values = new Map<number, number[]>();

  constructor(machine: Machine) {
    this.machine = machine;
    this.states = machine.threads.map(({ start }) => [start.id]);
  }

  /** Learns what the peer learned. Lessons must come whole and in order. */
  learn(flat: Lessons): void {
    const { machine } = this;
    for (let at = 0; at < flat.length; ) {
      const thread = flat[at++]!;
      const from = this.states[thread]![flat[at++]!]!;
      const node = machine.nodes[thread]![from]!;
      const row = new Int32Array(machine.width);
      row[thread] = from;
      const k = flat[at++]!;
      if (k !== node.footprint.length) throw differs(machine, thread);
      for (let i = 0; i < k; i++) {
        const position = node.footprint[i]!;
        row[position] = this.valueOf(position, flat[at++]!);
      }
      const transition = machine.transition(row, 0, thread);
      const next = flat[at++]!;
      const m = flat[at++]!;
      if (!transition || transition.changes.length !== 2 * m) throw differs(machine, thread);
      this.states[thread]![next] = transition.next.state.id;
      for (let i = 0; i < m; i++) {
        const position = node.footprint[flat[at++]!]!;
        const value = changeAt(transition.changes, position);
        if (value < 0) throw differs(machine, thread);
        this.valuesAt(position)[flat[at++]!] = value;
      }
    }
  }

  /** Adds the peer's states to a frontier of ours. */
  unpack({ objects, stride, count, rows, his, los }: Parcel, into: Frontier): void {
    const { machine } = this;
    const threads = machine.threads.length;
    const positions = objects.map((name) => machine.slotNamed(name).position);
    const values = positions.map((position) => this.valuesAt(position));
    if (machine.width > into.stride) into.widen(machine.width);
    const row = new Int32Array(into.stride);
    for (let i = 0; i < count; i++) {
      const base = i * stride;
      for (let t = 0; t < threads; t++) row[t] = this.states[t]![rows[base + t]!]!;
      for (let o = 0; o < positions.length && threads + o < stride; o++) {
        const theirs = rows[base + threads + o]!;
        row[positions[o]!] = values[o]![theirs] ?? unknown(positions[o]!, theirs);
      }
      into.push(row, 0, row.length, his[i]!, los[i]!);
    }
  }

  private valueOf(position: number, theirs: number): number {
    return this.valuesAt(position)[theirs] ?? unknown(position, theirs);
  }

  private valuesAt(position: number): number[] {
    let values = this.values.get(position);
    if (!values) {
      values = [0];
      this.values.set(position, values);
    }
    return values;
  }
}

function unknown(position: number, theirs: number): never {
  throw new Error(`value ${theirs} at ${position} was never introduced`);
}

/** The value id that a position gets, -1 if it is not changed. */
function changeAt(changes: Int32Array, position: number): number {
  for (let i = 0; i < changes.length; i += 2) if (changes[i] === position) return changes[i + 1]!;
  return -1;
}

function differs(machine: Machine, thread: number): SpecError {
  const { name } = machine.threads[thread]!.declaration;
  return new SpecError(
    `thread '${name}' does not do the same in two workers; it may depend only on parameters and ` +
      'on the results of its operations',
  );
}
