import type { Program } from '../model/program.ts';
import { ruleIn } from '../model/rules.ts';
import type { Diverged, Reproduction } from './reproduce.ts';
import type { ChangedLine } from './sources.ts';
import type { Trace, TraceStep } from './trace.ts';

/** What has become of a kept trace. Four words, never merged. */
export const WORDS = ['still reproduces', 'no longer possible', 'fixed', 'stale'] as const;

export type Word = (typeof WORDS)[number];

export interface Life {
  /** `damaged`: it cannot be compared, and the spec is not the reason. */
  readonly word: Word | 'damaged';
  /** Why, in one line. */
  readonly line: string;
}

/** What is asked of a program. */
type Asked = Pick<Program, 'always' | 'atEnd' | 'sometimes' | 'never' | 'unchecked'>;

/** What a trace was held against. */
export interface Comparison {
  readonly trace: Trace;
  readonly program: Asked & Pick<Program, 'variant'>;
  /** Of the spec as it is. */
  readonly digest: string;
  readonly reproduction: Reproduction;
  /** Statements that the trace passes and that have changed; null when it did not record them. */
  readonly changes: readonly ChangedLine[] | null;
  /** Threads that can still move after the last step. */
  readonly movable: readonly string[];
}

/**
 * The border between a schedule that is no longer possible and a trace that is stale, which says
 * nothing:
 *
 * - All up to the step at which they part is as recorded. A thread that waits there, or whose
 *   operation is the same and gives another result, makes the schedule impossible, whatever else has
 *   changed.
 * - One that does another operation there, or nothing any more, makes it impossible if the recorded
 *   statement is still there: something came before it, or another way is taken. If that statement
 *   was changed or removed, nothing can be said, since it may be the same one by another name.
 * - On another variant of the spec as it was recorded, every statement is still there.
 * - On the variant and the spec that it was recorded with, nothing can differ.
 */
export function lifeOf(comparison: Comparison): Life {
  const { trace, digest, program, reproduction } = comparison;
  const same = digest === trace.spec.digest;
  const own = program.variant === trace.variant;
  const unasked = whyUnasked(trace, program);
  if (unasked !== null) return { word: 'stale', line: unasked };
  if (reproduction.result === 'reproduced') {
    return { word: 'still reproduces', line: reproduction.message };
  }
  const line = lineOf(trace, reproduction);
  if (same && own) {
    const why = 'the spec is the recorded one, so the trace is damaged, or Lockstep has changed';
    return { word: 'damaged', line: `${why}: ${line}` };
  }
  if (reproduction.result === 'holds') {
    return unended(comparison) ?? { word: 'fixed', line };
  }
  const reason = same ? null : whyStale(comparison, reproduction, own);
  if (reason === null) return { word: 'no longer possible', line };
  return { word: 'stale', line: `${line}; ${reason}` };
}

function lineOf(trace: Trace, reproduction: Reproduction): string {
  if (reproduction.result !== 'diverged') return reproduction.message;
  const { run, step, kind, now } = reproduction;
  const runs = (trace.earlier?.length ?? 0) + 1;
  const recorded = stepAt(trace, reproduction);
  const instead =
    kind === 'waits' || kind === 'no such thread'
      ? ''
      : kind === 'result'
        ? `, and not ${recorded.result || 'nothing'}`
        : `, and not ${recorded.text}`;
  return `step ${step}${runs > 1 ? ` of run ${run} of ${runs}` : ''}: ${now}${instead}`;
}

function stepAt(trace: Trace, { run, step }: Diverged): TraceStep {
  return [...(trace.earlier ?? []), trace.steps][run - 1]![step - 1]!;
}

/** Why nobody asks any more whether the property holds; null when it is asked. */
export function whyUnasked(trace: Trace, program: Asked): string | null {
  const { property } = trace;
  const { always, atEnd, sometimes, never, unchecked } = program;
  const declared = [...always, ...atEnd, ...sometimes, ...never];
  if (declared.some(({ name }) => name === property)) return null;
  // assert() makes its property where it is called.
  if (trace.steps.at(-1)?.operation === 'assert') return null;
  const rule = ruleIn(property);
  if (rule === null) return `there is no property '${property}' any more`;
  if (!Object.hasOwn(unchecked, rule)) return null;
  return `'${rule}' is unchecked there: ${unchecked[rule]}`;
}

/** What is asked in the end only is not answered by a schedule that does not come to one. */
function unended({ trace, program, movable }: Comparison): Life | null {
  const inTheEnd =
    program.atEnd.some(({ name }) => name === trace.property) ||
    ruleIn(trace.message) === 'memory leak' ||
    ruleIn(trace.property) === 'memory leak';
  if (!inTheEnd || movable.length === 0) return null;
  const who = movable.join(', ');
  const line = `all ${trace.steps.length} steps are possible, but they do not end there any more: ${who} can move`;
  return { word: 'stale', line };
}

function whyStale({ trace, changes }: Comparison, diverged: Diverged, own: boolean): string | null {
  switch (diverged.kind) {
    case 'waits':
    case 'result':
      return null;
    case 'no such thread':
      return own ? 'it is gone, or has another name' : null;
    default: {
      const { file, line } = stepAt(trace, diverged);
      if (file === null || line === null || changes === null) {
        return 'the spec has changed, and the trace does not have the recorded statement';
      }
      const changed = changes.some((each) => each.file === file && each.line === line);
      return changed ? `the statement was changed or removed (${file}:${line})` : null;
    }
  }
}
