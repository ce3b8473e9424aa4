import type { FinalState } from '../../src/explore/explorer.ts';
import type { Outcome } from '../../src/explore/outcome.ts';
import { replay } from '../../src/explore/replay.ts';
import { type SearchOptions, search } from '../../src/explore/search.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';
import { type Findings, finalText } from './findings.ts';
import { UNLIMITED } from './unlimited.ts';

/** The same things about a program as the engine finds them, to compare with an oracle's. */
export interface Searched extends Findings {
  readonly outcome: Outcome;
}

const OPTIONS = { ...UNLIMITED, maxStates: 1_000_000 };

/** `more`: as in SearchOptions. */
export function searched(
  program: Program,
  reduction: boolean,
  more: Pick<SearchOptions, 'probe'> | Pick<SearchOptions, 'without'> = {},
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
