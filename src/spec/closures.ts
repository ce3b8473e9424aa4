import type { Binding, FunctionInfo } from './scopes.ts';

/**
 * Names of the variables that a function refers to in functions around it; null when they do not
 * tell closures apart: one of them may change later, or `this` of outside is used.
 */
export function captures(info: FunctionInfo): string[] | null {
  if (info.usesOuterThis) return null;
  const found: string[] = [];
  for (const binding of info.captures) {
    if (
      binding.init === info.node &&
      binding.scope.fn === info.parent &&
      isOwnName(info, binding)
    ) {
      continue;
    }
    if (mayChange(binding)) return null;
    found.push(binding.name);
  }
  return found.sort();
}

/** `function* g() { ... g ... }` as an expression: only known inside. */
function isOwnName(info: FunctionInfo, binding: Binding): boolean {
  return info.node?.type === 'FunctionExpression' && info.node.id?.name === binding.name;
}

/**
 * A variable of a loop head is copied for each round, and the copy changes before the round's body
 * begins; so for closures of the body it is constant unless the body assigns to it.
 */
function mayChange({ refs, owner, body }: Binding): boolean {
  if (!body) return refs.some(({ writes }) => writes);
  return refs.some(({ node, fn, writes }) => {
    const inBody = body.start <= node.start && node.end <= body.end;
    return fn === owner ? writes && inBody : writes || !inBody;
  });
}
