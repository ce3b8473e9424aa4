import { isConstant, leavesLocks, type Untaken, uncalled, untaken } from '../model/coverage.ts';
import type { Machine } from '../model/machine.ts';
import type { Predicate, Program } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import type { Warning } from './outcome.ts';

/** @param broken names of properties */
export function warningsOf(machine: Machine, broken: ReadonlySet<string>): Warning[] {
  const { program } = machine;
  // A broken property is not asked any more, sooner or later as the members hear of it: what it has
  // asked until then says nothing.
  const branches = broken.size > 0 ? [] : branchWarnings(program);
  return [...constants(program), ...branches, ...uncalledGenerators(), ...untakenLocks(machine)];
}

/**
 * Properties that read no shared object: they say the same in every state. Only those that call
 * nothing, as `() => true`: parameters may have left others with an empty list to go through.
 */
function constants({ always, atEnd, sometimes }: Program): Warning[] {
  const told = (kind: string, predicates: readonly Predicate[]): Warning[] =>
    predicates
      .filter(({ holds }) => isConstant(holds))
      .map(({ name }) => ({
        kind: 'reads nothing',
        message: `${kind} '${name}' reads no shared object: it says the same in every state`,
        site: null,
      }));
  return [...told('always', always), ...told('atEnd', atEnd), ...told('sometimes', sometimes)];
}

function uncalledGenerators(): Warning[] {
  return uncalled().map(({ file, line, fn, text }) => ({
    kind: 'never called',
    message: `${fn}: nothing that runs calls it`,
    site: { file, line, fn, text },
  }));
}

/**
 * Locks of the spec's own that no operation names. One that an option or parameter leaves aside is
 * none: then there are statements about locks that nobody came to.
 */
function untakenLocks({ nodes }: Machine): Warning[] {
  if (leavesLocks()) return [];
  const named = new Set<string>();
  for (const { state } of nodes.flat()) {
    const { writes = [], reads = [] } = state.pending ?? {};
    for (const { name } of [...writes, ...reads]) named.add(name);
  }
  return [...runtime.objects.values()]
    .filter(({ name, owner, isLock }) => isLock && owner === null && !named.has(name))
    .map(({ name }) => ({
      kind: 'never taken',
      message: `${name}: nobody ever takes it`,
      site: null,
    }));
}

/**
 * What a complete search of the present variant never came across: conditions that had one outcome
 * only. A witness that was found stops asking early, and is left out.
 */
function branchWarnings(program: Program): Warning[] {
  const kinds = new Map<string, string>([
    ...program.always.map(({ name }) => [name, 'always'] as const),
    ...program.atEnd.map(({ name }) => [name, 'atEnd'] as const),
  ]);
  return untaken(runtime.branches, new Set(['', ...kinds.keys()])).map((each) =>
    each.by.includes('') ? neverTaken(each) : neverAsked(each, kinds),
  );
}

function neverTaken({ branch, outcome }: Untaken): Warning {
  const { text, negated } = branch.asks ?? { text: branch.text, negated: false };
  const never = branch.asks ? outcome !== negated : 'taken';
  return { kind: 'never taken', message: `'${text}' is never ${never}`, site: siteOf(branch) };
}

/** In a property: the left side of an implication, say, that never holds. */
function neverAsked(
  { branch, outcome, behind, by }: Untaken,
  kinds: ReadonlyMap<string, string>,
): Warning {
  const properties = by.map((name) => `${kinds.get(name)} '${name}'`).join(', ');
  const { text, negated } = branch.asks ?? { text: branch.text, negated: false };
  const holds = outcome !== negated ? 'never' : 'always';
  const message = `${properties}: '${text}' ${holds} holds, so '${behind.asked}' is never asked`;
  return { kind: 'never asked', message, site: siteOf(branch) };
}

function siteOf({ file, line, fn, text }: Untaken['branch']): Warning['site'] {
  return { file, line, fn, text };
}
