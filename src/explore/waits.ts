import type { Machine } from '../model/machine.ts';
import { type Wait, waitsIn } from './findings.ts';
import type { StepRecord } from './outcome.ts';

/**
 * Who waits in the one state of `rows`, and since when.
 * @param step how many steps led to it
 * @param before who waited one step earlier
 */
export function waitsSince(
  machine: Machine,
  rows: Int32Array,
  step: number,
  before: StepRecord['waits'],
): StepRecord['waits'] {
  return waitsIn(machine, rows, 0).map((wait) => ({
    ...wait,
    since: before.find((old) => isSame(old, wait))?.since ?? step,
  }));
}

function isSame(a: Wait, b: Wait): boolean {
  return a.thread === b.thread && a.text === b.text;
}
