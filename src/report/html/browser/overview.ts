import type { Page, PageRun } from '../data.ts';
import { counted, h } from './dom.ts';
import { href, placeOfRun } from './route.ts';
import { duration, expectation, sizeOf, verdictMark } from './verdict.ts';

/** The start page: all variants in one table by spec. */
export function overviewOf({ runs }: Page): HTMLElement {
  const wrong = runs.filter(({ asExpected }) => !asExpected);
  const traces = runs.reduce((sum, run) => sum + run.traces.length, 0);
  const specs = [...new Set(runs.map(({ spec }) => spec))];
  const verdict =
    wrong.length === 0
      ? `${counted(runs.length, 'variant')}, all as expected`
      : `${counted(wrong.length, 'variant')} of ${runs.length} not as expected`;
  return h(
    'div',
    { class: 'page' },
    h('h1', { tabindex: -1 }, verdict),
    h(
      'p',
      { class: 'note' },
      `${counted(specs.length, 'spec')}, ${counted(traces, 'counterexample')}`,
    ),
    ...specs.flatMap((spec) => {
      const own = runs.filter((run) => run.spec === spec);
      const about = own.some((run) => run.about !== null);
      const warned = own.some((run) => warningsOf(run) > 0);
      const rows = own.map((run) =>
        h(
          'tr',
          {},
          h('td', {}, h('a', { href: href(placeOfRun(run)) }, run.variant ?? run.file)),
          h('td', {}, verdictMark(run)),
          h(
            'td',
            { class: run.asExpected ? 'note' : 'alarm' },
            run.asExpected ? 'yes' : expectation(run) || 'no',
          ),
          about && h('td', { class: 'about' }, run.about ?? ''),
          h('td', { class: 'number' }, sizeOf(run)),
          h('td', { class: 'number' }, run.traces.length || ''),
          warned && h('td', { class: 'number' }, warningsOf(run) || ''),
          h('td', { class: 'number note' }, duration(run.durationMs)),
        ),
      );
      const heads = [
        'Variant',
        'Verdict',
        'As expected',
        about && 'About',
        'Searched',
        'Traces',
        warned && 'Warnings',
        'Time',
      ];
      const head = heads.flatMap((each) =>
        each === false ? [] : [h('th', { scope: 'col' }, each)],
      );
      return [
        h('h2', {}, spec),
        h(
          'div',
          { class: 'scroll' },
          h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...rows)),
        ),
      ];
    }),
  );
}

function warningsOf({ outcome }: PageRun): number {
  return outcome?.warnings.length ?? 0;
}
