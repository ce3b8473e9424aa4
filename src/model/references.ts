import { capturesOf } from './frames.ts';
import { isHandle, isShared, type Struct } from './shared.ts';

/** The heap structs that a value points to, or into: what a scan for pointers would find in it. */
export function referencesIn(value: unknown, found = new Set<Struct>()): Set<Struct> {
  walk(value, found, new Set());
  return found;
}

function walk(value: unknown, found: Set<Struct>, seen: Set<object>): void {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
  if (seen.has(value)) return;
  seen.add(value);
  if (isShared(value)) {
    if (value.owner) found.add(value.owner);
  } else if (isHandle(value)) {
    if ('life' in value) found.add(value as Struct);
  } else if (typeof value === 'function') {
    for (const captured of capturesOf(value)?.values?.() ?? []) walk(captured, found, seen);
  } else if (value instanceof Map) {
    for (const [key, each] of value) {
      walk(key, found, seen);
      walk(each, found, seen);
    }
  } else {
    const parts = value instanceof Set ? value : Object.values(value);
    for (const each of parts) walk(each, found, seen);
  }
}
