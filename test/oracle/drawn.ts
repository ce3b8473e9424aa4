import path from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type RandomProgram, show } from './program.ts';

const { LOCKSTEP_RANDOM_RUNS, LOCKSTEP_RANDOM_SEED, LOCKSTEP_RANDOM_PATH } = process.env;

/** From vitest.config.ts, unless told otherwise: LOCKSTEP_RANDOM_SEED=$RANDOM draws others. */
export const SEED = Number(LOCKSTEP_RANDOM_SEED);

/** Only the one that failed: how many there are of each kind says nothing. */
export const ALONE = LOCKSTEP_RANDOM_PATH !== undefined;

export function runs(usual: number): number {
  return Number(LOCKSTEP_RANDOM_RUNS ?? (ALONE ? 1 : usual));
}

/** Which ones fast-check draws. */
export function drawn(numRuns: number) {
  const alone = { path: LOCKSTEP_RANDOM_PATH!, endOnFailure: true };
  return { numRuns, seed: SEED, ...(ALONE && alone) };
}

/** What is asked of only some programs: of which ones does not depend on those before. */
export function turnOf(program: RandomProgram): number {
  return show(program).length;
}

/** Runs the test at hand with that program alone. */
export function again(failed: string | number | null): string {
  const file = path.relative(process.cwd(), expect.getState().testPath!);
  return `LOCKSTEP_RANDOM_SEED=${SEED} LOCKSTEP_RANDOM_PATH=${LOCKSTEP_RANDOM_PATH ?? failed} npx vitest run ${file}`;
}

/** Programs that the engine and its oracles agree about. */
export function check(
  programs: fc.Arbitrary<RandomProgram>,
  agree: (program: RandomProgram) => void,
  numRuns: number,
): void {
  const details = fc.check(fc.property(programs, agree), drawn(numRuns));
  if (!details.failed) return;
  const [program] = details.counterexample!;
  throw new Error(
    `${again(details.counterexamplePath)}\n${show(program)}\n${details.errorInstance}`,
  );
}
