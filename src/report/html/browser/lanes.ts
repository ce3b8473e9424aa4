import { showChange } from '../../change.ts';
import { lettersAt } from '../../orders.ts';
import type { PageStep } from '../data.ts';
import { reportsOf, type Story } from '../story.ts';
import { GUTTER, lanesFor, REPORT, type Row, rowsOf, SWITCH } from './board.ts';
import { h, svg } from './dom.ts';
import { drawArrows, drawBars, patterns } from './marks.ts';

export interface Lanes {
  readonly element: HTMLElement;
  show(step: number): void;
}

/** One lane for each thread, a row for each step; what it holds and waits for drawn along the lane. */
export function lanesOf(story: Story, go: (step: number) => void): Lanes {
  const board = h('div', { class: 'board' });
  const heads = h('div', { class: 'heads' });
  const element = h(
    'div',
    { class: 'lanes scroll', role: 'region', 'aria-label': 'Steps of the threads' },
    heads,
    board,
  );
  let current = 0;
  let drawn: Drawn | null = null;
  const mark = (scroll: boolean): void => {
    if (!drawn) return;
    const { rows, chips, arrows, band } = drawn;
    const had = document.activeElement?.classList.contains('chip') === true;
    chips.forEach((chip, step) => {
      chip.classList.toggle('future', step > current);
      chip.tabIndex = step === current ? 0 : -1;
      if (step === current) chip.setAttribute('aria-current', 'step');
      else chip.removeAttribute('aria-current');
    });
    if (had && element.contains(document.activeElement))
      chips[current]?.focus({ preventScroll: true });
    for (const [path, { from, to }] of arrows)
      path.classList.toggle('lit', from === current || to === current);
    const row = rows[current]!;
    band.setAttribute('y', String(row.y));
    band.setAttribute('height', String(row.bottom - row.y));
    if (!scroll) return;
    const head = heads.offsetHeight;
    const [top, bottom] = [element.scrollTop, element.scrollTop + element.clientHeight - head];
    if (row.y < top + 30) element.scrollTop = row.y - element.clientHeight / 3;
    else if (row.bottom > bottom - 60) element.scrollTop = row.bottom - element.clientHeight * 0.6;
  };
  const draw = (): void => {
    drawn = drawBoard(story, element.clientWidth, board, heads, go);
    mark(false);
  };
  new ResizeObserver(() => {
    if (element.clientWidth > 0 && element.clientWidth !== drawn?.room) draw();
    mark(true);
  }).observe(element);
  return {
    element,
    show(step) {
      current = step;
      mark(true);
    },
  };
}

interface Drawn {
  readonly room: number;
  readonly rows: readonly Row[];
  readonly chips: readonly HTMLButtonElement[];
  readonly arrows: ReadonlyMap<SVGElement, { from: number; to: number }>;
  readonly band: SVGElement;
}

