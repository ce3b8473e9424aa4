import type { Machine, Node, Transition } from '../model/machine.ts';
import type { Report } from '../model/operation.ts';
import type { Program } from '../model/program.ts';
import {
  brokenBy,
  brokenByReport,
  deadlockIn,
  type Finding,
  Findings,
  type Sighting,
} from './findings.ts';
import type { Frontier } from './frontier.ts';
import { StateProperty } from './properties.ts';
import { leakReport, leaksIn } from './rules/leaks.ts';
import { LockFacts } from './rules/lock-facts.ts';
import { type Race, raceReport, racesIn } from './rules/races.ts';
import { type Answers, Everywhere } from './symmetry/everywhere.ts';
import type { Orbits } from './symmetry/orbits.ts';

/** Room for objects that properties are found to read. */
const SLACK = 16;

/** What a property says of a state that stands for itself. */
const TRUE: Answers = { somewhere: true, fails: -1 };
const FALSE: Answers = { somewhere: false, fails: 0 };

/** Told of each state in which nothing can move; its row may be older than some objects. */
export type FinalState = (
  machine: Machine,
  rows: Int32Array,
  base: number,
  stride: number,
  at: Sighting,
) => void;

interface Touched {
  readonly always: readonly StateProperty[];
  readonly sometimes: readonly StateProperty[];
}

type Reported = Omit<Finding, 'level' | 'hi' | 'lo'>;

/** Where something is found. */
interface Here {
  readonly level: number;
  readonly hi: number;
  readonly lo: number;
  readonly as: number;
}

/**
 * What is said of states and steps: by the properties, by the kernel's own rules, by what lockdep
 * learns. With symmetry it is said of all members of a state's orbit.
 */
export class Checks {
  readonly always: readonly StateProperty[];
  readonly atEnd: readonly StateProperty[];
  readonly sometimes: readonly StateProperty[];
  findings = new Findings();
  locks: LockFacts;
  finalStates = 0;
  private readonly machine: Machine;
  private readonly orbits: Orbits | null;
  private readonly onFinal: FinalState | undefined;
  private readonly everywhere = new Map<StateProperty, Everywhere>();
  /** Witnesses found before this level. */
  private witnessed: ReadonlySet<string> = new Set();
  /** Per transition the properties to be asked after it, once it is known which. */
  private readonly touching: (Touched | undefined)[] = [];
  private readonly broken = new Map<Transition, readonly Reported[]>();
  private readonly racing: boolean;
  private readonly raced = new Map<string, readonly Reported[]>();

  constructor(
    machine: Machine,
    orbits: Orbits | null,
    guarded: <T>(code: () => T) => T,
    onFinal: FinalState | undefined,
  ) {
    const { program } = machine;
    const properties = (list: Program['always']): StateProperty[] =>
      list.map((predicate) => new StateProperty(machine, predicate, guarded));
    this.machine = machine;
    this.orbits = orbits;
    this.onFinal = onFinal;
    this.locks = new LockFacts(machine, this.findings);
    this.racing = !Object.hasOwn(program.unchecked, 'data-race');
    this.always = properties(program.always);
    this.atEnd = properties(program.atEnd);
    this.sometimes = properties(program.sometimes);
  }

  /** The properties whose changes must not be reordered. */
  get visible(): readonly StateProperty[] {
    return [...this.always, ...this.sometimes];
  }

  /** Names of the objects that each visible property was seen to read. */
  footprints(): Map<string, readonly string[]> {
    return new Map(
      this.visible.map(({ name, footprint }) => [
        name,
        [...footprint].map((position) => this.machine.slotAt(position).object.name),
      ]),
    );
  }

  /** Takes over what properties were seen to read elsewhere. */
  extendFootprints(footprints: ReadonlyMap<string, readonly string[]>): void {
    for (const property of this.visible) {
      const objects = footprints.get(property.name) ?? [];
      property.extend(objects.map((name) => this.machine.slotNamed(name).position));
    }
  }

  beginRound(findings = new Findings()): void {
    this.findings = findings;
    this.locks = new LockFacts(this.machine, this.findings);
    this.finalStates = 0;
    this.beginLevel();
  }

