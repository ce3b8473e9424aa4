import type { Run } from '../verdict/run.ts';
import { type Check, checkOfReplay, checkOfRun, type Finding, titleOf } from './check.ts';
import { earlierDiagram, sequenceDiagram } from './mermaid.ts';
import { letterOf, orderText } from './orders.ts';
import type { Replayed } from './reporter.ts';
import { literal } from './table.ts';
import { counted, duration, shellWord, thousands } from './text.ts';

/** GitHub shows no summary of a step that is longer, in bytes. */
export const longestSummary = 2 ** 20;

/**
 * A summary in Markdown, as GitHub shows it of a step: a table with what was not expected first, then
 * a diagram for each schedule that was not.
 */
export const markdownOfRuns = (runs: readonly Run[], most = longestSummary): string =>
  print(runs.map(checkOfRun), 'run', most);

export const markdownOfReplays = (replayed: readonly Replayed[], most = longestSummary): string =>
  print(replayed.map(checkOfReplay), 'trace', most);

function print(checks: readonly Check[], noun: string, most: number): string {
  const good = checks.filter(({ asExpected }) => asExpected);
  const bad = checks.filter(({ asExpected }) => !asExpected);
  const all = counted(checks.length, noun);
  const title =
    bad.length === 0 ? `all ${all} as expected` : `${good.length} of ${all} as expected`;
  const parts = [
    `## Lockstep: ${title}\n\n`,
    ...fitting(
      ['| | checked | verdict | | states | time |\n', '| --- | --- | --- | --- | --: | --: |\n'],
      [...bad, ...good].map(rowOf),
      most / 2,
      (left) => `\n${counted(left, 'row')} left out, to keep this short.\n`,
    ),
    ...warningsOf(checks, most / 4),
  ];
  // As in the terminal: one that was asked for alone is shown also when it is expected.
  const isShown = ({ expected, what }: Finding) =>
    !expected || checks.length === 1 || what === 'still reproduces';
  const sections = [...bad, ...good].flatMap((check) =>
    check.findings.filter(isShown).map((each) => sectionOf(check, each)),
  );
  return fitting(parts, sections, most, (left) => {
    return `\n${counted(left, 'finding')} left out, to keep this short.\n`;
  }).join('');
}

/** As many of the texts as there is room for, and how many there is none for. */
export function fitting(
  before: readonly string[],
  texts: readonly string[],
  most: number,
  more: (left: number) => string,
): string[] {
  const bytes = (text: string) => Buffer.byteLength(text);
  const parts = [...before];
  let size = parts.reduce((sum, part) => sum + bytes(part), 0) + bytes(more(texts.length));
  for (const [at, text] of texts.entries()) {
    size += bytes(text);
    if (size > most) return [...parts, more(texts.length - at)];
    parts.push(text);
  }
  return parts;
}

function rowOf(check: Check): string {
  const { spec, name, verdict, asExpected, findings, facts, durationMs } = check;
  const names = findings.map(({ what, property, expected }) => {
    const told = property === null ? what : what === verdict ? property : `${what}: ${property}`;
    return expected ? literal(told) : `**${literal(told)}**`;
  });
  const shown = names.length > 4 ? [...names.slice(0, 3), `and ${names.length - 3} more`] : names;
  const cells = [
    asExpected ? '✅' : '❌',
    literal(spec === name ? spec : `${spec}/${name}`),
    verdict,
    shown.join('<br>'),
    facts.states === undefined ? '' : thousands(Number(facts.states)),
    durationMs === null ? '' : duration(durationMs),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

/** What a proof says less about than it seems to: not in the way of the rest. */
function warningsOf(checks: readonly Check[], most: number): string[] {
  const lines = checks.flatMap(({ spec, name, warnings }) =>
    warnings.map(({ kind, message, site }) => {
      const place = site ? ` (${site.file}:${site.line})` : '';
      return `- ${literal(`${spec}/${name}: ${kind}: ${message}${place}`)}\n`;
    }),
  );
  if (lines.length === 0) return [];
  const head = `\n<details><summary>${counted(lines.length, 'warning')}</summary>\n\n`;
  const more = (left: number) => `- ${counted(left, 'more warning')}, left out.\n`;
  return [...fitting([head], lines, most, more), '\n</details>\n'];
}

export function sectionOf(check: Check, finding: Finding): string {
  const { message, place, counterexample } = finding;
  const title = literal(titleOf(check, finding));
  const where = place.line === null ? place.file : `${place.file}:${place.line}`;
  const about = [literal(message), literal(where)].filter((text) => text !== '').join('<br>\n');
  return [`\n### ${title}\n\n${about}\n`, ...(counterexample ? schedule(counterexample) : [])].join(
    '\n',
  );
}

function schedule({
  replay,
  explanation,
  trace,
}: NonNullable<Finding['counterexample']>): string[] {
  const runs = replay.earlier.length + 1;
  const diagrams = [
    ...replay.earlier.map((_, run) => earlierDiagram(replay, run)),
    sequenceDiagram(replay, explanation),
  ].map((diagram, at) => {
    const head = runs === 1 ? '' : `run ${at + 1} of ${runs}, from the start\n\n`;
    return `${head}\`\`\`mermaid\n${diagram}\`\`\`\n`;
  });
  const orders = (explanation?.orders ?? []).map(
    (order, at) => `- ${letterOf(at)}: ${literal(orderText(order, replay.steps))}\n`,
  );
  return [
    ...diagrams,
    ...(orders.length > 0 ? [orders.join('')] : []),
    ...(trace === null ? [] : [`    lockstep replay-trace ${shellWord(trace)}\n`]),
  ];
}
