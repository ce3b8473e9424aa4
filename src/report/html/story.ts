import type { SiteLocation, ThreadRecord } from '../../explore/outcome.ts';
import type { PageExplanation, PageStep, PageTrace } from './data.ts';

/** What is drawn of one run of a trace; steps count from 1, and 0 is the start. */
export interface Story {
  readonly trace: PageTrace;
  readonly steps: readonly PageStep[];
  /** Those that move, or wait for another. */
  readonly threads: readonly ThreadRecord[];
  /** Those that do neither. */
  readonly idle: readonly string[];
  readonly switches: readonly Switch[];
  readonly held: readonly Held[];
  readonly waits: readonly Waiting[];
  readonly arrows: readonly Arrow[];
  /** Empty for a run before the one that breaks the property. */
  readonly explanation: PageExplanation;
}

/** Before step `at` another thread goes on than the one before. */
export interface Switch {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** What the former does from now on. */
  readonly why: string;
}

/** A lock in the hands of a thread, from a step to another; null: to the end. */
export interface Held {
  readonly thread: string;
  readonly lock: string;
  readonly from: number;
  readonly to: number | null;
  /** How many others it had, so that the bars stand beside each other. */
  readonly depth: number;
}

export interface Waiting {
  readonly thread: string;
  readonly text: string;
  readonly holder: string | null;
  readonly from: number;
  readonly to: number | null;
}

export type ArrowKind = 'hand-over' | 'queueing' | 'grace period' | 'wake-up';

export interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly kind: ArrowKind;
  readonly objects: readonly string[];
  /** Beside how many others it comes in to the same thread. */
  readonly track: number;
}

/** @param run which of the trace's runs; the last is the one that breaks the property */
export function storyOf(trace: PageTrace, run: number): Story {
  const steps = trace.runs[run] ?? [];
  const waits = waitsOf(steps);
  const moving = new Set([...steps, ...waits].map(({ thread }) => thread));
  const declared = new Map(trace.threads.map((each) => [each.name, each]));
  const order = [...declared.keys(), ...[...moving].filter((name) => !declared.has(name))];
  const last = run === trace.runs.length - 1;
  return {
    trace,
    steps,
    threads: order
      .filter((name) => moving.has(name))
      .map((name) => declared.get(name) ?? unknown(name)),
    idle: order.filter((name) => !moving.has(name)),
    switches: switchesOf(steps),
    held: heldOf(steps),
    waits,
    arrows: last ? arrowsOf(trace, steps) : [],
    explanation: last ? trace.explanation : { edges: [], orders: [], weight: [] },
  };
}

function unknown(name: string): ThreadRecord {
  return { name, daemon: false, cpu: 0, kind: 'process' };
}

function switchesOf(steps: readonly PageStep[]): Switch[] {
  return steps.flatMap((step, at) => {
    const before = steps[at - 1];
    if (!before || before.thread === step.thread) return [];
    return [{ at: at + 1, from: before.thread, to: step.thread, why: whyLeft(before, step) }];
  });
}

function whyLeft({ thread, waits }: PageStep, { enabled }: PageStep): string {
  if (enabled.includes(thread)) return 'could go on';
  const wait = waits.find((each) => each.thread === thread);
  if (!wait) return 'has finished';
  if (wait.idle) return 'has nothing to do';
  return `waits: ${wait.text}${wait.holder === null ? '' : `, held by ${wait.holder}`}`;
}

function heldOf(steps: readonly PageStep[]): Held[] {
  const spans: { -readonly [Key in keyof Held]: Held[Key] }[] = [];
  steps.forEach(({ thread, taken, dropped }, i) => {
    const open = () => spans.filter((span) => span.thread === thread && span.to === null);
    for (const lock of dropped) {
      const span = open().findLast((each) => each.lock === lock);
      if (span) span.to = i + 1;
    }
    for (const lock of taken) {
      const used = new Set(open().map(({ depth }) => depth));
      let depth = 0;
      while (used.has(depth)) depth++;
      spans.push({ thread, lock, from: i + 1, to: null, depth });
    }
  });
  return spans;
}

function waitsOf(steps: readonly PageStep[]): Waiting[] {
  const spans: { -readonly [Key in keyof Waiting]: Waiting[Key] }[] = [];
  steps.forEach(({ waits }, i) => {
    for (const span of spans) {
      const goesOn = waits.some((each) => each.thread === span.thread && each.text === span.text);
      if (span.to === null && !goesOn) span.to = i + 1;
    }
    for (const { thread, text, holder, idle, since } of waits) {
      if (idle) continue;
      const known = spans.find((each) => each.thread === thread && each.to === null);
      if (!known) spans.push({ thread, text, holder, from: since, to: null });
      else known.holder ??= holder;
    }
  });
  return spans;
}

