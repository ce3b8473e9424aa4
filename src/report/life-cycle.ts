import type { ChalkInstance } from 'chalk';
import { type Life, WORDS } from '../verdict/life-cycle.ts';
import { rulesFileOf, type TraceRule } from '../verdict/trace-rules.ts';
import { cutTo } from './terminal/headline.ts';
import { counted, pad, padStart, plain, shellWord, width, wrap } from './text.ts';

/** A trace that was held against a variant. */
export interface Checked {
  readonly file: string;
  /** Null when the trace cannot be read; this and the next two. */
  readonly spec: string | null;
  readonly variant: string | null;
  readonly property: string | null;
  readonly life: Life;
  /** Null when it was only asked what becomes of it there. */
  readonly rule: TraceRule | null;
  /** Why it is not what it must be; null: it is. */
  readonly wrong: string | null;
}

const words = [...WORDS, 'damaged'] as const;
const wordWidth = Math.max(...words.map(width));

/** One trace of many: what became of it, and what is wrong with that. */
export function checkedLines(checked: Checked, columns: number, chalk: ChalkInstance): string[] {
  const { spec, variant, property, life, rule } = checked;
  const word = pad(life.word, wordWidth);
  const subject = plain(`${spec}/${variant}`);
  const name = cutTo(columns - wordWidth - width(subject) - 4, [plain(property ?? '')]);
  const told = life.word === 'still reproduces' ? [] : [life.line + because(rule)];
  return [
    `${colourOf(checked, chalk)(word)}  ${chalk.bold(name)}  ${subject}`,
    ...told.flatMap((text) => indented(text, columns)),
    ...whatToDo(checked, columns),
  ];
}

/** The rules of a trace that was told in full. */
export function ruleLines(
  all: readonly Checked[],
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const ruled = all.filter(
    ({ rule, wrong }) => rule !== null && (all.length > 1 || wrong !== null),
  );
  return ruled.flatMap((checked) => {
    const { variant, life, rule, wrong } = checked;
    const kept = colourOf(checked, chalk)(wrong === null ? 'rule kept' : 'rule broken');
    const [first = '', ...rest] = wrap(
      plain(`on ${variant}: ${life.word}${because(rule)}: ${life.line}`),
      columns - 13,
      8,
    );
    return [
      `${kept}${wrong === null ? '  ' : ''}  ${first}`,
      ...rest.map((line) => `  ${line}`),
      ...whatToDo(checked, columns),
    ];
  });
}

/** How many there are of each word. */
export function countLines(all: readonly Checked[], chalk: ChalkInstance): string[] {
  const head = ['', 'traces', 'as they must be'];
  const rows = words
    .map((word) => all.filter(({ life }) => life.word === word))
    .flatMap((some, at) => {
      const good = some.filter(({ wrong }) => wrong === null).length;
      // The four words are always there, so that tables can be compared.
      return some.length === 0 && words[at] === 'damaged'
        ? []
        : [{ cells: [words[at]!, String(some.length), String(good)], bad: good < some.length }];
    });
  const line = ([word = '', ...counts]: readonly string[]) =>
    [pad(word, wordWidth), ...counts.map((text, at) => padStart(text, width(head[at + 1]!)))].join(
      '  ',
    );
  const good = all.filter(({ wrong }) => wrong === null).length;
  const files = new Set(all.map(({ file }) => file)).size;
  const of = `${counted(files, 'trace')}, ${counted(all.length, 'check')}`;
  const verdict =
    good === all.length
      ? chalk.green.bold(`${of}: all as they must be`)
      : chalk.red.bold(`${of}: ${all.length - good} not as they must be`);
  return [
    chalk.bold(line(head)),
    ...rows.map(({ cells, bad }) => (bad ? chalk.red(line(cells)) : line(cells))),
    '',
    verdict,
  ];
}

/** What is wrong, and what can be done; commands in one line each, so that they can be copied. */
function whatToDo(checked: Checked, columns: number): string[] {
  const { rule, wrong } = checked;
  if (wrong === null || rule === null) return [];
  const told = indented(`NOT KEPT: ${wrong}${because(rule)}`, columns);
  return [...told, ...adviceOf(checked).flatMap((line) => indentedUnlessCommand(line, columns))];
}

/** What can be done about a rule that is not kept. */
export function adviceOf({ file, variant, life, rule, wrong }: Checked): string[] {
  if (wrong === null || rule === null) return [];
  if (life.word === 'stale') {
    return [`record it again: lockstep replay-trace --rerecord ${shellWord(file)}`];
  }
  const gone = life.word === 'fixed' || life.word === 'no longer possible';
  const regression =
    gone && rule.must === 'still reproduces'
      ? [
          'record it again with --rerecord, or keep it as a regression, with a rule in:',
          `  ${rulesFileOf(file)}`,
        ]
      : [];
  const on = shellWord(variant ?? '');
  return [...regression, `replay: lockstep replay-trace --variant ${on} ${shellWord(file)}`];
}

function indentedUnlessCommand(line: string, columns: number): string[] {
  return /^ |: lockstep /.test(line) ? [`  ${line}`] : indented(line, columns);
}

function because(rule: TraceRule | null): string {
  return rule?.why === undefined ? '' : ` (${rule.why})`;
}

function colourOf({ life, wrong }: Checked, chalk: ChalkInstance): ChalkInstance {
  if (wrong !== null) return chalk.red.bold;
  return life.word === 'still reproduces' ? chalk.yellow.bold : chalk.green.bold;
}

function indented(text: string, columns: number): string[] {
  return wrap(plain(text), columns - 4, 8).map((line, at) =>
    at === 0 ? `  ${line}` : `    ${line}`,
  );
}
