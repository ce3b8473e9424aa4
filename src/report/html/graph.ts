import type { LockOrder } from '../../explore/outcome.ts';

/** The graph of lock classes in layers: a class stands below all that are held as it is asked for. */
export interface Graph {
  /** Names, from left to right in each layer. */
  readonly layers: readonly (readonly string[])[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly recursive: boolean;
  readonly reports: readonly string[];
  /** Against the layers: it closes a circle. */
  readonly back: boolean;
  /** It follows from others, by way of classes in between. */
  readonly implied: boolean;
}

export function graphOf({ edges }: Pick<LockOrder, 'edges'>): Graph {
  const names = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].sort();
  const after = new Map<string, string[]>(names.map((name) => [name, []]));
  const back = new Set<LockOrder['edges'][number]>();
  for (const edge of edges) {
    if (leads(after, edge.to, edge.from)) back.add(edge);
    else after.get(edge.from)!.push(edge.to);
  }
  const layer = new Map<string, number>();
  const layerOf = (name: string): number => {
    const known = layer.get(name);
    if (known !== undefined) return known;
    const above = names.filter((other) => after.get(other)!.includes(name)).map(layerOf);
    const own = Math.max(-1, ...above) + 1;
    layer.set(name, own);
    return own;
  };
  const layers: string[][] = [];
  for (const name of names) (layers[layerOf(name)] ??= []).push(name);
  return {
    layers: arranged(layers, after),
    edges: edges.map((edge) => ({
      ...edge,
      back: back.has(edge),
      implied:
        !back.has(edge) &&
        after.get(edge.from)!.some((next) => next !== edge.to && leads(after, next, edge.to)),
    })),
  };
}

function leads(after: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const name of seen) for (const next of after.get(name)!) seen.add(next);
  return seen.has(to);
}

/** Each class near the middle of those above it, so that few lines cross. */
function arranged(
  layers: readonly (readonly string[])[],
  after: ReadonlyMap<string, readonly string[]>,
): string[][] {
  const done: string[][] = [];
  for (const layer of layers) {
    const above = done.at(-1) ?? [];
    const middle = (name: string): number => {
      const places = [...above.keys()].filter((at) => after.get(above[at]!)!.includes(name));
      return places.reduce((sum, at) => sum + at, 0) / Math.max(1, places.length);
    };
    done.push([...layer].sort((a, b) => middle(a) - middle(b)));
  }
  return done;
}
