import type { Kind } from './context.ts';
import type { Report, Steps } from './operation.ts';
import type { Shared } from './shared.ts';

/** A spec instantiated for one variant and one set of parameters: what the engine searches. */
export interface Program {
  readonly spec: string;
  readonly variant: string;
  readonly params: Readonly<Record<string, number>>;
  readonly threads: readonly ThreadDeclaration[];
  /** Groups of threads, by name, that differ in nothing but their names. */
  readonly symmetric: readonly (readonly string[])[];
  readonly always: readonly Predicate[];
  readonly atEnd: readonly Predicate[];
  readonly sometimes: readonly Predicate[];
  readonly never: readonly Classifier[];
  /** Rules that are not checked, each with the author's reason. */
  readonly unchecked: Readonly<Record<string, string>>;
  /** Which accesses race: any two of which one is plain, or what KCSAN reports as configured. */
  readonly kcsan: 'strict' | 'default';
  /** Names of the properties that are expected to fail. */
  readonly expected: readonly string[];
}

export interface ThreadDeclaration {
  readonly name: string;
  readonly run: () => Steps<unknown>;
  readonly daemon: boolean;
  readonly cpu: number;
  readonly kind: Kind;
  /**
   * The interrupt handlers that run on its CPU, by name, the innermost last. While that is another
   * thread, this one stands still.
   */
  readonly interrupted?: Shared<readonly string[]> | undefined;
}

export interface Predicate {
  readonly name: string;
  readonly holds: () => boolean;
}

export interface Classifier {
  readonly name: string;
  readonly matches: (report: Report & { thread: string; stack: readonly string[] }) => boolean;
}
