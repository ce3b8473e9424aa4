import { before } from '../model/fingerprint.ts';
import type { Machine, Node, Transition } from '../model/machine.ts';
import { describe, type Report } from '../model/operation.ts';
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
  /** As of a sighting. */
  readonly as?: number;
  /** Other states that it takes as well, each in a run of its own: what lockdep remembers. */
  readonly earlier?: readonly Sighting[];
}

/** A state in which something was seen. */
export interface Sighting {
  readonly level: number;
  readonly hi: number;
  readonly lo: number;
  /** With symmetry, in which member of the state's orbit: the permutation that leads to it. */
  readonly as?: number;
}

/** The least finding per property, by level, then fingerprint, then thread: not by who came first. */
export class Findings {
  readonly byProperty = new Map<string, Finding>();
  /** Witnesses (`sometimes`) that some state was one for. */
  readonly witnessed = new Set<string>();
  /** What lockdep makes of all that is known so far; more may make another circle the shortest. */
  locks: readonly Finding[] = [];
  /** What lockdep knows, by key, and where it was seen first. */
  readonly facts = new Map<string, Sighting>();

  see(fact: string, sighting: Sighting): void {
    const old = this.facts.get(fact);
    if (!old || isEarlier(sighting, old)) this.facts.set(fact, sighting);
  }

  offer(finding: Finding): void {
    keepLeast(this.byProperty, finding);
  }

  /** The findings by property, those of lockdep among them. */
  all(): Map<string, Finding> {
    const all = new Map(this.byProperty);
    for (const finding of this.locks) keepLeast(all, finding);
    return all;
  }
}

function keepLeast(among: Map<string, Finding>, finding: Finding): void {
  const old = among.get(finding.property);
  if (!old || isLess(finding, old)) among.set(finding.property, finding);
}

function isEarlier(a: Sighting, b: Sighting): boolean {
  if (a.level !== b.level) return a.level < b.level;
  if (a.hi !== b.hi || a.lo !== b.lo) return before(a.hi, a.lo, b.hi, b.lo);
  return (a.as ?? 0) < (b.as ?? 0);
}

function isLess(a: Finding, b: Finding): boolean {
  const [stepsA, stepsB] = [a.level + Number(a.thread >= 0), b.level + Number(b.thread >= 0)];
  if (stepsA !== stepsB) return stepsA < stepsB;
  if (a.hi !== b.hi || a.lo !== b.lo) return before(a.hi, a.lo, b.hi, b.lo);
  return a.thread !== b.thread ? a.thread < b.thread : (a.as ?? 0) < (b.as ?? 0);
}

export interface Broken {
  /** The kernel rule whose report breaks the property. */
  readonly rule: string;
  readonly property: string;
  readonly kind: PropertyKind;
  readonly message: string;
  /** Name of the object concerned. */
  readonly object?: string | undefined;
}

/** The properties that the reports of a step break. */
export function brokenBy(machine: Machine, { node, reports }: Transition): Broken[] {
  return reports.flatMap((report) => brokenByReport(machine, report, node));
}

/**
 * The properties that a report breaks: those that claim it, else the rule itself; none when the rule
 * is not checked.
 * @param node where the thread is that is at fault; null: no one thread is
 */
export function brokenByReport(machine: Machine, report: Report, node: Node | null): Broken[] {
  const { rule, message, object, title = rule } = report;
  const { never, unchecked } = machine.program;
  if (Object.hasOwn(unchecked, rule)) return [];
  const thread = node ? machine.threads[node.thread]!.declaration.name : '';
  const stack = node ? functionsOf(node.state.sites) : [];
  const claimed = never.filter(({ matches }) => matches({ ...report, thread, stack }));
  if (claimed.length > 0) {
    return claimed.map(({ name }) => ({
      rule,
      property: name,
      kind: 'never',
      message: `${title}: ${message}`,
      object,
    }));
  }
  const kind = runtime.assertions.has(rule) ? 'assert' : 'rule';
  return [{ rule, property: title, kind, message, object }];
}

/** Names of the functions on a suspended call stack, outermost first. */
export function functionsOf(sites: readonly string[]): string[] {
  return sites.map((id) => runtime.sites.get(id)?.fn ?? '?');
}

export interface Wait {
  readonly thread: string;
  readonly text: string;
  readonly holder: string | null;
  /** A daemon where it may wait for ever. */
  readonly idle: boolean;
}

/** What a thread waits for whose CPU runs a handler. */
export const INTERRUPTED = 'interrupted';

/** Who waits in the state at `base`, for what, and which thread holds it when its value names one. */
export function waitsIn(machine: Machine, rows: Int32Array, base: number): Wait[] {
  const names = new Set(machine.threads.map((thread) => thread.declaration.name));
  return machine.threads.flatMap((automaton, thread) => {
    const node = machine.node(rows, base, thread);
    if (!node.state.pending || machine.transition(rows, base, thread)) return [];
    const { name, daemon } = automaton.declaration;
    const idle = daemon && node.idle;
    const handler = machine.handlerOver(rows, base, node);
    if (handler !== null) return [{ thread: name, text: INTERRUPTED, holder: handler, idle }];
    const holders = node.writes
      .flatMap((position) => {
        const { object, values } = machine.slotAt(position);
        return object.holders(values[rows[base + position]!]);
      })
      .filter((holder) => typeof holder === 'string' && names.has(holder));
    return [
      {
        thread: name,
        text: describe(node.state.pending),
        holder: (holders[0] as string | undefined) ?? null,
        idle,
      },
    ];
  });
}

/**
 * Nothing can move: is it a deadlock? Not when every thread has finished or is a daemon that waits
 * where it may wait for ever.
 */
export function deadlockIn(machine: Machine, rows: Int32Array, base: number): string | null {
  const stuck = waitsIn(machine, rows, base).filter(({ idle }) => !idle);
  if (stuck.length === 0) return null;
  return stuck
    .map(({ thread, text, holder }) =>
      text === INTERRUPTED
        ? `${thread} is interrupted by ${holder}`
        : `${thread} waits at ${text}${holder ? `, held by ${holder}` : ''}`,
    )
    .join('; ');
}
