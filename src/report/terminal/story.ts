import { INTERRUPTED } from '../../explore/findings.ts';
import type { StepRecord } from '../../explore/outcome.ts';
import { brief, briefChange, readerOf, showChange, standsForMachine } from '../change.ts';
import { tellingLocals } from '../locals.ts';
import { counted, nameOf, plain } from '../text.ts';
import { waiting, whyLeft } from './waits.ts';

/** A schedule to be told, and what is known of it beside its steps. */
export interface Story {
  readonly steps: readonly StepRecord[];
  /** What breaks at a step, by its number from 1; 0: at the start. */
  readonly breaches: ReadonlyMap<number, readonly Breach[]>;
  /** Letters of the orders that a step is in, by its number. */
  readonly marks: ReadonlyMap<number, string>;
  /** Names of the objects over which they race. */
  readonly objects: ReadonlySet<string>;
  /** How much each step matters; those of weight `always` are shown in any case. */
  readonly weight: readonly number[];
  /** Values in full, and every lock that changes hands as a change of it. */
  readonly full: boolean;
  /** The last state is one in which everybody waits. */
  readonly deadlock: boolean;
}

export interface Breach {
  readonly text: string;
  /** The schedule is told for another property: a line has to do. */
  readonly aside: boolean;
}

/** Weight of a step that is shown even if there is no room for it. */
export const always = 1000;

/** A row of the table, before it is fitted to the terminal. */
export interface Row {
  /**
   * `fold`: steps of one thread that are not shown; `aside`: stretches of which none is; `also`: a
   * breach that a line has to do for.
   */
  readonly kind: 'switch' | 'step' | 'fold' | 'aside' | 'wait' | 'breach' | 'also';
  /** `12` or `1-11`; '' where the row is no step. */
  readonly number: string;
  readonly mark: string;
  readonly thread: string;
  readonly text: string;
  /** The locals with which the step was taken, as far as they are news; at a switch, the locks held. */
  readonly notes: readonly string[];
  /** What became of shared objects, and the locks that are held from then on. */
  readonly changes: readonly string[];
  /** `file:line`, or ''. */
  readonly place: string;
  readonly fn: string;
}

/** Steps without a switch between them, by their numbers. */
interface Stretch {
  readonly thread: string;
  readonly from: number;
  readonly to: number;
}

/** @param shown numbers of the steps that have a row of their own; the others are folded */
export function rowsOf(story: Story, shown: (step: number) => boolean): Row[] {
  const rows: Row[] = (story.breaches.get(0) ?? []).map((breach) => breachRow('', breach));
  const locals = new Locals();
  const all = story.steps.every((_, at) => shown(at + 1));
  const quiet: Stretch[] = [];
  const flush = () => {
    if (quiet.length > 0) rows.push(asideRow(story, quiet));
    quiet.length = 0;
  };
  for (const stretch of stretchesOf(story.steps)) {
    const numbers = range(stretch.from, stretch.to);
    if (!numbers.some(shown)) {
      quiet.push(stretch);
      continue;
    }
    flush();
    rows.push(switchRow(story, stretch));
    let folded: number[] = [];
    const fold = () => {
      if (folded.length > 0) rows.push(foldRow(story, folded[0]!, folded.at(-1)!));
      folded = [];
    };
    for (const n of numbers) {
      if (!shown(n)) {
        folded.push(n);
        continue;
      }
      fold();
      // Where some steps have no row at all, locals are told of the steps that everything turns on.
      const news = all || story.weight[n - 1]! >= always ? locals.news(story, n) : [];
      rows.push(stepRow(story, n, news));
      for (const breach of story.breaches.get(n) ?? [])
        rows.push(breachRow(stretch.thread, breach));
      rows.push(...waitRows(story, n));
    }
    fold();
  }
  flush();
  return rows;
}

function row(kind: Row['kind'], thread: string, text: string, more: Partial<Row> = {}): Row {
  const none = { number: '', mark: '', notes: [], changes: [], place: '', fn: '' };
  return { kind, thread, text: plain(text), ...none, ...more };
}

function breachRow(thread: string, { text, aside }: Breach): Row {
  return row(aside ? 'also' : 'breach', thread, text);
}

