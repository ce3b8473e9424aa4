import { type Untaken, untaken } from '../model/coverage.ts';
import type { Program } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import type { Warning } from './outcome.ts';

/**
 * What a complete search of the present variant never came across: conditions that had one outcome
 * only. What stops asking early is left out: a property that is broken, a witness that was found.
 *
 * @param broken names of properties
 */
export function branchWarnings(program: Program, broken: ReadonlySet<string>): Warning[] {
  const kinds = new Map<string, string>([
    ...program.always.map(({ name }) => [name, 'always'] as const),
    ...program.atEnd.map(({ name }) => [name, 'atEnd'] as const),
  ]);
  return untaken(runtime.branches, new Set(['', ...kinds.keys()]))
    .filter(({ by }) => !by.some((asker) => broken.has(asker)))
    .map((each) => (each.by.includes('') ? neverTaken(each) : neverAsked(each, kinds)));
}

function neverTaken({ branch, outcome }: Untaken): Warning {
  const negated = negatedIn(branch.text);
  const text = negated ?? branch.text;
  const never = /^(case .*|default)$/.test(text) ? 'taken' : (negated === null) === outcome;
  return { kind: 'never taken', message: `'${text}' is never ${never}`, site: siteOf(branch) };
}

/** In a property: the left side of an implication, say, that never holds. */
function neverAsked(
  { branch, outcome, behind, by }: Untaken,
  kinds: ReadonlyMap<string, string>,
): Warning {
  const properties = by.map((name) => `${kinds.get(name)} '${name}'`).join(', ');
  const negated = negatedIn(branch.text);
  const holds = (negated === null) === outcome ? 'never' : 'always';
  const message =
    `${properties}: '${negated ?? branch.text}' ${holds} holds, ` +
    `so '${behind.asked}' is never asked`;
  return { kind: 'never asked', message, site: siteOf(branch) };
}

/** What stands after the `!` of a condition that is nothing else. */
function negatedIn(text: string): string | null {
  return /^!\s*([\w.]+\([^()]*\)|[\w.]+|\([^()]*(?:\([^()]*\)[^()]*)*\))$/.exec(text)?.[1] ?? null;
}

function siteOf({ file, line, fn, text }: Untaken['branch']): Warning['site'] {
  return { file, line, fn, text };
}
