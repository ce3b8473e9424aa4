import type { ChalkInstance } from 'chalk';
import type { Replay, StepRecord } from '../explore/outcome.ts';
import type { Standing, ThreadStanding } from '../explore/standing.ts';
import { showChange } from './change.ts';
import { excerpt } from './excerpt.ts';
import { detailLines, doing, indented, stackOf, threadLines } from './threads.ts';

/** A place on a schedule: after some of its steps. */
export interface View {
  readonly standing: Standing;
  /** Of the whole schedule, also of what comes after. */
  readonly replay: Replay;
}

/** The step that led here: what it did, where in the spec, and what follows. */
export function stepLines(
  view: View,
  columns: number,
  chalk: ChalkInstance,
  read: (file: string) => string | null,
): string[] {
  const { replay, standing } = view;
  const at = standing.step;
  const step = replay.steps[at - 1];
  if (!step) {
    return [
      chalk.bold(`at the start of ${replay.steps.length} steps`),
      ...brokenLines(view, columns, chalk),
      ...comingLines(view, columns),
    ];
  }
  const result = step.result === '' ? '' : ` = ${step.result}`;
  const [head = '', ...rest] = indented(
    `step ${at} of ${replay.steps.length}  ${step.thread}  ${step.text}${result}`,
    ...([columns, 0, 4] as const),
  );
  return [
    ...[head, ...rest].map((line) => chalk.bold(line)),
    ...indented(stackOf(step.calls), columns, 2, 4),
    ...changeLines(step, columns).map((line) => chalk.cyan(line)),
    ...(step.site ? excerpt(read(step.site.file), step.site.line, 2, columns, chalk) : []),
    ...brokenLines(view, columns, chalk),
    ...comingLines(view, columns),
  ];
}

/** What the step changed, and the locks that it took or gave back where that does not show it. */
function changeLines({ changes, taken, dropped }: StepRecord, columns: number): string[] {
  const hidden = (locks: readonly string[]) =>
    locks.filter((lock) => !changes.some(({ object }) => object === lock)).join(', ');
  const texts = [
    ...changes.map(({ object, from, to }) => showChange(object, from, to)),
    ...[hidden(taken)].flatMap((locks) => (locks === '' ? [] : [`takes ${locks}`])),
    ...[hidden(dropped)].flatMap((locks) => (locks === '' ? [] : [`gives back ${locks}`])),
  ];
  return texts.flatMap((text) => indented(text, columns, 2, 4));
}

/** What this step, or the state after it, breaks, and no earlier one. */
function brokenLines({ replay, standing }: View, columns: number, chalk: ChalkInstance): string[] {
  const until = (last: number) =>
    replay.broken.flatMap(({ property, message, step }) =>
      step <= last ? [`!! ${property}: ${message}`] : [],
    );
  const before = new Set(until(standing.step - 1));
  const here = new Set(until(standing.step).filter((text) => !before.has(text)));
  return [...here].flatMap((text) => indented(text, columns, 2, 5).map((line) => chalk.red(line)));
}

/** Which step comes next, and who could move instead. */
function comingLines({ replay, standing }: View, columns: number): string[] {
  const next = replay.steps[standing.step];
  const others = movable(standing).filter(({ name }) => name !== next?.thread);
  const names = others.map(({ name }) => name).join(', ');
  if (standing.crashed !== null) return ['  nothing is known of what comes after a crash'];
  if (!next && others.length === 0) {
    return [`  the end: nothing can move${replay.broken.length > 0 ? '' : ', nothing is broken'}`];
  }
  return [
    ...(next ? indented(`next  ${next.thread}  ${next.text}`, columns, 2, 8) : []),
    ...(names === '' ? [] : indented(`${next ? 'or    ' : 'possible  '}${names}`, columns, 2, 8)),
  ];
}

/** Threads that can move; after a crash, none. */
export function movable({ threads, crashed }: Standing): ThreadStanding[] {
  return threads.filter(({ status }) => crashed === null && status === 'can move');
}

