import type { Page } from '../data.ts';
import { type Packed, unpack } from '../pack.ts';
import { h } from './dom.ts';
import { listOf } from './list.ts';
import { overviewOf } from './overview.ts';
import { href, type Place, placeOf, placeOfRun } from './route.ts';
import { themeButton } from './theme.ts';
import { type TraceView, traceView } from './trace.ts';
import { variantOf } from './variant.ts';
import { nameOf } from './verdict.ts';

const page = unpack(JSON.parse(document.getElementById('data')!.textContent!) as Packed) as Page;
const list = listOf(page);
const main = h('main', { id: 'main' });
let view: TraceView | null = null;
let shown: string | null = null;

const keys: readonly (readonly [string, string])[] = [
  ['← → ↑ ↓, j k', 'step back and forward'],
  ['Home, End', 'start and last step'],
  ['n, p', 'next and previous switch'],
  ['?', 'these keys'],
];
const help = h(
  'dialog',
  { 'aria-label': 'Keys' },
  h('h2', {}, 'Keys'),
  h(
    'dl',
    { class: 'facts' },
    ...keys.flatMap(([key, what]) => [h('dt', {}, key), h('dd', {}, what)]),
  ),
  h('form', { method: 'dialog' }, h('button', {}, 'Close')),
);
const toggle = h(
  'button',
  {
    type: 'button',
    class: 'menu',
    'aria-controls': 'variants',
    'aria-expanded': 'false',
    click: () => openList(!document.body.classList.contains('listed')),
  },
  'Variants',
);

/** Where the page is narrow, the list lies over it. */
function openList(open: boolean): void {
  document.body.classList.toggle('listed', open);
  toggle.setAttribute('aria-expanded', String(open));
}

document.body.append(
  h('a', { class: 'skip', href: '#main', click: skipTo(main) }, 'Skip to the content'),
  h('a', { class: 'skip', href: '#variants', click: skipTo(list.element) }, 'Skip to the variants'),
  h(
    'header',
    { class: 'top' },
    toggle,
    h('a', { class: 'brand', href: '#' }, 'Lockstep'),
    h('span', { class: 'note' }, 'report'),
    h('span', { class: 'space' }),
    h('button', { type: 'button', click: () => help.showModal() }, 'Keys'),
    themeButton(),
  ),
  list.element,
  main,
  help,
);
main.tabIndex = -1;

/** The address is what is shown, so a link within the page must not change it. */
function skipTo(element: HTMLElement): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    element.focus();
  };
}

function show(first: boolean): void {
  const place = placeOf(location.hash);
  const run = place && page.runs.find((each) => sameRun(each, place));
  const [only] = page.runs;
  if (!run && page.runs.length === 1 && only) {
    // Nothing to choose from: straight to what there is to see.
    const trace = only.traces.length > 0 ? 1 : null;
    history.replaceState(null, '', href({ ...placeOfRun(only), trace }));
    show(first);
    return;
  }
  const trace = run && place.trace !== null && run.traces[place.trace - 1] ? place.trace : null;
  const what = run ? href({ ...placeOfRun(run), trace, run: place.run }) : '';
  if (what !== shown) {
    shown = what;
    view = null;
    if (run && trace !== null) {
      view = traceView(page, run, trace, place.run, (step) => {
        const at = { ...placeOfRun(run), trace, run: place.run, step };
        history.replaceState(null, '', href(at));
      });
      main.replaceChildren(view.element);
    } else {
      main.replaceChildren(run ? variantOf(page, run) : overviewOf(page));
    }
    main.scrollTop = 0;
    const [name, property] = [run && nameOf(run), trace && run?.traces[trace - 1]?.property];
    document.title = [property, name, 'Lockstep report'].filter(Boolean).join(' · ');
    list.mark(run ? { ...place, trace } : null);
    openList(false);
    if (!first) main.querySelector('h1')?.focus({ preventScroll: true });
  }
  view?.show(place?.step ?? 0);
}

function sameRun(run: Page['runs'][number], { spec, variant }: Place): boolean {
  const own = placeOfRun(run);
  return own.spec === spec && own.variant === variant;
}

document.addEventListener('keydown', (event) => {
  const { key, target, altKey, ctrlKey, metaKey } = event;
  if (altKey || ctrlKey || metaKey || help.open) return;
  if (target instanceof HTMLInputElement) return;
  if (key === 'Escape') openList(false);
  if (key === '?') help.showModal();
  // Scrolling a box that has the focus is left to the browser.
  const scrolls = target instanceof HTMLElement && target.matches('.panel .scroll');
  if (scrolls && !/^[jknp]$/.test(key)) return;
  if (view?.key(key)) event.preventDefault();
});
addEventListener('hashchange', () => show(false));
show(true);
