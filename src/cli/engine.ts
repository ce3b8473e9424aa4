import type { Outcome, Replay } from '../explore/outcome.ts';
import type { Program } from '../model/program.ts';
import type { Spec } from '../spec/define.ts';

/** The parts of Lockstep that the commands put together; tests put other ones in their place. */

export interface Loaded {
  readonly file: string;
  readonly digest: string;
  readonly code: string;
  readonly spec: Spec;
}

export interface SearchProgress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly round: number;
}

export interface SearchLimits {
  readonly reduction: boolean;
  /** Null: as many as pay. */
  readonly workers: number | null;
  readonly maxStates: number;
  readonly maxTimeMs: number;
  readonly first: boolean;
  readonly onProgress: (progress: SearchProgress) => void;
  readonly signal: AbortSignal;
}

export interface Engine {
  load(file: string): Promise<Loaded>;
  instantiate(
    loaded: Loaded,
    variant: string,
    overrides: Readonly<Record<string, number>>,
  ): Program;
  verify(loaded: Loaded, program: Program, limits: SearchLimits): Promise<Outcome>;
  replay(program: Program, schedule: readonly string[]): Replay;
}
