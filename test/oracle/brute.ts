import { ThreadContext } from '../../src/model/context.ts';
import {
  describe,
  type Effect,
  type OperationSpec,
  type Report,
} from '../../src/model/operation.ts';
import type { Predicate, Program, ThreadDeclaration } from '../../src/model/program.ts';
import { runtime } from '../../src/model/runtime.ts';
import { endText, type Findings, finalText, TooBig } from './findings.ts';
import { LockOracle } from './lockdep.ts';

/**
 * The oracle for any program: depth first over all interleavings. A thread is its history, the list
 * of all results it ever received, and is run afresh from its first line for every history; nothing
 * is known of its locals. A state is those histories with the objects' values, written out in full.
 * No reduction, no automata, no integers. A thread that may loop for ever is beyond it.
 */
export function brute(program: Program, limit = 50_000): Findings {
  return new Brute(program, limit).search();
}

/** A thread after some history: what it wants to do next. */
interface Point {
  readonly declaration: ThreadDeclaration;
  readonly results: readonly unknown[];
  /** The history as text. */
  readonly key: string;
  readonly pending: OperationSpec<unknown> | null;
  readonly context: ThreadContext;
  readonly stack: readonly string[];
  readonly after: Map<string, Point>;
}

interface State {
  readonly points: readonly Point[];
  /** Objects that some step has written; the others have their initial value. */
  readonly values: ReadonlyMap<string, unknown>;
}

class Brute {
  private readonly program: Program;
  private readonly limit: number;
  private readonly finals = new Set<string>();
  private readonly ends = new Set<string>();
  private readonly violated = new Set<string>();
  private readonly seen = new Set<string>();
  private readonly stack: State[] = [];
  private readonly unseen: Set<Predicate>;
  private readonly functions = new Map<object, number>();
  private readonly lockdep = new LockOracle();

  constructor(program: Program, limit: number) {
    this.program = program;
    this.limit = limit;
    this.unseen = new Set(program.sometimes);
  }

  search(): Findings {
    const points = this.program.threads.map((thread) => this.run(thread, [], ''));
    this.visit({ points, values: new Map() });
    for (let state = this.stack.pop(); state; state = this.stack.pop()) this.expand(state);
    const unseen = new Set([...this.unseen].map(({ name }) => name));
    for (const name of unseen) this.violated.add(name);
    for (const rule of this.lockdep.violated()) this.violated.add(rule);
    const reported = [...this.violated].some((name) => !unseen.has(name));
    if (this.finals.size === 0 && !reported)
      for (const { name } of this.program.atEnd) this.violated.add(name);
    const { finals, ends, violated, seen } = this;
    return { finals, ends, violated, states: seen.size };
  }

  private visit(state: State): void {
    const values = [...state.values].map(([name, value]) => `${name}=${this.text(value)}`).sort();
    const key = `${state.points.map((point) => point.key).join(' | ')} || ${values.join(' ')}`;
    if (this.seen.has(key)) return;
    if (this.seen.size >= this.limit) throw new TooBig(`more than ${this.limit} states`);
    this.seen.add(key);
    this.stack.push(state);
  }

  private expand(state: State): void {
    for (const always of this.program.always) {
      if (!this.ask(always, state)) this.violated.add(always.name);
    }
    for (const witness of this.unseen) {
      if (this.ask(witness, state)) this.unseen.delete(witness);
    }
    let moved = false;
    this.races(state);
    for (const [thread, point] of state.points.entries()) {
      const { kind, irqsOff, bhOff, held } = point.context;
      const asks = (point.pending?.acquires ?? []).filter(({ trylock }) => !trylock);
      this.lockdep.see({ kind, irqsOff, bhOff, held, asks });
      const effect = this.stopped(point, state) ? null : this.step(point, state);
      if (!effect) continue;
      moved = true;
      const next = this.take(point, effect);
      const reports = [...(effect.reports ?? [])];
      const { pending, context } = next;
      const crash = reports.some((report) => report.crash);
      if (!crash && !pending && (context.locks.length > 0 || context.readers > 0)) {
        reports.push({ rule: 'lock held at exit', message: '' });
      }
      for (const report of reports) this.report(report, point);
      if (crash) continue;
      const values = new Map(state.values);
      effect.values?.forEach((value, n) => {
        values.set(point.pending!.writes![n]!.name, value);
      });
      this.visit({ points: state.points.with(thread, next), values });
    }
    if (!moved) this.finish(state);
  }

  private finish(state: State): void {
    const changed = [...state.values].filter(
      ([name, value]) => this.text(value) !== this.text(runtime.objects.get(name)!.initial),
    );
    this.finals.add(finalText(changed));
    this.ends.add(endText(changed, state.points.map(placeOf)));
    for (const each of this.program.atEnd) if (!this.ask(each, state)) this.violated.add(each.name);
    const stuck = state.points.some(
      ({ pending, declaration }) => pending && !(declaration.daemon && pending.idle),
    );
    if (stuck) this.violated.add('deadlock');
  }

