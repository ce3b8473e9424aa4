import type { Machine, Node } from '../model/machine.ts';
import { describe, type OperationSpec } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { waitsIn } from './findings.ts';
import type { Place, SiteLocation, StepRecord } from './outcome.ts';
import type { Race } from './rules/races.ts';

/** Where a thread is: at its pending operation, with its call stack and the locks it holds. */
export function placeOf(machine: Machine, { thread, state }: Node, what: string): Place {
  return {
    what,
    thread: machine.threads[thread]!.declaration.name,
    text: state.pending ? describe(state.pending) : 'its end',
    calls: callsOf(state.sites),
    held: state.context.locks,
  };
}

/** The spec's own functions on a call stack, outermost first, each with the line that it is at. */
export function callsOf(sites: readonly string[]): SiteLocation[] {
  return sites.flatMap(locationOf);
}

/** Names of the objects in the footprint of an operation, written ones first. */
export function objectsOf(pending: OperationSpec<unknown> | null): string[] {
  const objects = [...(pending?.writes ?? []), ...(pending?.reads ?? [])];
  return [...new Set(objects.map(({ name }) => name))];
}

function locationOf(id: string): SiteLocation[] {
  const site = runtime.sites.get(id);
  if (!site || site.library) return [];
  return [{ file: site.file, line: site.line, fn: site.fn, text: site.text }];
}

export function placesOfRace(machine: Machine, { a, b }: Race): Place[] {
  return [a, b].map(({ node, access }) => {
    const marked = access.plain ? '' : ' (marked)';
    return placeOf(machine, node, `${access.write ? 'write' : 'read'}${marked}`);
  });
}

/** Each thread that waits, with who it waits for. */
export function placesOfDeadlock(machine: Machine, rows: Int32Array): Place[] {
  const names = machine.threads.map(({ declaration }) => declaration.name);
  const stuck = waitsIn(machine, rows, 0).filter(({ idle }) => !idle);
  return stuck.map((wait) => {
    const node = machine.node(rows, 0, names.indexOf(wait.thread));
    return placeOf(machine, node, wait.holder === null ? 'waits' : `waits for ${wait.holder}`);
  });
}

/** Where structs were allocated and freed, as KASAN keeps it. */
export class Heap {
  private readonly places = new Map<string, Place[]>();

  follow({ changes }: Pick<StepRecord, 'changes'>, at: Place): void {
    for (const { object, to } of changes) {
      if (!runtime.structs.has(object)) continue;
      const what = to === 'freed' ? 'freed' : 'allocated';
      this.places.set(object, [...(this.places.get(object) ?? []), { ...at, what }]);
    }
  }

  /** The last time it was freed first. */
  placesOf(object: string | undefined): readonly Place[] {
    return (this.places.get(object ?? '') ?? []).toReversed();
  }
}
