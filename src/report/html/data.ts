import type { Explanation, Order } from '../../explore/explain.ts';
import type {
  BrokenProperty,
  Change,
  Outcome,
  PropertyOutcome,
  StepRecord,
  ThreadRecord,
} from '../../explore/outcome.ts';
import type { Life } from '../../verdict/life-cycle.ts';
import type { Run } from '../../verdict/run.ts';

/** What a page is made of: all that it shows, and nothing that it does not. */
export interface Page {
  readonly runs: readonly PageRun[];
  /** Texts of the spec's source files, by name; without those that could not be read. */
  readonly sources: Readonly<Record<string, string>>;
}

/** A variant that was verified, or a kept trace that was run again. */
export interface PageRun
  extends Omit<Run, 'verdict' | 'files' | 'exitCode' | 'outcome' | 'counterexamples' | 'samples'> {
  readonly verdict: Run['verdict'] | Life['word'];
  /** Null when nothing was searched. */
  readonly outcome: PageOutcome | null;
  readonly properties: readonly Pick<PropertyOutcome, 'name' | 'kind' | 'verdict' | 'message'>[];
  readonly traces: readonly PageTrace[];
}

export interface PageOutcome extends Omit<Outcome, 'properties' | 'reached'> {
  /** Lines of statements that some schedule reached, by file. */
  readonly reached: Readonly<Record<string, readonly number[]>>;
}

/** A counterexample, or a schedule that breaks nothing. */
export interface PageTrace {
  readonly passes: boolean;
  /** What it breaks, or a name. */
  readonly property: string;
  readonly message: string;
  readonly shortest: boolean;
  readonly fewestSwitches: boolean;
  /** The file that it is kept in. */
  readonly file: string | null;
  readonly threads: readonly ThreadRecord[];
  /** Names and values of objects at the start. */
  readonly initial: readonly { readonly name: string; readonly text: string }[];
  /** Runs that lockdep remembers, then the one that breaks the property. */
  readonly runs: readonly (readonly PageStep[])[];
  /** What is broken in the last state, or on the way, in the last of the runs. */
  readonly broken: readonly BrokenProperty[];
  /** About the last of the runs. */
  readonly explanation: PageExplanation;
}

export interface PageExplanation extends Omit<Explanation, 'orders'> {
  readonly orders: readonly Omit<Order, 'schedule'>[];
}

export interface PageStep
  extends Omit<StepRecord, 'operation' | 'stack' | 'site' | 'objects' | 'changes'> {
  readonly changes: readonly Omit<Change, 'data'>[];
}
