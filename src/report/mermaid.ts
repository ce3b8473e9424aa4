import type { Edge, Explanation } from '../explore/explain.ts';
import type { Replay, StepRecord } from '../explore/outcome.ts';
import { showChange } from './change.ts';
import { abbreviate, plain } from './text.ts';

/** Mermaid draws no diagram whose text is longer. */
const longest = 50_000;
/** Schedules with more steps are folded to those that bear on what is broken. */
const unfolded = 30;

/**
 * The schedule of one run as a Mermaid sequence diagram: a note for the steps that a thread takes in a
 * row, an arrow where one thread waited for another or meets what it left, a bar while a lock is held.
 */
export function sequenceDiagram(replay: Replay, explanation: Explanation | null): string {
  const { steps } = replay;
  const weightOf = (at: number) => explanation?.weight[at] ?? 3;
  for (let least = steps.length > unfolded ? 2 : 0; least <= 3; least++) {
    const text = draw(replay, explanation?.edges ?? [], (at) => weightOf(at) >= least);
    if (text.length <= longest) return text;
  }
  return draw({ ...replay, steps: [] }, [], () => true);
}

/** The one for a run that only comes before: nothing tells which of its steps matter. */
export function earlierDiagram(replay: Replay, run: number): string {
  return sequenceDiagram({ ...replay, steps: replay.earlier[run]!, broken: [] }, null);
}

function draw(
  { threads, steps, broken }: Replay,
  edges: readonly Edge[],
  isShown: (at: number) => boolean,
): string {
  const last = steps.at(-1);
  const deadlocked = broken.some(({ property }) => property === 'deadlock');
  const stuck = (last?.waits ?? []).filter(({ holder, idle }) =>
    deadlocked ? !idle : holder !== null,
  );
  const seen = new Set([...steps, ...stuck].map(({ thread }) => thread));
  const declared = threads.map(({ name }) => name).filter((name) => seen.has(name));
  const names = [...new Set([...declared, ...seen])];
  const id = (thread: string) => `t${names.indexOf(thread)}`;
  const lines = names.map((name) => `participant ${id(name)} as ${literal(name)}`);
  const note = new Note((thread, text) => lines.push(`Note over ${id(thread)}: ${text}`));
  const bars = new Map<string, number>();
  steps.forEach((step, at) => {
    const { thread, taken, dropped } = step;
    const arrows = isShown(at) ? arrowsTo(at + 1, edges, steps, isShown) : [];
    if (arrows.length > 0) note.close();
    for (const { by, head, objects } of arrows) {
      lines.push(`${id(by)}${head}${id(thread)}: ${literal(abbreviate(objects.join(', '), 80))}`);
    }
    if (isShown(at)) note.add(thread, ...textsOf(step, at + 1));
    else note.fold(thread);
    const held = bars.get(thread) ?? 0;
    const change = Math.max(-held, taken.length - dropped.length);
    if (change !== 0 && isShown(at)) note.close();
    bars.set(thread, held + change);
    const verb = change > 0 ? 'activate' : 'deactivate';
    for (let n = 0; n < Math.abs(change); n++) lines.push(`${verb} ${id(thread)}`);
  });
  note.close();
  for (const { thread, text, holder } of stuck) {
    const by = holder === null ? '' : `, held by ${holder}`;
    lines.push(`Note over ${id(thread)}: ${literal(abbreviate(`waits: ${text}${by}`, 160))}`);
  }
  return ['sequenceDiagram', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** Gathers what a thread does in a row. */
class Note {
  private thread = '';
  private texts: string[] = [];
  private folded = 0;
  private readonly write: (thread: string, text: string) => void;

  constructor(write: (thread: string, text: string) => void) {
    this.write = write;
  }

  add(thread: string, ...texts: readonly string[]): void {
    if (thread !== this.thread) this.close();
    this.thread = thread;
    this.unfold();
    this.texts.push(...texts);
  }

  fold(thread: string): void {
    if (thread !== this.thread) this.close();
    this.thread = thread;
    this.folded++;
  }

  close(): void {
    this.unfold();
    if (this.texts.length > 0) this.write(this.thread, this.texts.join('<br/>'));
    this.texts = [];
  }

  private unfold(): void {
    if (this.folded > 0)
      this.texts.push(this.folded === 1 ? '.. 1 step' : `.. ${this.folded} steps`);
    this.folded = 0;
  }
}

/** From the threads that made the step possible, and those that left what it meets. */
function arrowsTo(
  step: number,
  edges: readonly Edge[],
  steps: readonly StepRecord[],
  isShown: (at: number) => boolean,
): { readonly by: string; readonly head: string; readonly objects: readonly string[] }[] {
  const arrows = edges
    .filter(({ from, to, kind }) => to === step && kind !== 'order' && isShown(from - 1))
    .map(({ from, kind, object }) => {
      return { by: steps[from - 1]!.thread, head: kind === 'enables' ? '->>' : '-->>', object };
    });
  const ends = new Set(arrows.map(({ by, head }) => JSON.stringify([by, head])));
  return [...ends].map((end) => {
    const [by, head] = JSON.parse(end) as [string, string];
    const own = arrows.filter((arrow) => arrow.by === by && arrow.head === head);
    return { by, head, objects: own.map(({ object }) => object) };
  });
}

function textsOf(step: StepRecord, number: number): string[] {
  const { text, result, changes, reports } = step;
  const done = result === '' ? text : `${text} = ${result}`;
  const told = reports.map(({ rule, message }) => `!! ${rule}: ${message}`);
  return [
    `${number} ${abbreviate(plain(done), 100)}`,
    ...changes.map(({ object, from, to }) => abbreviate(plain(showChange(object, from, to)), 100)),
    ...[...new Set(told)].map((report) => abbreviate(plain(report), 200)),
  ].map(literal);
}

/** All but letters, digits and what is plain by its code, which Mermaid calls entity codes. */
function literal(text: string): string {
  return plain(text).replace(/[^\p{L}\p{N} _.,()=/]/gu, (letter) => `#${letter.codePointAt(0)};`);
}
