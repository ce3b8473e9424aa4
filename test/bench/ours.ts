import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { plain } from '../../src/report/text.ts';
import { type Cost, type Limits, measure, type Ran } from './measure.ts';
import type { Row } from './rows.ts';

/** A row did not give what it must. The bench goes on with the next, and fails in the end. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

const run = z.looseObject({
  variant: z.string(),
  verdict: z.string(),
  properties: z.array(z.looseObject({ name: z.string(), verdict: z.string() })),
  asExpected: z.boolean(),
  complete: z.boolean(),
  states: z.int(),
  transitions: z.int(),
});
export type Run = z.infer<typeof run>;

/** What Lockstep said about a row, and what that did cost: the median of its repeats. */
export interface Result extends Cost {
  readonly row: Row;
  readonly workers: number;
  /** All as expected, or the limit that ended it. */
  readonly ended: Ran['ended'];
  readonly runs: readonly Run[];
  readonly states: number;
  readonly transitions: number;
}

export interface Way {
  /** Node and the command line of Lockstep, without arguments. */
  readonly lockstep: readonly string[];
  readonly cwd: string;
  readonly repeat: number;
  readonly limits: Limits;
}

/** Has the spec bundled, which is done once. What may be wrong with it is told of its rows. */
export async function bundled(file: string, { lockstep, limits, cwd }: Way): Promise<void> {
  await measure(
    [...lockstep, 'verify-spec', file, '--max-states', '1', '--no-traces'],
    limits,
    cwd,
  );
}

/** One process for each repeat, as a user would start it. @throws Failure */
export async function verified(
  row: Row,
  workers: number,
  extra: readonly string[],
  way: Way,
): Promise<Result> {
  const costs: Cost[] = [];
  let first: readonly Run[] | null = null;
  for (let n = 0; n < way.repeat; n++) {
    const command = [...way.lockstep, ...argumentsFor(row, workers), ...extra];
    const ran = await measure(command, way.limits, way.cwd);
    if (ran.ended !== 'by itself') {
      const { cpu, wall, memory, ended } = ran;
      return { row, workers, ended, runs: [], states: 0, transitions: 0, cpu, wall, memory };
    }
    const runs = runsOf(row, ran);
    first ??= runs;
    const differs = difference(first, runs);
    if (differs) throw new Failure(`${row.name}: two runs are not the same: ${differs}`);
    costs.push(ran);
  }
  const of = (pick: (cost: Cost) => number) => median(costs.map(pick));
  return {
    row,
    workers,
    ended: 'by itself',
    runs: first!,
    states: first!.reduce((sum, { states }) => sum + states, 0),
    transitions: first!.reduce((sum, { transitions }) => sum + transitions, 0),
    cpu: of(({ cpu }) => cpu),
    wall: of(({ wall }) => wall),
    memory: of(({ memory }) => memory),
  };
}

function argumentsFor({ file, variant, params }: Row, workers: number): string[] {
  return [
    'verify-spec',
    file,
    ...(variant === null ? [] : ['--variant', variant]),
    ...Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
    '--workers',
    `${workers}`,
    '--json',
    '--quiet',
    '--no-traces',
  ];
}

function runsOf(row: Row, { status, stdout, stderr }: Ran): readonly Run[] {
  const said = plain(stderr.trim()).slice(0, 500);
  const { data } = z.array(run).min(1).safeParse(parsed(stdout));
  const wrong = data?.find((each) => !each.asExpected || !each.complete);
  if (wrong) {
    const why = wrong.asExpected ? 'its search is not complete' : 'that is not as expected';
    throw new Failure(`${row.name}: ${wrong.variant} is ${wrong.verdict}, ${why}`);
  }
  if (status !== 0) throw new Failure(`${row.name}: exit code ${status}: ${said}`);
  if (!data) throw new Failure(`${row.name}: what was printed is not a result: ${said}`);
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Durations and workers apart, two searches of one program say the same. */
const FREE = new Set(['durationMs', 'workers']);

/** The first thing in which two results differ; null when there is none. */
export function difference(one: readonly Run[], other: readonly Run[]): string | null {
  for (const [n, run] of one.entries()) {
    const twin = other[n];
    for (const key of new Set([...Object.keys(run), ...Object.keys(twin ?? {})])) {
      if (FREE.has(key) || isDeepStrictEqual(run[key], twin?.[key])) continue;
      const values = [run[key], twin?.[key]].map((value) => JSON.stringify(value) ?? 'none');
      const shown = values.every((text) => text.length <= 40) ? `: ${values.join(' and ')}` : '';
      return `${key} of ${run.variant}${shown}`;
    }
  }
  return one.length === other.length ? null : `${one.length} and ${other.length} variants`;
}

/** The same for searches that may go different ways to the same answer. */
export function disagreement(one: readonly Run[], other: readonly Run[]): string | null {
  const answers = (runs: readonly Run[]) =>
    runs.map(({ variant, verdict, properties }) => ({
      variant,
      verdict,
      properties: properties.map((each) => `${each.name}: ${each.verdict}`).sort(),
    })) as unknown as Run[];
  return difference(answers(one), answers(other));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
