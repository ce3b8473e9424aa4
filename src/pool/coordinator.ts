import { setImmediate } from 'node:timers/promises';
import { improve } from '../explore/improve.ts';
import type { Outcome } from '../explore/outcome.ts';
import {
  explore,
  exploreHere,
  type Level,
  type LevelDone,
  type SearchOptions,
} from '../explore/search.ts';
import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { guarded } from '../spec/guard.ts';
import type { LoadedSpec } from '../spec/load.ts';
import { Crew } from './crew.ts';

export interface VerifyOptions extends Omit<SearchOptions, 'now' | 'guarded' | 'onFinal'> {
  /** Threads that search, this one included. */
  readonly workers: number;
  /** States from which on workers join in. */
  readonly shareFrom?: number;
}

/** A search below this size is over before workers have started. */
const SHARE_FROM = 100_000;
/** A level with fewer states is not worth a meeting of all workers. */
const SHARED_LEVEL = 1_000;

/**
 * Searches a program: in this thread, and from a certain size on with workers. Verdict and counts
 * do not depend on how many.
 */
export async function verify(
  loaded: LoadedSpec,
  program: Program,
  options: VerifyOptions,
): Promise<Outcome> {
  const shareFrom = options.shareFrom ?? SHARE_FROM;
  const large = ({ visited, current }: Level): boolean =>
    visited.size >= shareFrom && current.count >= Math.min(SHARED_LEVEL, shareFrom);
  const resolved = { ...options, now: () => performance.now(), guarded };
  const machine = new Machine(program, guarded);
  const levels = explore(machine, resolved);
  let crew: Crew | null = null;
  try {
    for (let step = levels.next(); ; ) {
      if (step.done) return improve(machine, { ...step.value, workers: crew?.size ?? 1 }, resolved);
      const work = step.value;
      if (!crew && options.workers > 1 && large(work)) {
        const { file, digest, code } = loaded;
        const { variant, params } = program;
        const { reduction } = options;
        crew = new Crew(options.workers - 1, { file, digest, code, variant, params, reduction });
      }
      const shared = crew && (crew.sharing(work.round) || large(work));
      step = levels.next(shared ? await crew!.explore(work) : await exploreAlone(work));
    }
  } finally {
    await crew?.dismiss();
  }
}

/** Lets signals and progress through between slices. */
async function exploreAlone(work: Level): Promise<LevelDone> {
  const slices = exploreHere(work);
  for (let slice = slices.next(); ; slice = slices.next()) {
    if (slice.done) return slice.value;
    await setImmediate();
  }
}
