import { bare, isFunction, type Node } from './syntax.ts';
import type { Table } from './table.ts';

/** Names functions in an expression by where they stand, and marks those that stay unregistered. */
export function placeFunctions(node: Node, table: Table): void {
  switch (node.type) {
    case 'ObjectExpression':
      for (const property of node.properties) {
        if (property.type !== 'Property') continue;
        const { key, value, method, kind, computed } = property;
        if (key.type === 'Literal') table.nameFunction(value, `${key.value}`);
        else if (key.type === 'Identifier' && !computed) table.nameFunction(value, key.name);
        if (method || kind !== 'init') table.fix(value);
      }
      break;
    case 'NewExpression':
      // `new function () {}` would call what is put around the function.
      if (isFunction(node.callee)) table.fix(node.callee);
      break;
    case 'CallExpression':
      if (!FORGETTING.has(methodOf(node))) break;
      for (const argument of node.arguments) if (isFunction(argument)) table.fix(argument);
  }
}

/** What runs before a call gives its result, as far as that is certain. */
export function calledAtOnce(call: CallNode): readonly Node[] {
  const forgets = FORGETTING.has(methodOf(call)) || methodOf(call) === 'from';
  return [call.callee, ...(forgets ? call.arguments : [])].map(bare);
}

type CallNode = Extract<Node, { type: 'CallExpression' }>;

function methodOf({ callee }: CallNode): string {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return '';
  return callee.property.name;
}

/** `list.map(...)` calls its function and forgets it, so registering it would be for nothing. */
const FORGETTING: ReadonlySet<string> = new Set([
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'flatMap',
  'forEach',
  'map',
  'reduce',
  'reduceRight',
  'some',
  'sort',
  'toSorted',
]);
