import { isFunction, type Node } from './syntax.ts';
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
    case 'CallExpression': {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') break;
      if (!FORGETTING.has(callee.property.name)) break;
      for (const argument of node.arguments) if (isFunction(argument)) table.fix(argument);
    }
  }
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
