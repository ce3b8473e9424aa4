import type { PageStep } from '../data.ts';
import type { ArrowKind, Story } from '../story.ts';
import { BAR, type Lane, type Row, TRACK } from './board.ts';
import { svg } from './dom.ts';

export const COLOURS = 6;

/** Locks held, as bars beside the lifeline, and waiting, hatched, on it. */
export function drawBars(
  { steps, held, waits }: Story,
  rows: readonly Row[],
  lanes: ReadonlyMap<string, Lane>,
  under: SVGElement,
): void {
  const end = rows.at(-1)!.bottom + 10;
  const until = (step: number | null): number => (step === null ? end : rows[step]!.dot);
  for (const { thread, text, holder, from, to } of waits) {
    const { line } = lanes.get(thread)!;
    const y = rows[from]!.dot;
    under.append(
      svg(
        'rect',
        { class: 'wait', x: line - 5, y, width: 10, height: Math.max(6, until(to) - y), rx: 2 },
        svg('title', {}, `${thread} waits: ${text}${holder === null ? '' : `, held by ${holder}`}`),
      ),
    );
  }
  const locks = locksOf(steps);
  for (const { thread, lock, from, to, depth } of held) {
    const { line, rightwards, tracks } = lanes.get(thread)!;
    const out = tracks + depth * BAR;
    const x = rightwards ? line - 11 - out : line + 6 + out;
    const y = rows[from]!.dot;
    under.append(
      svg(
        'rect',
        {
          class: `held lock${locks.indexOf(lock) % COLOURS}`,
          ...{ x, y, width: BAR - 2, height: Math.max(4, until(to) - y), rx: 2 },
        },
        svg('title', {}, `${thread} holds ${lock}`),
      ),
    );
  }
}

/** All locks that are taken, each with a colour by its place. */
export function locksOf(steps: readonly PageStep[]): string[] {
  return [...new Set(steps.flatMap(({ taken }) => taken))];
}

export const ARROWS: readonly ArrowKind[] = ['hand-over', 'queueing', 'grace period', 'wake-up'];

export function classOf(kind: ArrowKind): string {
  return kind.replace(' ', '-');
}

/** From dot to dot: below the row of the one, then along the lifeline of the other until its row. */
export function drawArrows(
  { steps, arrows }: Story,
  rows: readonly Row[],
  lanes: ReadonlyMap<string, Lane>,
  under: SVGElement,
): Map<SVGElement, { from: number; to: number }> {
  const drawn = new Map<SVGElement, { from: number; to: number }>();
  for (const { from, to, kind, objects, track } of arrows) {
    const [a, b] = [lanes.get(steps[from - 1]!.thread)!, lanes.get(steps[to - 1]!.thread)!];
    const out = b.rightwards ? -1 : 1;
    const x = b.line + out * (8 + track * TRACK);
    const [below, end] = [rows[from]!.bottom - 1, rows[to]!.dot];
    const turn = x > a.line ? 4 : -4;
    const path = svg(
      'path',
      {
        class: `arrow ${classOf(kind)}`,
        d:
          `M${a.line} ${rows[from]!.dot + 4}V${below - 4}Q${a.line} ${below} ${a.line + turn} ${below}` +
          `H${x - turn}Q${x} ${below} ${x} ${below + 4}V${end - 3}Q${x} ${end} ${x - out * 2} ${end}` +
          `H${b.line + out * 4}`,
        'marker-end': `url(#arrow-${classOf(kind)})`,
      },
      svg('title', {}, `${kind}: ${objects.join(', ')}, step ${from} to ${to}`),
    );
    under.append(path);
    drawn.set(path, { from, to });
  }
  return drawn;
}

export function patterns(): SVGElement {
  return svg(
    'defs',
    {},
    svg(
      'pattern',
      {
        id: 'hatch',
        width: 6,
        height: 6,
        patternUnits: 'userSpaceOnUse',
        patternTransform: 'rotate(45)',
      },
      svg('rect', { class: 'hatch-ground', width: 6, height: 6 }),
      svg('rect', { class: 'hatch-line', width: 2, height: 6 }),
    ),
    ...ARROWS.map((kind) =>
      svg(
        'marker',
        {
          ...{ id: `arrow-${classOf(kind)}`, viewBox: '0 0 8 8', refX: 7, refY: 4 },
          ...{ markerWidth: 7, markerHeight: 7, orient: 'auto', markerUnits: 'userSpaceOnUse' },
          class: `head-${classOf(kind)}`,
        },
        svg('path', { d: 'M0 0L8 4L0 8z' }),
      ),
    ),
  );
}
