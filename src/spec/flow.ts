import type { Condition, Flow, Place } from '../model/coverage.ts';
import type { Analysis } from './analyse.ts';
import type { Conditions } from './conditions.ts';
import { type Binding, type FunctionPlace, lookUp } from './scopes.ts';
import {
  bare,
  children,
  type FunctionNode,
  isFunction,
  isTypeOnly,
  leaves,
  type Node,
  type Program,
} from './syntax.ts';

/** What `Flow` says of a module. */
export interface ModuleFlow extends Pick<Flow, 'entries' | 'open'> {
  readonly places: ReadonlyMap<Node, Place>;
}

/**
 * Under which conditions the code of a module runs, and from where its functions and those that it
 * imports are called: wherever they are named. A function without a name of its own is called from
 * where it is made. Too many places only make a statement be listed that need not be.
 */
export function flowOf(
  program: Program,
  analysis: Analysis,
  conditions: Conditions,
  idOf: (node: FunctionNode) => string,
  siteOf: (node: Node) => string | undefined,
): ModuleFlow {
  const { table, functions } = analysis;
  const walk = new Walk(conditions, idOf, siteOf);
  walk.visit(program, { fn: null, when: [] });
  const { places } = walk;
  const entries = new Map<string, Flow['entries'][number]>();
  const enter = (fn: string | number, from: Place): void => {
    entries.set(JSON.stringify([fn, from]), [fn, from]);
  };
  const variables = functionVariables(analysis);
  for (const each of functions) {
    const { node } = each.info;
    if (!node) continue;
    const binding = nameOf(each, variables);
    if (!binding) enter(idOf(node), places.get(node)!);
    for (const ref of binding?.refs ?? []) enter(idOf(node), places.get(ref.node)!);
  }
  let { open } = walk;
  for (const { node, name, binding } of table.references) {
    if (!binding && name === 'require') open = true;
    const imported = conditions.importOf(node);
    if (!imported || imported.source === 'lockstep') continue;
    const whole = imported.namespace ? walk.members.get(node) : node;
    const value = whole && conditions.valueOf(whole);
    if (value == null) open = true;
    else enter(value, places.get(node)!);
  }
  return { places, entries: [...entries.values()], open };
}

/** Notes where each node stands. */
class Walk {
  readonly places = new Map<Node, Place>();
  /** `o.p` by o. */
  readonly members = new Map<Node, Node>();
  open = false;
  private readonly conditions: Conditions;
  private readonly idOf: (node: FunctionNode) => string;
  private readonly siteOf: (node: Node) => string | undefined;

  constructor(
    conditions: Conditions,
    idOf: (node: FunctionNode) => string,
    siteOf: (node: Node) => string | undefined,
  ) {
    this.conditions = conditions;
    this.idOf = idOf;
    this.siteOf = siteOf;
  }

  visit(node: Node, at: Place): void {
    if (isTypeOnly(node)) return;
    this.places.set(node, at);
    const site = this.siteOf(node);
    if (isFunction(node)) at = { fn: this.idOf(node), when: [] };
    else if (site !== undefined) at = { ...at, site };
    switch (node.type) {
      case 'IfStatement':
      case 'ConditionalExpression':
        this.visit(node.test, at);
        this.visit(node.consequent, this.given(node.test, true, at));
        if (node.alternate) this.visit(node.alternate, this.given(node.test, false, at));
        return;
      case 'LogicalExpression': {
        const { left, right, operator } = node;
        this.visit(left, at);
        this.visit(right, operator === '??' ? at : this.given(left, operator === '&&', at));
        return;
      }
      case 'WhileStatement':
        this.visit(node.test, at);
        this.visit(node.body, this.given(node.test, true, at));
        return;
      case 'Program':
      case 'BlockStatement':
        this.sequence(node.body, at);
        return;
      case 'SwitchCase':
        if (node.test) this.visit(node.test, at);
        this.sequence(node.consequent, at);
        return;
      case 'MemberExpression':
        this.members.set(node.object, node);
        break;
      case 'ExportAllDeclaration':
        if (node.exported) this.open = true;
        break;
      case 'ImportExpression':
      case 'TSImportEqualsDeclaration':
      case 'TSModuleDeclaration':
        this.open = true;
    }
    for (const child of children(node)) this.visit(child, at);
  }

  /** Statements one after the other: `if (x) return;` is a condition of those that follow. */
  private sequence(statements: readonly Node[], at: Place): void {
    let here = at;
    for (const statement of statements) {
      this.visit(statement, here);
      here = { ...here, when: [...here.when, ...this.passed(statement)] };
    }
  }

  /** What is so when the statement after it is come to. */
  private passed(node: Node): Place['when'] {
    if (node.type === 'BlockStatement') return node.body.flatMap((each) => this.passed(each));
    if (node.type !== 'IfStatement') return [];
    const { test, consequent, alternate } = node;
    if (leaves(consequent)) {
      return [...this.when(test, false), ...(alternate ? this.passed(alternate) : [])];
    }
    if (!alternate || !leaves(alternate)) return [];
    return [...this.when(test, true), ...this.passed(consequent)];
  }

  private given(test: Node, truth: boolean, at: Place): Place {
    return { ...at, when: [...at.when, ...this.when(test, truth)] };
  }

  private when(test: Node, truth: boolean): [Condition, boolean][] {
    const condition = this.conditions.conditionOf(test);
    return condition ? [[condition, truth]] : [];
  }
}

/** Variables that a function is the first value of, by the function. */
function functionVariables({ table }: Analysis): Map<Node, Binding> {
  const bindings = [...table.module.bindings.values()];
  for (const { binding } of table.references) if (binding) bindings.push(binding);
  const found = new Map<Node, Binding>();
  for (const binding of bindings) if (binding.init) found.set(bare(binding.init), binding);
  return found;
}

/** The variable that is the only way to the function. */
function nameOf(
  { info, scope }: FunctionPlace,
  variables: ReadonlyMap<Node, Binding>,
): Binding | null {
  const node = info.node!;
  if (node.type === 'FunctionDeclaration') return node.id && lookUp(scope, node.id.name);
  // `const f = function g() {}` has two.
  return node.id ? null : (variables.get(node) ?? null);
}
