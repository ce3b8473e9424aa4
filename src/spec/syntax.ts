import {
  type ArrowFunctionExpression,
  type Class as ClassNode,
  type Comment,
  type Node,
  type Function as PlainFunction,
  type Program,
  parseSync,
  visitorKeys,
} from 'oxc-parser';
import { sourceError } from './errors.ts';

export type { ClassNode, Comment, Node, Program };
export type FunctionNode = ArrowFunctionExpression | PlainFunction;
export type YieldNode = Extract<Node, { type: 'YieldExpression' }>;

export interface Parsed {
  readonly program: Program;
  readonly comments: readonly Comment[];
}

/** @throws SpecError with the place of the first syntax error. */
export function parse(source: string, file: string): Parsed {
  const script = /\.[cm]?js$/.test(file);
  const { program, comments, errors } = parseSync(file, source, {
    lang: script ? 'js' : 'ts',
    sourceType: 'module',
  });
  const error = errors[0];
  if (error) throw sourceError(file, source, error.labels[0]?.start ?? 0, error.message);
  return { program, comments };
}

/** Child nodes in the order in which they stand. */
export function children(node: Node): Node[] {
  return (visitorKeys[node.type] ?? []).flatMap((key) => {
    const value = (node as unknown as Record<string, Node | (Node | null)[] | null>)[key];
    if (!value) return [];
    return Array.isArray(value) ? value.filter((item) => item !== null) : [value];
  });
}

export function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** The expression without the parentheses and type syntax around it. */
export function bare(node: Node): Node {
  switch (node.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
      return bare(node.expression);
    default:
      return node;
  }
}

/** Types, and what exists for types alone. */
export function isTypeOnly(node: Node): boolean {
  switch (node.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
    case 'TSParameterProperty':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
    case 'TSModuleBlock':
    case 'TSExportAssignment':
    case 'TSImportEqualsDeclaration':
      return 'declare' in node && node.declare === true;
    default:
      return node.type.startsWith('TS') || ('declare' in node && node.declare === true);
  }
}

/** The nodes that contain a `yield` of the same function as they stand in. */
export function yieldingNodes(program: Program): ReadonlySet<Node> {
  const found = new Set<Node>();
  const visit = (node: Node): boolean => {
    let yields = node.type === 'YieldExpression';
    for (const child of children(node)) {
      // A function's own yields are its own; a class body's computed keys are of the outside.
      if (visit(child)) yields = true;
    }
    if (isFunction(node)) return false;
    if (yields) found.add(node);
    return yields;
  };
  visit(program);
  return found;
}

/** Never goes on to the statement after it. */
export function leaves(node: Node): boolean {
  switch (node.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return true;
    case 'BlockStatement':
      return node.body.some(leaves);
    case 'IfStatement':
      return leaves(node.consequent) && node.alternate !== null && leaves(node.alternate);
    default:
      return false;
  }
}

export function literal(node: Node): boolean {
  return (
    (node.type === 'Literal' && !('regex' in node)) ||
    (node.type === 'TemplateLiteral' && node.expressions.length === 0)
  );
}

/** Position after the opening brace of a block. */
export function openingOf(block: Node): number {
  return block.start + 1;
}

/** The source of a statement in one line; of a compound one, what stands before its body. */
export function headline(source: string, statement: Node): string {
  const end = bodyOf(statement)?.start ?? statement.end;
  const start = statement.type === 'DoWhileStatement' ? statement.body.end : statement.start;
  const text = source.slice(start, Math.max(end, start)).replace(/\s+/g, ' ').trim();
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function bodyOf(statement: Node): Node | null {
  switch (statement.type) {
    case 'IfStatement':
      return statement.consequent;
    case 'ForStatement':
    case 'ForOfStatement':
    case 'ForInStatement':
    case 'WhileStatement':
      return statement.body;
    case 'SwitchStatement':
      return statement.cases[0] ?? null;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
      return statement.body;
    default:
      return null;
  }
}
