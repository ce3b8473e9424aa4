import type { Reference } from './scopes.ts';
import { bare, children, type Node, type Program } from './syntax.ts';

interface Refused {
  readonly at: number;
  readonly message: string;
}

/**
 * What a spec may not have: code that cannot be seen here, and what the digest of its files does not
 * cover, so that its verdict, and a receipt of it, would be about something else the next time.
 */
export function refusedIn(program: Program, references: readonly Reference[]): Refused | null {
  for (const { name, binding, node } of references) {
    if (binding) continue;
    if (name === 'eval') return { at: node.start, message: 'a spec cannot use eval' };
    if (name === 'process') {
      const message = 'a spec cannot use process: it may depend on nothing but its own files';
      return { at: node.start, message };
    }
  }
  const unknown = importsOf(program).find(({ source }) => !isKnown(source));
  if (!unknown) return null;
  const message = "a spec cannot import what its files do not name: write import('./file.ts')";
  return { at: unknown.start, message };
}

type Import = Extract<Node, { type: 'ImportExpression' }>;

function importsOf(node: Node): Import[] {
  const below = children(node).flatMap(importsOf);
  return node.type === 'ImportExpression' ? [node, ...below] : below;
}

/** A name, or a pattern that begins with a folder: the bundler has all files that match it. */
function isKnown(source: Node): boolean {
  const node = bare(source);
  const whole =
    node.type === 'Literal' || (node.type === 'TemplateLiteral' && !node.expressions[0]);
  return whole || beginsWithFolder(node);
}

function beginsWithFolder(node: Node): boolean {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' && FOLDER.test(node.value);
    case 'TemplateLiteral':
      return FOLDER.test(node.quasis[0]!.value.raw);
    case 'BinaryExpression':
      return beginsWithFolder(bare(node.left));
    default:
      return false;
  }
}

const FOLDER = /^\.\.?\//;
