import type { Condition, When } from './condition.ts';
import { runtime } from './runtime.ts';

/** What stands behind one outcome of a condition. */
export interface Behind {
  /** What a predicate goes on to ask there, as source text; null: nothing. */
  readonly asked: string | null;
  /** That it never happens is told already: steps are listed as unreached, or somebody explains it. */
  readonly told: boolean;
}

/** A condition of the spec's code. */
export interface Branch {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly fn: string;
  /** The source text, in one line. */
  readonly text: string;
  /** What is asked, without the `!` that the whole of it has; null: which case it is. */
  readonly asks: { readonly text: string; readonly negated: boolean } | null;
  /** Where it stands in the file. */
  readonly range: readonly [start: number, end: number];
  /** The conditions around it, as of a place. */
  readonly when: When;
  /** As far as the variant's options decide it. */
  readonly decided: Condition;
  /** Likewise what is asked if it does not decide the whole. */
  readonly rest: Condition;
  /** When it is false, and when it is true. Null where it is no finding that this never happens. */
  readonly behind: readonly [no: Behind | null, yes: Behind | null];
}

/** Outcomes that a condition had, as bits. */
export const NO = 1;
export const YES = 2;

/**
 * By who asked, the outcomes of conditions, by their ids: the name of a property, '' for threads, null
 * for all else, as build() and what operations do.
 */
export type Asked = ReadonlyMap<string | null, ReadonlyMap<string, number>>;

export function noteBranch(branch: string, outcome: boolean): void {
  const asker = runtime.thread ? '' : runtime.asking;
  add(asker, branch, outcome ? YES : NO);
}

/** Takes over what was asked elsewhere. */
export function mergeBranches(asked: Asked): void {
  for (const [asker, branches] of asked) {
    for (const [branch, outcomes] of branches) add(asker, branch, outcomes);
  }
}

function add(asker: string | null, branch: string, outcomes: number): void {
  let seen = runtime.branches.get(asker);
  if (!seen) {
    seen = new Map();
    runtime.branches.set(asker, seen);
  }
  seen.set(branch, (seen.get(branch) ?? 0) | outcomes);
}
