import type { Keep } from './scopes.ts';
import { bare, type Node } from './syntax.ts';

/** Part of an expression, and how to keep its value when a later part suspends. */
export interface Operand {
  readonly node: Node;
  readonly how: Keep;
  readonly method?: string;
}

/**
 * The parts of an expression whose values are held until the last of them has been evaluated, in
 * the order of their evaluation. Null: the expression holds no value while a part is evaluated.
 */
export function operandsOf(node: Node): Operand[] | null {
  switch (node.type) {
    case 'BinaryExpression':
      return node.left.type === 'PrivateIdentifier'
        ? [value(node.right)]
        : [value(node.left), value(node.right)];
    case 'MemberExpression':
      return member(node);
    case 'CallExpression':
      return [...callee(node.callee), ...node.arguments.map(argument)];
    case 'NewExpression':
      return [value(node.callee), ...node.arguments.map(argument)];
    case 'ArrayExpression':
      return node.elements.filter((element) => element !== null).map(argument);
    case 'ObjectExpression':
      return node.properties.flatMap(property);
    case 'TemplateLiteral':
      return node.expressions.map((part) => ({ node: part, how: 'string' as const }));
    case 'TaggedTemplateExpression':
      return [hidden(node.tag), ...node.quasi.expressions.map(hidden)];
    case 'ImportExpression':
      return [hidden(node.source), ...(node.options ? [hidden(node.options)] : [])];
    default:
      return null;
  }
}

function value(node: Node): Operand {
  return { node, how: 'value' };
}

function hidden(node: Node): Operand {
  return { node, how: 'opaque' };
}

/** The object and the key, as far as they are expressions. */
export function member(node: Extract<Node, { type: 'MemberExpression' }>): Operand[] {
  const object = node.object.type === 'Super' ? hidden(node.object) : value(node.object);
  return node.computed ? [object, value(node.property)] : [object];
}

/** A method is looked up before the arguments are evaluated, so it is held beside its object. */
function callee(node: Node): Operand[] {
  const target = bare(node);
  if (target.type !== 'MemberExpression') return [value(node)];
  if (target.computed) return [hidden(target.object), hidden(target.property)];
  if (target.object.type === 'Super' || target.property.type === 'PrivateIdentifier') {
    return [hidden(target.object)];
  }
  return [{ node: target.object, how: 'callee', method: target.property.name }];
}

function argument(node: Node): Operand {
  return node.type === 'SpreadElement' ? { node: node.argument, how: 'spread-array' } : value(node);
}

function property(node: Node): Operand[] {
  if (node.type === 'SpreadElement') return [{ node: node.argument, how: 'spread-object' }];
  if (node.type !== 'Property') return [hidden(node)];
  const key = node.computed ? [hidden(node.key)] : [];
  const plain = !node.method && node.kind === 'init';
  if (!plain) return [...key, hidden(node.value)];
  return [...key, { node: node.value, how: node.shorthand ? 'shorthand' : 'value' }];
}
