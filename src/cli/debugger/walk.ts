import type { Replay, StepRecord } from '../../explore/outcome.ts';
import type { Standing } from '../../explore/standing.ts';
import { movable, type View } from '../../report/state.ts';

/** Runs schedules of the one program that is walked. */
export interface Stage {
  replay(schedule: readonly string[]): Replay;
  standing(schedule: readonly string[]): Standing;
}

/**
 * A place on a schedule, which moves to and fro: first on the recorded one, then, once another
 * thread was taken somewhere, on one of the reviewer's own. Going back is running again from the
 * start.
 */
export class Walk implements View {
  /** How many steps were taken. */
  private at = 0;
  private readonly stage: Stage;
  private readonly recorded: readonly string[];
  private own: readonly string[] | null = null;
  private run: Replay;
  private here: Standing;

  constructor(stage: Stage, recorded: readonly string[]) {
    this.stage = stage;
    this.recorded = recorded;
    this.run = stage.replay(recorded);
    this.here = stage.standing([]);
  }

  get standing(): Standing {
    return this.here;
  }

  get replay(): Replay {
    return this.run;
  }

  /** The step from which on the schedule is not the recorded one; null: it is. */
  get leftAt(): number | null {
    const { own, recorded } = this;
    return own?.findIndex((thread, at) => thread !== recorded[at]) ?? null;
  }

  /** Not beyond either end. */
  go(step: number): void {
    this.at = Math.min(Math.max(step, 0), this.run.steps.length);
    const left = this.leftAt;
    if (left !== null && this.at <= left) this.follow(null);
    else this.here = this.stage.standing(this.schedule.slice(0, this.at));
  }

  /** To after the next step that satisfies a condition; false, and nowhere, when there is none. */
  goAfter(condition: (step: StepRecord, before: StepRecord | undefined) => boolean): boolean {
    const { steps } = this.run;
    const next = steps.findIndex((step, i) => i >= this.at && condition(step, steps[i - 1]));
    if (next >= 0) this.go(next + 1);
    return next >= 0;
  }

  /** Lets a thread that can move take the next step, whoever was recorded there. */
  take(thread: string): boolean {
    if (!movable(this.here).some(({ name }) => name === thread)) return false;
    const before = this.schedule.slice(0, this.at);
    this.at++;
    this.follow(this.schedule[before.length] === thread ? this.own : [...before, thread]);
    return true;
  }

  /** Back on the recorded schedule, where it was left. */
  reset(): void {
    this.go(this.leftAt ?? this.at);
  }

  private get schedule(): readonly string[] {
    return this.own ?? this.recorded;
  }

  private follow(own: readonly string[] | null): void {
    if (own !== this.own) {
      this.own = own;
      this.run = this.stage.replay(this.schedule);
    }
    this.here = this.stage.standing(this.schedule.slice(0, this.at));
  }
}
