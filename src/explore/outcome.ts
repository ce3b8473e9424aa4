/** What a search found out. Plain data: it crosses threads and is what reports are made of. */
export interface Outcome {
  readonly properties: readonly PropertyOutcome[];
  /** Every reachable state (up to reduction) was visited. */
  readonly complete: boolean;
  /** Why not, in words, when not complete: "100,000 states reached (--max-states)". */
  readonly limit: string | null;
  readonly states: number;
  readonly transitions: number;
  /** Mazurkiewicz traces, where these were explored: `states` are not told apart then. */
  readonly traces?: number;
  readonly depth: number;
  readonly rounds: number;
  readonly workers: number;
  readonly reduction: boolean;
  /** Other optimisations that were off. */
  readonly without: readonly string[];
  /** Groups of threads, by name, that were taken for the same; none: all threads are different. */
  readonly symmetry: readonly (readonly string[])[];
  /** Chance that two different states shared a fingerprint and one was not explored. */
  readonly fingerprintCollisionProbability: number;
  /** Sites that no schedule reached, though the variant's options allow it and nobody explains it. */
  readonly unreached: readonly SiteLocation[];
  /** Sites that no schedule reached, and the author says why. */
  readonly explained: readonly (SiteLocation & { readonly reason: string })[];
  /** Rules that were not checked, each with the author's reason. */
  readonly unchecked: Readonly<Record<string, string>>;
  /** Digests of the states in which nothing can move; for comparing searches. */
  readonly finalStates: number;
}

export interface SiteLocation {
  readonly file: string;
  readonly line: number;
  readonly fn: string;
  readonly text: string;
}

export type PropertyKind = 'always' | 'atEnd' | 'sometimes' | 'never' | 'assert' | 'rule';

export interface PropertyOutcome {
  readonly name: string;
  readonly kind: PropertyKind;
  readonly verdict: 'holds' | 'violated' | 'unknown';
  /** What happened, in one line, when violated. */
  readonly message: string | null;
  /** Thread names, step by step, to the violating state; null when not violated or when a witness is missing. */
  readonly schedule: readonly string[] | null;
  /**
   * Schedules of other runs, from the start each, that come first: lockdep remembers what it saw in
   * any run. Empty for all other findings.
   */
  readonly earlier: readonly (readonly string[])[];
  /** No shorter schedule breaks it (proved: the search was complete up to this depth, unreduced). */
  readonly shortest: boolean;
}

/** One step of a replayed schedule. */
export interface StepRecord {
  readonly thread: string;
  /** Kernel name of the operation, `mutex_lock`. */
  readonly operation: string;
  /** In C-like form, `mutex_lock(slab_mutex)`. */
  readonly text: string;
  /** Names of the objects in its footprint, written ones first. */
  readonly objects: readonly string[];
  /** Result as shown to people; '' for none. */
  readonly result: string;
  /** Objects whose value changed. */
  readonly changes: readonly { object: string; from: string; to: string }[];
  /** Where in the spec, innermost call; null in code that was not rewritten. */
  readonly site: SiteLocation | null;
  /** Spec functions on the call stack, outermost first. */
  readonly stack: readonly string[];
  /** Live locals of the innermost spec function after the step's predecessor, name to text. */
  readonly locals: Readonly<Record<string, string>>;
  /** Kernel reports that this step gave. */
  readonly reports: readonly { rule: string; message: string; property: string }[];
  /** Threads that could have moved instead of this one. */
  readonly enabled: readonly string[];
  /** Threads that wait after this step, for what, and who holds it when that is known. */
  readonly waits: readonly {
    readonly thread: string;
    readonly text: string;
    readonly holder: string | null;
    /** A daemon where it may wait for ever. */
    readonly idle: boolean;
  }[];
}

/** A place in the code that a report is about. */
export interface Place {
  /** What happens there, in a word or two: 'write', 'freed'; '' for the step itself. */
  readonly what: string;
  readonly thread: string;
  /** The statement in C-like form, `mutex_lock(slab_mutex)`. */
  readonly text: string;
  /** The spec's functions that it is called from, outermost first. */
  readonly calls: readonly SiteLocation[];
  /** Names of the locks that the thread holds there. */
  readonly held: readonly string[];
}

export interface BrokenProperty {
  readonly property: string;
  readonly message: string;
  /** After how many steps. */
  readonly step: number;
  /** The code that it is about; empty when that is the state itself. */
  readonly places: readonly Place[];
}

export interface Replay {
  readonly steps: readonly StepRecord[];
  /** Steps of the runs before it. */
  readonly earlier: readonly (readonly StepRecord[])[];
  /** Properties broken along the schedule or in its last state, with messages. */
  readonly broken: readonly BrokenProperty[];
  /** The schedule named a thread that could not move: at which step (from 1), and why. */
  readonly diverged: { step: number; message: string; possible: readonly string[] } | null;
}
