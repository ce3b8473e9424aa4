import { isStep } from '../model/frames.ts';
import type { Machine } from '../model/machine.ts';
import type { Predicate } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import { SpecError } from '../model/shared.ts';
import { show } from '../model/text.ts';
import { TupleMap } from '../model/tuple-map.ts';

/**
 * A predicate on states with the footprint it has shown: every object that it read in some state.
 * The answer is remembered per values of the footprint.
 */
export class StateProperty {
  readonly name: string;
  /** Row positions read so far. Growth is new knowledge: it changes which writes are visible. */
  readonly footprint = new Set<number>();
  /** The footprint as it was when the level began. */
  watched: ReadonlySet<number> = new Set();
  private readonly predicate: Predicate;
  private readonly machine: Machine;
  private readonly guarded: <T>(code: () => T) => T;
  private answers: TupleMap<'yes' | 'no'>;

  constructor(machine: Machine, predicate: Predicate, guarded: <T>(code: () => T) => T) {
    this.name = predicate.name;
    this.predicate = predicate;
    this.machine = machine;
    this.guarded = guarded;
    this.answers = new TupleMap(new Int32Array(0));
  }

  /** Does the property hold in the state at `base`? The row must have room for known objects. */
  holds(rows: Int32Array, base: number, stride: number): boolean {
    const known = this.footprint.size > 0 ? this.answers.get(rows, base) : undefined;
    if (known !== undefined) return known === 'yes';
    const size = this.footprint.size;
    const answer = this.ask(rows, base, stride);
    if (this.footprint.size > size) {
      this.answers = new TupleMap(Int32Array.from(this.footprint));
    } else if (size > 0) {
      this.answers.set(rows, base, answer ? 'yes' : 'no');
    }
    return answer;
  }

  /** @returns whether there is more to watch than before */
  watch(): boolean {
    if (this.watched.size === this.footprint.size) return false;
    this.watched = new Set(this.footprint);
    return true;
  }

  /** Adds positions that another worker saw the property read. */
  extend(positions: readonly number[]): void {
    const size = this.footprint.size;
    for (const position of positions) this.footprint.add(position);
    if (this.footprint.size > size) this.answers = new TupleMap(Int32Array.from(this.footprint));
  }

  /** What the property reads in a state, as people see it, but for what is still as at the start. */
  explain(rows: Int32Array, base: number, stride: number): string {
    this.footprint.clear();
    this.ask(rows, base, stride);
    return [...this.footprint]
      .filter((position) => position < stride && rows[base + position] !== 0)
      .map((position) => {
        const { object, values } = this.machine.slotAt(position);
        return `${object.name} = ${show(values[rows[base + position]!])}`;
      })
      .join(', ');
  }

  private ask(rows: Int32Array, base: number, stride: number): boolean {
    const outer = { peek: runtime.peek, asking: runtime.asking };
    runtime.asking = this.name;
    runtime.peek = <T>(object: unknown): T => {
      const shared = object as Parameters<Machine['slotOf']>[0];
      this.footprint.add(this.machine.slotOf(shared).position);
      return this.machine.valueIn(rows, base, stride, shared) as T;
    };
    try {
      const answer: unknown = this.guarded(this.predicate.holds);
      if (typeof answer === 'boolean') return answer;
      throw new SpecError(`property '${this.name}' ${wrongly(answer)}`);
    } catch (error) {
      if (error instanceof Error && error.name === 'SpecError') throw error;
      throw new SpecError(`property '${this.name}' throws ${error}`);
    } finally {
      Object.assign(runtime, outer);
    }
  }
}

/** An object, such as an operation, would be true in every state. */
function wrongly(answer: unknown): string {
  if (isStep(answer)) {
    return 'is a generator, or an operation; write () => ..., which reads with peek(...)';
  }
  const what = typeof answer === 'object' && answer !== null ? 'an object' : String(answer);
  return `gives ${typeof answer === 'function' ? 'a function' : what}, and neither true nor false`;
}