export function stretchesOf(steps: readonly StepRecord[]): Stretch[] {
  const stretches: Stretch[] = [];
  steps.forEach(({ thread }, at) => {
    const last = stretches.at(-1);
    if (last?.thread === thread) stretches[stretches.length - 1] = { ...last, to: at + 1 };
    else stretches.push({ thread, from: at + 1, to: at + 1 });
  });
  return stretches;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const stepAt = ({ steps }: Story, number: number): StepRecord => steps[number - 1]!;

function statement(story: Story, { text, result }: StepRecord): string {
  return told(story, result === '' ? text : `${text} = ${result}`);
}

function told({ full }: Story, text: string): string {
  return full ? text : brief(text);
}

const placeOf = ({ site }: StepRecord) =>
  site ? { place: plain(`${site.file}:${site.line}`), fn: plain(nameOf(site.fn)) } : {};

function stepRow(story: Story, number: number, locals: readonly string[]): Row {
  const step = stepAt(story, number);
  return row('step', step.thread, statement(story, step), {
    number: String(number),
    mark: story.marks.get(number) ?? '',
    notes: locals.map(plain),
    changes: changesOf(story, step).map(plain),
    ...placeOf(step),
  });
}

function changesOf(
  { full, objects }: Story,
  { thread, text, changes, taken, dropped, held }: StepRecord,
): string[] {
  if (full) return changes.map(({ object, from, to }) => showChange(object, from, to));
  const passed = [...taken, ...dropped];
  // Who holds a lock is told as such; and with interrupts off a thread is a reader of RCU as well.
  const isLock = (object: string) =>
    passed.length > 0 &&
    [...passed, 'rcu'].some((lock) => object === lock || object === `${lock}:${thread}`);
  const others = changes.filter(
    // `store(flag, true)` says what becomes of the flag.
    ({ object, to }) =>
      !isLock(object) &&
      ((readerOf(object) !== thread && !standsForMachine(object)) || objects.has(object)) &&
      !(/^(true|false)$/.test(to) && text.endsWith(`(${object}, ${to})`)),
  );
  const first = others.filter(({ object }) => objects.has(object));
  return [
    ...(passed.length > 0 ? [holding(held)] : []),
    ...[...new Set([...first, ...others])].map(({ object, from, to }) =>
      briefChange(object, from, to),
    ),
  ];
}

function holding(held: readonly string[]): string {
  return held.length === 0 ? 'holding no lock' : `holding ${held.join(', ')}`;
}

/** The locals that no earlier shown step of the same call had with the same value. */
class Locals {
  private readonly shown = new Map<string, string>();

  news(story: Story, number: number): string[] {
    const { thread, stack, locals } = stepAt(story, number);
    const call = `${thread} ${stack.join(' ')} `;
    return tellingLocals(locals).flatMap(([name, value]) => {
      if (this.shown.get(call + name) === value) return [];
      this.shown.set(call + name, value);
      return [`${name}=${story.full ? value : brief(value)}`];
    });
  }
}

function foldRow(story: Story, from: number, to: number): Row {
  const [first, last] = [stepAt(story, from), stepAt(story, to)];
  const calls = range(from, to).map((n) => stepAt(story, n).calls.map(({ fn }) => fn));
  const depth = calls[0]!.findIndex((fn, at) => calls.some((fns) => fns[at] !== fn));
  const common = depth < 0 ? calls[0]! : calls[0]!.slice(0, depth);
  if (from === to) {
    const number = String(from);
    return row('fold', first.thread, statement(story, first), { number, ...placeOf(first) });
  }
  const many = counted(to - from + 1, 'step');
  return row('fold', first.thread, `${many}: ${first.operation} .. ${last.text}`, {
    number: `${from}-${to}`,
    fn: plain(nameOf(common.at(-1) ?? '')),
  });
}

/** Stretches in which nothing is shown, in one row. */
function asideRow(story: Story, stretches: readonly Stretch[]): Row {
  const [from, to] = [stretches[0]!.from, stretches.at(-1)!.to];
  const threads = [...new Set(stretches.map(({ thread }) => thread))];
  const [first, last] = [stepAt(story, from), stepAt(story, to)];
  const what = from === to ? last.text : `${first.operation} .. ${last.text}`;
  const text =
    threads.length === 1
      ? `${threads[0]}: ${what}`
      : `${counted(to - from + 1, 'step')} of ${threads.join(', ')}`;
  // What several do belongs to none of them.
  const whose = threads.length === 1 ? threads[0]! : '';
  return row('aside', whose, text, { number: from === to ? String(from) : `${from}-${to}` });
}

function heldBefore({ steps }: Story, thread: string, number: number): readonly string[] {
  return steps.findLast((step, at) => at < number - 1 && step.thread === thread)?.held ?? [];
}

/** Who runs from now on, why it is no more the one before, and with which locks. */
function switchRow(story: Story, { thread, from }: Stretch): Row {
  const why = told(story, whyLeft(story.steps, from));
  const held = heldBefore(story, thread, from);
  const text = why === '' ? `${thread} runs` : `${thread} runs; ${why}`;
  return row('switch', thread, text, { notes: held.map(plain) });
}

function moves({ steps }: Story, thread: string): boolean {
  return steps.some((step) => step.thread === thread);
}

/** Who waits from this step on, for somebody; in a deadlock everybody who waits, and since when. */
function waitRows(story: Story, number: number): Row[] {
  const step = stepAt(story, number);
  const last = number === story.steps.length;
  if (story.deadlock && last) {
    return step.waits
      .filter(({ idle }) => !idle)
      .map((wait) => {
        const since = wait.since < number ? `; waits since step ${wait.since}` : '';
        return row('wait', wait.thread, told(story, waiting(story.steps, number, wait)) + since);
      });
  }
  const next = story.steps[number];
  return (
    step.waits
      .filter(({ since, holder }) => since === number && holder !== null)
      // Whoever stands still all along tells nothing by standing still for a handler.
      .filter(({ thread, text }) => text !== INTERRUPTED || moves(story, thread))
      // The row of the switch says it.
      .filter(
        ({ thread }) => thread !== step.thread || next === undefined || next.thread === thread,
      )
      .map((wait) => row('wait', wait.thread, told(story, waiting(story.steps, number, wait))))
  );
}
