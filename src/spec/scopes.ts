import type { FunctionNode, Node, YieldNode } from './syntax.ts';

/** A loop of a function, as the range of evaluation order that it may go through again. */
export interface Loop {
  readonly start: number;
  end: number;
}

export type BindingKind =
  | 'let'
  | 'const'
  | 'var'
  | 'class'
  | 'function'
  | 'param'
  | 'catch'
  | 'import';

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly scope: Scope;
  /** The function that the variable is a local of; null: of the module. */
  readonly owner: FunctionInfo | null;
  /** Evaluation order from which on it is certainly initialised; before: certainly not. */
  ready: number;
  /** What it is initialised with, where that is one expression. */
  init: Node | null;
  /** Body of the `for (let ...; ...; ...)` that declares it: each round has its own copy. */
  body: Node | null;
  readonly refs: Reference[];
}

export interface Reference {
  readonly name: string;
  readonly node: Node;
  readonly scope: Scope;
  readonly fn: FunctionInfo | null;
  /** Place in the order of evaluation; a closure's references stand where the closure is made. */
  readonly order: number;
  readonly reads: boolean;
  readonly writes: boolean;
  binding: Binding | null;
}

export interface Scope {
  readonly parent: Scope | null;
  readonly fn: FunctionInfo | null;
  readonly kind: 'module' | 'function' | 'block' | 'switch';
  /** Loops of the same function that make the scope anew each time round. */
  readonly loops: readonly Loop[];
  readonly bindings: Map<string, Binding>;
}

export interface FunctionInfo {
  /** Null for the initialisers of a class, which run as functions of their own. */
  readonly node: FunctionNode | null;
  readonly parent: FunctionInfo | null;
  readonly name: string;
  readonly arrow: boolean;
  /** A generator whose yields are sites. */
  readonly rewritten: boolean;
  /** Variables of enclosing functions that it, or a function in it, refers to. */
  readonly captures: Set<Binding>;
  /** Uses `this` or `super` of its own, at these orders. */
  readonly thisReads: number[];
  /** An arrow function that uses `this`, `super` or `arguments` of outside. */
  usesOuterThis: boolean;
  usesArguments: boolean;
  /** Has hidden state that is not modelled (`using`). */
  opaque: boolean;
}

/** An operand evaluated before a yield and used after it. */
export interface Pending {
  readonly node: Node;
  readonly how: Keep;
  /** For `callee`: name of the method. */
  readonly method?: string;
}

/** How an operand is kept readable while it is pending; `opaque`: it is not. */
export type Keep =
  | 'value'
  | 'shorthand'
  | 'callee'
  | 'spread-array'
  | 'spread-object'
  | 'string'
  | 'cursor'
  | 'old-value'
  | 'opaque';

export interface YieldSite {
  readonly node: YieldNode;
  readonly fn: FunctionInfo;
  readonly scope: Scope;
  readonly loops: readonly Loop[];
  readonly order: number;
  readonly pending: readonly Pending[];
  /** Name of the variable that the result goes to, before anything else can read it. */
  readonly overwrites: string | null;
  /** The statement that it stands in. */
  readonly statement: Node;
}

/** Where a function is made, for its registration. */
export interface FunctionPlace {
  readonly info: FunctionInfo;
  readonly scope: Scope;
  /** The program or block that a declaration stands in. */
  readonly block: Node;
  /** A method, say: may not be wrapped in a call. */
  readonly fixed: boolean;
}

export function encloses(outer: FunctionInfo | null, inner: FunctionInfo | null): boolean {
  for (let fn = inner; fn; fn = fn.parent) if (fn === outer) return true;
  return outer === null;
}

/** May its value change after it has been initialised? */
export function isReassigned(binding: Binding): boolean {
  return binding.refs.some((ref) => ref.writes);
}

export function lookUp(scope: Scope, name: string): Binding | null {
  for (let at: Scope | null = scope; at; at = at.parent) {
    const found = at.bindings.get(name);
    if (found) return found;
  }
  return null;
}
