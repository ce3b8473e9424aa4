import type { ChalkInstance } from 'chalk';
import type { ThreadStanding } from '../explore/standing.ts';
import type { Divergence } from '../verdict/divergence.ts';
import type { ChangedLine } from '../verdict/sources.ts';
import { plain, wrap } from './text.ts';
import { threadLines } from './threads.ts';

/** Why a trace diverges, and which lines have changed. */
export function reasonLines(
  reason: string,
  divergence: Divergence,
  columns: number,
  chalk: ChalkInstance,
): string[] {
  return [
    ...wrap(plain(reason), columns - 2, 8).map((line) => `  ${chalk.red(line)}`),
    ...sourceLines(divergence, columns, chalk),
  ];
}

/** What is possible where a trace diverges, and who waits there. */
export function possibleLines({ standing }: Divergence, columns: number): string[] {
  const among = (title: string, ...standings: ThreadStanding['status'][]): string[] => {
    const some = standing.threads.filter(({ status }) => standings.includes(status));
    const told = some.flatMap((thread) => threadLines(thread, columns));
    return told.length > 0 ? ['', title, ...told] : [];
  };
  const possible = among('possible there', 'can move');
  return [
    ...(possible.length > 0 ? possible : ['', 'nothing is possible there']),
    ...among('waiting there', 'waits', 'interrupted'),
  ];
}

function sourceLines(
  { recorded, source, changes }: Divergence,
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const { file, line } = recorded;
  const say = (text: string) => wrap(plain(text), columns - 2, 4).map((each) => `  ${each}`);
  if (file === null || line === null) return [];
  const where = `${file}:${line}`;
  if (source === null) return say(`${where}: the trace does not have the text of this line`);
  const own = changes!.filter((change) => change.file === file && change.line === line);
  if (own.length > 0) return own.flatMap((change) => changeLines(change, columns, chalk));
  const others = changes!.slice(0, MOST);
  const more = changes!.length - others.length;
  return [
    ...say(`${where}, as recorded and still there: ${source}`),
    ...(others.length > 0 ? say('of the lines that the trace passes, these have changed:') : []),
    ...others.flatMap((change) => changeLines(change, columns, chalk)),
    ...(more > 0 ? say(`and ${more} more`) : []),
  ];
}

/** Lines that have changed to be shown when that of the step is not among them. */
const MOST = 8;

function changeLines({ file, line, was, now }: ChangedLine, columns: number, chalk: ChalkInstance) {
  const signed = (sign: '+' | '-', at: number, text: string) => {
    const paint = sign === '+' ? chalk.green : chalk.red;
    const [first = '', ...rest] = wrap(plain(`${file}:${at}  ${text}`), columns - 6, 4);
    return [`  ${sign} ${first}`, ...rest.map((each) => `      ${each}`)].map((each) =>
      paint(each),
    );
  };
  return [...signed('-', line, was), ...(now ? signed('+', now.line, now.text) : ['  + gone'])];
}
