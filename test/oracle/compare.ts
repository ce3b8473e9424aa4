import type { FinalState } from '../../src/explore/checks.ts';
import type { Outcome } from '../../src/explore/outcome.ts';
import { replay } from '../../src/explore/replay.ts';
import { type SearchOptions, search } from '../../src/explore/search.ts';
import type { Action } from '../../src/explore/traces/dependence.ts';
import { type Declined, exploreTraces } from '../../src/explore/traces.ts';
import { Machine, type Transition } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';
import { type Findings, finalText } from './findings.ts';
import { normalForm } from './traces.ts';
import { UNLIMITED } from './unlimited.ts';

/** The same things about a program as the engine finds them, to compare with an oracle's. */
export interface Searched extends Findings {
  readonly outcome: Outcome;
}

/** One engine at a time. */
export const OPTIONS = {
  ...UNLIMITED,
  maxStates: 1_000_000,
  without: new Set(['traces'] as const),
};

/** `more`: as in SearchOptions. */
export function searched(
  program: Program,
  reduction: boolean,
  more: Pick<SearchOptions, 'without'> & Partial<Pick<SearchOptions, 'probe'>> = {},
): Searched {
  const finals = new Set<string>();
  const onFinal: FinalState = (machine, rows, base) => {
    const changed = machine.slots.flatMap(({ position, object, values }) => {
      const id = rows[base + position] ?? 0;
      return id === 0 ? [] : [[object.name, values[id]] as const];
    });
    finals.add(finalText(changed));
  };
  const outcome = search(program, { ...OPTIONS, ...more, reduction, onFinal });
  if (!outcome.complete) throw new Error(`incomplete: ${outcome.limit}`);
  return { outcome, finals, violated: violations(outcome), states: outcome.states };
}

/** What was found by traces, and the normal form of each. */
export interface Traced extends Searched {
  readonly machine: Machine;
  readonly traces: ReadonlySet<string>;
  /** How many of them leave a thread waiting. */
  readonly stuck: number;
  /** What the transitions of the last round were taken for. */
  readonly actions: ReadonlyMap<Transition, Action>;
}

/** As `searched`, by traces, of which no two may be the same. */
export function traced(program: Program): Traced | Declined {
  const machine = new Machine(program, guarded);
  const finals = new Set<string>();
  const traces = new Set<string>();
  const actions = new Map<Transition, Action>();
  let stuck = 0;
  const onTrace = (events: readonly Action[], n: number): void => {
    if (n === 0) throw new Error('explored in vain');
    if (n === 1) {
      traces.clear();
      actions.clear();
      stuck = 0;
    }
    for (const action of events) actions.set(action.transition, action);
    const form = normalForm(machine, events);
    if (traces.has(form)) throw new Error(`explored twice: ${form}`);
    traces.add(form);
    const ends = new Map(events.map(({ thread, transition }) => [thread, transition.next]));
    if (machine.nodes.some(([start], t) => (ends.get(t) ?? start)!.state.pending)) stuck++;
    const crashed = events.some(({ transition }) => transition.crash);
    if (!crashed) finals.add(finalOf(machine, events));
  };
  const exploration = exploreTraces(machine, { guarded, onTrace });
  let step = exploration.next();
  while (!step.done) step = exploration.next();
  const outcome = step.value;
  if ('declined' in outcome) return outcome;
  const violated = violations(outcome);
  return { outcome, finals, violated, states: outcome.states, machine, traces, stuck, actions };
}

function finalOf({ slots, threads }: Machine, events: readonly Action[]): string {
  const ids = new Map<number, number>();
  for (const { changes } of events.map(({ transition }) => transition)) {
    for (let i = 0; i < changes.length; i += 2) ids.set(changes[i]!, changes[i + 1]!);
  }
  const changed = [...ids].filter(([, id]) => id !== 0);
  return finalText(
    changed.map(([position, id]) => {
      const { object, values } = slots[position - threads.length]!;
      return [object.name, values[id]] as const;
    }),
  );
}

export function violations(outcome: Outcome): Set<string> {
  const violated = outcome.properties.filter(({ verdict }) => verdict === 'violated');
  return new Set(violated.map(({ name }) => name));
}

/** The rules of lockdep with the classes that a report is about, which the oracles leave out. */
const TITLED =
  /^(possible (?:circular|recursive) lock.* detected|inconsistent lock state|\w+-safe -> \w+-unsafe .* detected|Invalid wait context): .*$/;

/** @throws Error that says in what the two differ */
export function same(what: string, found: Partial<Findings>, expected: Findings): void {
  const titled = (names: ReadonlySet<string>) => [...names].some((name) => TITLED.test(name));
  const untitled = !(titled(expected.violated) && titled(found.violated ?? new Set()));
  const plain = (names: ReadonlySet<string>) =>
    untitled ? new Set([...names].map((name) => name.replace(TITLED, '$1'))) : names;
  for (const part of ['violated', 'finals'] as const) {
    const set = found[part] && plain(found[part]);
    if (!set) continue;
    const wanted = plain(expected[part]);
    const missing = [...wanted].filter((each) => !set.has(each));
    const extra = [...set].filter((each) => !wanted.has(each));
    if (missing.length + extra.length === 0) continue;
    throw new Error(
      `${what}: ${part} differ\n  missing: ${missing.map(quoted).join(', ')}\n` +
        `  extra: ${extra.map(quoted).join(', ')}`,
    );
  }
}

/** Each schedule leads, step by step, to what it is said to break. */
export function replayed(program: Program, outcome: Outcome): void {
  for (const { name, kind, verdict, schedule, earlier } of outcome.properties) {
    if (verdict !== 'violated') continue;
    if (!schedule) {
      if (kind === 'sometimes' || kind === 'atEnd') continue;
      throw new Error(`'${name}' is violated, but has no schedule`);
    }
    const { broken, diverged } = replay(program, schedule, guarded, earlier);
    if (diverged) throw new Error(`schedule of '${name}' diverges: ${diverged.message}`);
    if (!broken.some(({ property }) => property === name)) {
      throw new Error(`schedule of '${name}' does not break it: ${schedule.join(' ')}`);
    }
  }
}

function quoted(text: string): string {
  return `'${text}'`;
}
