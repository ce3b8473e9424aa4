import type { ChalkInstance } from 'chalk';
import type { PropertyOutcome, Replay, StepRecord } from '../../explore/outcome.ts';
import type { Run } from '../../verdict/run.ts';
import { brief } from '../change.ts';
import { briefOrderText, letterOf, orderText } from '../orders.ts';
import { placeLines, placesOf } from '../places.ts';
import { counted, plain, shellWord, wrap } from '../text.ts';
import { alsoLines } from './also.ts';
import { beginsWith, type Family } from './families.ts';
import { scheduleLines } from './schedule.ts';

export interface CounterexampleOptions {
  readonly columns: number;
  readonly chalk: ChalkInstance;
  /** The schedule too. */
  readonly steps: boolean;
  /** Lines that it may take, if what must be shown allows it. */
  readonly lines: number;
}

/** Lines that its schedule may take in any case. */
const leastTable = 16;

export function counterexampleLines(run: Run, family: Family, options: CounterexampleOptions) {
  const { columns, chalk } = options;
  const { property, replay, explanation, trace } = family.head;
  const expected = run.expected.includes(property.name);
  const say = (text: string, indent = 2) =>
    wrap(plain(text), columns - indent, 6).map((line) => ' '.repeat(indent) + line);
  const places = placesOf(replay, property.name).filter(
    // The last row of the schedule says as much.
    ({ what, calls, held }) => !options.steps || what !== '' || calls.length + held.length > 0,
  );
  const top = [
    ...say(titleOf(property), 0).map((line) => chalk.bold(line)),
    ...say(`${minimal(property, replay)}${expected ? '' : '; NOT EXPECTED'}`),
    ...alsoLines(family, run, columns - 2).map((line) => `  ${line}`),
    ...placeLines(places, columns, replay.steps),
  ];
  const command =
    trace === null ? 'no trace was kept' : `lockstep replay-trace ${shellWord(trace)}`;
  const none = replay.steps.length + replay.earlier.length === 0;
  if (!options.steps || none) return [...top, `replay: ${command}`];
  const messages = new Map(
    [family.head, ...family.others.filter((other) => beginsWith(family.head, other))].map(
      ({ property: { name, message } }) => [name, message ?? ''],
    ),
  );
  const told = { replay, property: property.name, explanation, messages };
  const whole = (orders: readonly string[]) => {
    const room = Math.max(leastTable, options.lines - top.length - orders.length - 3);
    const schedule = scheduleLines(told, { columns, chalk, lines: room });
    const all = schedule.folded ? `replay all ${counted(replay.steps.length, 'step')}` : 'replay';
    return [...top, '', ...schedule.lines, '', ...orders, `${all}: ${command}`];
  };
  const orders = (textOf: typeof orderText) =>
    explanation.orders.flatMap((order, at) => orderLines(textOf(order, replay.steps), at, columns));
  const [long, brief] = [orders(orderText), orders(briefOrderText)];
  const lines = whole(long);
  // The table has the operations, under the same letters.
  return lines.length > options.lines && brief.length < long.length ? whole(brief) : lines;
}

export function titleOf({ name, message }: PropertyOutcome): string {
  if (message === null || message === '') return name;
  return message.startsWith(name) ? brief(message) : `${name}: ${brief(message)}`;
}

/** How long the schedule is, and what is proved of that. */
function minimal({ shortest, fewestSwitches }: PropertyOutcome, replay: Replay): string {
  const { steps, earlier } = replay;
  if (steps.length + earlier.length === 0) return 'at the start, before any step';
  const length = [
    counted(steps.length, 'step'),
    counted(switchesIn(steps), 'switch', 'switches'),
    ...(earlier.length > 0 ? [`after ${counted(earlier.length, 'other run')}`] : []),
  ];
  const claims = [
    ...(shortest ? ['none shorter'] : []),
    ...(fewestSwitches ? ['none of that length with fewer switches'] : []),
  ].join(', ');
  const open = shortest ? [] : ['there may be shorter ones'];
  return [length.join(', '), ...(claims === '' ? [] : [claims]), ...open].join('; ');
}

/** How often the running thread changes. */
function switchesIn(steps: readonly StepRecord[]): number {
  return steps.filter((step, i) => i > 0 && steps[i - 1]!.thread !== step.thread).length;
}

function orderLines(text: string, at: number, columns: number): string[] {
  return wrap(plain(text), columns - 5, 4).map((line, i) =>
    i === 0 ? `  ${letterOf(at)}  ${line}` : `     ${line}`,
  );
}
