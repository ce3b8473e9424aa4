import { type Condition, optional } from '../model/condition.ts';
import type { Flow, Place } from '../model/coverage.ts';
import type { Analysis } from './analyse.ts';
import type { Conditions } from './conditions.ts';
import { calledAtOnce } from './function-places.ts';
import { type Binding, type FunctionInfo, type FunctionPlace, lookUp } from './scopes.ts';
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
  /** Where functions are named that build() may come to or not, with the ids in `entries`. */
  readonly named: ReadonlyMap<Node, string>;
  /** `o` in `{ o }`. */
  readonly shorthands: ReadonlySet<Node>;
}

/** Ids of what a module has, for the whole bundle. */
export interface Ids {
  readonly module: string;
  readonly ofFunction: (node: FunctionNode) => string;
  readonly ofSite: (node: Node) => string | undefined;
}

/** Where a function is named, or one without a name stands. */
interface Naming {
  /** As in `Entry`. */
  readonly fn: string | number;
  readonly node: Node;
  readonly by: FunctionInfo | null;
  /** It can be noted that code comes to it. */
  readonly noted: boolean;
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
  ids: Ids,
): ModuleFlow {
  const { table, functions } = analysis;
  const walk = new Walk(conditions, ids);
  walk.visit(program, { fn: null, when: [] });
  const { places, atOnce } = walk;
  const found: Naming[] = [];
  const variables = functionVariables(analysis);
  for (const each of functions) {
    const { node, parent } = each.info;
    if (!node) continue;
    const fn = ids.ofFunction(node);
    const binding = nameOf(each, variables);
    if (!binding) found.push({ fn, node, by: parent, noted: false });
    for (const ref of binding?.refs ?? []) {
      found.push({ fn, node: ref.node, by: ref.fn, noted: !ref.writes });
    }
  }
  let { open } = walk;
  for (const { node, name, binding, fn } of table.references) {
    if (!binding && name === 'require') open = true;
    const imported = conditions.importOf(node);
    if (!imported || imported.source === 'lockstep') continue;
    const whole = imported.namespace ? walk.members.get(node) : node;
    const value = whole && conditions.valueOf(whole);
    if (value == null) open = true;
    else found.push({ fn: value, node: whole!, by: fn, noted: whole === node });
  }
  /** Perhaps it runs as a part of build() only. */
  const mayBuild = (info: FunctionInfo | null, within: readonly FunctionInfo[] = []): boolean => {
    if (!info?.node || info.rewritten || within.includes(info)) return false;
    if (info.name === 'build') return true;
    const id = ids.ofFunction(info.node);
    const calls = found.filter(({ fn }) => fn === id);
    return calls.every(({ node, by }) => atOnce.has(node) && mayBuild(by, [...within, info]));
  };
  const named = new Map<Node, string>();
  for (const { node, by, noted } of found) {
    if (noted && !walk.kept.has(node) && mayBuild(by)) {
      named.set(node, `${ids.module}:n${named.size}`);
    }
  }
  const entries = found.map(({ fn, node }) => ({
    fn,
    from: optionally(places.get(node)!),
    atOnce: atOnce.has(node),
    named: named.get(node) ?? null,
  }));
  const distinct = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
  return { places, named, shorthands: walk.shorthands, entries: [...distinct.values()], open };
}

/** Notes where each node stands. */
class Walk {
  readonly places = new Map<Node, Place>();
  /** `o.p` by o. */
  readonly members = new Map<Node, Node>();
  readonly atOnce = new Set<Node>();
  readonly shorthands = new Set<Node>();
  /** Nodes that must stay as they are. */
  readonly kept = new Set<Node>();
  open = false;
  private readonly conditions: Conditions;
  private readonly ids: Ids;

  constructor(conditions: Conditions, ids: Ids) {
    this.conditions = conditions;
    this.ids = ids;
  }

  visit(node: Node, at: Place): void {
    if (isTypeOnly(node)) return;
    this.places.set(node, at);
    const site = this.ids.ofSite(node);
    if (isFunction(node)) at = { fn: this.ids.ofFunction(node), when: [] };
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
      case 'CallExpression':
        for (const each of calledAtOnce(node)) this.atOnce.add(each);
        break;
      case 'Property':
        if (node.shorthand) this.shorthands.add(node.value);
        break;
      case 'NewExpression':
        this.kept.add(node.callee);
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

/** With no more conditions than options have to do with. */
export function optionally(place: Place): Place {
  return { ...place, when: optional(place.when) };
}

/** Names of the module's own variables that it exports. */
export function exportedBy(program: Program): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' && node.type !== 'ExportDefaultDeclaration')
      continue;
    const { declaration } = node;
    if (declaration?.type === 'VariableDeclaration') {
      for (const { id } of declaration.declarations)
        if (id.type === 'Identifier') names.add(id.name);
    } else if (declaration && 'id' in declaration && declaration.id?.type === 'Identifier') {
      names.add(declaration.id.name);
    }
    for (const { local } of 'specifiers' in node ? node.specifiers : []) {
      if ('name' in local) names.add(local.name);
    }
  }
  return names;
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
