import type { FinalState } from '../explore/checks.ts';
import type { Explanation } from '../explore/explain.ts';
import type { FinalSchedule } from '../explore/final-schedules.ts';
import type { End, Scope, Surface } from '../explore/final-states.ts';
import type { Without } from '../explore/optimisations.ts';
import type { Outcome, Replay } from '../explore/outcome.ts';
import type { Piece } from '../explore/rerun.ts';
import type { Samples } from '../explore/sample.ts';
import type { Standing } from '../explore/standing.ts';
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
  readonly without: Without;
  readonly maxStates: number;
  readonly maxTimeMs: number;
  /** Bytes; null: what the machine can spare. */
  readonly maxMemory: number | null;
  readonly first: boolean;
  /** Properties of which any schedule will do. */
  readonly asFound?: ReadonlySet<string>;
  readonly onProgress: (progress: SearchProgress) => void;
  readonly signal: AbortSignal;
  /** Told of each final state that is found in this thread: of all, without other workers. */
  readonly onFinal?: FinalState;
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
  /** So many schedules that break nothing; the same ones for the same seed. */
  sample(program: Program, count: number, seed: number): Samples;
  /** Why the schedule of a replay breaks a property. */
  explain(program: Program, replay: Replay, property: string): Explanation;
  /** The state that a schedule leads to; it must be one that can be followed. */
  standing(program: Program, schedule: readonly string[]): Standing;
  /** What the threads' own code does along such a schedule. */
  piecesOf(program: Program, schedule: readonly string[]): Piece[];
  /** What a program has, before it is run. */
  surfaceOf(program: Program): Surface;
  /** Schedules that lead to final states with these digests, as far as the limits let it. */
  finalSchedules(
    program: Program,
    scope: Scope,
    digests: ReadonlySet<string>,
    limits: Pick<SearchLimits, 'maxStates' | 'maxTimeMs' | 'maxMemory' | 'signal'>,
  ): Promise<Map<string, FinalSchedule>>;
  /** The final states that schedules lead to; null: such a one does not. */
  endsOf(program: Program, scope: Scope): (schedule: readonly string[]) => End | null;
}
