import type { Replay, StepRecord } from '../explore/outcome.ts';
import type { Trace, TraceStep } from './trace.ts';

/** What came of re-running a recorded schedule. */
export type Reproduction =
  | { readonly result: 'reproduced'; readonly message: string }
  /** The same steps are possible, but the property is not broken by them. */
  | { readonly result: 'holds'; readonly message: string }
  | Diverged;

export interface Diverged {
  readonly result: 'diverged';
  /** Of the runs of the trace, from 1; the last is the one that breaks the property. */
  readonly run: number;
  /** From 1. */
  readonly step: number;
  readonly message: string;
  /** Threads that can move there instead. */
  readonly possible: readonly string[];
}

/**
 * Compares what was recorded with what happened, step by step: the same thread doing the same
 * operation on the same objects with the same result. Following a schedule by its threads alone
 * would silently tell another story once the protocol has changed.
 */
export function reproduce(trace: Trace, replay: Replay): Reproduction {
  const runs = [...replay.earlier, replay.steps];
  for (const [at, steps] of [...(trace.earlier ?? []), trace.steps].entries()) {
    for (const [i, recorded] of steps.entries()) {
      const where = { result: 'diverged', run: at + 1, step: i + 1 } as const;
      const now = runs[at]?.[i];
      if (!now) return { ...where, ...stopped(recorded, replay) };
      const message = compare(recorded, now);
      if (message) return { ...where, message, possible: now.enabled };
    }
  }
  const broken = replay.broken.find((b) => b.property === trace.property);
  if (broken) return { result: 'reproduced', message: broken.message };
  const others = [...new Set(replay.broken.map((b) => b.property))];
  const instead = others.length > 0 ? `; it breaks ${others.join(', ')} instead` : '';
  return {
    result: 'holds',
    message: `all ${trace.steps.length} steps are possible, and '${trace.property}' is not broken by them${instead}`,
  };
}

function stopped(recorded: TraceStep, replay: Replay): Pick<Diverged, 'message' | 'possible'> {
  const { diverged } = replay;
  const crash = replay.steps.at(-1)?.reports.at(-1);
  const why =
    diverged?.message ??
    `the run ends at step ${replay.steps.length}${crash ? ` with ${crash.rule}` : ''}`;
  const message = `recorded: ${recorded.thread} does ${recorded.text}; now: ${why}`;
  return { message, possible: diverged?.possible ?? [] };
}

/** What differs, in words; null when the step is the recorded one. */
function compare(recorded: TraceStep, now: StepRecord): string | null {
  const story = (thread: string, rest: string) => `${thread} does ${rest}`;
  const differs = (was: string, is: string) => `recorded: ${was}; now: ${is}`;
  if (
    recorded.thread !== now.thread ||
    recorded.operation !== now.operation ||
    recorded.text !== now.text
  ) {
    return differs(story(recorded.thread, recorded.text), story(now.thread, now.text));
  }
  if (recorded.objects.join('\n') !== now.objects.join('\n')) {
    const on = (objects: readonly string[]) =>
      `${story(now.thread, now.text)} on ${objects.join(', ') || 'no object'}`;
    return differs(on(recorded.objects), on(now.objects));
  }
  if (recorded.result !== now.result) {
    const gives = (result: string) =>
      `${story(now.thread, now.text)}, giving ${result || 'nothing'}`;
    return differs(gives(recorded.result), gives(now.result));
  }
  return null;
}

/** Whether a schedule found by a search really breaks the property. */
export function confirms(replay: Replay, property: string): boolean {
  return replay.diverged === null && replay.broken.some((b) => b.property === property);
}
