import type { Program } from '../model/program.ts';
import type { Replay, StepRecord } from './outcome.ts';

/** Why a schedule breaks a property: which steps bear on which, and which orders it takes. */
export interface Explanation {
  readonly edges: readonly Edge[];
  /** The orders of two steps that matter most, at most three: the other way round it would hold. */
  readonly orders: readonly Order[];
  /** How much each step bears on the break: those of little weight may be folded. */
  readonly weight: readonly Weight[];
}

/**
 * 3: breaks the property, or is one of two steps whose order matters; 2: another thread meets what
 * it left, or it met what another left, on the way to the break; 1: comes before the break in every
 * order that keeps dependent steps as they are; 0: none of these.
 */
export type Weight = 0 | 1 | 2 | 3;

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

/**
 * Had step `first` come after step `then`, the property would hold: `schedule` is all else in the
 * same order, as far as that can be, on to the end. It was run.
 */
export interface Order {
  readonly first: number;
  /** Null: the operation at which `thread` still waits after the last step. */
  readonly then: number | null;
  /** The thread that does `then`. */
  readonly thread: string;
  /** Name of the object over which they race. */
  readonly object: string;
  /** Names of threads, step by step. */
  readonly schedule: readonly string[];
}

/**
 * @param replay of a schedule that breaks the property, the last of its runs
 */
export function explain(
  _program: Program,
  replay: Replay,
  property: string,
  _guarded: <T>(code: () => T) => T,
): Explanation {
  const edges = edgesOf(replay.steps);
  return { edges, orders: [], weight: weights(replay, property, edges) };
}

function weights({ steps, broken }: Replay, property: string, edges: readonly Edge[]): Weight[] {
  const weight: Weight[] = steps.map(() => 0);
  const last = broken.find((each) => each.property === property)?.step ?? steps.length;
  const past = [last];
  for (const to of past) {
    if (to === 0 || weight[to - 1]! > 0) continue;
    weight[to - 1] = 1;
    const before = steps.findLastIndex(
      ({ thread }, at) => at < to - 1 && thread === steps[to - 1]!.thread,
    );
    past.push(before + 1, ...edges.filter((edge) => edge.to === to).map(({ from }) => from));
  }
  for (const { from, to, kind } of edges) {
    if (kind === 'order' || weight[to - 1] === 0) continue;
    weight[from - 1] = 2;
    weight[to - 1] = 2;
  }
  if (last > 0) weight[last - 1] = 3;
  return weight;
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
