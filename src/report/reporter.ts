import type { Run } from '../verdict/run.ts';
import type { Reproduced } from './replay.ts';

/** Turns runs into text on stdout. Runs come in a fixed order, each when it is done. */
export interface Reporter {
  run(run: Run): void;
  /** After the last run. Not called when interrupted. */
  end(): void;
}

/** A kept trace that was run again, or the reason why it could not be. */
export type Replayed =
  | { readonly file: string; readonly reproduced: Reproduced }
  | { readonly file: string; readonly reproduced: null; readonly message: string };

export type Write = (text: string) => void;

/** The text of a source file, named as it is in the records; null when it is not there any more. */
export type Read = (file: string) => string | null;
