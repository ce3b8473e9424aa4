import type { Page, PageRun } from '../data.ts';
import { h } from './dom.ts';
import { href, type Place, placeOfRun } from './route.ts';
import { centre } from './source.ts';
import { isReplay, nameOf, sizeOf, verdictMark } from './verdict.ts';

export interface List {
  readonly element: HTMLElement;
  /** Marks what is shown now. */
  mark(place: Place | null): void;
}

/** All variants by spec, each with its counterexamples, to choose from. */
export function listOf(page: Page): List {
  const verdicts = [...new Set(page.runs.map(({ verdict }) => verdict))];
  const some = page.runs.some((run) => !run.asExpected && !isReplay(run));
  const choices = ['all', ...verdicts, ...(some ? ['unexpected'] : [])];
  let chosen = 'all';
  let words = '';
  const entries = page.runs.map((run) => ({ run, element: entryOf(run) }));
  const groups = [...new Set(page.runs.map(({ spec }) => spec))].map((spec) => {
    const own = entries.filter(({ run }) => run.spec === spec);
    const list = h('ul', {}, ...own.map(({ element }) => element));
    return { own, element: h('section', { class: 'group' }, h('h2', {}, spec), list) };
  });
  const none = h('p', { class: 'note', hidden: true }, 'No variant is like that.');
  const buttons = choices.map((choice) =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(choice === chosen),
        click: () => {
          chosen = choice;
          for (const [i, button] of buttons.entries())
            button.setAttribute('aria-pressed', String(choices[i] === chosen));
          filter();
        },
      },
      choice,
      h('span', { class: 'count' }, page.runs.filter((run) => isLike(run, choice)).length),
    ),
  );
  const search = h('input', {
    type: 'search',
    placeholder: 'Find a variant or property',
    'aria-label': 'Find a variant or property',
    input: () => {
      words = search.value.toLowerCase();
      filter();
    },
  });
  const filter = (): void => {
    for (const { run, element } of entries)
      element.hidden = !isLike(run, chosen) || !textOf(run).includes(words);
    for (const { own, element } of groups)
      element.hidden = own.every((each) => each.element.hidden);
    none.hidden = groups.some(({ element }) => !element.hidden);
  };
  const element = h(
    'nav',
    { class: 'list', id: 'variants', 'aria-label': 'Variants', tabindex: -1 },
    search,
    h('div', { class: 'choices', role: 'group', 'aria-label': 'Verdict' }, ...buttons),
    none,
    ...groups.map((group) => group.element),
  );
  return {
    element,
    mark(place) {
      const now = place && href({ spec: place.spec, variant: place.variant });
      const trace = place?.trace ? href({ ...place, run: null, step: null }) : null;
      for (const link of element.querySelectorAll('a')) {
        const to = link.getAttribute('href');
        const current = to === (trace ?? now);
        if (current) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
        if (to === now) link.closest('li')?.classList.add('open');
        // Not scrollIntoView: the Tab key would go on from there.
        if (current) centre(element, link);
      }
      for (const { run, element } of entries)
        element.classList.toggle('open', href(placeOfRun(run)) === now);
    },
  };
}

function isLike({ verdict, asExpected }: PageRun, choice: string): boolean {
  return choice === 'all' || (choice === 'unexpected' ? !asExpected : verdict === choice);
}

function textOf({ variant, spec, traces }: PageRun): string {
  return [variant ?? '', spec, ...traces.map(({ property }) => property)].join('\n').toLowerCase();
}

function entryOf(run: PageRun): HTMLElement {
  const place = placeOfRun(run);
  const traces = run.traces.map(({ property }, i) =>
    h('li', {}, h('a', { href: href({ ...place, trace: i + 1 }), title: property }, property)),
  );
  const link = h(
    'a',
    { href: href(place), class: 'variant' },
    h('span', { class: 'name' }, nameOf(run)),
    verdictMark(run),
    h('span', { class: 'size' }, sizeOf(run)),
    !run.asExpected && !isReplay(run) && h('span', { class: 'alarm' }, 'not as expected'),
  );
  return h('li', {}, link, traces.length > 0 && h('ul', {}, ...traces));
}
