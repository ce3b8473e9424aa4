import { runtime } from '../../model/runtime.ts';
import type { Edge } from '../explain.ts';
import type { StepRecord } from '../outcome.ts';

/** The nearest edges: no step stands between the two, in the same object. */
export function edgesOf(steps: readonly StepRecord[]): Edge[] {
  const changed = steps.map(({ changes }) => new Set(changes.map(({ object }) => object)));
  const edges: Edge[] = [];
  steps.forEach((step, at) => {
    for (const object of objectsOf(step)) {
      const met = new Set<string>();
      for (let before = at - 1; before >= 0; before--) {
        const other = steps[before]!;
        const flow = changed[before]!.has(object);
        const order = changed[at]!.has(object) && objectsOf(other).includes(object);
        if (!flow && !order) continue;
        // Of what a thread did there before, the last comes after the rest.
        if (other.thread !== step.thread && !met.has(other.thread)) {
          const kind = !flow ? 'order' : waitedFor(steps, before, step) ? 'enables' : 'flow';
          edges.push({ from: before + 1, to: at + 1, object, kind });
        }
        met.add(other.thread);
        if (flow) break;
      }
    }
  });
  return edges;
}

/** What a step is about; the memory too where that is not as it should be. */
function objectsOf({ objects, reports }: StepRecord): readonly string[] {
  const touched = reports.some(({ rule }) => rule === 'use-after-free')
    ? objects.flatMap((object) => runtime.objects.get(object)?.owner?.life.name ?? [])
    : [];
  return [...new Set([...objects, ...touched])];
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
