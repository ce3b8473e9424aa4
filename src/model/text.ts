import { HANDLE, isHandle, isShared } from './shared.ts';

/** A value as people read it: handles by name, the rest like a literal. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return '';
    case 'string':
      return value;
    case 'function':
      return value.name || 'function';
    case 'object':
      return value === null ? 'NULL' : showObject(value);
    default:
      return String(value);
  }
}

function showObject(value: object): string {
  if (isShared(value)) return value.name;
  if (isHandle(value)) return value[HANDLE];
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([k, v]) => `${show(k)}: ${show(v)}`).join(', ')}}`;
  if (value instanceof Set) return `{${[...value].map(show).join(', ')}}`;
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${show(field)}`);
  return `{${fields.join(', ')}}`;
}
