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
  private readonly ids = new Map<string, number>();

  constructor(object: Shared<unknown>, position: number) {
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
    this.values.push(deepFreeze(value));
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
