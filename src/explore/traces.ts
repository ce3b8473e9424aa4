import type { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { conclude, withSchedules } from './conclude.ts';
import type { Outcome } from './outcome.ts';
import { StateProperty } from './properties.ts';
import { Checks, runKey } from './traces/checks.ts';
import { DataRaces } from './traces/data-races.ts';
import { Dependence } from './traces/dependence.ts';
import { type OnTrace, TraceExplorer } from './traces/explorer.ts';

export interface TraceOptions {
  /** Wraps every entry into spec code. */
  readonly guarded: <T>(code: () => T) => T;
  readonly onTrace?: OnTrace;
  /** Steps between two times that the caller is asked whether to go on. */
  readonly traceSlice?: number;
}

/** How far the exploration of traces has come. */
export interface TraceProgress {
  readonly traces: number;
  /** Of all rounds. */
  readonly steps: number;
  readonly round: number;
  readonly violations: number;
}

/** The program is not explored by traces. */
export interface Declined {
  readonly declined: string;
}

const SLICE = 1 << 13;

/** One more thread would not fit a mask of threads. */
const MOST_THREADS = 31;

/**
 * Explores a program by its traces: one execution for each class of those that differ only in the
 * order of steps that commute. Faster than a search of its states where few steps conflict and many
 * choices have nothing to do with each other, as then there are few traces of many states. Slower
 * where many executions lead to the same states.
 *
 * For programs whose threads do not loop. Yields now and then; a text passed to `next` ends it as a
 * limit does.
 *
 * In the outcome, `transitions` are the steps taken, each once, and `states` what they lead to, with
 * the start: they are not compared with each other.
 */
export function* exploreTraces(
  machine: Machine,
  { guarded, onTrace, traceSlice = SLICE }: TraceOptions,
): Generator<TraceProgress, Outcome | Declined, string | undefined> {
  const { program } = machine;
  if (machine.threads.length > MOST_THREADS) {
    return { declined: `${machine.threads.length} threads; at most ${MOST_THREADS} are possible` };
  }
  const properties = (list: Program['always']): StateProperty[] =>
    list.map((predicate) => new StateProperty(machine, predicate, guarded));
  const [always, sometimes, atEnd] = [
    properties(program.always),
    properties(program.sometimes),
    properties(program.atEnd),
  ];
  const dependence = new Dependence([...always, ...sometimes]);
  const checks = new Checks(machine, { always, sometimes, atEnd }, dependence);
  const unraced = Object.hasOwn(program.unchecked, 'data-race');
  const races = unraced ? null : new DataRaces(machine, checks, dependence);
  let before = 0;
  for (let round = 1; ; round++) {
    dependence.begin();
    const explorer = new TraceExplorer(machine, dependence, checks, races, onTrace);
    let limit: string | null = null;
    let yielded = 0;
    while (limit === null && explorer.next()) {
      if (explorer.steps - yielded < traceSlice) continue;
      yielded = explorer.steps;
      const { traces, steps } = explorer;
      const { violations } = checks;
      limit = (yield { traces, steps: before + steps, round, violations }) ?? null;
    }
    const { unfit } = explorer.execution;
    if (unfit !== null) return { declined: unfit };
    if (limit === null && dependence.stale) {
      before += explorer.steps;
      continue;
    }
    checks.conclude();
    const found = withSchedules(
      machine,
      checks.findings,
      ({ hi, lo }) => checks.runs.get(runKey(hi, lo))!,
    );
    const { traces, steps, depth } = explorer;
    const { finalStates, findings } = checks;
    return {
      ...conclude(machine, {
        ...{ found, witnessed: findings.witnessed, lockFacts: findings.facts.keys() },
        ...{ limit, shortest: false },
        ...{ states: steps + 1, transitions: steps, depth, rounds: round, finalStates },
        ...{ reduction: true, symmetry: [], members: 1, fingerprints: finalStates },
      }),
      traces,
    };
  }
}
