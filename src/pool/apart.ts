import type { Level } from '../explore/search.ts';
import {
  concluded,
  exploreTraces,
  type TraceOptions,
  type TraceProgress,
  type Traces,
} from '../explore/traces.ts';
import { mergeBranches } from '../model/branches.ts';
import type { Machine } from '../model/machine.ts';
import { ask, type Crew, type Link } from './crew.ts';
import type { Answer } from './messages.ts';
import { Peer } from './peer.ts';

/** When a worker explores traces, and whose it is. */
export interface Tracing {
  /** Steps that this thread explores before it asks for one; 0: it explores none. */
  readonly from: number;
  crew(): Promise<Crew>;
}

/** Orders that the worker has at hand, so that it need not wait for this thread. */
const AT_HAND = 16;

/** Slices that it may be ahead of what is asked for: that of many large levels. */
const AHEAD = 1 << 10;

/** Milliseconds until limits are looked at again. */
const PATIENCE = 50;

/**
 * An exploration by traces that a worker takes over. It begins anew there, and this thread goes on
 * with its own until the worker has come as far.
 *
 * All that is counted is as with one worker. `beside` asks for the same progress at the same levels:
 * an exploration is determined by its program, so that each slice of it is the same in both threads.
 * And this thread knows then what it would have learned itself: a worker runs ahead of what is asked
 * for, but what it came to is taken over slice by slice, as it is asked for. If that is more than
 * there is, `beside` waits.
 */
export class Apart {
  /** The worker has taken over. */
  busy = false;
  private readonly tracing: Tracing;
  private readonly machine: Machine;
  private readonly peer: Peer;
  private readonly level: () => Level;
  private started = false;
  /** The worker is told to go on no more. */
  private over = false;
  /** What it has told and nobody has asked for yet; then why it tells nothing more. */
  private readonly heard: Answer[] = [];
  private link: Link | null = null;
  private slice: number | undefined;
  private ordered = 0;
  private failure: { readonly error: unknown } | null = null;
  /** Steps of it that were asked for. */
  private steps = 0;
  private wake = (): void => {};
  private giveBack = (): void => {};

  /** @param level the one at hand */
  constructor(machine: Machine, tracing: Tracing, level: () => Level) {
    this.tracing = tracing;
    this.machine = machine;
    this.peer = new Peer(machine);
    this.level = level;
  }

  *explore(options: TraceOptions): Traces {
    const here = exploreTraces(this.machine, options);
    for (let last: TraceProgress = { traces: 0, steps: 0, round: 1, violations: 0 }; ; ) {
      if (last.steps >= this.tracing.from && !this.started) void this.start(options);
      while (this.steps < last.steps && this.hears()) this.take();
      if (this.started && this.steps === last.steps) return yield* this.there(last);
      const step = here.next();
      if (step.done) {
        this.stop();
        return step.value;
      }
      last = step.value;
      yield last;
    }
  }

  /** Nobody asks any more. */
  stop(): void {
    this.over = true;
    this.giveBack();
    this.giveBack = () => {};
  }

  private *there(last: TraceProgress): Traces {
    this.busy = true;
    for (;;) {
      while (!this.hears()) yield { ...last, wait: this.more() };
      const traced = this.take();
      if (traced.done) {
        this.stop();
        this.busy = !('declined' in traced.value);
        return concluded(this.machine, traced.value);
      }
      last = traced.value;
      yield last;
    }
  }

  private async start({ slice }: TraceOptions): Promise<void> {
    this.started = true;
    this.slice = slice;
    try {
      const crew = await this.tracing.crew();
      const worker = this.over ? null : crew.lend(this.level());
      if (!worker && this.busy) throw new Error('no worker is there to explore traces');
      if (!worker) return;
      this.giveBack = () => crew.takeBack(worker, this.level());
      this.link = worker.link;
      this.goOn();
    } catch (error) {
      this.fail(error);
    }
  }

  private goOn(): void {
    while (!this.over && this.ordered < Math.min(AT_HAND, AHEAD - this.heard.length)) {
      this.ordered++;
      void this.order(this.link!);
    }
  }

  /** Answers come in the order of the orders. */
  private async order(link: Link): Promise<void> {
    try {
      const answer = await ask(link, { do: 'trace', slice: this.slice });
      this.ordered--;
      if (this.over) return;
      this.over = answer.traced!.done === true;
      this.heard.push(answer);
      this.wake();
      this.goOn();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.failure = { error };
    this.wake();
  }

  private hears(): boolean {
    if (this.heard.length === 0 && this.failure) throw this.failure.error;
    return this.heard.length > 0;
  }

  /** The next slice, with what was learned in it. */
  private take(): NonNullable<Answer['traced']> {
    const { learned, asked, contended, traced } = this.heard.shift()!;
    this.goOn();
    this.peer.learn(learned);
    mergeBranches(asked);
    this.machine.contention.add(contended);
    this.steps = traced!.done ? Number.POSITIVE_INFINITY : traced!.value.steps;
    return traced!;
  }

  /** Until there is more, or limits are to be looked at. */
  private more(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
