import type { Page, PageOutcome, PageRun } from '../data.ts';
import { coverageOf } from './coverage.ts';
import { counted, h } from './dom.ts';
import { lockGraph } from './lock-graph.ts';
import { href, placeOfRun } from './route.ts';
import { duration, expectation, nameOf, paramsOf, verdictMark } from './verdict.ts';

/** What was found out about one variant, and how. */
export function variantOf(page: Page, run: PageRun): HTMLElement {
  const { outcome } = run;
  const warnings = outcome?.warnings ?? [];
  const unchecked = Object.entries(outcome?.unchecked ?? {});
  return h(
    'div',
    { class: 'page' },
    h(
      'header',
      {},
      h('p', { class: 'crumb' }, run.spec),
      h('h1', { tabindex: -1 }, nameOf(run), ' ', verdictMark(run)),
      h('p', { class: run.asExpected ? 'note' : 'alarm' }, expectation(run)),
      run.about !== null && h('p', {}, run.about),
    ),
    run.message !== null && h('pre', { class: 'message' }, run.message),
    facts(run),
    ...(warnings.length > 0
      ? [
          h('h2', {}, 'Warnings'),
          h(
            'ul',
            { class: 'warnings' },
            ...warnings.map(({ message, site }) =>
              h('li', {}, message, site && h('code', {}, ` ${site.file}:${site.line}`)),
            ),
          ),
        ]
      : []),
    ...(unchecked.length > 0
      ? [
          h('h2', {}, 'Not checked'),
          h('ul', {}, ...unchecked.map(([rule, why]) => h('li', {}, h('b', {}, rule), `: ${why}`))),
        ]
      : []),
    run.properties.length > 0 && h('h2', {}, 'Properties'),
    run.properties.length > 0 && propertiesOf(run),
    outcome && h('p', { class: 'note rules' }, allRules(unchecked.length > 0)),
    ...(outcome ? [...lockGraph(outcome.lockOrder), ...coverageOf(page, outcome)] : []),
  );
}

function facts(run: PageRun): HTMLElement {
  const { outcome } = run;
  const rows: [string, string][] = [
    ['file', run.file],
    ['models', run.kernel ?? ''],
    ['parameters', paramsOf(run)],
    ...(outcome ? searched(outcome) : []),
    ['time', run.durationMs > 0 ? duration(run.durationMs) : ''],
  ];
  return h(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, value]) =>
      value === '' ? [] : [h('dt', {}, name), h('dd', {}, value)],
    ),
  );
}

function searched(outcome: PageOutcome): [string, string][] {
  const { traces, states, transitions, depth, complete, limit, symmetry, without } = outcome;
  const chance = outcome.fingerprintCollisionProbability;
  const seen = traces === undefined ? counted(states, 'state') : `by ${counted(traces, 'trace')}`;
  return [
    ['searched', `${seen}, ${counted(transitions, 'transition')}, depth ${depth}`],
    ['complete', complete ? 'yes, every interleaving' : `no: ${limit ?? ''}`],
    [
      'method',
      [
        outcome.reduction ? 'partial-order reduction' : 'no reduction',
        ...symmetry.map((group) => `symmetry of ${group.length}`),
        ...(without.length > 0 ? [`without ${without.join(', ')}`] : []),
        'sequential consistency',
      ].join(', '),
    ],
    ['chance of a missed state', chance === 0 ? '0' : chance.toExponential(1)],
  ];
}

function allRules(unchecked: boolean): string {
  const but = unchecked ? ', but for those that are not checked' : '';
  return `All other rules were checked too${but}, and none was broken in what was searched.`;
}

function propertiesOf(run: PageRun): HTMLElement {
  const place = placeOfRun(run);
  const rows = run.properties.map(({ name, kind, verdict, message }) => {
    const trace = run.traces.findIndex(({ property }) => property === name);
    const found = run.traces[trace];
    const steps = found?.runs.at(-1)?.length ?? 0;
    const link =
      found && h('a', { href: href({ ...place, trace: trace + 1 }) }, counted(steps, 'step'));
    return h(
      'tr',
      {},
      h('td', {}, name, message !== null && h('div', { class: 'note' }, message)),
      h('td', { class: 'note' }, kind),
      h('td', {}, h('span', { class: `verdict ${verdict}` }, verdict)),
      h('td', {}, run.expected.includes(name) ? 'expected to be violated' : ''),
      h('td', { class: 'number' }, link ?? ''),
    );
  });
  const heads = ['Property', 'Kind', 'Verdict', '', 'Counterexample'];
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...heads.map((each) => h(each === '' ? 'td' : 'th', {}, each)))),
      h('tbody', {}, ...rows),
    ),
  );
}