/** The whole state: where each thread is, who waits for whom, and what has changed so far. */
export function stateLines({ replay, standing }: View, columns: number): string[] {
  const next = replay.steps[standing.step]?.thread;
  const { threads, crashed, objects } = standing;
  const are = (...all: ThreadStanding['status'][]) => threads.filter((t) => all.includes(t.status));
  const detailed = (some: readonly ThreadStanding[]) =>
    some.flatMap((thread) => detailLines(thread, columns));
  const texts = (all: readonly string[]) => all.flatMap((text) => indented(text, columns, 2, 4));
  const others = are('can move').filter(({ name }) => crashed !== null || name !== next);
  const sections: [title: string, lines: readonly string[]][] = [
    ['crashed', detailed(are('crashed'))],
    ['moves next', detailed(movable(standing).filter(({ name }) => name === next))],
    [crashed === null && next === undefined ? 'can move' : 'could move instead', detailed(others)],
    ['waiting', detailed(are('waits', 'interrupted'))],
    ['idle', texts(are('idle').map((thread) => `${thread.name}  ${doing(thread)}`))],
    ['finished', texts([are('finished').map(nameOf).join(', ')])],
    ['locks held', texts(locksIn(threads))],
    [
      'objects that differ from the start',
      texts(
        objects.flatMap(({ name, initial, text }) =>
          text === initial ? [] : [showChange(name, initial, text)],
        ),
      ),
    ],
  ];
  return sections
    .flatMap(([title, lines]) => (lines.length > 0 ? ['', title, ...lines] : []))
    .slice(1);
}

/** `slab_mutex  destroy; waited for by offline` */
function locksIn(threads: readonly ThreadStanding[]): string[] {
  return [...new Set(threads.flatMap(({ held }) => held))].map((lock) => {
    const holders = threads.filter(({ held }) => held.includes(lock)).map(nameOf);
    const waiters = threads
      .filter(({ status, objects }) => status === 'waits' && objects.includes(lock))
      .map(nameOf);
    const waited = waiters.length > 0 ? `; waited for by ${waiters.join(', ')}` : '';
    return `${lock}  ${holders.join(', ')}${waited}`;
  });
}

function nameOf({ name }: ThreadStanding): string {
  return name;
}

/** Who could move here, and which of them does. */
export function enabledLines({ replay, standing }: View, columns: number): string[] {
  const next = replay.steps[standing.step]?.thread;
  const able = movable(standing);
  if (able.length === 0) return ['nothing can move'];
  return able.flatMap((thread) =>
    threadLines(thread, columns).map((line, at) =>
      at === 0 && thread.name === next ? `>${line.slice(1)}` : line,
    ),
  );
}

/** Who waits, for what and for whom. */
export function waitLines({ standing }: View, columns: number): string[] {
  const waiting = standing.threads.filter(({ status }) =>
    ['waits', 'interrupted', 'idle'].includes(status),
  );
  if (waiting.length === 0) return ['nobody waits'];
  return waiting.flatMap((thread) => threadLines(thread, columns));
}

/** An object and its parts: their values, and the steps until here that changed them. */
export function objectLines({ replay, standing }: View, name: string, columns: number): string[] {
  const parts = replay.initial
    .filter((object) => isPartOf(object.name, name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const values = parts.flatMap((part) => {
    const now = standing.objects.find((object) => object.name === part.name);
    return indented(`${part.name} = ${(now ?? part).text}`, columns, 0, 2);
  });
  const changes = replay.steps.slice(0, standing.step).flatMap(({ thread, text, changes }, at) =>
    changes
      .filter(({ object }) => isPartOf(object, name))
      .map(({ object, from, to }) => {
        return `step ${at + 1}  ${thread}  ${text}  ${showChange(object, from, to)}`;
      }),
  );
  return [...values, ...changes.flatMap((text) => indented(text, columns, 2, 4))];
}

/** Whether an object is the one of a name, or a field of that struct. */
export function isPartOf(object: string, name: string): boolean {
  return object === name || object.startsWith(`${name}.`);
}
