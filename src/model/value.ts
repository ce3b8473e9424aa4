import { capturesOf, isCursor } from './frames.ts';
import { isShared } from './shared.ts';

/** Thrown for a value whose equality with another cannot be decided by looking at it. */
export class Opaque extends Error {}

/**
 * A string that is equal for two lists of values exactly when no program can tell the lists apart:
 * by structure, and by which mutable objects in them are the same object. Handles count by name,
 * closures by the function's site and what they captured.
 * @throws Opaque for generators, class instances, accessors, symbols and unknown functions.
 */
export function canonical(values: readonly unknown[]): string {
  const seen = new Map<object, number>();
  return values.map((value) => encode(value, seen)).join(',');
}

function encode(value: unknown, seen: Map<object, number>): string {
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
      return value === null ? '_' : encodeObject(value, seen);
    case 'function':
      return encodeFunction(value, seen);
    default:
      throw new Opaque(`a ${typeof value} cannot be compared`);
  }
}

function encodeObject(value: object, seen: Map<object, number>): string {
  if (isShared(value)) return `&${value.name}`;
  if ('handle' in value && typeof value.handle === 'string') return `&${value.handle}`;
  const before = seen.get(value);
  if (before !== undefined) return `^${before}`;
  seen.set(value, seen.size);
  const all = (items: Iterable<unknown>): string => [...items].map((v) => encode(v, seen)).join(',');
  // Array.from, not map: a hole reads as undefined, which is what a reader of it sees.
  if (Array.isArray(value)) return `[${all(Array.from(value))}]`;
  if (isCursor(value)) return `c(${encode(value.array, seen)},${value.index})`;
  if (value instanceof Map) return `m(${all([...value].flat(1))})`;
  if (value instanceof Set) return `s(${all(value)})`;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Opaque(`an instance of ${prototype.constructor?.name ?? 'a class'}`);
  }
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, field]) => {
    if (field.get || field.set) throw new Opaque('an accessor');
    return `${JSON.stringify(name)}:${encode(field.value, seen)}`;
  });
  return `{${fields.join(',')}}`;
}

function encodeFunction(fn: object, seen: Map<object, number>): string {
  const captures = capturesOf(fn);
  if (!captures?.values) throw new Opaque('a function whose captured variables are not known');
  const before = seen.get(fn);
  if (before !== undefined) return `^${before}`;
  seen.set(fn, seen.size);
  let values: unknown[];
  try {
    values = captures.values();
  } catch {
    throw new Opaque('a closure over a variable that is not initialised yet');
  }
  return `f(${captures.site}${values.map((v) => `,${encode(v, seen)}`).join('')})`;
}

/** Values live in many states at once, so they are frozen before a spec sees them. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
