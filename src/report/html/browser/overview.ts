import type { Page, PageRun } from '../data.ts';
import { counted, h } from './dom.ts';
import { href, placeOfRun } from './route.ts';
import { duration, expectation, isReplay, nameOf, sizeOf, verdictMark } from './verdict.ts';

/** The start page: all variants in one table by spec. */
export function overviewOf({ runs }: Page): HTMLElement {
  const wrong = runs.filter(({ asExpected }) => !asExpected);
  const specs = [...new Set(runs.map(({ spec }) => spec))];
  const replays = runs.length > 0 && runs.every(isReplay);
  const [noun, well] = replays ? ['trace', 'as they must be'] : ['variant', 'as expected'];
  const verdict =
    wrong.length === 0
      ? `${counted(runs.length, noun)}, all ${well}`
      : `${counted(wrong.length, noun)} of ${runs.length} not ${well}`;
  const traces = runs.flatMap((run) => run.traces.filter(({ passes }) => !passes)).length;
  const found = replays ? '' : `, ${counted(traces, 'counterexample')}`;
  return h(
    'div',
    { class: 'page' },
    h('h1', { tabindex: -1 }, verdict),
    h('p', { class: 'note' }, counted(specs.length, 'spec') + found),
    ...specs.flatMap((spec) => [
      h('h2', {}, spec),
      h('div', { class: 'scroll' }, tableOf(runs.filter((run) => run.spec === spec))),
    ]),
  );
}

interface Column {
  readonly head: string;
  readonly class?: string;
  readonly cell: (run: PageRun) => Node | string;
}

/** Columns in which no run has anything are left out. */
function tableOf(runs: readonly PageRun[]): HTMLElement {
  const filled = columns.filter(({ cell }) => runs.some((run) => cell(run) !== ''));
  const heads = filled.map((each) =>
    h('th', { scope: 'col', class: each.class ?? null }, each.head),
  );
  const rows = runs.map((run) =>
    h('tr', {}, ...filled.map((each) => h('td', { class: each.class ?? null }, each.cell(run)))),
  );
  return h('table', {}, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...rows));
}

const columns: readonly Column[] = [
  { head: 'Name', cell: (run) => h('a', { href: href(placeOfRun(run)) }, nameOf(run)) },
  { head: 'Verdict', cell: verdictMark },
  { head: 'As expected', cell: asExpected },
  { head: 'About', class: 'about', cell: ({ about }) => about ?? '' },
  { head: 'Searched', class: 'number', cell: sizeOf },
  {
    head: 'Counterexamples',
    class: 'number',
    cell: (run) => (isReplay(run) ? '' : some(run.traces.filter(({ passes }) => !passes).length)),
  },
  { head: 'Warnings', class: 'number', cell: ({ outcome }) => some(outcome?.warnings.length ?? 0) },
  {
    head: 'Time',
    class: 'number note',
    cell: ({ outcome, durationMs }) => (outcome ? duration(durationMs) : ''),
  },
];

function some(count: number): string {
  return count === 0 ? '' : String(count);
}

function asExpected(run: PageRun): Node | string {
  if (isReplay(run)) return '';
  const told = run.asExpected ? 'yes' : expectation(run) || 'no';
  return h('span', { class: run.asExpected ? 'note' : 'alarm' }, told);
}
