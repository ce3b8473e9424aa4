import type { Asked, Learned, Machine, Node, Transition } from '../../model/machine.ts';
import { describe } from '../../model/operation.ts';
import { runtime } from '../../model/runtime.ts';
import { SpecError } from '../../model/shared.ts';
import { show } from '../../model/text.ts';

/**
 * What becomes of a state when two threads are exchanged, and the proof that nothing else happens.
 *
 * The image of an object follows from its name. That of anything else is what takes its place when
 * the same is done with the threads exchanged: the start is its own image; for each transition that
 * is learned, the image of the thread is run from the image of its local state on the images of the
 * values. It must be able to move whenever the other is, and what it comes to, and writes, is the
 * image of what the other does. Should that be the image of something else already, then the two
 * threads are not identical. If this never happens the exchange is an automorphism of all that was
 * explored (Ip and Dill, Formal Methods in System Design 9, 1996; there it follows from types).
 *
 * So values need no renaming: a list that is sorted by names, a queue, a number that stands for a
 * thread are what they turn out to be.
 */
export class Exchange {
  /** Images of transitions, by number. */
  readonly moves: Transition[] = [];
  /** Grows as objects are found whose images are others. */
  moved = 0;
  private readonly machine: Machine;
  private readonly names: readonly [string, string];
  /** Either name where it is part of that of an object: `sem:w0`, `node@w0#2.lock`. */
  private readonly pattern: RegExp;
  /** Per row position that of its image; absent: the same. */
  private readonly places: (number | undefined)[] = [];
  /** Per row position the images of local states and values. Those at the start are each other's. */
  private readonly ids: (number | undefined)[][] = [];

  constructor(machine: Machine, threads: readonly [number, number]) {
    this.machine = machine;
    const [a, b] = threads.map((thread) => machine.threads[thread]!.declaration);
    this.names = [a!.name, b!.name];
    const either = this.names.map((name) => name.replace(/[^\w]/g, '\\$&')).join('|');
    this.pattern = new RegExp(`(?<=^|[:@])(?:${either})(?=$|[#.:[])`, 'g');
    for (const property of ['daemon', 'cpu', 'kind'] as const) {
      if (a![property] === b![property]) continue;
      throw this.error(`${property} is ${a![property]} and ${b![property]}`);
    }
    [this.places[threads[0]], this.places[threads[1]]] = [threads[1], threads[0]];
    machine.threads.forEach(({ start }, thread) => {
      const image = machine.threads[this.placeOf(thread)]!.start;
      this.pair(machine.nodes[thread]![start.id]!, machine.nodes[this.placeOf(thread)]![image.id]!);
    });
  }

  placeOf(position: number): number {
    return this.places[position] ?? position;
  }

  /** The image of a local state, or of a value. */
  idOf(position: number, id: number): number {
    const image = id === 0 ? 0 : this.ids[position]?.[id];
    if (image === undefined) throw new Error(`${id} at ${position} has no image`);
    return image;
  }

  /** @throws SpecError unless what was learned has an image. */
  follow({ transition, values }: Learned): void {
    const { machine } = this;
    const { node, next, changes, crash, reports } = transition;
    const image = this.imageOf(node);
    const move = machine.transition(this.rowOf(node, values), 0, image.thread);
    if (!move) throw this.differ(node, 'moves', image, 'waits');
    // Their names may have that of the thread in them.
    if (crash !== move.crash || reports.length !== move.reports.length) {
      throw this.differ(node, reported(transition), image, reported(move));
    }
    for (let i = 0; i < changes.length; i += 2) {
      const at = changedTo(move, this.placeOf(changes[i]!));
      if (at < 0 || !this.bind(changes[i]!, changes[i + 1]!, at)) {
        throw this.differ(node, this.done(transition), image, this.done(move));
      }
    }
    if (move.changes.length !== changes.length) {
      throw this.differ(node, this.done(transition), image, this.done(move));
    }
    this.pair(next, move.next);
    this.moves[transition.id] = move;
  }

  /** @throws SpecError unless the image of a thread that waits does. */
  wait({ node, values }: Asked): void {
    const { machine } = this;
    const image = this.imageOf(node);
    const row = this.rowOf(node, values);
    if (machine.transition(row, 0, image.thread)) throw this.differ(node, 'waits', image, 'moves');
    const own = new Int32Array(machine.width);
    node.footprint.forEach((position, i) => {
      own[position] = values[i]!;
    });
    const interrupted = [machine.handlerOver(own, 0, node), machine.handlerOver(row, 0, image)];
    if ((interrupted[0] === null) !== (interrupted[1] === null)) {
      throw this.differ(node, 'waits', image, 'is interrupted');
    }
  }

