import type { PatchFile } from '../../drift/patch/index.ts';
import type { GateCheck } from '../../verdict/gate.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../engine.ts';
import type { GateOptions } from '../options.ts';
import type { ProgressLine } from '../progress.ts';
import type { Project } from './project.ts';

/** What all checks of one gate share. */
export interface GateSetting {
  readonly project: Project;
  readonly options: GateOptions;
  readonly patches: readonly PatchFile[];
  readonly context: Context;
  readonly engine: Engine;
  readonly progress: ProgressLine;
  readonly box: Box;
  /** The version of Lockstep, as receipts have it. */
  readonly lockstep: string;
  /** As they are answered. */
  readonly tell: (check: GateCheck) => void;
  /** Told of each receipt that is made, or removed. */
  readonly wrote: (file: string) => void;
}

/** The time that the whole gate may take. */
export class Box {
  private readonly end: number;

  constructor(seconds: number | null) {
    this.end = seconds === null ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1000;
  }

  isOver(): boolean {
    return performance.now() >= this.end;
  }

  /** Seconds; null: no end. */
  left(): number | null {
    if (this.end === Number.POSITIVE_INFINITY) return null;
    return Math.max(1, Math.round(this.end - performance.now())) / 1000;
  }
}
