import type { Run } from '../verdict/run.ts';

/** Turns runs into text on stdout. Runs come in a fixed order, each when it is done. */
export interface Reporter {
  run(run: Run): void;
  /** After the last run. Not called when interrupted. */
  end(): void;
}

export type Write = (text: string) => void;
