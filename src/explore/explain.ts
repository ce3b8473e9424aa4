import type { Program } from '../model/program.ts';
import type { Replay, StepRecord } from './outcome.ts';

/** Why a schedule breaks a property: which steps bear on which, and which orders it takes. */
export interface Explanation {
  readonly edges: readonly Edge[];
  /** The orders of two steps that matter most, at most three: the other way round it would hold. */
  readonly orders: readonly Order[];
}

/** A step of one thread bears on a later one of another; steps count from 1. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  /** Name of the object in which they meet. */
  readonly object: string;
  /**
   * `enables`: the later thread waited for it; `flow`: the later step meets the value that the
   * earlier one left; `order`: the later step changes what the earlier one met.
   */
  readonly kind: 'enables' | 'flow' | 'order';
}

/** Had step `then` come before step `first`, and all else in the same order, the property would hold. */
export interface Order {
  readonly first: number;
  readonly then: number;
  /** Name of the object over which they race. */
  readonly object: string;
}

/**
 * @param replay of a schedule that breaks the property, the last of its runs
 */
export function explain(
  _program: Program,
  replay: Replay,
  _property: string,
  _guarded: <T>(code: () => T) => T,
): Explanation {
  return { edges: edgesOf(replay.steps), orders: [] };
}

/** The nearest edges: no step stands between the two, in the same object. */
function edgesOf(steps: readonly StepRecord[]): Edge[] {
  const edges: Edge[] = [];
  steps.forEach((step, at) => {
    const changed = changedBy(step);
    for (const object of step.objects) {
      for (let before = at - 1; before >= 0; before--) {
        const other = steps[before]!;
        const flow = changedBy(other).has(object);
        const order = changed.has(object) && other.objects.includes(object);
        if (!flow && !order) continue;
        if (other.thread !== step.thread) {
          const kind = !flow ? 'order' : waitedFor(steps, before, step) ? 'enables' : 'flow';
          edges.push({ from: before + 1, to: at + 1, object, kind });
        }
        if (flow) break;
      }
    }
  });
  return edges;
}

function changedBy(step: StepRecord): ReadonlySet<string> {
  return new Set(step.changes.map(({ object }) => object));
}

/** Whether a step was being waited for before the one at `at`, and not after it. */
function waitedFor(
  steps: readonly StepRecord[],
  at: number,
  { thread, text }: StepRecord,
): boolean {
  const waits = (step: StepRecord | undefined) =>
    step?.waits.some((wait) => wait.thread === thread && wait.text === text) ?? false;
  return waits(steps[at - 1]) && !waits(steps[at]);
}
