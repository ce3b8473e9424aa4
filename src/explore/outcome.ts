import type { Kind } from '../model/context.ts';
import type { Data } from '../model/data.ts';

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
  /**
   * Sites that some schedule reached, each with how many different steps were taken there or in a
   * function called from there: in other local states, or with other values.
   */
  readonly reached: readonly (SiteLocation & { readonly steps: number })[];
  /** Sites that no schedule reached, though the variant's options allow it and nobody explains it. */
  readonly unreached: readonly SiteLocation[];
  /** Sites of threads, and of what else they need, that are not there with these parameters. */
  readonly leftOut: readonly SiteLocation[];
  /** Sites that no schedule reached, and the author says why. */
  readonly explained: readonly (SiteLocation & { readonly reason: string })[];
  /** Rules that were not checked, each with the author's reason. */
  readonly unchecked: Readonly<Record<string, string>>;
  /** What a proof says less about than it seems to. */
  readonly warnings: readonly Warning[];
  /** Which lock classes were held as which were asked for, in all states together. */
  readonly lockOrder: LockOrder;
  /** Digests of the states in which nothing can move; for comparing searches. */
  readonly finalStates: number;
}

/** Something that the search would have to come across for the result to mean what it seems to. */
export interface Warning {
  readonly kind:
    | 'reads nothing'
    | 'never contended'
    | 'never taken'
    | 'never asked'
    | 'never called';
  /** In one line: "slab_mutex: nobody ever waits for it". */
  readonly message: string;
  readonly site: SiteLocation | null;
}

/** What lockdep learned, in the order of the names. */
export interface LockOrder {
  /** All that were ever held or asked for, with how as the kernel prints it: `IN-HARDIRQ-W`. */
  readonly classes: readonly { readonly name: string; readonly usages: readonly string[] }[];
  readonly edges: readonly {
    /** Held, */
    readonly from: string;
    /** as this was asked for. */
    readonly to: string;
    /** Only ever to read where a writer that waits does not matter. */
    readonly recursive: boolean;
    /** What lockdep reports that follows from it, by title. */
    readonly reports: readonly string[];
  }[];
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
  /** No schedule of that length that breaks it has fewer switches between threads (proved). */
  readonly fewestSwitches: boolean;
  /** States that a search of all interleavings has come to, at least, before it can come to the break. */
  readonly behind?: number;
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
  readonly changes: readonly Change[];
  /** Where in the spec, innermost call; null in code that was not rewritten. */
  readonly site: SiteLocation | null;
  /** Functions on the call stack, outermost first. */
  readonly stack: readonly string[];
  /** Those of them that are the spec's own, each with the line that it is at. */
  readonly calls: readonly SiteLocation[];
  /** Names of the locks that the thread takes and gives back in this step, and has after it. */
  readonly taken: readonly string[];
  readonly dropped: readonly string[];
  readonly held: readonly string[];
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
    /** The step after which it waits thus, from 1; 0: from the start. */
    readonly since: number;
  }[];
}

export interface Change {
  /** Name of the object. */
  readonly object: string;
  /** Its value before and after, as shown to people. */
  readonly from: string;
  readonly to: string;
  /** The value after, for other programs. */
  readonly data: Data;
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

/** A thread as the spec declares it. */
export interface ThreadRecord {
  readonly name: string;
  readonly daemon: boolean;
  readonly cpu: number;
  readonly kind: Kind;
}

/** A shared object at the start: its value as shown to people, and for other programs. */
export interface ObjectRecord {
  readonly name: string;
  readonly text: string;
  readonly data: Data;
}

export interface Replay {
  readonly threads: readonly ThreadRecord[];
  /** All objects that the schedule comes across. */
  readonly initial: readonly ObjectRecord[];
  readonly steps: readonly StepRecord[];
  /** Steps of the runs before it. */
  readonly earlier: readonly (readonly StepRecord[])[];
  /** Properties broken along the schedule or in its last state, with messages. */
  readonly broken: readonly BrokenProperty[];
  /** The schedule named a thread that could not move: at which step (from 1), and why. */
  readonly diverged: {
    readonly step: number;
    readonly why: 'no such thread' | 'finished' | 'waits';
    readonly message: string;
    readonly possible: readonly string[];
  } | null;
}
