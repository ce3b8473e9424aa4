import type { ChalkInstance } from 'chalk';
import type { Run } from '../../verdict/run.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { listed, plain, width, wrap } from '../text.ts';
import { familiesOf } from './families.ts';

/**
 * `violated  deadlock  two-locks/crossed  as expected`, with the properties cut to what fits. In two
 * lines where the variant, whose name is there to be copied, leaves no room for a property.
 */
export function headlines(
  run: Run,
  chalk: ChalkInstance,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const colour = run.asExpected
    ? chalk.green
    : run.verdict === 'incomplete'
      ? chalk.yellow
      : chalk.red;
  const said = expectation(run);
  const names = namesOf(run);
  const subject = plain(subjectOf(run));
  const word = colour.bold(run.verdict);
  const least = names.length === 0 ? 0 : Math.min(leastName, width(listed(names).join(', ')));
  const all = [run.verdict, ...(least > 0 ? [''] : []), subject, said].join('  ');
  const room = columns - width(all);
  const told = (most: number) => (least > 0 ? [chalk.bold(cutTo(most, names))] : []);
  if (room >= least) return [[word, ...told(room), subject, colour(said)].join('  ')];
  const under = (text: string) => wrap(text, columns - 2, 4).map((line) => `  ${line}`);
  if (least === 0) return [`${word}  ${colour(said)}`, ...under(subject)];
  const below = under(`${subject}  ${said}`).map((line) =>
    line.endsWith(said) ? line.slice(0, -said.length) + colour(said) : line,
  );
  return [[word, ...told(columns - width(run.verdict) - 2)].join('  '), ...below];
}

/** The name of a property is not cut shorter than this for the variant to stand beside it. */
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
  const all = listed(names).join(', ');
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
