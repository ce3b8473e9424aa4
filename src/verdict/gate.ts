import type { Run } from './run.ts';
import { combine, type ExitCode, exitCodes } from './verdict.ts';

/** What a check of the gate is about. */
export const KINDS = ['variant', 'trace', 'link', 'patch', 'receipt'] as const;

export type Kind = (typeof KINDS)[number];

/** One thing that the gate asks, and the answer. */
export interface GateCheck {
  readonly kind: Kind;
  /** Name of the spec; its file when it did not load. All checks of one stand in one row. */
  readonly spec: string;
  /** `kmem-cache-dying/v5.3`, `mm/slab_common.c kmemcg_cache_deactivate`, a trace's file. */
  readonly subject: string;
  /** Where to look, relative to the working directory; null: no file is at fault. */
  readonly file: string | null;
  /** From 1; null: the file as a whole. */
  readonly line: number | null;
  /** In a word or two: `as expected`, `weakened`, `changed`. */
  readonly word: string;
  /** In one line. What passes has one only if a person should read it: it is printed as a note. */
  readonly reason: string;
  /** Lines to be printed below as they are: what changed. */
  readonly details: readonly string[];
  /** Zero if it passes. */
  readonly exitCode: ExitCode;
  /** Whether it was answered by a receipt, or is known anew. */
  readonly from: 'receipt' | 'run';
  /** Of a variant that was verified: its counterexamples are told. */
  readonly run: Run | null;
}

/** A check that passes, of which there is nothing to tell. */
export function passed(about: Pick<GateCheck, 'kind' | 'spec' | 'subject' | 'file'>): GateCheck {
  return {
    ...about,
    line: null,
    word: '',
    reason: '',
    details: [],
    exitCode: exitCodes.asExpected,
    from: 'run',
    run: null,
  };
}

export function passes({ exitCode }: Pick<GateCheck, 'exitCode'>): boolean {
  return exitCode === exitCodes.asExpected;
}

export function exitCodeOf(checks: readonly GateCheck[]): ExitCode {
  return combine(checks.map(({ exitCode }) => exitCode));
}
