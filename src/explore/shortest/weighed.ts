import { type Finding, Findings, type Sighting } from '../findings.ts';
import type { Paths } from './paths.ts';

/** A way to break a property with the fewest steps, and of those with the fewest switches. */
export interface Break {
  readonly finding: Finding;
  readonly steps: number;
  /** Without the step that breaks it, if one does. */
  readonly path: number;
}

/**
 * Findings of a breadth-first search, level by level. Of those on one property not the one in the
 * least state is kept, but the one that takes the fewest switches to come to; and so with what
 * lockdep learns.
 */
export class Weighed extends Findings {
  /** Of the properties for which no better way can be found any more. */
  readonly settled = new Map<string, Break>();
  /** The number in its level of the state with a fingerprint. */
  numberOf: (hi: number, lo: number) => number = () => 0;
  private readonly paths: Paths;
  private readonly breaks = new Map<string, Break>();
  /** Paths to the states in which lockdep learned something. */
  private readonly sighted = new Map<string, number>();
  /** About states to which the paths are not known yet. */
  private readonly waiting: Finding[] = [];
  private readonly seen: { readonly fact: string; readonly sighting: Sighting }[] = [];
  private level = -1;

  constructor(paths: Paths) {
    super();
    this.paths = paths;
  }

  override offer(finding: Finding): void {
    const { property, level, thread } = finding;
    const steps = level + Number(thread >= 0);
    const old = this.breaks.get(property);
    if (old && old.steps < steps) return;
    if (level > this.level) {
      this.waiting.push(finding);
      return;
    }
    const path = this.paths.to(this.numberOf(finding.hi, finding.lo), thread);
    const found = { finding, steps, path };
    if (!old || this.isBetter(found, old)) this.breaks.set(property, found);
  }

  override see(fact: string, sighting: Sighting): void {
    if (!this.facts.has(fact)) this.seen.push({ fact, sighting });
  }

  /** All paths to the states of a level are known. */
  arrive(level: number): void {
    this.level = level;
    for (const finding of this.waiting.splice(0)) this.offer(finding);
    const best = new Map<string, number>();
    for (const { fact, sighting } of this.seen.splice(0)) {
      const path = this.paths.to(this.numberOf(sighting.hi, sighting.lo));
      this.sighted.set(keyOf(sighting), path);
      const old = best.get(fact);
      if (old !== undefined && this.paths.compare(old, path) <= 0) continue;
      best.set(fact, path);
      this.facts.set(fact, sighting);
    }
  }

  /**
   * All is known of the states of this level, but for what is found when they are explored.
   * @param last there are none
   */
  settle(last: boolean): void {
    for (const finding of this.locks) {
      const path = this.sighted.get(keyOf(finding))!;
      const old = this.breaks.get(finding.property);
      if (!old || old.steps > this.level)
        this.breaks.set(finding.property, { finding, steps: this.level, path });
    }
    for (const [property, found] of this.breaks) {
      // A `never` may claim reports on a state as well, which come when it is explored.
      const done = last || found.steps < this.level || found.finding.kind !== 'never';
      if (done && !this.settled.has(property)) this.settled.set(property, found);
    }
  }

  /** The threads that move, and those of the runs before. */
  runsOf({ finding, path }: Break): { run: number[]; earlier: number[][] } {
    const last = finding.thread >= 0 ? [finding.thread] : [];
    return {
      run: [...this.paths.along(path), ...last],
      earlier: (finding.earlier ?? []).map((each) =>
        this.paths.along(this.sighted.get(keyOf(each))!),
      ),
    };
  }

  private isBetter(a: Break, b: Break): boolean {
    if (a.steps !== b.steps) return a.steps < b.steps;
    const { paths } = this;
    const switches = (each: Break) => paths.switchesOf(each.path, each.finding.thread);
    if (switches(a) !== switches(b)) return switches(a) < switches(b);
    // To the last step, and who makes it.
    const parts = ({ finding: { thread }, path }: Break): [number, number] =>
      thread < 0 ? [paths.before(path), paths.lastOf(path)] : [path, thread];
    const [[pathA, lastA], [pathB, lastB]] = [parts(a), parts(b)];
    return pathA !== pathB ? pathA < pathB : lastA < lastB;
  }
}

function keyOf({ hi, lo }: Sighting): string {
  return `${hi},${lo}`;
}