  private imageOf({ thread, state }: Node): Node {
    return this.machine.nodes[this.placeOf(thread)]![this.idOf(thread, state.id)]!;
  }

  /** The image of what a transition depends on. */
  private rowOf(node: Node, values: Int32Array): Int32Array {
    const row = new Int32Array(this.machine.width);
    const image = this.imageOf(node);
    row[image.thread] = image.state.id;
    node.footprint.forEach((position, i) => {
      row[this.placeOf(position)] = this.idOf(position, values[i]!);
    });
    return row;
  }

  /** Are these two each other's images? They are, unless others are. */
  private bind(position: number, id: number, image: number): boolean {
    if (id === 0 || image === 0) return id === image;
    const place = this.placeOf(position);
    this.ids[position] ??= [];
    this.ids[place] ??= [];
    const known = this.ids[position][id];
    if (known !== undefined) return known === image;
    if (this.ids[place][image] !== undefined) return false;
    this.ids[position][id] = image;
    this.ids[place][image] = id;
    return true;
  }

  /** @throws SpecError unless a local state may be the image of another. */
  private pair(node: Node, image: Node): void {
    const { machine } = this;
    if (this.ids[node.thread]?.[node.state.id] === image.state.id) return;
    if (!this.bind(node.thread, node.state.id, image.state.id)) {
      throw this.differ(node, 'comes here', image, 'here by the same steps');
    }
    const [own, other] = [node.state.pending, image.state.pending];
    const alike =
      own?.name === other?.name &&
      node.footprint.length === image.footprint.length &&
      node.writes.length === image.writes.length &&
      node.accesses.length === image.accesses.length &&
      node.blocks === image.blocks &&
      node.idle === image.idle;
    if (!alike) throw this.differ(node, '', image, '');
    for (const position of node.footprint) {
      const { name } = machine.slotAt(position).object;
      const other = this.renamed(name);
      const place = image.footprint.find((each) => machine.slotAt(each).object.name === other);
      const there = place !== undefined && this.renamed(other) === name;
      if (!there || this.isWritten(node, position) !== this.isWritten(image, place)) {
        throw this.differ(node, `touches ${name}`, image, 'not');
      }
      if (this.placeOf(position) === place) continue;
      [this.places[position], this.places[place]] = [place, position];
      this.moved++;
    }
    for (const [at, access] of node.accesses.entries()) {
      const { position, write, plain, part } = image.accesses[at]!;
      const same =
        this.placeOf(access.position) === position &&
        access.write === write &&
        access.plain === plain &&
        access.part === part;
      if (!same) throw this.differ(node, '', image, '');
    }
  }

  private isWritten({ writes }: Node, position: number): boolean {
    return writes.includes(position);
  }

  /** The name of an object, with those of the two threads in it exchanged. */
  private renamed(name: string): string {
    const [a, b] = this.names;
    return name.replace(this.pattern, (thread) => (thread === a ? b : a));
  }

  private done({ changes, next }: Transition): string {
    const all: string[] = [];
    for (let i = 0; i < changes.length; i += 2) {
      const { object, values } = this.machine.slotAt(changes[i]!);
      all.push(`${object.name} = ${show(values[changes[i + 1]!])}`);
    }
    return (
      all.join(', ') || `comes to ${next.state.pending ? describe(next.state.pending) : 'its end'}`
    );
  }

  private differ(node: Node, what: string, image: Node, other: string): SpecError {
    const at = ({ thread, state }: Node, does: string): string => {
      const sites = state.sites.map((id) => runtime.sites.get(id));
      const site = sites.findLast((each) => each?.library === false);
      const place = site ? ` (${site.file}:${site.line})` : '';
      const step = state.pending ? describe(state.pending) : 'its end';
      const { name } = this.machine.threads[thread]!.declaration;
      return `${name} at ${step}${place}${does && `: ${does}`}`;
    };
    return this.error(`${at(node, what)}; ${at(image, other)}`);
  }

  private error(what: string): SpecError {
    const [a, b] = this.names;
    return new SpecError(
      `'${a}' and '${b}' are declared symmetric, but exchanging them makes a difference: ${what}`,
    );
  }
}

/** The value id that a transition gives a position, -1 if none. */
function changedTo({ changes }: Transition, position: number): number {
  for (let i = 0; i < changes.length; i += 2) if (changes[i] === position) return changes[i + 1]!;
  return -1;
}

function reported({ reports }: Transition): string {
  return reports.map(({ rule }) => rule).join(', ') || 'nothing to report';
}
