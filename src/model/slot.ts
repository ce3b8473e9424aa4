import { type Fingerprint, fingerprint, ZERO } from './fingerprint.ts';
import { type Shared, SpecError } from './shared.ts';
import { canonicalFrozen, deepFreeze, Opaque } from './value.ts';

/** A shared object's place in the state row, and the values it has been seen to take. */
export class Slot {
  readonly object: Shared<unknown>;
  /** Position in a state row. */
  readonly position: number;
  readonly values: unknown[] = [];
  /** By value id. The initial value's is zero, so that an object not yet known costs nothing. */
  readonly fingerprints: Fingerprint[] = [];
  readonly texts: string[] = [];
  private readonly pool: Map<string, unknown>;
  private readonly ids = new Map<string, number>();

  /** @param pool values by structure, so that equal ones are one object for the spec's code */
  constructor(object: Shared<unknown>, position: number, pool: Map<string, unknown>) {
    this.pool = pool;
    this.object = object;
    this.position = position;
    this.intern(object.initial);
  }

  /** The id of a value: 0 is the initial one. */
  intern(value: unknown): number {
    const text = this.textOf(value);
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.values.length;
    this.ids.set(text, id);
    if (!this.pool.has(text)) this.pool.set(text, deepFreeze(value));
    this.values.push(this.pool.get(text));
    this.texts.push(text);
    this.fingerprints.push(id === 0 ? ZERO : fingerprint(this.object.name, text));
    return id;
  }

  private textOf(value: unknown): string {
    try {
      return canonicalFrozen(value);
    } catch (error) {
      if (!(error instanceof Opaque)) throw error;
      throw new SpecError(
        `${this.object.name} is given ${error.message}; a shared value is plain data, a handle, or ` +
          'a function that captures nothing that changes',
      );
    }
  }
}
