import type { Standing } from '../explore/standing.ts';
import type { Diverged } from './reproduce.ts';
import { type ChangedLine, changedLines, type Sources } from './sources.ts';
import type { Trace, TraceStep } from './trace.ts';

/** What a trace and its spec have to say of the step at which they part. */
export interface Divergence {
  readonly recorded: TraceStep;
  /** The statement of that step as it was; null when it was not recorded. */
  readonly source: string | null;
  /** The state in which the step should be taken. */
  readonly standing: Standing;
  /** Statements that the trace passes and that have changed; null when none were recorded. */
  readonly changes: readonly ChangedLine[] | null;
}

/** @param standing gives the state after the steps of a schedule that is possible */
export function divergenceOf(
  trace: Trace,
  { run, step }: Diverged,
  now: Sources,
  standing: (schedule: readonly string[]) => Standing,
): Divergence {
  const steps = [...(trace.earlier ?? []), trace.steps][run - 1]!;
  const recorded = steps[step - 1]!;
  const { file, line } = recorded;
  const source = file === null || line === null ? null : trace.sources?.[file]?.[line];
  return {
    recorded,
    source: source ?? null,
    standing: standing(steps.slice(0, step - 1).map(({ thread }) => thread)),
    changes: trace.sources ? changedLines(trace.sources, now) : null,
  };
}
