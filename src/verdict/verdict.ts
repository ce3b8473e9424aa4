import type { Outcome } from '../explore/outcome.ts';

/** The answer about one variant. Four words, never merged. */
export type Verdict = 'verified' | 'violated' | 'incomplete' | 'invalid';

/** What the process says with its exit status. */
export const exitCodes = Object.freeze({
  /** Every verdict is the expected one. */
  asExpected: 0,
  /** A violation that was not expected, or an expected one not found. */
  unexpected: 1,
  /** A bad option, a missing file. */
  usage: 2,
  /** The spec does not load, throws, has the wrong shape, is nondeterministic, or never ends. */
  invalidSpec: 3,
  /** A limit ended the search before it could tell. */
  incomplete: 4,
  /** A kept trace is not what it must be: it does not reproduce, or is stale or damaged. */
  notReproduced: 5,
  /** Lockstep itself is at fault. */
  fault: 70,
  interrupted: 130,
} as const);

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Which exit code stands for several runs: the first of these that occurred. Ahead come the ones
 * that make the other answers doubtful, then the ones that need a person, then the ones that need
 * more time.
 */
const precedence: readonly ExitCode[] = [
  exitCodes.fault,
  exitCodes.interrupted,
  exitCodes.usage,
  exitCodes.invalidSpec,
  exitCodes.unexpected,
  exitCodes.notReproduced,
  exitCodes.incomplete,
  exitCodes.asExpected,
];

export function combine(codes: readonly ExitCode[]): ExitCode {
  return precedence.find((code) => codes.includes(code)) ?? exitCodes.asExpected;
}

/** What a search says about one variant, against what the spec expects of it. */
export interface Judgement {
  readonly verdict: Exclude<Verdict, 'invalid'>;
  readonly asExpected: boolean;
  /** Violated though not expected to be. */
  readonly unexpected: readonly string[];
  /** Expected to be violated and not seen to be. */
  readonly missing: readonly string[];
  readonly exitCode: ExitCode;
}

/**
 * A variant names the exact set of properties that fail, so a search that a limit ended confirms
 * nothing: what it did not reach may hold one more violation. `stoppedAtFirst` says that the search
 * was asked to end at its first violation; then that one being expected is enough.
 */
export function judge(
  outcome: Pick<Outcome, 'properties' | 'complete'>,
  expected: readonly string[],
  stoppedAtFirst = false,
): Judgement {
  const violated = outcome.properties.filter((p) => p.verdict === 'violated').map((p) => p.name);
  const decided = outcome.complete && outcome.properties.every((p) => p.verdict !== 'unknown');
  const verdict = violated.length > 0 ? 'violated' : decided ? 'verified' : 'incomplete';
  const unexpected = violated.filter((name) => !expected.includes(name));
  const missing = expected.filter((name) => !violated.includes(name));
  const exitCode = exitCodeOf({
    unexpected: unexpected.length > 0,
    enough: decided || (stoppedAtFirst && violated.length > 0),
    missing: decided && missing.length > 0,
  });
  return { verdict, asExpected: exitCode === exitCodes.asExpected, unexpected, missing, exitCode };
}

function exitCodeOf(seen: { unexpected: boolean; enough: boolean; missing: boolean }): ExitCode {
  if (seen.unexpected) return exitCodes.unexpected;
  if (!seen.enough) return exitCodes.incomplete;
  return seen.missing ? exitCodes.unexpected : exitCodes.asExpected;
}
