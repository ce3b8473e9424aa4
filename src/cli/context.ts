import type { Write } from '../report/reporter.ts';

/** What a command may know of the process it runs in. */
export interface Context {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** All of stdin. */
  readonly input: () => Promise<string>;
  /** Lines of stdin as they come; the prompt is shown only at a terminal. */
  readonly lines: (prompt: () => string) => AsyncIterable<string>;
  /** The result, and nothing else. */
  readonly out: Write;
  /** Notes and progress. */
  readonly err: Write;
  /** Width of the terminal that the result goes to. */
  readonly columns: number;
  /** stderr is a terminal: progress may be redrawn. */
  readonly live: boolean;
  /** Aborted by SIGINT. */
  readonly signal: AbortSignal;
}

/** Lockstep itself is at fault: exit code 70. */
export class Fault extends Error {
  override readonly name = 'Fault';
}
