import type { Explanation } from '../explore/explain.ts';
import type { Outcome, PropertyOutcome, Replay } from '../explore/outcome.ts';
import type { ExitCode, Verdict } from './verdict.ts';

/** A violation that was replayed, and where its trace was kept. */
export interface Counterexample {
  readonly property: PropertyOutcome;
  readonly replay: Replay;
  readonly explanation: Explanation;
  /** The trace file, relative to the working directory; null when none was kept. */
  readonly trace: string | null;
}

/** Schedules that break nothing, as asked for. */
export interface Samples {
  readonly schedules: readonly {
    readonly replay: Replay;
    /** Nothing can move after it; else it was cut. */
    readonly ends: boolean;
  }[];
  /** There are no others. */
  readonly all: boolean;
}

/** All that is reported about one variant of one spec. */
export interface Run {
  /** Name of the spec; its file when it did not load. */
  readonly spec: string;
  readonly file: string;
  /** The files of the spec, itself and what it imports, relative to the working directory. */
  readonly files: readonly string[];
  /** Null when the spec did not load. */
  readonly variant: string | null;
  /** What the variant says of itself, and the kernel it models; null when it does not say. */
  readonly about: string | null;
  readonly kernel: string | null;
  readonly params: Readonly<Record<string, number>>;
  readonly verdict: Verdict;
  readonly expected: readonly string[];
  readonly asExpected: boolean;
  readonly unexpected: readonly string[];
  readonly missing: readonly string[];
  readonly exitCode: ExitCode;
  /** Null when the spec is invalid. */
  readonly outcome: Outcome | null;
  readonly counterexamples: readonly Counterexample[];
  /** Absent when nobody asked for them. */
  readonly samples?: Samples;
  /** Why the spec is invalid. */
  readonly message: string | null;
  readonly durationMs: number;
}

/** The one memory model there is; every result names it. */
export const memoryModel = 'sequential consistency';
