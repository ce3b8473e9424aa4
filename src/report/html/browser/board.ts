import { reportsOf, type Story } from '../story.ts';

/** Where all that is drawn of a story is: rows for its steps, lanes for its threads. */

export const GUTTER = 40;
const LEAST = 56;
const START = 28;
export const SWITCH = 22;
const STEP = 28;
const CHANGED = 44;
export const REPORT = 26;
export const BAR = 7;
export const TRACK = 5;

/** A row of the board: where it is, and how high. */
export interface Row {
  readonly y: number;
  /** Of the dot on the lifeline. */
  readonly dot: number;
  readonly bottom: number;
}

/** Where a thread's lane is. Statements stand on the side of its lifeline where there is more room. */
export interface Lane {
  readonly left: number;
  readonly right: number;
  readonly line: number;
  readonly rightwards: boolean;
  /** Room between lifeline and bars for the arrows that come in. */
  readonly tracks: number;
}

export function rowsOf({ steps, switches }: Story): Row[] {
  const rows: Row[] = [{ y: 2, dot: START / 2 + 2, bottom: START }];
  let y = START;
  for (const [i, step] of steps.entries()) {
    if (switches.some(({ at }) => at === i + 1)) y += SWITCH;
    const height = step.changes.length > 0 ? CHANGED : STEP;
    const bottom = y + height + reportsOf(step).length * REPORT;
    rows.push({ y, dot: y + STEP / 2, bottom });
    y = bottom;
  }
  return rows;
}

export function lanesFor({ threads, held, steps, arrows }: Story, room: number): Map<string, Lane> {
  const tracks = (name: string): number => {
    const own = arrows.filter(({ to }) => steps[to - 1]!.thread === name);
    return Math.max(0, ...own.map(({ track }) => track + 1)) * TRACK;
  };
  const bars = (name: string): number =>
    1 + Math.max(-1, ...held.filter(({ thread }) => thread === name).map(({ depth }) => depth));
  const least = threads.map(({ name }) => Math.max(LEAST, bars(name) * BAR + tracks(name) + 30));
  const spare = Math.max(0, room - GUTTER - least.reduce((sum, each) => sum + each, 0));
  const lanes = new Map<string, Lane>();
  let left = GUTTER;
  threads.forEach(({ name }, i) => {
    const right = left + least[i]! + Math.floor(spare / threads.length);
    const rightwards = (left + right) / 2 < room / 2 + 1 || threads.length === 1;
    const inset = 12 + bars(name) * BAR + tracks(name);
    const line = rightwards ? left + inset : right - inset;
    lanes.set(name, { left, right, line, rightwards, tracks: tracks(name) });
    left = right;
  });
  return lanes;
}