/** Threads in which a grace period goes by. */
function isGracePeriod(thread: string): boolean {
  return /^(s?rcu)_gp\b/.test(thread);
}

function arrowsOf({ threads, explanation }: PageTrace, steps: readonly PageStep[]): Arrow[] {
  const locks = new Set(steps.flatMap(({ taken }) => taken));
  const serving = threads.filter(
    ({ daemon, kind }) => daemon || kind === 'worker' || kind === 'softirq',
  );
  const servers = new Set(serving.map(({ name }) => name));
  const arrows = new Map<string, { -readonly [Key in keyof Arrow]: Arrow[Key] }>();
  for (const { from, to, object, kind } of explanation.edges) {
    const [a, b] = [steps[from - 1], steps[to - 1]];
    if (!a || !b || kind === 'order') continue;
    let drawn: ArrowKind;
    if (locks.has(object)) {
      if (!a.dropped.includes(object) || !b.taken.includes(object)) continue;
      drawn = 'hand-over';
    } else if (isGracePeriod(a.thread) || isGracePeriod(b.thread)) {
      // That a grace period looked at a reader says nothing; that one kept it waiting does.
      if (kind === 'flow' && /^s?rcu:/.test(object)) continue;
      drawn = 'grace period';
    } else {
      // What a thread of the kernel's own takes up; of what that code does then, a flow says nothing.
      const serves = servers.has(b.thread) && b.calls.length === 0;
      if (!serves && kind !== 'enables') continue;
      drawn = serves ? 'queueing' : 'wake-up';
    }
    const key = `${from} ${to} ${drawn}`;
    const old = arrows.get(key);
    if (old) old.objects = [...old.objects, object];
    else arrows.set(key, { from, to, kind: drawn, objects: [object], track: 0 });
  }
  const placed: Arrow[] = [];
  for (const arrow of [...arrows.values()].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const thread = steps[arrow.to - 1]!.thread;
    const beside = placed.filter(
      ({ from, to }) => steps[to - 1]!.thread === thread && from < arrow.to && to > arrow.from,
    );
    const used = new Set(beside.map(({ track }) => track));
    while (used.has(arrow.track)) arrow.track++;
    placed.push(arrow);
  }
  return placed;
}

export interface ObjectNow {
  readonly name: string;
  readonly value: string;
  /** Its value before the last step; null when that did not change it. */
  readonly before: string | null;
  /** The last step that changed it; 0: none. */
  readonly changed: number;
}

/** All objects after so many steps. */
export function objectsAt({ trace, steps }: Story, at: number): ObjectNow[] {
  const objects = new Map<string, ObjectNow>(
    trace.initial.map(({ name, text }) => [name, { name, value: text, before: null, changed: 0 }]),
  );
  steps.slice(0, at).forEach(({ changes }, i) => {
    for (const { object, from, to } of changes) {
      const before = i + 1 === at ? from : null;
      objects.set(object, { name: object, value: to, before, changed: i + 1 });
    }
  });
  return [...objects.values()];
}

/** Where a thread stands. */
export interface Standing {
  readonly thread: ThreadRecord;
  /** Its call stack: of the step that was just taken, else of its next; of its last when none comes. */
  readonly calls: readonly SiteLocation[];
  readonly held: readonly string[];
  readonly wait: PageStep['waits'][number] | null;
  /** It took the last step. */
  readonly moved: boolean;
}

/** All threads of the story after so many steps. */
export function threadsAt({ trace, steps, threads }: Story, at: number): Standing[] {
  const now = steps[at - 1];
  const places = steps === trace.runs.at(-1) ? trace.broken.flatMap(({ places }) => places) : [];
  return threads.map((thread) => {
    const own = (step: PageStep) => step.thread === thread.name;
    const moved = now !== undefined && own(now);
    const last = steps.slice(0, at).findLast(own);
    const next = steps.slice(at).find(own);
    const wait = now?.waits.find((each) => each.thread === thread.name) ?? null;
    const stuck = places.find((each) => each.thread === thread.name && each.text === wait?.text);
    const calls = moved ? now.calls : (next ?? stuck ?? last)?.calls;
    return { thread, calls: calls ?? [], held: last?.held ?? [], wait, moved };
  });
}

/** What a step reports; one report may break several properties. */
export function reportsOf({ reports }: PageStep): string[] {
  return [
    ...new Set(
      reports.map(({ rule, message }) =>
        message === '' || message.startsWith(rule) ? message || rule : `${rule}: ${message}`,
      ),
    ),
  ];
}
