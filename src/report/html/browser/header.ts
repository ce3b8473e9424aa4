import { letterOf, type Mention, orderParts } from '../../orders.ts';
import type { PageRun, PageTrace } from '../data.ts';
import { base, counted, h } from './dom.ts';
import { href, placeOfRun } from './route.ts';
import { nameOf, verdictMark } from './verdict.ts';

/** What a counterexample is about, before its steps. */
export function headerOf(
  run: PageRun,
  number: number,
  which: number,
  trace: PageTrace,
): HTMLElement {
  const place = placeOfRun(run);
  const steps = trace.runs.at(-1)!;
  const switches = steps.filter((step, i) => i > 0 && steps[i - 1]!.thread !== step.thread).length;
  const about =
    counted(steps.length, 'step') +
    (trace.shortest ? ', no schedule that breaks it has fewer; ' : ', ') +
    counted(switches, 'switch', 'switches') +
    (trace.fewestSwitches ? ', none as short has fewer' : '');
  const { orders } = trace.explanation;
  const places =
    trace.broken.filter(({ property }) => property === trace.property).at(-1)?.places ?? [];
  return h(
    'header',
    {},
    h(
      'p',
      { class: 'crumb' },
      h('a', { href: href(place) }, `${run.spec} / ${nameOf(run)}`),
      ' ',
      verdictMark(run),
    ),
    h('h1', { tabindex: -1 }, trace.property),
    h('p', { class: 'what' }, trace.message),
    run.outcome === null &&
      run.message !== null &&
      run.message !== trace.message &&
      h('p', {}, run.message),
    h('p', { class: 'note' }, about, trace.file !== null && h('code', {}, ` ${trace.file}`)),
    trace.runs.length > 1 &&
      h(
        'p',
        { class: 'runs' },
        'lockdep put together what it learned in ',
        ...trace.runs.map((_, i) =>
          h(
            'a',
            {
              href: href({ ...place, trace: number, run: i + 1 }),
              'aria-current': i + 1 === which ? 'true' : null,
            },
            `run ${i + 1}`,
          ),
        ),
      ),
    orders.length > 0 &&
      h(
        'ol',
        { class: 'orders', 'aria-label': 'Orders that matter' },
        ...orders.map((order, i) => {
          const link = ({ step, text }: Mention) =>
            h(
              'span',
              {},
              h('a', { href: href({ ...place, trace: number, run: which, step }) }, String(step)),
              ' ',
              h('code', {}, text),
            );
          return h(
            'li',
            {},
            h('span', { class: 'order-letter' }, letterOf(i)),
            ...orderParts(order, steps).map((part) =>
              typeof part === 'string' ? part : link(part),
            ),
          );
        }),
      ),
    places.length > 0 &&
      h(
        'details',
        { class: 'places', open: trace.runs.length > 1 },
        h('summary', {}, `Where it happens: ${counted(places.length, 'place')}`),
        h(
          'ul',
          {},
          ...places.map(({ what, thread, text, calls, held }) =>
            h(
              'li',
              {},
              h('b', {}, [what, thread].filter((each) => each !== '').join(', ')),
              ' ',
              h('code', {}, text),
              h(
                'div',
                { class: 'note' },
                [
                  ...calls
                    .toReversed()
                    .map(({ fn, file, line }) => `${fn} (${base(file)}:${line})`),
                ].join(' < '),
                held.length > 0 ? `; holding ${held.join(', ')}` : '; no lock held',
              ),
            ),
          ),
        ),
      ),
  );
}
