import type { LockUse, ThreadContext } from '../../model/context.ts';
import type { Machine, Node } from '../../model/machine.ts';
import type { Acquire } from '../../model/operation.ts';
import { components } from '../components.ts';
import type { Place } from '../outcome.ts';
import { placeOf } from '../places.ts';

/**
 * lockdep (kernel/locking/lockdep.c, Documentation/locking/lockdep-design.rst): what is learned of
 * lock classes in any state of any schedule is put together, so that an order which may deadlock is
 * reported although this configuration never does.
 *
 * A fact is about one thread in one local state: which locks it holds, in which context, and what it
 * is about to take. So all facts are found where all local states are, which a reduced search, too,
 * comes to.
 */
export type Fact =
  /** A lock of `to` is asked for with one of `from` held. */
  | {
      readonly kind: 'order';
      readonly from: string;
      readonly to: string;
      /** The lock held was taken as a reader. */
      readonly shared: boolean;
      /** The lock asked for is read where a writer that waits does not matter. */
      readonly recursive: boolean;
    }
  | {
      readonly kind: 'usage';
      readonly cls: string;
      readonly context: Interrupts;
      /** Taken in such an interrupt, or held with such interrupts on. */
      readonly as: 'in' | 'on';
      readonly shared: boolean;
    }
  /** Two locks of one class, the second not taken as nested. */
  | { readonly kind: 'recursion'; readonly held: string; readonly taken: string }
  /** A lock that may sleep on PREEMPT_RT is asked for inside one that never does. */
  | { readonly kind: 'nesting'; readonly held: string; readonly taken: string };

/** Of an NMI nobody is safe: any use outside counts as one with it on (verify_lock_unused). */
type Interrupts = 'HARDIRQ' | 'SOFTIRQ' | 'NMI';

export interface LockReport {
  readonly rule: string;
  /** The rule with the classes, so that a circle that is expected hides no other. */
  readonly title: string;
  readonly message: string;
  /** What it follows from, by key: none can be left out. */
  readonly facts: readonly string[];
}

export function keyOf(fact: Fact): string {
  return JSON.stringify(fact);
}

export function factOf(key: string): Fact {
  return JSON.parse(key) as Fact;
}

/** Facts of local states: run after run comes to the same ones. */
const known = new WeakMap<Node, readonly string[]>();

/** What a thread in this local state adds to what is known, by key. */
export function keysOf(node: Node): readonly string[] {
  const keys = known.get(node) ?? factsOf(node).map(keyOf);
  known.set(node, keys);
  return keys;
}

function factsOf({ state: { context, pending } }: Node): Fact[] {
  const facts: Fact[] = [];
  for (const use of context.held) facts.push(...heldFacts(use, context));
  const acquires = pending?.acquires ?? [];
  for (const [at, acquire] of acquires.entries()) {
    if (acquire.cls === null || acquire.trylock) continue;
    const held = acquire.within ? [...context.held, ...acquires.slice(0, at)] : context.held;
    facts.push(...askedFacts(acquire, context.kind, held));
  }
  return facts;
}

/** mark_held_locks(): what is held with interrupts on could be asked for by one. */
function heldFacts({ cls, mode }: LockUse, { kind, irqsOff, bhOff }: ThreadContext): Fact[] {
  if (cls === null || kind === 'nmi') return [];
  const hardirqs = !irqsOff && kind !== 'hardirq';
  const softirqs = hardirqs && bhOff === 0 && kind !== 'softirq';
  const on: Interrupts[] = ['NMI'];
  if (hardirqs) on.push('HARDIRQ');
  if (softirqs) on.push('SOFTIRQ');
  const shared = mode !== 'exclusive';
  return on.map((context) => ({ kind: 'usage', cls, context, as: 'on', shared }));
}

const CONTEXTS = { hardirq: 'HARDIRQ', softirq: 'SOFTIRQ', nmi: 'NMI' } as const;

