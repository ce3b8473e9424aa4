import { COMPARED, type Condition } from '../model/condition.ts';
import { type Binding, isReassigned, type Reference } from './scopes.ts';
import { bare, children, isFunction, type Node, type Program } from './syntax.ts';
import type { Table } from './table.ts';

/** Conditions of a module, and the variables of the module that tell their values. */
export class Conditions {
  /** Expressions for the values that conditions refer to by index. */
  readonly values: string[] = [];
  readonly imports: ReadonlyMap<string, Import>;
  private readonly table: Table;
  readonly references: ReadonlyMap<Node, Reference>;
  /** What is the same each time that a function's conditions ask it, as text. */
  private readonly terms: string[] = [];
  private readonly constants: Binding[] = [];

  constructor(program: Program, table: Table) {
    this.table = table;
    this.imports = importsOf(program);
    this.references = new Map(table.references.map((reference) => [reference.node, reference]));
  }

  conditionOf(expression: Node): Condition {
    const node = bare(expression);
    switch (node.type) {
      case 'Literal':
        return isPlain(node.value) ? { literal: node.value } : null;
      case 'MemberExpression':
        return this.optionOf(node);
      case 'Identifier':
        return this.termOf(this.constantOf(node));
      case 'UnaryExpression': {
        const operand = node.operator === '!' ? this.conditionOf(node.argument) : null;
        return operand && { operator: '!', operands: [operand] };
      }
      case 'ConditionalExpression':
        return this.operation('?:', [node.test, node.consequent, node.alternate]);
      case 'LogicalExpression':
        return node.operator === '??'
          ? null
          : this.operation(node.operator, [node.left, node.right]);
      case 'BinaryExpression':
        return this.comparison(node);
      default:
        return null;
    }
  }

  private operation(operator: string, parts: readonly Node[]): Condition {
    const operands = parts.map((part) => this.conditionOf(part));
    return operands.some(Boolean) ? { operator, operands } : null;
  }

  private comparison({ left, right, operator }: Extract<Node, { type: 'BinaryExpression' }>) {
    if (!Object.hasOwn(COMPARED, operator)) return null;
    const sides = [this.constantOf(left), this.constantOf(right)];
    if (!/^[!=]==$/.test(operator) || sides.includes(null) || !sides.some(isVariable)) {
      return this.operation(operator, [left, right]);
    }
    const same = this.termOf(sides.sort().join(' === '));
    return operator === '===' ? same : { operator: '!', operands: [same] };
  }

  /** A variable that keeps its value, or a literal, as text; null: it is neither. */
  private constantOf(expression: Node): string | null {
    const node = bare(expression);
    if (node.type === 'Literal') return isPlain(node.value) ? JSON.stringify(node.value) : null;
    const { binding = null } = this.references.get(node) ?? {};
    // A `var` is initialised in each round of a loop, and others may assign to what they export.
    if (!binding || ['var', 'import'].includes(binding.kind) || isReassigned(binding)) return null;
    const known = this.constants.indexOf(binding);
    return `$${known < 0 ? this.constants.push(binding) - 1 : known}`;
  }

  private termOf(text: string | null): Condition {
    if (text === null) return null;
    const known = this.terms.indexOf(text);
    return { term: known < 0 ? this.terms.push(text) - 1 : known };
  }

  /**
   * Is it the same in the whole search, as what build() makes of its parameters: of literals, and of
   * constants of a function around it that is neither a thread's nor a predicate?
   */
  isFixed(expression: Node): boolean {
    const node = bare(expression);
    switch (node.type) {
      case 'Literal':
        return true;
      case 'Identifier': {
        const { binding = null, fn } = this.references.get(node) ?? {};
        if (!binding?.owner || binding.owner === fn || isReassigned(binding)) return false;
        const { rewritten, arrow } = binding.owner;
        return !rewritten && !arrow && !(binding.init && hasCall(binding.init));
      }
      case 'MemberExpression':
        return !node.computed && this.isFixed(node.object);
      case 'UnaryExpression':
        return this.isFixed(node.argument);
      case 'LogicalExpression':
      case 'BinaryExpression':
        return this.isFixed(node.left) && this.isFixed(node.right);
      default:
        return false;
    }
  }

  /** Which of `values` an expression is; null: it is no variable of the module. */
  valueOf(expression: Node): number | null {
    const text = this.textOf(bare(expression));
    if (text === null) return null;
    const known = this.values.indexOf(text);
    return known < 0 ? this.values.push(text) - 1 : known;
  }

  /** What the module imports by that name, where the node stands for it. */
  importOf(node: Node): Import | null {
    const { binding = null } = this.references.get(node) ?? {};
    return binding?.kind === 'import' ? (this.imports.get(binding.name) ?? null) : null;
  }

  /** Does the name stand for a generator of the module, and for nothing else? */
  isGenerator(node: Node): boolean {
    const { binding = null } = this.references.get(node) ?? {};
    const init = binding?.init && !isReassigned(binding) ? bare(binding.init) : null;
    return init !== null && isFunction(init) && init.generator;
  }

  private textOf(node: Node): string | null {
    if (node.type === 'Identifier') {
      const { binding = null } = this.references.get(node) ?? {};
      return binding?.scope === this.table.module ? node.name : null;
    }
    const ofNamespace =
      node.type === 'MemberExpression' && !node.computed && this.importOf(node.object)?.namespace;
    if (!ofNamespace || node.object.type !== 'Identifier') return null;
    return node.property.type === 'Identifier' ? `${node.object.name}.${node.property.name}` : null;
  }

  private optionOf(node: Extract<Node, { type: 'MemberExpression' }>): Condition {
    const { property, computed } = node;
    const key = computed ? bare(property) : property;
    const option =
      key.type === 'Literal' ? key.value : !computed && key.type === 'Identifier' ? key.name : null;
    const of = typeof option === 'string' ? this.valueOf(node.object) : null;
    return of === null || typeof option !== 'string' ? null : { option, of };
  }
}

/** Of what `constantOf` gives. */
function isVariable(text: string | null): boolean {
  return text?.startsWith('$') === true;
}

export interface Import {
  readonly source: string;
  /** As the other module calls it; null: another way than by name. */
  readonly name: string | null;
  /** All that the other module exports: `import * as x`. */
  readonly namespace: boolean;
}

function importsOf(program: Program): Map<string, Import> {
  const found = new Map<string, Import>();
  for (const node of program.body) {
    if (node.type !== 'ImportDeclaration') continue;
    for (const specifier of node.specifiers) {
      const { type, local } = specifier;
      const namespace = type === 'ImportNamespaceSpecifier';
      const name =
        type === 'ImportSpecifier' && 'name' in specifier.imported ? specifier.imported.name : null;
      found.set(local.name, { source: node.source.value, name, namespace });
    }
  }
  return found;
}

function hasCall(node: Node): boolean {
  return node.type === 'CallExpression' || children(node).some(hasCall);
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
