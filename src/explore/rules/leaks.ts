import type { Machine } from '../../model/machine.ts';
import type { Report } from '../../model/operation.ts';
import { referencesIn } from '../../model/references.ts';
import { runtime } from '../../model/runtime.ts';
import { isShared, type Shared, type Struct } from '../../model/shared.ts';

/**
 * kmemleak (mm/kmemleak.c), asked when nothing can move any more: structs that were allocated and
 * not freed, and to which nothing points that is reached from a root. Roots are the globals, the
 * structs that were there from the start, and the locals of threads that wait for more to do.
 * A pointer into a struct counts as one to it. By name: another machine has them in another order.
 */
export function leaksIn(machine: Machine, rows: Int32Array, base: number, width: number): Struct[] {
  const contentOf = (object: Shared<unknown>): unknown =>
    machine.valueIn(rows, base, width, object);
  const allocated: Struct[] = [];
  const reached = new Set<Struct>();
  for (const { object } of machine.slots) {
    const struct = runtime.structs.get(object.name) as Struct | undefined;
    if (struct?.life === object) {
      if (object.initial === 'alive') reached.add(struct);
      else if (contentOf(object) === 'alive') allocated.push(struct);
    }
  }
  if (allocated.length === 0) return [];
  for (const { object } of machine.slots) {
    if (object.owner === null) referencesIn(contentOf(object), reached);
  }
  for (let thread = 0; thread < machine.threads.length; thread++) {
    const { references } = machine.node(rows, base, thread).state;
    if (references === null) return [];
    for (const struct of references) reached.add(struct);
  }
  // A set is walked in the order of insertion, and so to those that are added on the way.
  for (const struct of reached) {
    if (contentOf(struct.life) !== 'alive') continue;
    for (const field of partsOf(struct)) referencesIn(contentOf(field), reached);
  }
  return allocated
    .filter((struct) => !reached.has(struct))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function leakReport(leaks: readonly Struct[]): Report {
  const [first] = leaks as [Struct];
  const names = leaks.map(({ name, type }) => `${name} (struct ${type})`).join(', ');
  return {
    rule: 'memory leak',
    message: `unreferenced object ${names}`,
    object: first.name,
    type: first.type,
  };
}

function partsOf(struct: Struct): Shared<unknown>[] {
  const fields: unknown[] = Object.values(struct).flat();
  return fields.filter(isShared).flatMap((field) => {
    const { parts = [] } = field as { parts?: readonly Shared<unknown>[] };
    return [field, ...parts];
  });
}
