import type { Outcome, Replay } from '../explore/outcome.ts';
import type { Program } from '../model/program.ts';
import type { LoadedSpec } from '../spec/load.ts';

/** The parts of Lockstep that the commands put together; tests put other ones in their place. */

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
  load(file: string): Promise<LoadedSpec>;
  instantiate(
    loaded: LoadedSpec,
    variant: string,
    overrides: Readonly<Record<string, number>>,
  ): Program;
  verify(loaded: LoadedSpec, program: Program, limits: SearchLimits): Promise<Outcome>;
  replay(
    program: Program,
    schedule: readonly string[],
    earlier: readonly (readonly string[])[],
  ): Replay;
}
