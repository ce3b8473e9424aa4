import { before } from '../model/fingerprint.ts';
import type { Machine, Transition } from '../model/machine.ts';
import { describe } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import type { PropertyKind } from './outcome.ts';

/** A broken property, and the state or step that breaks it. */
export interface Finding {
  readonly property: string;
  readonly kind: PropertyKind;
  readonly message: string;
  readonly level: number;
  /** Fingerprint of the state that breaks the property, or in which the breaking step is taken. */
  readonly hi: number;
  readonly lo: number;
  /** The thread that takes the breaking step; -1: the state itself is at fault. */
  readonly thread: number;
}

/** The least finding per property, by level, then fingerprint, then thread: not by who came first. */
export class Findings {
  readonly byProperty = new Map<string, Finding>();
  /** Witnesses (`sometimes`) that some state was one for. */
  readonly witnessed = new Set<string>();

  offer(finding: Finding): void {
    const old = this.byProperty.get(finding.property);
    if (!old || isLess(finding, old)) this.byProperty.set(finding.property, finding);
  }
}

function isLess(a: Finding, b: Finding): boolean {
  const [stepsA, stepsB] = [a.level + Number(a.thread >= 0), b.level + Number(b.thread >= 0)];
  if (stepsA !== stepsB) return stepsA < stepsB;
  if (a.hi !== b.hi || a.lo !== b.lo) return before(a.hi, a.lo, b.hi, b.lo);
  return a.thread < b.thread;
}

export interface Broken {
  /** The kernel rule whose report breaks the property. */
  readonly rule: string;
  readonly property: string;
  readonly kind: PropertyKind;
  readonly message: string;
}

/** The properties that the reports of a step break: those that claim it, else the rule itself. */
export function brokenBy(machine: Machine, transition: Transition): Broken[] {
  const thread = machine.threads[transition.node.thread]!.declaration.name;
  const stack = functionsOf(transition.node.state.sites);
  return transition.reports.flatMap((report): Broken[] => {
    const { rule, message } = report;
    const claimed = machine.program.never.filter(({ matches }) =>
      matches({ ...report, thread, stack }),
    );
    if (claimed.length > 0) {
      return claimed.map(({ name }) => ({
        rule,
        property: name,
        kind: 'never',
        message: `${rule}: ${message}`,
      }));
    }
    const kind = runtime.assertions.has(rule) ? 'assert' : 'rule';
    return [{ rule, property: rule, kind, message }];
  });
}

/** Names of the functions on a suspended call stack, outermost first. */
export function functionsOf(sites: readonly string[]): string[] {
  return sites.map((id) => runtime.sites.get(id)?.fn ?? '?');
}

export interface Wait {
  readonly thread: string;
  readonly text: string;
  readonly holder: string | null;
}

/** Who waits in the state at `base`, for what, and which thread holds it when its value names one. */
export function waitsIn(machine: Machine, rows: Int32Array, base: number): Wait[] {
  const names = new Set(machine.threads.map((thread) => thread.declaration.name));
  return machine.threads.flatMap((automaton, thread) => {
    const node = machine.node(rows, base, thread);
    if (!node.state.pending || machine.transition(rows, base, thread)) return [];
    const holders = node.writes
      .flatMap((position) => {
        const { object, values } = machine.slotAt(position);
        return object.holders(values[rows[base + position]!]);
      })
      .filter((holder) => typeof holder === 'string' && names.has(holder));
    return [
      {
        thread: automaton.declaration.name,
        text: describe(node.state.pending),
        holder: (holders[0] as string | undefined) ?? null,
      },
    ];
  });
}

/**
 * Nothing can move: is it a deadlock? Not when every thread has finished or is a daemon that waits
 * where it may wait for ever.
 */
export function deadlockIn(machine: Machine, rows: Int32Array, base: number): string | null {
  const stuck = machine.threads.some(({ declaration }, thread) => {
    const { state, idle } = machine.node(rows, base, thread);
    return state.pending !== null && !(declaration.daemon && idle);
  });
  if (!stuck) return null;
  return waitsIn(machine, rows, base)
    .map(
      ({ thread, text, holder }) =>
        `${thread} waits at ${text}${holder ? `, held by ${holder}` : ''}`,
    )
    .join('; ');
}