  /** Does a handler run on its CPU in its stead? */
  private stopped({ declaration, pending }: Point, state: State): boolean {
    const { name, interrupted } = declaration;
    if (!interrupted || pending?.name === 'irq_enter') return false;
    const stack = valueIn(interrupted, state) as readonly string[];
    return stack.length > 0 && stack.at(-1) !== name;
  }

  private races(state: State): void {
    const at = state.points.flatMap((point) => {
      const there = this.stopped(point, state) || this.step(point, state) !== null;
      const accesses = there ? (point.pending?.accesses ?? []) : [];
      return accesses.map((access) => ({ point, access }));
    });
    for (const a of at) {
      for (const b of at) {
        if (a.point === b.point || a.access.to !== b.access.to) continue;
        if (a.access.part !== b.access.part) continue;
        if (!a.access.write || !(a.access.plain || b.access.plain)) continue;
        const names = [a.point, b.point].map(({ stack, declaration }) => {
          return stack.at(-1) ?? declaration.name;
        });
        const title = `data-race in ${names.sort().join(' / ')}`;
        this.report({ rule: 'data-race', title, message: '' }, a.point);
      }
    }
  }

  /** What the thread's operation does in this state; null: it waits or there is none. */
  private step({ pending, context }: Point, state: State): Effect<unknown> | null {
    if (!pending) return null;
    const objects = [...(pending.writes ?? []), ...(pending.reads ?? [])];
    for (const { owner } of objects) {
      if (!owner || objects.includes(owner.life)) continue;
      if (valueIn(owner.life, state) !== 'alive') {
        const dead = { rule: 'use-after-free', message: '', object: owner.name, type: owner.type };
        return { result: undefined, reports: [{ ...dead, crash: true }] };
      }
    }
    const report = pending.check?.(context) ?? null;
    const values = objects.map((object) => valueIn(object, state));
    const effect = pending.step ? pending.step(values, context) : { result: undefined };
    if (!report) return effect;
    // A wrong call is wrong though it has to wait, and then it waits for ever.
    if (!effect) return { result: undefined, reports: [{ ...report, crash: true }] };
    return { ...effect, reports: [report, ...(effect.reports ?? [])] };
  }

  private take(point: Point, effect: Effect<unknown>): Point {
    if (effect.reports?.some((report) => report.crash)) return point;
    const text = this.text(effect.result);
    const known = point.after.get(text);
    if (known) return known;
    const results = [...point.results, effect.result];
    const next = this.run(point.declaration, results, `${point.key} ${text}`);
    point.after.set(text, next);
    return next;
  }

  /** Runs a thread from its start, feeding it the results of its history. */
  private run(declaration: ThreadDeclaration, results: readonly unknown[], key: string): Point {
    const context = new ThreadContext(declaration.name, declaration.cpu, declaration.kind);
    const outer = { thread: runtime.thread, stack: runtime.stack };
    runtime.thread = context;
    runtime.stack = [];
    try {
      const generator = declaration.run();
      let step = generator.next();
      for (const result of results) {
        if (step.done) throw new Error(`${declaration.name} ended early`);
        step.value.spec.after?.(context, result);
        step = generator.next(result);
      }
      const sites = runtime.stack.map((frame) => runtime.sites.get(frame.site));
      const stack = sites.flatMap((site) => (site?.library ? [] : [site?.fn ?? '?']));
      const pending = step.done ? null : step.value.spec;
      return { declaration, results, key, pending, context, stack, after: new Map() };
    } finally {
      Object.assign(runtime, outer);
    }
  }

  private report(report: Report, { declaration, stack }: Point): void {
    const claimed = this.program.never.filter(({ matches }) =>
      matches({ ...report, thread: declaration.name, stack }),
    );
    for (const { name } of claimed) this.violated.add(name);
    if (claimed.length === 0) this.violated.add(report.title ?? report.rule);
  }

  private ask({ name, holds }: Predicate, state: State): boolean {
    const outer = { peek: runtime.peek, asking: runtime.asking };
    runtime.asking = name;
    runtime.peek = (object) => valueIn(object, state) as never;
    try {
      return Boolean(holds());
    } finally {
      Object.assign(runtime, outer);
    }
  }

  private text(value: unknown): string {
    if (typeof value === 'function') {
      if (!this.functions.has(value)) this.functions.set(value, this.functions.size);
      return `function ${this.functions.get(value)}`;
    }
    if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
    if ('name' in value && ('initial' in value || 'life' in value)) return `&${value.name}`;
    if (value instanceof Map || value instanceof Set)
      return `${[...value].map((v) => this.text(v))}`;
    const fields = Object.entries(value).map(([name, v]) => `${name}: ${this.text(v)}`);
    return Array.isArray(value) ? `[${fields}]` : `{${fields}}`;
  }
}

function placeOf({ declaration, pending, stack }: Point): [string, string] {
  const within = stack.length > 0 ? ` in ${stack.at(-1)}` : '';
  return [declaration.name, pending ? `waits at ${describe(pending)}${within}` : 'finished'];
}

function valueIn(object: { name: string; initial: unknown }, state: State): unknown {
  return state.values.has(object.name) ? state.values.get(object.name) : object.initial;
}
