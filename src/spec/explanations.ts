import { position, sourceError } from './errors.ts';
import { type Comment, children, type Node, type Program } from './syntax.ts';

/** Why no schedule comes to a node, where the author says so; else null. */
export type Explain = (node: Node) => string | null;

/**
 * `// unreached: <reason>`, on the line of a statement or on a line before it, explains all of the
 * statement; so it does for a function, and for any other part of the code that begins there.
 * @throws SpecError for one without a reason, or at which nothing begins
 */
export function explanations(
  program: Program,
  comments: readonly Comment[],
  source: string,
  file: string,
): Explain {
  const found: { reason: string; nodes: Node[] }[] = [];
  for (const [index, comment] of comments.entries()) {
    const said = comment.type === 'Line' ? /^\s*unreached:(.*)$/.exec(comment.value) : null;
    if (!said) continue;
    const fail = (what: string) => sourceError(file, source, comment.start, what);
    const reason = said[1]!.trim();
    if (reason === '') throw fail('it has to say why: // unreached: <reason>');
    const line = comment.start - position(source, comment.start).column + 1;
    const before = source.slice(line, comment.start).search(/\S/);
    const from = before < 0 ? afterComments(comments.slice(index), source) : line + before;
    const to = before < 0 ? from + 1 : comment.start;
    const nodes = beginningIn(program, from, to);
    if (nodes.length === 0) throw fail('no statement begins here that this could explain');
    found.push({ reason, nodes });
  }
  // The innermost is the last.
  return ({ start }) =>
    found.findLast(({ nodes }) => nodes.some((node) => node.start <= start && start < node.end))
      ?.reason ?? null;
}

/** Where the code goes on after a comment and those that follow it. */
function afterComments([comment, ...more]: readonly Comment[], source: string): number {
  const at = comment!.end + source.slice(comment!.end).search(/\S|$/);
  return more[0]?.start === at ? afterComments(more, source) : at;
}

/** The outermost nodes that begin in a range of the source. */
function beginningIn(node: Node, from: number, to: number): Node[] {
  if (node.end <= from || node.start >= to) return [];
  if (node.start >= from && node.type !== 'Program') return [node];
  return children(node).flatMap((child) => beginningIn(child, from, to));
}
