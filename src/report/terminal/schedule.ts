import type { ChalkInstance } from 'chalk';
import type { Explanation } from '../../explore/explain.ts';
import type { Replay, StepRecord } from '../../explore/outcome.ts';
import { brief } from '../change.ts';
import { lettersAt } from '../orders.ts';
import { placesOf, stepOfPlace } from '../places.ts';
import { draw, table } from './fold.ts';
import { always, type Breach, rowsOf, type Story } from './story.ts';
import { takenAt } from './waits.ts';

export interface ScheduleOptions {
  readonly columns: number;
  readonly chalk: ChalkInstance;
  /** As many lines as the schedule may take; infinite: every step, with all there is to tell. */
  readonly lines: number;
}

/** A replay of a schedule, and what it is told for. */
export interface Told {
  readonly replay: Replay;
  /** The property that the schedule was found for. */
  readonly property: string;
  readonly explanation: Explanation | null;
  /** What happens where a property is broken first, where that is known better than from the replay. */
  readonly messages: ReadonlyMap<string, string>;
}

/** Every step with all there is to tell, for the property that the schedule was found for. */
export function allSteps(
  replay: Replay,
  property: string,
  { columns, chalk }: Pick<ScheduleOptions, 'columns' | 'chalk'>,
): string[] {
  const told = { replay, property, explanation: null, messages: new Map() };
  return scheduleLines(told, { columns, chalk, lines: Number.POSITIVE_INFINITY }).lines;
}

/** How many steps before a divergence are shown. */
const shownBefore = 3;

/** The last steps of a run, which breaks nothing as far as it goes; those before them are folded. */
export function lastSteps(
  steps: readonly StepRecord[],
  { columns, chalk }: Pick<ScheduleOptions, 'columns' | 'chalk'>,
): string[] {
  const story = { ...runStory(steps, Number.POSITIVE_INFINITY), weight: steps.map(() => always) };
  const shown = (step: number) => step > steps.length - shownBefore;
  return draw(rowsOf(story, shown), columns, chalk).map((line) => line.trimEnd());
}

/** The schedule; before it those of other runs that it takes. */
export function scheduleLines(
  told: Told,
  options: ScheduleOptions,
): { lines: string[]; folded: boolean } {
  const { replay } = told;
  const runs = [...replay.earlier, replay.steps];
  const lines: string[] = [];
  let folded = false;
  for (const [at, steps] of runs.entries()) {
    const last = at === runs.length - 1;
    if (runs.length > 1) {
      if (at > 0) lines.push('');
      lines.push(options.chalk.bold(`run ${at + 1} of ${runs.length}, from the start`));
    }
    const story = last ? storyOf(told, options.lines) : runStory(steps, options.lines);
    if (steps.length === 0) lines.push('at the start');
    else {
      const room = Math.floor(options.lines / runs.length);
      const drawn = table(story, { ...options, lines: room });
      lines.push(...drawn.lines.map((line) => line.trimEnd()));
      folded ||= drawn.folded;
    }
  }
  return { lines, folded };
}

/** A run that does not break the property: it is there for the locks that it takes. */
function runStory(steps: readonly StepRecord[], lines: number): Story {
  const weight = steps.map(({ taken, dropped }) => (taken.length + dropped.length > 0 ? 2 : 1));
  const none = {
    breaches: new Map(),
    marks: new Map(),
    objects: new Set<string>(),
    deadlock: false,
  };
  return { steps, weight, full: lines === Number.POSITIVE_INFINITY, ...none };
}

function storyOf(told: Told, lines: number): Story {
  const { replay, property, explanation } = told;
  const { steps } = replay;
  const full = lines === Number.POSITIVE_INFINITY;
  const breaches = breachesOf(told, full);
  const orders = explanation?.orders ?? [];
  const marked = orders.flatMap(({ first, then }) => (then === null ? [first] : [first, then]));
  const marks = new Map(marked.map((step) => [step, lettersAt(orders, step)]));
  const places = placesOf(replay, property).map((place) => stepOfPlace(steps, place));
  const deadlock = replay.broken.some((broken) => broken.property === 'deadlock');
  const taken = (deadlock ? (steps.at(-1)?.waits ?? []) : []).map(({ text, holder }) =>
    holder === null ? 0 : takenAt(steps, steps.length, text, holder),
  );
  const key = new Set([...breaches.keys(), ...marks.keys(), ...places, ...taken]);
  const weight = steps.map(({ calls, taken, dropped }, at) => {
    if (key.has(at + 1)) return always;
    // What the spec does says more than what goes on below it, or than the locks it does it with;
    // what another thread goes by, more than where it does.
    const [own, lock] = [calls.length > 0, taken.length + dropped.length > 0];
    const source = explanation?.edges.some(({ from, kind }) => from === at + 1 && kind !== 'order');
    const score = (own ? 4 : 0) + (lock ? 0 : 2) + (source ? 1 : 0);
    return (explanation?.weight[at] ?? 1) * 8 + score;
  });
  const objects = new Set(orders.map(({ object }) => object));
  return { steps, weight, breaches, marks, objects, deadlock, full };
}

/** By step, what it breaks: of the property that this is told for the last time, else the first. */
function breachesOf({ replay, property, messages }: Told, full: boolean): Map<number, Breach[]> {
  const breaches = new Map<number, Breach[]>();
  const seen = new Set<string>();
  const last = replay.broken.findLast((broken) => broken.property === property);
  for (const broken of replay.broken) {
    const { property: name, step } = broken;
    const own = name === property;
    if (own ? broken !== last : seen.has(name)) continue;
    seen.add(name);
    const message = messages.get(name) ?? broken.message;
    // That of the own property is in the title.
    const known = own || message === '';
    const text = known ? name : message.startsWith(name) ? message : `${name}: ${message}`;
    const breach = { text: full ? text : brief(text), aside: !own && !full };
    breaches.set(step, [...(breaches.get(step) ?? []), breach]);
  }
  return breaches;
}
