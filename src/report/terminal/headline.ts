import type { ChalkInstance } from 'chalk';
import type { Run } from '../../verdict/run.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { abbreviate, plain, width, wrap } from '../text.ts';
import { familiesOf } from './families.ts';

/** `violated  deadlock  two-locks/crossed  as expected`, with the properties cut to what fits. */
export function headline(
  run: Run,
  chalk: ChalkInstance,
  columns = Number.POSITIVE_INFINITY,
): string {
  const colour = run.asExpected
    ? chalk.green
    : run.verdict === 'incomplete'
      ? chalk.yellow
      : chalk.red;
  const said = expectation(run);
  const names = namesOf(run);
  const subject = plain(subjectOf(run));
  const room =
    columns - [run.verdict, ...names.slice(0, 1).map(() => ''), '', said].join('  ').length;
  // The property and the variant share what room there is.
  const share = names.length === 0 ? room : Math.max(room - leastName, Math.floor(room / 2));
  const shown = abbreviate(subject, Math.max(4, share));
  return [
    colour.bold(run.verdict),
    ...(names.length > 0 ? [chalk.bold(cutTo(room - width(shown), names))] : []),
    shown,
    colour(said),
  ].join('  ');
}

/** The name of a property is not cut shorter than this for that of the variant to be whole. */
const leastName = 20;

/** Of the broken properties, first the one that the schedule is told for. */
function namesOf(run: Run): string[] {
  const told = familiesOf(run).map(({ head }) => head.property.name);
  const names = (run.outcome?.properties ?? [])
    .filter((property) => property.verdict === 'violated')
    .map(({ name }) => name);
  return [...new Set([...told.slice(0, 1), ...names])].map(plain);
}

/** The names, the first with how many more there are, or what there is room for of it. */
export function cutTo(room: number, names: readonly string[]): string {
  const all = names.join(', ');
  if (width(all) <= room) return all;
  const more = names.length - 1;
  const rest = more === 0 ? '' : room >= leastName ? ` and ${more} more` : ` +${more}`;
  return wrap(names[0]!, Math.max(4, room - rest.length), 1)[0]! + rest;
}

export function subjectOf(run: Run): string {
  return run.variant === null ? run.spec : `${run.spec}/${run.variant}`;
}

function expectation(run: Run): string {
  if (run.verdict === 'invalid') return 'the spec has to be mended';
  if (run.asExpected) return 'as expected';
  return run.exitCode === exitCodes.incomplete ? 'ended early' : 'not as expected';
}