  /**
   * Which witnesses are still looked for, and which changes make a property be asked again, is
   * settled per level, so that what properties are seen to read, which is knowledge, does not
   * depend on the order of states within a level.
   */
  beginLevel(): void {
    const { witnessed } = this.findings;
    let changed = witnessed.size !== this.witnessed.size;
    if (changed) this.witnessed = new Set(witnessed);
    for (const property of this.visible) if (property.watch()) changed = true;
    if (changed) this.touching.length = 0;
  }

  /** Of a state reached now: by a step, or not known how. */
  state(frontier: Frontier, index: number, level: number, move: Transition | null): void {
    const { rows, stride } = frontier;
    const hi = frontier.his[index]!;
    const lo = frontier.los[index]!;
    if (move) this.locks.see(move.next, level, hi, lo);
    for (let t = 0; !move && t < this.machine.threads.length; t++) {
      this.see(this.machine.node(rows, index * stride, t), level, hi, lo);
    }
    const { always, sometimes } = move ? this.touchedBy(move) : this;
    for (let i = 0; i < always.length; i++) {
      const { fails } = this.ask(always[i]!, frontier, index);
      if (fails < 0) continue;
      const broken = {
        property: always[i]!.name,
        kind: 'always',
        message: 'does not hold',
      } as const;
      this.findings.offer({ ...broken, level, hi, lo, thread: -1, as: fails });
    }
    for (let i = 0; i < sometimes.length; i++) {
      if (this.ask(sometimes[i]!, frontier, index).somewhere) {
        this.findings.witnessed.add(sometimes[i]!.name);
      }
    }
  }

  /** Of a state whose threads are about to make these moves, one of them a plain access to data. */
  races(
    frontier: Frontier,
    index: number,
    level: number,
    moves: readonly (Transition | null)[],
  ): void {
    if (!this.racing) return;
    const { rows, stride } = frontier;
    const base = index * stride;
    const races = racesIn(this.machine, rows, base, moves);
    if (races.length === 0) return;
    const here = { level, hi: frontier.his[index]!, lo: frontier.los[index]! };
    for (const race of races) {
      const at = ({ node }: Race['a']) => [node.thread, node.state.id, moves[node.thread]?.id];
      const key = [...at(race.a), ...at(race.b)].join();
      let broken = this.raced.get(key);
      if (!broken) {
        broken = least(
          this.imagesOf(race, rows, base, stride).flatMap((image) => this.brokenByRace(image)),
        );
        this.raced.set(key, broken);
      }
      for (const each of broken) this.findings.offer({ ...each, ...here });
    }
  }

  /** A race in the state at `base`, and those in its images. */
  private imagesOf(race: Race, rows: Int32Array, base: number, stride: number): [Race, number][] {
    const { machine, orbits } = this;
    const images: [Race, number][] = [[race, 0]];
    const seen = new Set<string>();
    for (let as = 1; as < (orbits?.size ?? 1); as++) {
      const nodes = [race.a, race.b].map(({ node }) => orbits!.nodeOf(as, node));
      const key = nodes.map(({ thread, state }) => [thread, state.id]).join();
      if (seen.has(key)) continue;
      seen.add(key);
      const row = orbits!.imageOf(rows, base, stride, as);
      const moves = machine.threads.map((_, thread) => machine.transition(row, 0, thread));
      const image = racesIn(machine, row, 0, moves).find(
        ({ a, b }) => nodes.includes(a.node) && nodes.includes(b.node),
      )!;
      images.push([image, as]);
    }
    return images;
  }

  private brokenByRace([race, as]: [Race, number]): Reported[] {
    const broken = brokenByReport(this.machine, raceReport(this.machine, race), race.a.node);
    return broken.map(({ property, kind, message }) => ({
      property,
      kind,
      message,
      thread: -1,
      as,
    }));
  }

