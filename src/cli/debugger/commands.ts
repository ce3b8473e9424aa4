import type { ChalkInstance } from 'chalk';
import { excerpt } from '../../report/excerpt.ts';
import {
  enabledLines,
  isPartOf,
  objectLines,
  stateLines,
  stepLines,
  waitLines,
} from '../../report/state.ts';
import { abbreviate, plain } from '../../report/text.ts';
import { backtraceLines, indented } from '../../report/threads.ts';
import { meaningOf } from './names.ts';
import type { Walk } from './walk.ts';

/** What the commands of a walk need. */
export interface Desk {
  /** The one that is on. */
  walk: Walk;
  /** Begins one through each run of the trace; lockdep remembers what it saw in earlier ones. */
  readonly walks: readonly (() => Walk)[];
  readonly columns: number;
  readonly chalk: ChalkInstance;
  /** Text of a source file as it is named in traces; null when it is not there. */
  readonly read: (file: string) => string | null;
}

/** Lines to be shown; null: the walk ends. */
export type Answer = readonly string[] | null;

interface Command {
  readonly name: string;
  /** The letter that is enough. */
  readonly short: string;
  readonly takes: string;
  readonly does: string;
  readonly run: (desk: Desk, word: string, count: string) => Answer;
}

/** What is wrong with a command, in one line. */
class Refusal extends Error {}

const commands: readonly Command[] = [
  {
    ...{ name: 'next', short: 'n', takes: '[count]', does: 'forward; an empty line does it too' },
    run: (desk, count) => moveBy(desk, counted(count)),
  },
  {
    ...{ name: 'back', short: 'b', takes: '[count]', does: 'back' },
    run: (desk, count) => moveBy(desk, -counted(count)),
  },
  {
    ...{ name: 'go', short: 'g', takes: 'step', does: 'to a step; 0 is the start' },
    run: (desk, step) => {
      const { length } = desk.walk.replay.steps;
      if (!/^\d+$/.test(step) || Number(step) > length) {
        throw new Refusal(`go to which step? There are 0 to ${length}`);
      }
      desk.walk.go(Number(step));
      return where(desk);
    },
  },
  {
    ...{ name: 'thread', short: 't', takes: 'name', does: 'forward to the next step of a thread' },
    run: (desk, word) => {
      const name = threadNamed(desk, word);
      return run(desk, `no later step of ${name}`, (step) => step.thread === name);
    },
  },
  {
    ...{
      name: 'object',
      short: 'o',
      takes: 'name',
      does: 'forward to the next step on an object, or in it',
    },
    run: (desk, word) => {
      const name = objectNamed(desk, word);
      return run(desk, `no later step on ${name}`, (step) =>
        step.objects.some((object) => isPartOf(object, name)),
      );
    },
  },
  {
    ...{ name: 'switch', short: 'x', takes: '', does: 'forward to the next switch of threads' },
    run: (desk) =>
      run(desk, 'no later switch of threads', (step, before) => step.thread !== before?.thread),
  },
  {
    ...{ name: 'print', short: 'p', takes: '[name]', does: 'the state, or an object or a thread' },
    run: (desk, word) => print(desk, word),
  },
  {
    ...{ name: 'enabled', short: 'e', takes: '', does: 'who could move here; > moves next' },
    run: ({ walk, columns }) => enabledLines(walk, columns),
  },
  {
    ...{ name: 'take', short: 'k', takes: 'name [count]', does: 'let another thread move here' },
    run: (desk, word, count) => take(desk, threadNamed(desk, word), counted(count)),
  },
  {
    ...{ name: 'reset', short: 'r', takes: '', does: 'back to where the recorded steps were left' },
    run: (desk) => {
      desk.walk.reset();
      return where(desk);
    },
  },
  {
    ...{ name: 'run', short: 'u', takes: 'number', does: 'to the start of another run' },
    run: (desk, number) => {
      const begin = /^[1-9]\d*$/.test(number) ? desk.walks[Number(number) - 1] : undefined;
      if (!begin) throw new Refusal(`which run? There are 1 to ${desk.walks.length}`);
      desk.walk = begin();
      return where(desk);
    },
  },
  {
    ...{ name: 'source', short: 's', takes: '[thread]', does: 'the source around the line' },
    run: (desk, word) => source(desk, word),
  },
  {
    ...{ name: 'waits', short: 'w', takes: '', does: 'who waits, for what and since when' },
    run: ({ walk, columns }) => waitLines(walk, columns),
  },
  {
    ...{ name: 'help', short: 'h', takes: '', does: 'this' },
    run: () =>
      commands.map(({ name, short, takes, does }) =>
        `  ${short}  ${`${name} ${takes}`.padEnd(20)}  ${does}`.trimEnd(),
      ),
  },
  { ...{ name: 'quit', short: 'q', takes: '', does: 'the end' }, run: () => null },
];