function askedFacts(
  acquire: Acquire,
  kind: ThreadContext['kind'],
  held: readonly LockUse[],
): Fact[] {
  const facts: Fact[] = [];
  const to = acquire.cls!;
  const shared = acquire.mode !== 'exclusive';
  if (kind !== 'process' && kind !== 'worker')
    facts.push({ kind: 'usage', cls: to, context: CONTEXTS[kind], as: 'in', shared });
  for (const use of held) {
    if (use.cls === null) continue;
    if (use.cls !== to) {
      const recursive = acquire.mode === 'recursive';
      facts.push({
        kind: 'order',
        from: use.cls,
        to,
        shared: use.mode !== 'exclusive',
        recursive,
      });
    } else if (!(acquire.mode === 'recursive' && use.mode !== 'exclusive')) {
      // check_deadlock(). That a lock itself is taken twice is reported where it happens.
      if (use.lock !== acquire.lock || acquire.map || (shared && use.mode !== 'exclusive'))
        facts.push({ kind: 'recursion', held: use.lock, taken: acquire.lock });
    }
    if (use.raw && !acquire.raw && !acquire.map)
      facts.push({ kind: 'nesting', held: use.lock, taken: acquire.lock });
  }
  return facts;
}

type Order = Extract<Fact, { kind: 'order' }>;
type Usage = Extract<Fact, { kind: 'usage' }>;

/** What it makes of facts, by key. One report for each title: the one with the fewest, then in order. */
export function lockReports(keys: readonly string[]): LockReport[] {
  const all = keys.toSorted().map(factOf);
  const orders = new Map<string, Order[]>();
  for (const fact of all) {
    if (fact.kind !== 'order') continue;
    orders.set(fact.from, [...(orders.get(fact.from) ?? []), fact]);
  }
  const usages = all.filter((fact) => fact.kind === 'usage');
  const candidates: Candidate[] = [
    ...all.flatMap(alone),
    ...circles(orders),
    ...usages.flatMap((inside) => inconsistent(inside, usages)),
    ...usages.flatMap((inside) => unsafe(inside, usages, orders)),
  ];
  const best = new Map<string, Candidate>();
  for (const each of candidates) {
    const old = best.get(each.title);
    if (!old || each.facts.length < old.facts.length) best.set(each.title, each);
  }
  return [...best.values()].map((each) => ({ ...each, facts: each.facts.map(keyOf) }));
}

interface Candidate extends Omit<LockReport, 'facts'> {
  readonly facts: readonly Fact[];
}

function candidate(
  rule: string,
  about: string,
  message: string,
  facts: readonly Fact[],
): Candidate {
  return { rule, title: `${rule}: ${about}`, message, facts };
}

function alone(fact: Fact): Candidate[] {
  if (fact.kind === 'recursion') {
    const message = `${fact.taken} is taken with ${fact.held} held, a lock of the same class`;
    const about = `${fact.held} -> ${fact.taken}`;
    return [candidate('possible recursive locking detected', about, message, [fact])];
  }
  if (fact.kind === 'nesting') {
    const message = `${fact.taken}, which may sleep on PREEMPT_RT, is taken with the raw ${fact.held} held`;
    const about = `${fact.held} -> ${fact.taken}`;
    return [candidate('Invalid wait context', about, message, [fact])];
  }
  return [];
}

/** Of the circles whose classes all lead to each other the shortest: the others come of the same. */
function circles(orders: ReadonlyMap<string, readonly Order[]>): Candidate[] {
  const after = (cls: string): string[] => (orders.get(cls) ?? []).map(({ to }) => to);
  return components([...orders.keys()], after).flatMap((group) => {
    const within = group.toSorted().flatMap((cls) => orders.get(cls) ?? []);
    const [best] = within
      .flatMap((first) => {
        const closes = (last: Order) => last.to === first.from && follows(last, first);
        const path = shortest(orders, first, closes);
        return path ? [path] : [];
      })
      .sort((a, b) => a.length - b.length);
    if (!best) return [];
    const about = [...best.map(({ from }) => from), best[0]!.from].join(' -> ');
    const message = best.map(({ from, to }) => `${to} is taken with ${from} held`).join(', ');
    return [candidate('possible circular locking dependency detected', about, message, best)];
  });
}

/** A lock that an interrupt takes is also held where such an interrupt may come. */
function inconsistent(inside: Usage, usages: readonly Usage[]): Candidate[] {
  return against(inside, usages)
    .filter(({ cls }) => cls === inside.cls)
    .map((on) => {
      const message = `{${bit(on)}} -> {${bit(inside)}} usage`;
      return candidate('inconsistent lock state', inside.cls, message, [on, inside]);
    });
}

