import {
  type Binding,
  encloses,
  isReassigned,
  type Loop,
  lookUp,
  type Pending,
  type YieldSite,
} from './scopes.ts';
import { bare, type Node } from './syntax.ts';

/**
 * What of a suspended generator later code may still read. Keeping a dead variable only costs
 * merging; dropping a live one makes different states look the same, so in doubt the answer is null:
 * the site is identified by its history.
 *
 * A variable counts as live when a read of it stands later in the order of evaluation, or anywhere
 * in a loop around the site that does not make the variable anew each time round. A closure's reads
 * stand where the closure is made. A closure made before the site brings its own captured values
 * when it is reachable (`captures` in closures.ts), so they need not be live for its sake.
 */
export function liveAt(site: YieldSite): Live | null {
  const { fn, pending } = site;
  if (fn.usesArguments || fn.opaque || pending.some(({ how }) => how === 'opaque')) return null;
  const names = new Set<string>();
  const keep: Pending[] = [];
  for (const operand of pending) {
    const held = constantName(operand.node, site);
    // Of the other kinds, parts were taken that may change later, or a position is held.
    const whole = operand.how === 'value' || operand.how === 'shorthand';
    if (held === null || operand.how === 'cursor' || (held !== '' && !whole)) keep.push(operand);
    else if (held !== '') names.add(held);
  }
  for (const binding of candidates(site)) {
    if (!isLive(binding, site)) continue;
    // Hidden behind an inner variable of the same name: it cannot be looked at from here.
    if (lookUp(site.scope, binding.name) !== binding) return null;
    names.add(binding.name);
  }
  if (isUsedAfter(fn.thisReads, [], site)) names.add('this');
  return { names: [...names].sort(), pending: keep };
}

export interface Live {
  readonly names: readonly string[];
  /** Operands to be kept in temporaries. */
  readonly pending: readonly Pending[];
}

/** Variables in scope that are local to the generator or to a function around it. */
function candidates(site: YieldSite): Binding[] {
  const found: Binding[] = [];
  for (let scope = site.scope; scope.parent; scope = scope.parent) {
    for (const binding of scope.bindings.values()) {
      if (binding.owner) found.push(binding);
    }
  }
  return found;
}

function isLive(binding: Binding, site: YieldSite): boolean {
  const own = binding.owner === site.fn;
  const lexical = binding.kind === 'let' || binding.kind === 'const' || binding.kind === 'class';
  if (own && lexical && binding.ready > site.order) return false;
  if (own && binding.name === site.overwrites && !isCaptured(binding)) {
    if (lookUp(site.scope, binding.name) === binding) return false;
  }
  const reads = binding.refs
    .filter((ref) => ref.reads && encloses(site.fn, ref.fn))
    .map(({ order }) => order);
  return isUsedAfter(reads, binding.scope.loops, site);
}

function isCaptured(binding: Binding): boolean {
  return binding.refs.some(({ fn }) => fn !== binding.owner);
}

/** @param renewing the loops that make the variable anew each time round */
function isUsedAfter(
  reads: readonly number[],
  renewing: readonly Loop[],
  site: YieldSite,
): boolean {
  const again = site.loops.filter((loop) => !renewing.includes(loop));
  return reads.some(
    (order) => order > site.order || again.some(({ start, end }) => start <= order && order <= end),
  );
}

/**
 * Name of a variable that keeps an operand's value by itself, since it is never assigned again; ''
 * for what is constant throughout; null when the value needs a temporary.
 */
export function constantName(operand: Node, site: Pick<YieldSite, 'scope'>): string | null {
  const node = bare(operand);
  if (node.type === 'ThisExpression') return 'this';
  if (node.type !== 'Identifier') return null;
  const binding = lookUp(site.scope, node.name);
  if (!binding) return '';
  if (isReassigned(binding)) return null;
  return binding.owner ? node.name : '';
}
