import type { Report, Steps } from './operation.ts';

/** A spec instantiated for one variant and one set of parameters: what the engine searches. */
export interface Program {
  readonly spec: string;
  readonly variant: string;
  readonly params: Readonly<Record<string, number>>;
  readonly threads: readonly ThreadDeclaration[];
  readonly always: readonly Predicate[];
  readonly atEnd: readonly Predicate[];
  readonly sometimes: readonly Predicate[];
  readonly never: readonly Classifier[];
  /** Names of the properties that are expected to fail. */
  readonly expected: readonly string[];
}

export interface ThreadDeclaration {
  readonly name: string;
  readonly run: () => Steps<unknown>;
  readonly daemon: boolean;
  readonly cpu: number;
  readonly kind: 'process' | 'worker' | 'softirq';
}

export interface Predicate {
  readonly name: string;
  readonly holds: () => boolean;
}

export interface Classifier {
  readonly name: string;
  readonly matches: (report: Report & { thread: string; stack: readonly string[] }) => boolean;
}
