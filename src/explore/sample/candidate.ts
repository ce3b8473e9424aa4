import type { Machine } from '../../model/machine.ts';
import { type Action, dependent } from '../traces/dependence.ts';

/** A schedule that may be chosen. */
export interface Candidate {
  /** Names of threads. */
  readonly schedule: readonly string[];
  readonly ends: boolean;
  /** The same for two that lead to one state. */
  readonly final: string;
  /** Its steps, and for each the last ones of other threads that it depends on. */
  readonly features: ReadonlySet<string>;
}

export function candidate(machine: Machine, events: readonly Action[], ends: boolean): Candidate {
  let [hi, lo] = [0, 0];
  const features = new Set<string>();
  events.forEach((event, at) => {
    const { transition, thread } = event;
    if (!transition.crash) {
      hi ^= transition.hi;
      lo ^= transition.lo;
    }
    features.add(String(transition.id));
    const seen = new Set([thread]);
    for (let before = at - 1; before >= 0 && seen.size < machine.threads.length; before--) {
      const other = events[before]!;
      if (seen.has(other.thread) || !dependent(other, event)) continue;
      seen.add(other.thread);
      features.add(`${other.transition.id} ${transition.id}`);
    }
  });
  const schedule = events.map(({ thread }) => machine.threads[thread]!.declaration.name);
  return { schedule, ends, final: `${hi},${lo}`, features };
}

/** How many features only one of the two has. */
export function distance({ features: a }: Candidate, { features: b }: Candidate): number {
  let common = 0;
  for (const feature of a) if (b.has(feature)) common++;
  return a.size + b.size - 2 * common;
}

/**
 * Foata's normal form, the same for two schedules just when they are of one trace: level by level
 * the threads whose steps depend on one of the level before, and on none of their own.
 */
export function normalForm(events: readonly Action[]): string {
  const levels: number[][] = [];
  const levelOf: number[] = [];
  events.forEach((event, at) => {
    let level = 0;
    for (let before = 0; before < at; before++) {
      const other = events[before]!;
      if (levelOf[before]! < level) continue;
      if (other.thread === event.thread || dependent(other, event)) level = levelOf[before]! + 1;
    }
    levelOf.push(level);
    levels[level] ??= [];
    levels[level]!.push(event.thread);
  });
  return levels.map((level) => level.sort((a, b) => a - b).join()).join(' ');
}
