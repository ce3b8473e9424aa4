import type { Life, Word } from './life-cycle.ts';
import type { Trace } from './trace.ts';

/** What must become of a kept trace on one variant, declared beside it in `<name>.rule.json`. */
export interface TraceRule {
  /** The variant that the schedule is tried on. */
  readonly on: string;
  /** Nothing is to stay that says nothing. */
  readonly must: Exclude<Word, 'stale'>;
  /** For people: the commit that mended it, say. */
  readonly why?: string | undefined;
}

/** The file of the rules of a trace. */
export function rulesFileOf(traceFile: string): string {
  return traceFile.replace(/(\.trace)?\.json$/, '') + RULES_ENDING;
}

export const RULES_ENDING = '.rule.json';

/**
 * All rules of a trace. One without a declaration must reproduce on its own variant, and so must one
 * that is declared for other variants only.
 */
export function rulesOf(trace: Trace, declared: readonly TraceRule[]): TraceRule[] {
  if (declared.some(({ on }) => on === trace.variant)) return [...declared];
  return [{ on: trace.variant, must: 'still reproduces' }, ...declared];
}

/**
 * Why a rule is not kept; null when it is. Where none was asked about, the trace must reproduce. What
 * is found again must be expected there, as `verify-spec` demands.
 */
export function whyBroken(
  rule: TraceRule | null,
  { word }: Life,
  property: string,
  expected: readonly string[],
): string | null {
  const must: Word = rule?.must ?? 'still reproduces';
  if (word !== must) return `it must be: ${must}`;
  if (rule === null || word !== 'still reproduces' || expected.includes(property)) return null;
  return 'the variant does not say in its violates that it breaks this property';
}
