import { bare, type Node } from './syntax.ts';

/**
 * The calls, and variables, right below a node whose value is looked into as plain data, or dropped:
 * where it is an operation or a generator, its author forgot to run it.
 */
export function lookedInto(node: Node): Node[] {
  switch (node.type) {
    case 'ExpressionStatement':
      return results(node.expression);
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ConditionalExpression':
      return results(node.test);
    case 'ForStatement':
      return node.test ? results(node.test) : [];
    case 'SwitchStatement':
      return results(node.discriminant);
    case 'LogicalExpression':
      return node.operator === '??' ? [] : results(node.left);
    case 'UnaryExpression':
      return /^[!~+-]$/.test(node.operator) ? results(node.argument) : [];
    case 'BinaryExpression':
      return /^in/.test(node.operator) ? [] : [...results(node.left), ...results(node.right)];
    case 'AssignmentExpression':
      return /^[^=|&?]+=$|^[|&]=$/.test(node.operator) ? results(node.right) : [];
    case 'TemplateLiteral':
      return node.expressions.flatMap(results);
    default:
      return [];
  }
}

/** What may give the value of an expression; the left side of `&&` is looked into on its own. */
function results(expression: Node): Node[] {
  const node = bare(expression);
  switch (node.type) {
    case 'CallExpression':
    case 'Identifier':
      return [node];
    case 'LogicalExpression':
      return results(node.right);
    case 'ConditionalExpression':
      return [...results(node.consequent), ...results(node.alternate)];
    default:
      return [];
  }
}
