import { setImmediate } from 'node:timers/promises';
import { withLocks } from '../explore/contention.ts';
import { improve } from '../explore/improve.ts';
import type { Outcome } from '../explore/outcome.ts';
import type { Probe } from '../explore/probe.ts';
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
import type { Hired } from './hire.ts';

export interface VerifyOptions extends Omit<SearchOptions, 'now' | 'memory' | 'guarded'> {
  /** Threads that search, this one included; `onFinal` is told what this one comes to. */
  readonly workers: number;
  /** States from which on workers are started, and from which on they are waited for. */
  readonly hireFrom?: number;
  readonly shareFrom?: number;
}

/** A search below this size is over before a reduction has paid for itself. */
const PROBE: Probe = { from: 1_500_000, price: 12 };
/** A search below this size is over before workers have started. */
const HIRE_FROM = 400_000;
/** From here on this thread waits for workers that have not started yet. */
const SHARE_FROM = 800_000;
/** As many states are explored in the time of one of a reduced search, about. */
const REDUCED = 4;
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
  const { workers, hireFrom = HIRE_FROM, shareFrom = SHARE_FROM } = options;
  const { file, library, code, digest } = loaded;
  const { variant, params } = program;
  const bundle = { library, code, digest };
  let hired: Promise<Hired> | null = null;
  let crew: Promise<Crew> | null = null;
  let ready = false;
  const hireFor = async (work: Level): Promise<Crew> => {
    // Not above: few searches need it, and it takes as long to load as many of them run.
    hired = import('./hire.ts').then(({ hire }) =>
      hire(workers - 1, { file, bundle, variant, params }),
    );
    const together = new Crew((await hired).links);
    await together.join(work);
    return together;
  };
  const crewFor = async (work: Level): Promise<Crew | null> => {
    const { explorer, visited, current } = work;
    const size = visited.size * (explorer.reduce ? REDUCED : 1);
    if (workers < 2 || (!crew && size < Math.min(hireFrom, shareFrom))) return null;
    crew ??= hireFor(work);
    // Heard of when it is needed.
    crew.then(
      () => {
        ready = true;
      },
      () => {},
    );
    const isLarge = current.count >= Math.min(SHARED_LEVEL, shareFrom);
    return isLarge && (ready || size >= shareFrom) ? crew : null;
  };
  const resolved = {
    probe: PROBE,
    ...options,
    now: () => performance.now(),
    memory: residentMemory(),
    guarded,
  };
  const machine = new Machine(program, guarded);
  try {
    const searched = await searchTogether(machine, resolved, crewFor);
    const outcome = improve(machine, withLocks(machine, searched, resolved), resolved);
    return { ...outcome, without: [...(options.without ?? [])].sort() };
  } finally {
    await (await (hired as Promise<Hired> | null))?.dismiss();
  }
}

/**
 * Searches in this thread and with the crew that `crewFor` gives for a level: null while it is not
 * worth it. Once a crew holds states of a round it stays to the end of the round.
 */
export async function searchTogether(
  machine: Machine,
  options: SearchOptions,
  crewFor: (work: Level) => Promise<Crew | null>,
): Promise<Outcome> {
  const levels = explore(machine, options);
  let crew = null as Crew | null;
  for (let step = levels.next(); ; ) {
    if (step.done) return { ...step.value, workers: crew?.size ?? 1 };
    const work = step.value;
    const together = work.alone ? null : crew?.sharing(work) ? crew : await crewFor(work);
    crew = together ?? crew;
    step = levels.next(together ? await together.explore(work) : await exploreAlone(work));
  }
}

/** Milliseconds in which memory does not grow by much. */
const STALE = 20;

/** Bytes of this process, workers included. Asking the system takes longer than a small level. */
function residentMemory(): () => number {
  let bytes = 0;
  let asked = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - asked > STALE) {
      asked = performance.now();
      bytes = process.memoryUsage.rss();
    }
    return bytes;
  };
}

/** Lets signals and progress through between slices. */
async function exploreAlone(work: Level): Promise<LevelDone> {
  const slices = exploreHere(work);
  for (let slice = slices.next(); ; slice = slices.next()) {
    await setImmediate();
    if (slice.done) return slice.value;
  }
}
