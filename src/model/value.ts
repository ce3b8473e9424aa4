import { capturesOf, frames, isCursor } from './frames.ts';
import { HANDLE, isHandle, isShared } from './shared.ts';
import { show } from './text.ts';

/** Thrown for a value whose equality with another cannot be decided by looking at it. */
export class Opaque extends Error {}

/**
 * A string that is equal for two lists of mutable values exactly when no program can tell the lists
 * apart: by structure, by which objects in them are the same object, and by what may still be
 * changed. Handles count by name, closures by the function's site and what they captured.
 * @throws Opaque for generators, class instances, accessors, symbols and unknown functions.
 */
export function canonical(values: readonly unknown[]): string {
  return new Encoder(true).all(values);
}

/** As `canonical`, for values that are frozen, or will be before anybody looks at them. */
export function canonicalFrozen(value: unknown): string {
  return new Encoder(false).one(value);
}

/**
 * As `canonicalFrozen`, but equal for two programs too: functions count by name, not by site. What no
 * state can hold, and so never changes, counts as what is shown of it.
 */
export function portable(value: unknown): string {
  try {
    return new Encoder(false, true).one(value);
  } catch (error) {
    if (!(error instanceof Opaque)) throw error;
    return `opaque ${show(value)}`;
  }
}

class Encoder {
  private readonly seen = new Map<object, number>();
  /** Whether it shows if an object is frozen. */
  private readonly marks: boolean;
  /** Whether a function is told by its name, and not by where it stands. */
  private readonly named: boolean;

  constructor(marks: boolean, named = false) {
    this.marks = marks;
    this.named = named;
  }

  all(values: Iterable<unknown>): string {
    return Array.from(values, (value) => this.one(value)).join(',');
  }

  one(value: unknown): string {
    switch (typeof value) {
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
      case 'string':
        return JSON.stringify(value);
      case 'boolean':
        return value ? 't' : 'f';
      case 'undefined':
        return 'u';
      case 'bigint':
        return `${value}n`;
      case 'object':
        return value === null ? '_' : this.object(value);
      case 'function':
        return this.function(value);
      default:
        throw new Opaque(`a ${typeof value}`);
    }
  }

  private object(value: object): string {
    if (isShared(value)) return `&${value.name}`;
    if (isHandle(value)) return `&${value[HANDLE]}`;
    const before = this.seen.get(value);
    if (before !== undefined) return `^${before}`;
    this.seen.set(value, this.seen.size);
    if (isCursor(value)) return `c(${this.one(value.array)},${value.index})`;
    const mark = this.marks ? markOf(value) : '';
    const prototype: unknown = Object.getPrototypeOf(value);
    switch (prototype) {
      case Array.prototype:
        if (hasExactly(value, (value as unknown[]).length + 1)) {
          return `${mark}[${this.all(value as unknown[])}]`;
        }
        throw new Opaque('an array with a hole or a field');
      case Map.prototype:
        if (!this.marks) throw new Opaque('a Map, which cannot be frozen');
        if (hasExactly(value, 0))
          return `${mark}m(${this.all([...(value as Map<unknown, unknown>)].flat(1))})`;
        throw new Opaque('a Map with a field');
      case Set.prototype:
        if (!this.marks) throw new Opaque('a Set, which cannot be frozen');
        if (hasExactly(value, 0)) return `${mark}s(${this.all(value as Set<unknown>)})`;
        throw new Opaque('a Set with a field');
      case Object.prototype:
        return `${mark}{${this.fields(value)}}`;
      case null:
        return `${mark}0{${this.fields(value)}}`;
      default:
        if (Object.prototype.toString.call(value) === '[object Generator]')
          throw new Opaque('a generator, as of a function that is called here');
        throw new Opaque('an instance of a class');
    }
  }

  private fields(value: object): string {
    const texts = Reflect.ownKeys(value).map((key) => {
      const field = Object.getOwnPropertyDescriptor(value, key)!;
      if (typeof key === 'symbol') throw new Opaque('an object with a symbol for a key');
      if (field.get || field.set || !field.enumerable)
        throw new Opaque('an object with an accessor');
      return `${JSON.stringify(key)}:${this.one(field.value)}`;
    });
    return texts.join(',');
  }

  private function(fn: object): string {
    const captures = capturesOf(fn);
    if (!captures?.values || Object.keys(fn).length > 0) {
      throw new Opaque('a function whose captured variables are not known, or may change');
    }
    const before = this.seen.get(fn);
    if (before !== undefined) return `^${before}`;
    this.seen.set(fn, this.seen.size);
    let values: unknown[];
    try {
      values = captures.values();
    } catch {
      throw new Opaque('a closure over a variable that is not initialised yet');
    }
    const which = this.named ? (fn as { name: string }).name : captures.site;
    return `f(${which},${this.all(values)})`;
  }
}

function markOf(value: object): string {
  if (Object.isFrozen(value)) return '!';
  return Object.isExtensible(value) && !Object.isSealed(value) ? '' : '?';
}

/** No own keys beside the expected number; a hole in an array makes it one fewer. */
function hasExactly(value: object, count: number): boolean {
  return Reflect.ownKeys(value).length === count;
}

/**
 * Shared values and results live in many states at once, so nobody may change them. Handles are
 * left alone.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || isShared(value) || isHandle(value))
    return value;
  // Frozen by somebody else may mean: only on the outside.
  if (frozen.has(value)) return value;
  frozen.add(value);
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

const frozen = new WeakSet<object>();

/**
 * Could calling this value, or a function in it, give something else later? Only what captures
 * nothing, or has no functions in it, certainly stays the same.
 */
export function mayChange(value: unknown): boolean {
  if (typeof value === 'function') {
    return capturesOf(value)?.values !== frames.none;
  }
  if (typeof value !== 'object' || value === null || isShared(value) || isHandle(value))
    return false;
  const opaque = value instanceof Map || value instanceof Set;
  return opaque || !Object.isFrozen(value) || Object.values(value).some(mayChange);
}