/** What a line that was typed gives. */
export function answer(line: string, desk: Desk): Answer {
  const [typed = '', word = '', count = '', ...more] = line.trim().split(/\s+/);
  const command = commandFor(typed === '' ? 'next' : typed);
  try {
    if (!command) throw new Refusal(`'${typed}' is no command; h lists them`);
    const { name, takes } = command;
    const most = takes === '' ? 0 : takes.split(' ').length;
    if ([word, count, ...more].filter((each) => each !== '').length > most) {
      throw new Refusal(`too much after '${name}': it takes ${takes || 'nothing'}`);
    }
    return command.run(desk, word, count);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [abbreviate(plain(error.message), desk.columns)];
  }
}

/** The place where a walk begins, and each of its moves ends. */
export function where({ walk, columns, chalk, read }: Desk): string[] {
  const left = walk.leftAt;
  const note = left === null ? [] : [`  not as recorded from step ${left + 1} on (r: back there)`];
  return [...stepLines(walk, columns, chalk, read), ...note];
}

function commandFor(typed: string): Command | undefined {
  const { name } = meaningOf(
    typed,
    commands.map((command) => command.name),
  );
  return commands.find((command) => command.short === typed || command.name === name);
}

function moveBy(desk: Desk, steps: number): Answer {
  const { walk } = desk;
  const { step } = walk.standing;
  if (steps > 0 && step === walk.replay.steps.length) return ['there is no step after this one'];
  if (steps < 0 && step === 0) return ['this is the start'];
  walk.go(step + steps);
  return where(desk);
}

function run(desk: Desk, none: string, to: Parameters<Walk['goAfter']>[0]): Answer {
  if (!desk.walk.goAfter(to)) throw new Refusal(none);
  return where(desk);
}

function take(desk: Desk, name: string, times: number): Answer {
  for (let taken = 0; taken < times; taken++) {
    if (desk.walk.take(name)) continue;
    const { threads, crashed } = desk.walk.standing;
    const { status } = threads.find((thread) => thread.name === name)!;
    const why = crashed !== null ? 'nothing moves after a crash' : `${name} ${still[status]}`;
    return taken === 0 ? [why] : [...where(desk), `  only ${taken}: ${why}`];
  }
  return where(desk);
}

/** Why a thread does not move. */
const still = {
  'can move': '',
  waits: 'waits here',
  idle: 'waits here',
  interrupted: 'is interrupted here',
  finished: 'has finished',
  crashed: 'has crashed',
} as const;

function print(desk: Desk, word: string): Answer {
  const { walk, columns } = desk;
  if (word === '') return stateLines(walk, columns);
  const threads = threadsOf(desk);
  const all = [...threads, ...objectsOf(desk)];
  // What a thread has of its own is called after it.
  const thread = all.includes(word) ? null : meaningOf(word, threads).name;
  const name = thread ?? named(word, all, 'thread or object');
  if (!threads.includes(name)) return objectLines(walk, name, columns);
  return backtraceLines(walk.standing.threads.find((thread) => thread.name === name)!, columns);
}

function source(desk: Desk, word: string): Answer {
  const { walk, columns, chalk, read } = desk;
  const { threads, step } = walk.standing;
  const calls =
    word === ''
      ? walk.replay.steps[step - 1]?.calls
      : threads.find(({ name }) => name === threadNamed(desk, word))?.calls;
  const place = calls?.at(-1);
  const lines = place ? excerpt(read(place.file), place.line, 10, columns, chalk) : [];
  if (!place || lines.length === 0) throw new Refusal('no line of the spec to show');
  return [...indented(`${place.file} ${place.fn}`, columns, 0), ...lines];
}

function counted(word: string): number {
  if (word === '') return 1;
  if (!/^\d+$/.test(word) || Number(word) === 0) throw new Refusal(`'${word}' is no count`);
  return Math.min(Number(word), Number.MAX_SAFE_INTEGER);
}

function threadNamed(desk: Desk, word: string): string {
  return named(word, threadsOf(desk), 'thread');
}

function objectNamed(desk: Desk, word: string): string {
  return named(word, objectsOf(desk), 'object');
}

function threadsOf({ walk }: Desk): string[] {
  return walk.standing.threads.map(({ name }) => name);
}

function objectsOf({ walk }: Desk): string[] {
  return walk.replay.initial.map(({ name }) => name);
}

function named(word: string, names: readonly string[], what: string): string {
  const meaning = meaningOf(word, names);
  if (meaning.name !== null) return meaning.name;
  if (word === '') throw new Refusal(`which ${what}?`);
  const { candidates } = meaning;
  if (candidates.length > 0) throw new Refusal(`'${word}' may be ${candidates.join(', ')}`);
  throw new Refusal(`there is no ${what} '${word}'`);
}
