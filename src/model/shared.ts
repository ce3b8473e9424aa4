import { runtime } from './runtime.ts';

const brand = Symbol.for('lockstep.shared');

/** Key of the name of an object that is compared by name only: a struct, a workqueue. */
export const HANDLE: unique symbol = Symbol.for('lockstep.handle');

export interface Handle {
  readonly [HANDLE]: string;
}

export function isHandle(value: object): value is Handle {
  return HANDLE in value;
}

/**
 * A shared object: one slot of the state. The handle is immutable and holds no value; values live
 * in states. Its name is its identity, so a handle may be stored in a value or a local.
 */
export class Shared<T> {
  readonly [brand] = true;
  readonly name: string;
  readonly initial: T;
  /** The heap struct that this object is part of; using it then needs the struct alive. */
  readonly owner: Struct | null;

  constructor(name: string, initial: T, owner: Struct | null = null) {
    const known = runtime.objects.get(name);
    if (known && (known.owner === null || known.owner.name !== owner?.name)) {
      throw new SpecError(`two shared objects are called '${name}'; give each its own name`);
    }
    this.name = name;
    this.initial = initial;
    this.owner = owner;
    runtime.objects.set(name, this as Shared<unknown>);
  }

  /** It is there to be taken. */
  get isLock(): boolean {
    return false;
  }

  /** Who has it, if it is a lock and says so: names of threads, among whatever else. */
  holders(value: T): readonly unknown[] {
    return [value];
  }
}

/** For `build`: the value at the start of an object that exists in every configuration (a global). */
export function initially<T>(of: Shared<T>, value: T): void {
  (of as { initial: T }).initial = value;
}

/** A heap struct: `life` says whether its memory may be touched. */
export interface Struct {
  readonly [HANDLE]: string;
  readonly name: string;
  /** Name of the struct's type, as in the C. */
  readonly type: string;
  readonly life: Shared<Life>;
}

export type Life = 'absent' | 'alive' | 'freed';

export function isShared(value: unknown): value is Shared<unknown> {
  return typeof value === 'object' && value !== null && brand in value;
}

/** What is wrong with something that should be a shared object, and what to do about it. */
export function notShared(value: unknown): string {
  const no = 'is no shared object';
  if (value === null) return `NULL ${no}; is a pointer NULL there?`;
  if (value === undefined) return `undefined ${no}; is there such a field?`;
  if (typeof value === 'object' && isHandle(value)) {
    return `${value[HANDLE]} ${no}; name one of its fields`;
  }
  const { declares, alone } = value as { readonly declares?: string; readonly alone?: string };
  if (declares === undefined) {
    const what = typeof value === 'object' ? JSON.stringify(value) : `'${String(value)}'`;
    return `${what} ${no}; those are made by variable('name', 0), object(type, 'name') and their kin`;
  }
  const own =
    alone === undefined ? 'only objects of the struct have one' : `one of its own is ${alone}`;
  return `${declares} declares a field of a struct; ${own}`;
}

/** The spec, not Lockstep, is at fault: exit code 3. The message says what to do about it. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
}
