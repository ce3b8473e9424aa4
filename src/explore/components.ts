/**
 * Strongly connected components (Tarjan, iterative), each before the components it can be reached
 * from: successors come first.
 */
export function components<N>(nodes: readonly N[], successors: (node: N) => readonly N[]): N[][] {
  const index = new Map<N, number>();
  const low = new Map<N, number>();
  const open = new Set<N>();
  const stack: N[] = [];
  const found: N[][] = [];
  for (const root of nodes) {
    if (index.has(root)) continue;
    const work: { node: N; next: number }[] = [];
    const enter = (node: N): void => {
      index.set(node, index.size);
      low.set(node, index.get(node)!);
      stack.push(node);
      open.add(node);
      work.push({ node, next: 0 });
    };
    enter(root);
    while (work.length > 0) {
      const top = work.at(-1)!;
      const next = successors(top.node)[top.next++];
      if (next !== undefined) {
        if (!index.has(next)) enter(next);
        else if (open.has(next)) low.set(top.node, Math.min(low.get(top.node)!, index.get(next)!));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      const mine = low.get(top.node)!;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, mine));
      if (mine !== index.get(top.node)) continue;
      const component: N[] = [];
      for (let node: N; open.has(top.node); ) {
        node = stack.pop()!;
        open.delete(node);
        component.push(node);
      }
      found.push(component);
    }
  }
  return found;
}
