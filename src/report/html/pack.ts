/**
 * JSON with each distinct value in it once. Traces of one spec share most of their steps, and all
 * their names: a page over many of them is a twentieth of the size.
 */
export interface Packed {
  /** Names of the fields of the objects that there are. */
  readonly shapes: readonly (readonly string[])[];
  /** Each made of those before it; the last is the whole. */
  readonly values: readonly Entry[];
}

/** A value without parts, or what it is made of: its shape (-1: an array), then places of values. */
type Entry = string | number | boolean | null | readonly number[];

export function pack(value: unknown): Packed {
  const shapes: string[][] = [];
  const values: Entry[] = [];
  const shapeIds = new Map<string, number>();
  const ids = new Map<string, number>();
  const seen = new Map<object, number>();
  const keep = (entry: Entry): number => {
    const key = JSON.stringify(entry);
    const old = ids.get(key);
    if (old !== undefined) return old;
    ids.set(key, values.length);
    return values.push(entry) - 1;
  };
  const shapeOf = (names: string[]): number => {
    const key = JSON.stringify(names);
    const old = shapeIds.get(key);
    if (old !== undefined) return old;
    shapeIds.set(key, shapes.length);
    return shapes.push(names) - 1;
  };
  const add = (part: unknown): number => {
    if (typeof part !== 'object' || part === null) return keep(part as Entry);
    const old = seen.get(part);
    if (old !== undefined) return old;
    const fields = Object.entries(part).filter(([, field]) => field !== undefined);
    const shape = Array.isArray(part) ? -1 : shapeOf(fields.map(([name]) => name));
    const id = keep([shape, ...fields.map(([, field]) => add(field))]);
    seen.set(part, id);
    return id;
  };
  const root = add(value);
  // Met before as a part of something, the whole would not be the last.
  if (root !== values.length - 1) values.push(values[root]!);
  return { shapes, values };
}

export function unpack({ shapes, values }: Packed): unknown {
  const made: unknown[] = [];
  for (const entry of values) {
    if (!Array.isArray(entry)) {
      made.push(entry);
      continue;
    }
    const [shape, ...places] = entry as number[];
    const names = shapes[shape!];
    const parts = places.map((at) => made[at]);
    made.push(names ? Object.fromEntries(names.map((name, i) => [name, parts[i]])) : parts);
  }
  return made.at(-1);
}