function drawBoard(
  story: Story,
  room: number,
  board: HTMLElement,
  heads: HTMLElement,
  go: (step: number) => void,
): Drawn {
  const { steps, threads } = story;
  const rows = rowsOf(story);
  const lanes = lanesFor(story, room);
  const width = Math.max(room, ...[...lanes.values()].map(({ right }) => right));
  const height = rows.at(-1)!.bottom + 24;
  board.style.height = `${height}px`;
  board.style.width = heads.style.width = `${width}px`;
  heads.replaceChildren(
    ...threads.map(({ name, cpu, kind, daemon }) => {
      const { left, right, rightwards } = lanes.get(name)!;
      const about = `CPU ${cpu} · ${kind}${daemon ? ' · daemon' : ''}`;
      const head = h(
        'div',
        { class: `head${rightwards ? '' : ' leftwards'}`, title: `${name}, ${about}` },
        h('b', {}, name),
        h('span', {}, about),
      );
      head.style.left = `${left}px`;
      head.style.width = `${right - left}px`;
      return head;
    }),
  );
  const band = svg('rect', { class: 'band', x: 0, width });
  const under = svg(
    'svg',
    { class: 'under', width, height, 'aria-hidden': true },
    patterns(),
    band,
  );
  for (const [at, { name }] of threads.entries()) {
    const { left, right, line } = lanes.get(name)!;
    if (at % 2 === 1)
      under.append(svg('rect', { class: 'stripe', x: left, y: 0, width: right - left, height }));
    under.append(svg('line', { class: 'life', x1: line, x2: line, y1: 6, y2: height - 10 }));
  }
  drawBars(story, rows, lanes, under);
  const arrows = drawArrows(story, rows, lanes, under);
  for (const step of steps.keys()) {
    const lane = lanes.get(steps[step]!.thread)!;
    under.append(svg('circle', { class: 'dot', cx: lane.line, cy: rows[step + 1]!.dot, r: 3.5 }));
  }
  const chips = [chip('start', 'Start: nothing has happened yet', 0, rows[0]!, go)];
  const list = h('ol', { class: 'chips', 'aria-label': 'Steps' }, h('li', {}, chips[0]!));
  chips[0]!.style.left = `${GUTTER}px`;
  const { orders, weight } = story.explanation;
  for (const [i, step] of steps.entries()) {
    const [row, lane] = [rows[i + 1]!, lanes.get(step.thread)!];
    const left = story.switches.find(({ at }) => at === i + 1);
    if (left) {
      const told = `${left.from} ${left.why}`;
      const line = h(
        'li',
        { class: 'switch' },
        h('span', { title: told }, h('b', {}, left.to), ` goes on; ${told}`),
      );
      line.style.top = `${row.y - SWITCH}px`;
      list.append(line);
    }
    const one = chipOf(step, i + 1, row, lettersAt(orders, i + 1), go);
    if (weight[i] === 0) one.classList.add('aside');
    if (lane.rightwards) {
      one.style.left = `${lane.line + 9}px`;
      one.style.maxWidth = `${width - lane.line - 17}px`;
    } else {
      one.style.right = `${width - lane.line + 9}px`;
      one.style.maxWidth = `${lane.line - 9 - GUTTER}px`;
    }
    const number = h('span', { class: 'number', 'aria-hidden': true }, i + 1);
    number.style.top = `${row.y}px`;
    chips.push(one);
    list.append(h('li', {}, number, one, ...reportLines(step, row)));
  }
  board.replaceChildren(under, list);
  return { room, rows, chips, arrows, band };
}

function chipOf(
  step: PageStep,
  number: number,
  row: Row,
  order: string,
  go: (step: number) => void,
): HTMLButtonElement {
  const { thread, text, result, changes } = step;
  const statement = result === '' ? text : `${text} = ${result}`;
  const told = changes.map(({ object, from, to }) => showChange(object, from, to)).join('; ');
  const one = chip(
    `step${order === '' ? '' : ' matters'}${step.reports.length > 0 ? ' broken' : ''}`,
    `Step ${number}, ${thread}: ${statement}`,
    number,
    row,
    go,
  );
  one.title =
    told === ''
      ? statement
      : `${statement}\n${changes.map(({ object, from, to }) => showChange(object, from, to)).join('\n')}`;
  one.replaceChildren(
    h(
      'span',
      { class: 'statement' },
      order !== '' && h('span', { class: 'order-letter' }, order),
      statement,
    ),
    told === '' ? '' : h('span', { class: 'changes' }, told),
  );
  return one;
}

function chip(kind: string, label: string, step: number, row: Row, go: (step: number) => void) {
  const one = h(
    'button',
    { type: 'button', class: `chip ${kind}`, 'aria-label': label, click: () => go(step) },
    h('span', { class: 'statement' }, label),
  );
  one.style.top = `${row.y + 2}px`;
  return one;
}

function reportLines(step: PageStep, row: Row): HTMLElement[] {
  return reportsOf(step).map((text, i, all) => {
    const line = h('p', { class: 'report', title: text }, text);
    line.style.top = `${row.bottom - (all.length - i) * REPORT}px`;
    return line;
  });
}