/** With a lock held that an interrupt takes, one is asked for that may be held as one comes. */
function unsafe(
  inside: Usage,
  usages: readonly Usage[],
  orders: ReadonlyMap<string, readonly Order[]>,
): Candidate[] {
  if (inside.context === 'NMI') return [];
  return against(inside, usages).flatMap((on) => {
    if (on.cls === inside.cls) return [];
    // Two readers do not keep each other out.
    const starts = (orders.get(inside.cls) ?? []).filter(
      ({ shared }) => !(shared && inside.shared),
    );
    return starts.flatMap((first) => {
      const path = shortest(
        orders,
        first,
        (last) => last.to === on.cls && !(last.recursive && on.shared),
      );
      if (!path) return [];
      const { context } = inside;
      const rule = `${context}-safe -> ${context}-unsafe lock order detected`;
      const message = [...path.map(({ from }) => from), on.cls].join(' -> ');
      return [candidate(rule, `${inside.cls} -> ${on.cls}`, message, [inside, ...path, on])];
    });
  });
}

function against(inside: Usage, usages: readonly Usage[]): Usage[] {
  if (inside.as !== 'in') return [];
  return usages.filter(
    ({ as, context, shared }) =>
      as === 'on' && context === inside.context && !(shared && inside.shared),
  );
}

/** `HARDIRQ-ON-W`, as the kernel prints it. */
export function bit({ context, as, shared }: Usage): string {
  if (context === 'NMI') return as === 'in' ? 'IN-NMI' : 'INITIAL USE';
  const mode = shared ? 'R' : 'W';
  return as === 'in' ? `IN-${context}-${mode}` : `${context}-ON-${mode}`;
}

/** Orders that lead on from `first`, breadth first, up to one that ends the search. */
function shortest(
  orders: ReadonlyMap<string, readonly Order[]>,
  first: Order,
  ends: (last: Order) => boolean,
): Order[] | null {
  const seen = new Set<Order>([first]);
  let paths = [[first]];
  while (paths.length > 0) {
    const longer: Order[][] = [];
    for (const path of paths) {
      const last = path.at(-1)!;
      if (ends(last)) return path;
      for (const next of orders.get(last.to) ?? []) {
        if (seen.has(next) || !follows(last, next)) continue;
        seen.add(next);
        longer.push([...path, next]);
      }
    }
    paths = longer;
  }
  return null;
}

/** What was learned in one or more runs, and where. */
export class Lockdep {
  private readonly places = new Map<string, Place>();
  private readonly seen = new Set<Node>();
  /** What it makes of so many facts. */
  private made = { of: 0, reports: [] as readonly LockReport[] };

  /** @returns whether there is more to it than before */
  see(machine: Machine, node: Node): boolean {
    if (this.seen.has(node)) return false;
    this.seen.add(node);
    const { size } = this.places;
    for (const key of keysOf(node)) {
      if (!this.places.has(key)) this.places.set(key, placeOf(machine, node, told(factOf(key))));
    }
    return this.places.size > size;
  }

  /** Reports that are not among `reported`, to which they are added. */
  news(reported = new Set<string>()): LockReport[] {
    const { size } = this.places;
    if (size !== this.made.of) {
      this.made = { of: size, reports: lockReports([...this.places.keys()]) };
    }
    const found = this.made.reports.filter(({ title }) => !reported.has(title));
    for (const { title } of found) reported.add(title);
    return found;
  }

  placesOf({ facts }: LockReport): Place[] {
    return facts.map((key) => this.places.get(key)!);
  }
}

function told(fact: Fact): string {
  if (fact.kind === 'order') return `${fact.from} -> ${fact.to}`;
  if (fact.kind === 'usage') return `{${bit(fact)}} ${fact.cls}`;
  return `${fact.held} -> ${fact.taken}`;
}

/** A strong path: a recursive reader does not wait for one who holds the lock as a reader. */
function follows(last: Order, next: Order): boolean {
  return !(last.recursive && next.shared);
}
