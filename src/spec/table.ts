import type { Binding, BindingKind, FunctionInfo, Loop, Reference, Scope } from './scopes.ts';
import { lookUp } from './scopes.ts';
import { bare, type FunctionNode, type Node } from './syntax.ts';

/** Scopes, variables and references as the walk meets them; resolved when it has met all. */
export class Table {
  scope: Scope = {
    parent: null,
    fn: null,
    kind: 'module',
    loops: [],
    bindings: new Map(),
  };
  fn: FunctionInfo | null = null;
  readonly module: Scope = this.scope;
  readonly references: Reference[] = [];
  readonly infos = new Map<FunctionNode, FunctionInfo>();
  private order = 0;
  /** Names that functions without one get from where they stand. */
  private readonly names = new Map<Node, string>();
  /** Functions that may not be wrapped in a call where they stand. */
  private readonly fixed = new Set<Node>();

  next(): number {
    return ++this.order;
  }

  push(kind: Scope['kind'], loops: readonly Loop[]): void {
    this.scope = { parent: this.scope, fn: this.fn, kind, loops, bindings: new Map() };
  }

  pop(): void {
    this.scope = this.scope.parent!;
  }

  declare(name: string, kind: BindingKind): Binding {
    let scope = this.scope;
    if (kind === 'var') {
      while (scope.kind !== 'function' && scope.kind !== 'module') scope = scope.parent!;
    }
    let binding = scope.bindings.get(name);
    if (!binding) {
      binding = { name, kind, scope, owner: scope.fn, ready: 0, init: null, body: null, refs: [] };
      scope.bindings.set(name, binding);
    }
    binding.ready = this.next();
    return binding;
  }

  /** After `declare`, for a declarator of one name. A `var` exists before it is initialised. */
  initialise(id: Node & { readonly name: string }, init: Node | null, assigned: boolean): void {
    const binding = lookUp(this.scope, id.name);
    if (!binding) return;
    binding.init ??= init;
    if (binding.kind === 'var' && (init || assigned))
      this.refer(id, { reads: false, writes: true });
  }

  refer(node: Node & { readonly name: string }, how: { reads: boolean; writes: boolean }): void {
    const { scope, fn } = this;
    const order = this.next();
    this.references.push({ name: node.name, node, scope, fn, order, binding: null, ...how });
  }

  referThis(): void {
    let fn = this.fn;
    for (; fn?.arrow; fn = fn.parent) fn.usesOuterThis = true;
    fn?.thisReads.push(this.next());
  }

  nameFunction(value: Node, name: string | null): void {
    if (name !== null) this.names.set(bare(value), name);
  }

  /** A method: part of the literal or class that it stands in. */
  fix(node: Node, key?: Node): void {
    this.fixed.add(node);
    if (key && 'name' in key && typeof key.name === 'string') this.names.set(node, key.name);
  }

  isFixed(node: Node): boolean {
    return this.fixed.has(node);
  }

  /** @param node null: the initialisers of a class */
  enterFunction(node: FunctionNode | null): FunctionInfo {
    const id = node?.id ?? null;
    if (node?.type === 'FunctionDeclaration' && id) {
      const binding = this.declare(id.name, 'function');
      // Twice the same name in one scope: which function it means is not followed.
      if (binding.init) this.refer(id, { reads: false, writes: true });
      binding.init ??= node;
    }
    // Every function has this scope, so that leaving is the same for all.
    this.push('block', []);
    if (node?.type === 'FunctionExpression' && id) this.declare(id.name, 'function').init = node;
    const info: FunctionInfo = {
      node,
      parent: this.fn,
      name: id?.name ?? (node && this.names.get(node)) ?? '',
      arrow: node?.type === 'ArrowFunctionExpression',
      rewritten: Boolean(node?.generator && !node.async),
      captures: new Set(),
      thisReads: [],
      usesOuterThis: false,
      usesArguments: false,
      opaque: false,
    };
    if (node) this.infos.set(node, info);
    this.fn = info;
    this.push('function', []);
    return info;
  }

  leaveFunction(): void {
    this.pop();
    this.pop();
    this.fn = this.fn!.parent;
  }

  resolve(): void {
    for (const reference of this.references) {
      const binding = lookUp(reference.scope, reference.name);
      reference.binding = binding;
      if (!binding) {
        if (reference.name === 'arguments') markArguments(reference.fn);
        continue;
      }
      binding.refs.push(reference);
      if (!binding.owner) continue;
      for (let fn = reference.fn; fn && fn !== binding.owner; fn = fn.parent) {
        fn.captures.add(binding);
      }
    }
  }
}

function markArguments(from: FunctionInfo | null): void {
  let fn = from;
  for (; fn?.arrow; fn = fn.parent) fn.usesOuterThis = true;
  if (fn) fn.usesArguments = true;
}
