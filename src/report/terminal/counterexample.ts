import type { ChalkInstance } from 'chalk';
import type { Order } from '../../explore/explain.ts';
import type { PropertyOutcome, Replay, StepRecord } from '../../explore/outcome.ts';
import type { Run } from '../../verdict/run.ts';
import { brief } from '../change.ts';
import { placeLines, placesOf } from '../places.ts';
import { counted, plain, shellWord, wrap } from '../text.ts';
import { beginsWith, type Family } from './families.ts';
import { letterOf, scheduleLines } from './schedule.ts';

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
    ...say(`${minimal(property, replay)}${expected ? '' : '; not expected'}`),
    ...othersOf(family).flatMap((text) => say(text)),
    ...placeLines(places, columns, replay.steps),
  ];
  const command =
    trace === null ? 'no trace was kept' : `lockstep replay-trace ${shellWord(trace)}`;
  const none = replay.steps.length + replay.earlier.length === 0;
  if (!options.steps || none) return [...top, `replay: ${command}`];
  const orders = orderLines(explanation.orders, columns);
  const messages = new Map(
    [family.head, ...family.others.filter((other) => beginsWith(family.head, other))].map(
      ({ property: { name, message } }) => [name, message ?? ''],
    ),
  );
  const schedule = scheduleLines(
    { replay, property: property.name, explanation, messages },
    { columns, chalk, lines: Math.max(leastTable, options.lines - top.length - orders.length - 3) },
  );
  const all = schedule.folded ? `replay all ${counted(replay.steps.length, 'step')}` : 'replay';
  return [...top, '', ...schedule.lines, '', ...orders, `${all}: ${command}`];
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

/** `breaks 3 more on the way, at steps 51, 71 and 72` */
function othersOf({ head, others }: Family): string[] {
  if (others.length === 0) return [];
  const broken = others.map(
    ({ property }) => head.replay.broken.find((each) => each.property === property.name)!.step,
  );
  const alone = others.map(({ replay }) => replay.steps.length);
  const fewer = alone.some((steps, i) => steps < broken[i]!);
  const proved = !fewer && others.every(({ property }) => property.shortest);
  const where = `${new Set(broken).size === 1 ? 'at step' : 'at steps'} ${listOf(broken)}`;
  // What takes other runs first has no length that could be compared.
  const lengths = others.every(({ replay }) => replay.earlier.length === 0);
  const how = !lengths
    ? ''
    : fewer
      ? `; alone it takes ${listOf(alone)}`
      : proved
        ? ', none in fewer'
        : '';
  return [`breaks ${others.length} more on the way, ${where}${how}`];
}

function listOf(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return sorted.join(', ').replace(/, (\d+)$/, ' and $1');
}

function orderLines(orders: readonly Order[], columns: number): string[] {
  if (orders.length === 0) return [];
  const lines = wrap(
    'Run again with all else in the same order, as far as that can be:',
    columns,
    2,
  );
  orders.forEach(({ first, then, thread, object }, i) => {
    const what = then === null ? `what ${thread} waits to do` : `step ${then}`;
    const text = `${letterOf(i)}  if ${what} came before step ${first}, this would hold (${object})`;
    lines.push(
      ...wrap(plain(text), columns - 5, 3).map((line, at) => (at === 0 ? '  ' : '     ') + line),
    );
  });
  return lines;
}
