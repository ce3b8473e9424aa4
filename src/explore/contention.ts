import type { LockClass } from '../model/contention.ts';
import type { Machine } from '../model/machine.ts';
import { ALL_ON } from './optimisations.ts';
import type { Outcome, SiteLocation, Warning } from './outcome.ts';
import { callsOf } from './places.ts';
import { type SearchOptions, searchOn } from './search.ts';

/** What says most of the properties comes first. */
const RANKS: readonly Warning['kind'][] = [
  'reads nothing',
  'never asked',
  'never called',
  'never contended',
  'never taken',
];

/** States that may be spent on looking for a thread that waits. */
const EFFORT = 100_000;

/**
 * Locks that nobody ever waits for. In a complete search of all interleavings that is so if nobody
 * was seen to. A reduction may leave the waiting out: `flag = 1` inside of a lock, and a thread that
 * takes it after it has seen the flag, wait for each other in no schedule of a persistent set that
 * runs the first thread to its unlock. Then a search without it looks for it, and nothing is said
 * where that takes too long, but of a lock that only one thread takes.
 */
export function withLocks(machine: Machine, outcome: Outcome, options: SearchOptions): Outcome {
  const { complete, reduction, symmetry, warnings } = outcome;
  if (!complete) return outcome;
  const { contention } = machine;
  const { without = ALL_ON, interrupted, maxStates } = options;
  const alike = symmetry.length > 0;
  const isCertain = ({ threads, shared }: LockClass): boolean =>
    !alike && (shared || threads.size < 2);
  const isSeen = ({ name }: LockClass): boolean => contention.contended().has(name);
  const ours = contention.classes().filter((each) => siteOf(each) !== null && !isSeen(each));
  const doubtful = ours.filter((each) => !isCertain(each));
  const looksOn = (): boolean => !doubtful.every(isSeen) && interrupted?.() !== true;
  const { complete: exact } =
    (reduction || alike) && doubtful.length > 0
      ? searchOn(machine, {
          ...options,
          reduction: false,
          without: new Set([...without, 'symmetry' as const]),
          first: false,
          maxStates: Math.min(EFFORT, maxStates),
          interrupted: () => !looksOn(),
        })
      : { complete: true };
  const found = ours
    .filter((each) => !isSeen(each) && (exact || isCertain(each)))
    .map((each) => warningOf(machine, each));
  const rank = ({ kind }: Warning): number => RANKS.indexOf(kind);
  return { ...outcome, warnings: [...warnings, ...found].sort((a, b) => rank(a) - rank(b)) };
}

function warningOf(machine: Machine, lock: LockClass): Warning {
  const [only, another] = [...lock.threads].map(
    (thread) => machine.threads[thread]!.declaration.name,
  );
  const why =
    another === undefined
      ? `only ${only} ever takes it`
      : lock.shared
        ? 'it is only ever taken to read'
        : 'nobody ever waits for it';
  const message = `${lock.name}: ${why}`;
  return { kind: 'never contended', message, site: siteOf(lock) };
}

/** The first place in the spec where it is taken; null: there is none. */
function siteOf({ nodes }: LockClass): SiteLocation | null {
  const places = nodes.flatMap(({ state }) => callsOf(state.sites).slice(-1));
  const key = ({ file, line }: SiteLocation): string => `${file}:${String(line).padStart(9, '0')}`;
  return places.sort((a, b) => (key(a) < key(b) ? -1 : 1))[0] ?? null;
}
