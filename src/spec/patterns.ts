import type { BindingKind } from './scopes.ts';
import { bare, type Node } from './syntax.ts';
import type { Table } from './table.ts';

/** Walks what stands on the left: targets that are assigned to, patterns that declare. */
export class Patterns {
  private readonly table: Table;
  private readonly visit: (node: Node) => void;

  /** @param visit walks an expression inside of a pattern */
  constructor(table: Table, visit: (node: Node) => void) {
    this.table = table;
    this.visit = visit;
  }

  /** What is assigned to; `reads`: and read before. */
  assign(node: Node, reads: boolean): void {
    const target = bare(node);
    switch (target.type) {
      case 'Identifier':
        this.table.refer(target, { reads, writes: true });
        break;
      case 'AssignmentPattern':
        this.value(target.left, target.right);
        this.assign(target.left, reads);
        break;
      case 'RestElement':
        this.assign(target.argument, reads);
        break;
      case 'ArrayPattern':
        for (const element of target.elements) if (element) this.assign(element, reads);
        break;
      case 'ObjectPattern':
        for (const property of target.properties) {
          if (property.type === 'Property' && property.computed) this.visit(property.key);
          this.assign(property.type === 'Property' ? property.value : property, reads);
        }
        break;
      default:
        this.visit(target);
    }
  }

  /** A pattern that declares: `const { a = 1, [k]: b } = ...`. */
  declare(node: Node, kind: BindingKind): void {
    switch (node.type) {
      case 'Identifier':
        // `this` as a parameter is a type.
        if (node.name !== 'this') this.table.declare(node.name, kind);
        break;
      case 'TSParameterProperty':
        this.declare(node.parameter, kind);
        break;
      case 'AssignmentPattern':
        this.value(node.left, node.right);
        this.declare(node.left, kind);
        break;
      case 'RestElement':
        this.declare(node.argument, kind);
        break;
      case 'ArrayPattern':
        for (const element of node.elements) if (element) this.declare(element, kind);
        break;
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'Property' && property.computed) this.visit(property.key);
          this.declare(property.type === 'Property' ? property.value : property, kind);
        }
        break;
      default:
        this.visit(node);
    }
  }

  /** What a variable or a default is given: a function there gets its name. */
  value(target: Node, value: Node): void {
    this.table.nameFunction(value, target.type === 'Identifier' ? target.name : null);
    this.visit(value);
  }
}
