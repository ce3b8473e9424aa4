import { sourceError } from './errors.ts';
import type { Binding, FunctionInfo, Reference } from './scopes.ts';
import { bare, children, type Node, type Program } from './syntax.ts';
import type { Table } from './table.ts';

/**
 * Variables that threads would share behind the checker's back: only operations on objects are
 * steps, so a plain variable that several threads see would make a run depend on the others' past.
 * @throws SpecError
 */
export function checkSharing(program: Program, table: Table, source: string, file: string): void {
  for (const { binding, fn, name, node, writes } of table.references) {
    const place = writes && binding && fn ? shared(binding, fn) : null;
    if (!place) continue;
    const message =
      `'${name}' is a variable of ${place} and changes while threads run; ` +
      `make it an object, variable('${name}', ...), and change it by operations`;
    throw sourceError(file, source, node.start, message);
  }
  const references = new Map(table.references.map((reference) => [reference.node, reference]));
  const visit = (node: Node): void => {
    const changed = changedBy(node, references);
    if (changed) {
      const message =
        `'${changed.name}' belongs to the module and changes while threads run; ` +
        'make what threads share objects, variable(...) or struct(...), changed by operations';
      throw sourceError(file, source, node.start, message);
    }
    children(node).forEach(visit);
  };
  visit(program);
}

/** Whose variable it is, when threads may share it; null when each run has its own. */
function shared(binding: Binding, fn: FunctionInfo): string | null {
  const { owner } = binding;
  if (!owner) return 'the module';
  // A generator that changes a variable of a plain function around it: that function, `build` say,
  // is not part of the thread's run, so the variable outlives it. Made by a thread it would not.
  const around = chain(fn);
  const byThread = around.slice(0, around.indexOf(owner)).some((at) => at.rewritten);
  const ofThread = chain(owner).some((at) => at.rewritten);
  return byThread && !ofThread ? `${owner.name || 'a function'}()` : null;
}

/** The function and those around it, innermost first. */
function chain(fn: FunctionInfo): FunctionInfo[] {
  return fn.parent ? [fn, ...chain(fn.parent)] : [fn];
}

/** The module's variable whose value a function changes in place, if `node` does such a thing. */
function changedBy(node: Node, references: ReadonlyMap<Node, Reference>): Reference | null {
  const target = targetOf(node);
  if (target?.type !== 'MemberExpression') return null;
  const root = references.get(rootOf(target));
  if (!root?.fn || !root.binding || root.binding.owner) return null;
  if (node.type === 'CallExpression' && !isCollection(root.binding.init)) return null;
  return root;
}

function targetOf(node: Node): Node | null {
  switch (node.type) {
    case 'AssignmentExpression':
      return bare(node.left);
    case 'UpdateExpression':
      return bare(node.argument);
    case 'UnaryExpression':
      return node.operator === 'delete' ? bare(node.argument) : null;
    case 'CallExpression': {
      const callee = bare(node.callee);
      const changes =
        callee.type === 'MemberExpression' &&
        callee.property.type === 'Identifier' &&
        CHANGING.has(callee.property.name) &&
        bare(callee.object).type === 'Identifier';
      return changes ? callee : null;
    }
    default:
      return null;
  }
}

function rootOf(node: Node): Node {
  const target = bare(node);
  return target.type === 'MemberExpression' ? rootOf(target.object) : target;
}

function isCollection(init: Node | null): boolean {
  const value = init && bare(init);
  if (value?.type === 'ArrayExpression') return true;
  if (value?.type !== 'NewExpression' || value.callee.type !== 'Identifier') return false;
  return ['Array', 'Map', 'Set', 'WeakMap', 'WeakSet'].includes(value.callee.name);
}

const CHANGING = new Set(
  'add clear copyWithin delete fill pop push reverse set shift sort splice unshift'.split(' '),
);
