import type { LockUse, ThreadContext } from '../model/context.ts';
import type { Machine, Node } from '../model/machine.ts';
import type { Acquire } from '../model/operation.ts';
import type { Place } from './outcome.ts';
import { placeOf } from './places.ts';

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

type Interrupts = 'HARDIRQ' | 'SOFTIRQ';

const INTERRUPTS: readonly Interrupts[] = ['HARDIRQ', 'SOFTIRQ'];

export interface LockReport {
  readonly rule: string;
  readonly message: string;
  /** What it follows from, by key: none can be left out. */
  readonly facts: readonly string[];
}

export function keyOf(fact: Fact): string {
  return JSON.stringify(fact);
}

/** What a thread in this local state adds to what is known. */
export function factsOf({ state: { context, pending } }: Node): Fact[] {
  const facts: Fact[] = [];
  for (const use of context.held) facts.push(...heldFacts(use, context));
  for (const acquire of pending?.acquires ?? []) {
    if (acquire.cls !== null && !acquire.trylock) facts.push(...askedFacts(acquire, context));
  }
  return facts;
}

/** mark_held_locks(): what is held with interrupts on could be asked for by one. */
function heldFacts({ cls, mode, map }: LockUse, context: ThreadContext): Fact[] {
  if (cls === null || map || context.irqsOff || context.kind === 'hardirq') return [];
  const shared = mode !== 'exclusive';
  const softirqs = context.bhOff === 0 && context.kind !== 'softirq';
  const on = softirqs ? INTERRUPTS : (['HARDIRQ'] as const);
  return on.map((each) => ({ kind: 'usage', cls, context: each, as: 'on', shared }));
}

function askedFacts(acquire: Acquire, { held, kind }: ThreadContext): Fact[] {
  const facts: Fact[] = [];
  const to = acquire.cls!;
  const shared = acquire.mode !== 'exclusive';
  if (!acquire.map && (kind === 'hardirq' || kind === 'softirq')) {
    const context = kind === 'hardirq' ? 'HARDIRQ' : 'SOFTIRQ';
    facts.push({ kind: 'usage', cls: to, context, as: 'in', shared });
  }
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

/** One report for each rule that the facts break: the one with the fewest facts, then in order. */
export function lockReports(facts: readonly Fact[]): LockReport[] {
  const all = [...facts].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
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
    const old = best.get(each.rule);
    if (!old || each.facts.length < old.facts.length) best.set(each.rule, each);
  }
  return [...best.values()].map(({ rule, message, facts: because }) => ({
    rule,
    message,
    facts: because.map(keyOf),
  }));
}

interface Candidate {
  readonly rule: string;
  readonly message: string;
  readonly facts: readonly Fact[];
}

function alone(fact: Fact): Candidate[] {
  if (fact.kind === 'recursion') {
    const message = `${fact.taken} is taken with ${fact.held} held, a lock of the same class`;
    return [{ rule: 'possible recursive locking detected', message, facts: [fact] }];
  }
  if (fact.kind === 'nesting') {
    const message = `${fact.taken}, which may sleep on PREEMPT_RT, is taken with the raw ${fact.held} held`;
    return [{ rule: 'Invalid wait context', message, facts: [fact] }];
  }
  return [];
}

/** The shortest circle through each order, if any. */
function circles(orders: ReadonlyMap<string, readonly Order[]>): Candidate[] {
  return [...orders.values()].flat().flatMap((first) => {
    const path = shortest(orders, first, (last) => last.to === first.from && follows(last, first));
    if (!path) return [];
    const message = [...path.map(({ from }) => from), first.from].join(' -> ');
    return [{ rule: 'possible circular locking dependency detected', message, facts: path }];
  });
}

/** A lock that an interrupt takes is also held where such an interrupt may come. */
function inconsistent(inside: Usage, usages: readonly Usage[]): Candidate[] {
  return against(inside, usages)
    .filter(({ cls }) => cls === inside.cls)
    .map((on) => ({
      rule: 'inconsistent lock state',
      message: `${inside.cls}: {${bit(on)}} -> {${bit(inside)}} usage`,
      facts: [on, inside],
    }));
}

/** With a lock held that an interrupt takes, one is asked for that may be held as one comes. */
function unsafe(
  inside: Usage,
  usages: readonly Usage[],
  orders: ReadonlyMap<string, readonly Order[]>,
): Candidate[] {
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
      return [
        {
          rule: `${context}-safe -> ${context}-unsafe lock order detected`,
          message: [...path.map(({ from }) => from), on.cls].join(' -> '),
          facts: [inside, ...path, on],
        },
      ];
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
function bit({ context, as, shared }: Usage): string {
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

  see(machine: Machine, node: Node): void {
    for (const fact of factsOf(node)) {
      const key = keyOf(fact);
      if (!this.places.has(key)) this.places.set(key, placeOf(machine, node, told(fact)));
    }
  }

  /** Reports of rules that are not among `reported`, to which they are added. */
  news(reported = new Set<string>()): LockReport[] {
    const facts = [...this.places.keys()].map((key) => JSON.parse(key) as Fact);
    const found = lockReports(facts).filter(({ rule }) => !reported.has(rule));
    for (const { rule } of found) reported.add(rule);
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