  /** Of a state in which nothing can move. */
  end(frontier: Frontier, index: number, level: number): void {
    this.finalStates++;
    const { rows, stride } = frontier;
    const base = index * stride;
    const here = { level, hi: frontier.his[index]!, lo: frontier.los[index]! };
    if (!this.orbits) this.final(rows, base, stride, { ...here, as: 0 });
    for (const as of this.orbits?.different() ?? []) {
      const row = this.orbits!.imageOf(rows, base, stride, as);
      this.final(row, 0, row.length, { ...here, as });
    }
    for (const property of this.atEnd) {
      const { fails } = this.ask(property, frontier, index);
      if (fails < 0) continue;
      const message = 'does not hold when nothing can move any more';
      const broken = { property: property.name, kind: 'atEnd', message } as const;
      this.findings.offer({ ...broken, ...here, thread: -1, as: fails });
    }
  }

  /** Of a step with reports, from the state with that fingerprint. */
  step(move: Transition, level: number, hi: number, lo: number): void {
    const broken = this.broken.get(move) ?? this.brokenBy(move);
    for (const each of broken) this.findings.offer({ ...each, level, hi, lo });
  }

  /** What a step breaks, or with symmetry one of its images. */
  private brokenBy(move: Transition): readonly Reported[] {
    const images = this.orbits?.movesOf(move) ?? [move];
    const broken = least(
      images.flatMap((image, as) =>
        brokenBy(this.machine, image).map(({ property, kind, message }) => {
          return { property, kind, message, thread: image.node.thread, as };
        }),
      ),
    );
    this.broken.set(move, broken);
    return broken;
  }

  private final(rows: Int32Array, base: number, stride: number, here: Here): void {
    this.onFinal?.(this.machine, rows, base, stride, here);
    const deadlock = deadlockIn(this.machine, rows, base);
    if (deadlock) {
      this.offerReport({ rule: 'deadlock', message: deadlock }, null, here);
      return;
    }
    const leaks = leaksIn(this.machine, rows, base, stride);
    if (leaks.length > 0) this.offerReport(leakReport(leaks), null, here);
  }

  /** A report on a state. */
  private offerReport(report: Report, node: Node | null, here: Here): void {
    for (const { property, kind, message } of brokenByReport(this.machine, report, node)) {
      this.findings.offer({ property, kind, message, ...here, thread: -1 });
    }
  }

  /** A thread is in a local state, and with symmetry others are in its images. */
  private see(node: Node, level: number, hi: number, lo: number): void {
    const { locks, orbits } = this;
    if (!orbits) {
      locks.see(node, level, hi, lo);
      return;
    }
    if (locks.isKnown(node, level)) return;
    for (const { node: image, as } of orbits.nodesOf(node)) locks.see(image, level, hi, lo, as);
  }

  /** The properties to be asked after a step: those that read what it changes. */
  private touchedBy(move: Transition): Touched {
    // Not in here: what closures need is allocated by every call, also by one that makes none.
    this.touching[move.id] ??= this.findTouched(move);
    return this.touching[move.id]!;
  }

  private findTouched({ changes }: Transition): Touched {
    const reads = ({ watched }: StateProperty): boolean =>
      changes.some((position, i) => i % 2 === 0 && watched.has(position));
    return {
      always: this.always.filter(reads),
      sometimes: this.sometimes.filter(
        (property) => reads(property) && !this.witnessed.has(property.name),
      ),
    };
  }

  private ask(property: StateProperty, frontier: Frontier, index: number): Answers {
    if (this.machine.width > frontier.stride) frontier.widen(this.machine.width + SLACK);
    const { rows, stride } = frontier;
    if (!this.orbits) return property.holds(rows, index * stride, stride) ? TRUE : FALSE;
    const everywhere = this.everywhere.get(property) ?? new Everywhere(property, this.orbits);
    this.everywhere.set(property, everywhere);
    return everywhere.ask(rows, index * stride, stride);
  }
}

/** Of several findings on one property the least. */
function least(all: readonly Reported[]): Reported[] {
  const first = new Map<string, Reported>();
  for (const each of all) {
    const known = first.get(each.property);
    if (!known || each.thread < known.thread) first.set(each.property, each);
  }
  return [...first.values()];
}
