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
  readonly kind: DivergenceKind;
  readonly message: string;
  /** The part of the message that tells how it is now. */
  readonly now: string;
  /** Threads that can move there instead. */
  readonly possible: readonly string[];
}

/** `operation`: another one, or with other arguments, or on other objects. */
export type DivergenceKind =
  | 'waits'
  | 'result'
  | 'operation'
  | 'finished'
  | 'ended early'
  | 'no such thread';

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
      const differs = compare(recorded, now);
      if (differs) return { ...where, ...differs, possible: now.enabled };
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

type Difference = Pick<Diverged, 'kind' | 'message' | 'now'>;

function stopped(recorded: TraceStep, replay: Replay): Difference & Pick<Diverged, 'possible'> {
  const { diverged } = replay;
  const crash = replay.steps.at(-1)?.reports.at(-1);
  const now =
    diverged?.message ??
    `the run ends at step ${replay.steps.length}${crash ? ` with ${crash.rule}` : ''}`;
  const kind = diverged?.why ?? 'ended early';
  return { ...differing(kind, story(recorded), now), possible: diverged?.possible ?? [] };
}

/** What differs, in words; null when the step is the recorded one. */
function compare(recorded: TraceStep, now: StepRecord): Difference | null {
  if (
    recorded.thread !== now.thread ||
    recorded.operation !== now.operation ||
    recorded.text !== now.text
  ) {
    return differing('operation', story(recorded), story(now));
  }
  if (recorded.objects.join('\n') !== now.objects.join('\n')) {
    const on = (step: Done) => `${story(step)} on ${step.objects.join(', ') || 'no object'}`;
    return differing('operation', on(recorded), on(now));
  }
  if (recorded.result !== now.result) {
    const gives = (step: Done) => `${story(step)}, giving ${step.result || 'nothing'}`;
    return differing('result', gives(recorded), gives(now));
  }
  return null;
}

type Done = Pick<TraceStep, 'thread' | 'text' | 'result'> & { readonly objects: readonly string[] };

function story({ thread, text }: Pick<Done, 'thread' | 'text'>): string {
  return `${thread} does ${text}`;
}

function differing(kind: DivergenceKind, was: string, now: string): Difference {
  return { kind, message: `recorded: ${was}; now: ${now}`, now };
}

/** Whether a schedule found by a search really breaks the property. */
export function confirms(replay: Replay, property: string): boolean {
  return replay.diverged === null && replay.broken.some((b) => b.property === property);
}
