import { HANDLE, isHandle, isShared } from './shared.ts';
import { show } from './text.ts';

/** A value for other programs: what JSON can say, handles and functions by name. */
export type Data =
  | null
  | boolean
  | number
  | string
  | readonly Data[]
  | { readonly [name: string]: Data };

export function asData(value: unknown): Data {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
      return value;
    case 'object':
      return value === null ? null : objectAsData(value);
    default:
      return show(value);
  }
}

function objectAsData(value: object): Data {
  if (isShared(value)) return value.name;
  if (isHandle(value)) return value[HANDLE];
  if (Array.isArray(value) || value instanceof Set) return [...value].map(asData);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([name, field]) => [show(name), asData(field)]));
}
