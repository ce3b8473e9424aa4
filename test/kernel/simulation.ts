import { OUTSIDE, reader_of } from '../../src/kernel/rcu_reader.ts';
import { ThreadContext } from '../../src/model/context.ts';
import { type Operation, owners, type Report, type Steps } from '../../src/model/operation.ts';
import { runtime } from '../../src/model/runtime.ts';
import type { Shared } from '../../src/model/shared.ts';
import type { ThreadBody, ThreadOptions } from '../../src/spec/define.ts';

type Threads = Readonly<Record<string, ThreadBody | ThreadOptions>>;

interface Running {
  readonly context: ThreadContext;
  readonly steps: Steps<unknown>;
  /** The handlers that run on its CPU. */
  readonly interrupted: Shared<readonly string[]> | undefined;
  next: Operation<unknown> | null;
}

/** Forgets the objects of the test before. */
export function fresh(): void {
  runtime.objects.clear();
  runtime.structs.clear();
}

/** Runs threads by hand, in the order that a test says. */
export class Simulation {
  readonly reports: Report[] = [];
  private readonly values = new Map<string, unknown>();
  private readonly threads = new Map<string, Running>();

  constructor(threads: Threads) {
    for (const [name, body] of Object.entries(threads)) {
      const options: ThreadOptions = typeof body === 'function' ? { run: body } : body;
      const { run, cpu = 0, kind = 'process', interrupted } = options;
      const running: Running = {
        interrupted,
        context: new ThreadContext(name, cpu, kind),
        steps: run(),
        next: null,
      };
      this.threads.set(name, running);
      this.resume(running, undefined);
    }
  }

  value<T>(of: Shared<T>): T {
    return (this.values.has(of.name) ? this.values.get(of.name) : of.initial) as T;
  }

  /** Is the thread inside a section that holds back grace periods? */
  inside(name: string): boolean {
    const reader = reader_of(name);
    return reader !== undefined && this.value(reader) !== OUTSIDE;
  }

  names(): string[] {
    return [...this.threads.keys()];
  }

  /** Name of the operation that the thread is at; null: it has finished. */
  at(name: string): string | null {
    return this.threads.get(name)!.next?.spec.name ?? null;
  }

  /** One step; false when the thread waits or has finished. */
  step(name: string): boolean {
    const thread = this.threads.get(name)!;
    const spec = thread.next?.spec;
    if (!spec || this.interrupted(name)) return false;
    const dead = [...owners(spec).keys()].find((life) => this.value(life) !== 'alive');
    if (dead) {
      this.reports.push({
        rule: 'use-after-free',
        message: spec.name,
        object: dead.name,
        crash: true,
      });
      thread.next = null;
      return true;
    }
    const objects = [...(spec.writes ?? []), ...(spec.reads ?? [])];
    const effect =
      spec.step?.(
        objects.map((o) => this.value(o)),
        thread.context,
      ) ?? null;
    if (effect === null) return false;
    const found = spec.check?.(thread.context);
    this.reports.push(...(found ? [found] : []), ...(effect.reports ?? []));
    effect.values?.forEach((value, at) => {
      this.values.set(spec.writes![at]!.name, value);
    });
    spec.after?.(thread.context, effect.result);
    this.resume(thread, effect.result);
    return true;
  }

  /** Does a handler run on the thread's CPU in its stead? */
  interrupted(name: string): boolean {
    const { interrupted, next } = this.threads.get(name)!;
    if (!interrupted || next?.spec.writes?.includes(interrupted)) return false;
    const innermost = this.value(interrupted).at(-1);
    return innermost !== undefined && innermost !== name;
  }

  /** Steps of one thread until it waits, finishes, or is about to run `until`. */
  run(name: string, until?: string): this {
    for (let limit = 0; limit < 10_000; limit++) {
      if (until !== undefined && this.at(name) === until) return this;
      if (!this.step(name)) return this;
    }
    throw new Error(`${name} does not come to an end`);
  }

  /** All threads, as long as any can move. */
  settle(): this {
    while (this.names().some((name) => this.step(name)));
    return this;
  }

  rules(): string[] {
    return this.reports.map((report) => report.rule);
  }

  private resume(thread: Running, result: unknown): void {
    const outer = runtime.thread;
    runtime.thread = thread.context;
    try {
      const { done, value } = thread.steps.next(result);
      thread.next = done ? null : (value as Operation<unknown>);
    } finally {
      runtime.thread = outer;
    }
  }
}
