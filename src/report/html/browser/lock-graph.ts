import type { LockOrder } from '../../../explore/outcome.ts';
import { type Graph, type GraphEdge, graphOf } from '../graph.ts';
import { h, svg } from './dom.ts';

const LETTER = 7.3;
const HEIGHT = 28;
const GAP = 28;
const LAYER = 72;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly layer: number;
}

/** A picture of the orders in which locks are taken, and the same as a table. */
export function lockGraph(order: LockOrder): HTMLElement[] {
  if (order.edges.length === 0) return [];
  const graph = graphOf(order);
  const reports = [...new Set(order.edges.flatMap((edge) => edge.reports))].sort();
  const implied = graph.edges.some((edge) => edge.implied);
  return [
    h('h2', {}, 'Lock order'),
    h(
      'p',
      { class: 'note' },
      'An arrow leads from a lock class that is held to one that is asked for, in any state.',
      implied && ' What follows from others is in the table only.',
    ),
    reports.length > 0 &&
      h('ul', { class: 'reports' }, ...reports.map((each) => h('li', { class: 'alarm' }, each))),
    h(
      'div',
      { class: 'graph scroll', tabindex: 0, role: 'region', 'aria-label': 'Lock order, drawn' },
      drawn(graph),
    ),
    h('details', {}, h('summary', {}, 'As a table'), tableOf(order)),
  ].filter((each) => each !== false);
}

function drawn(graph: Graph): SVGElement {
  const { layers, edges } = graph;
  const widthOf = (name: string) => name.length * LETTER + 20;
  const lengths = layers.map((layer) =>
    layer.reduce((sum, name) => sum + widthOf(name) + GAP, -GAP),
  );
  const widest = Math.max(...lengths);
  const boxes = new Map<string, Box>();
  layers.forEach((layer, l) => {
    let x = (widest - lengths[l]!) / 2;
    for (const name of layer) {
      boxes.set(name, { x, y: l * LAYER, width: widthOf(name), layer: l });
      x += widthOf(name) + GAP;
    }
  });
  const sides = { left: 0, right: 0 };
  const shown = edges.filter(({ implied, reports }) => !implied || reports.length > 0);
  const lines = shown.map((edge) => {
    const [from, to] = [boxes.get(edge.from)!, boxes.get(edge.to)!];
    return { edge, path: pathOf(edge, from, to, [...boxes.values()], sides) };
  });
  const margin = (count: number) => 34 + count * 16;
  const [left, right] = [margin(sides.left), margin(sides.right)];
  const [width, height] = [widest + left + right, (layers.length - 1) * LAYER + HEIGHT + 8];
  // Those that matter last, above the others.
  lines.sort((a, b) => a.edge.reports.length - b.edge.reports.length);
  return svg(
    'svg',
    {
      ...{ width, height, viewBox: `${-left} -4 ${width} ${height}` },
      ...{ role: 'img', 'aria-label': describe(shown) },
    },
    svg(
      'defs',
      {},
      ...['plain', 'broken'].map((kind) =>
        svg(
          'marker',
          {
            ...{ id: `order-${kind}`, viewBox: '0 0 8 8', refX: 7, refY: 4 },
            ...{
              markerWidth: 9,
              markerHeight: 9,
              orient: 'auto',
              markerUnits: 'userSpaceOnUse',
              class: kind,
            },
          },
          svg('path', { d: 'M0 0L8 4L0 8z' }),
        ),
      ),
    ),
    ...lines.map(({ edge, path }) =>
      svg(
        'path',
        {
          ...{ d: path, class: `order ${kindOf(edge)}${edge.recursive ? ' recursive' : ''}` },
          'marker-end': `url(#order-${kindOf(edge)})`,
        },
        svg('title', {}, `${edge.to} is asked for with ${edge.from} held`),
      ),
    ),
    ...[...boxes].map(([name, { x, y, width: own }]) => {
      const broken = edges.some(
        (edge) => edge.reports.length > 0 && (edge.from === name || edge.to === name),
      );
      return svg(
        'g',
        { class: `class${broken ? ' broken' : ''}` },
        svg('rect', { x, y, width: own, height: HEIGHT, rx: 5 }),
        svg('text', { x: x + own / 2, y: y + HEIGHT / 2 + 4, 'text-anchor': 'middle' }, name),
      );
    }),
  );
}

function kindOf({ reports }: GraphEdge): 'plain' | 'broken' {
  return reports.length > 0 ? 'broken' : 'plain';
}

/** Down to the next layer; else beside all that is between: right when down, left when up. */
function pathOf(
  edge: GraphEdge,
  from: Box,
  to: Box,
  boxes: readonly Box[],
  sides: { left: number; right: number },
): string {
  if (to.layer === from.layer + 1) {
    const [x1, y1] = [from.x + from.width / 2, from.y + HEIGHT];
    const [x2, y2] = [to.x + to.width / 2, to.y - 2];
    const bend = (y2 - y1) / 2;
    return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  }
  const [low, high] = [Math.min(from.layer, to.layer), Math.max(from.layer, to.layer)];
  const between = boxes.filter(({ layer }) => layer >= low && layer <= high);
  const [y1, y2] = [from.y + HEIGHT / 2, to.y + HEIGHT / 2];
  if (edge.back) {
    const out = Math.min(...between.map(({ x }) => x)) - 10 - 16 * ++sides.left;
    const bend = (x: number) => x + (out - x) / 0.75;
    return `M${from.x} ${y1}C${bend(from.x)} ${y1} ${bend(to.x)} ${y2} ${to.x - 2} ${y2}`;
  }
  const out = Math.max(...between.map(({ x, width }) => x + width)) + 10 + 16 * ++sides.right;
  const bend = (x: number) => x + (out - x) / 0.75;
  const [x1, x2] = [from.x + from.width, to.x + to.width];
  return `M${x1} ${y1}C${bend(x1)} ${y1} ${bend(x2)} ${y2} ${x2 + 2} ${y2}`;
}

function describe(edges: readonly GraphEdge[]): string {
  const told = edges
    .filter(({ implied }) => !implied)
    .map(({ from, to }) => `${from} before ${to}`);
  return `Lock order: ${told.join(', ')}`;
}

function tableOf({ classes, edges }: LockOrder): HTMLElement {
  const usages = new Map(classes.map(({ name, usages }) => [name, usages.join(' ')]));
  const head = ['Held', 'Asked for', 'Used', 'Reported'];
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, ...head.map((each) => h('th', { scope: 'col' }, each)))),
    h(
      'tbody',
      {},
      ...edges.map(({ from, to, recursive, reports }) =>
        h(
          'tr',
          {},
          h('td', {}, h('code', {}, from)),
          h('td', {}, h('code', {}, to), recursive && ' (to read)'),
          h('td', { class: 'note' }, usages.get(to) ?? ''),
          h('td', { class: 'alarm' }, reports.join('; ')),
        ),
      ),
    ),
  );
}
