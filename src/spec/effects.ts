import type { Conditions } from './conditions.ts';
import { type FunctionPlace, isReassigned, type Reference } from './scopes.ts';
import { bare, children, type Node } from './syntax.ts';

/** Nothing but these: no call, and no field that a getter or somebody else may change. */
const CONSTANT =
  /^(BlockStatement|ReturnStatement|IfStatement|Literal|Identifier|UnaryExpression|BinaryExpression|LogicalExpression|ConditionalExpression)$/;

/** Does the function give the same whenever it is called? False where that is not certain. */
export function isConstant(
  { info }: FunctionPlace,
  references: ReadonlyMap<Node, Reference>,
): boolean {
  const isPart = (expression: Node): boolean => {
    const node = bare(expression);
    if (!CONSTANT.test(node.type)) return false;
    if (node.type !== 'Identifier') return children(node).every(isPart);
    const { binding } = references.get(node) ?? {};
    // Others may assign to what they export.
    return !binding || (binding.kind !== 'import' && !isReassigned(binding));
  };
  const { node } = info;
  return !info.rewritten && node?.body != null && node.params.length === 0 && isPart(node.body);
}

/** May a step take a lock, other than in a generator whose steps are told of themselves? */
export function mayLock(step: Node, conditions: Conditions): boolean {
  const calls = callsIn(step);
  return calls.length === 0 || calls.some(({ callee }) => !isLockless(bare(callee), conditions));
}

function isLockless(callee: Node, conditions: Conditions): boolean {
  const imported = conditions.importOf(callee);
  if (imported?.source !== 'lockstep') return conditions.isGenerator(callee);
  return imported.name !== null && !/lock|down|sem/i.test(imported.name);
}

function callsIn(node: Node): Extract<Node, { type: 'CallExpression' }>[] {
  const inside = children(node).flatMap(callsIn);
  return node.type === 'CallExpression' ? [node, ...inside] : inside;
}
