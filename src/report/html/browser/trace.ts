import { showChange } from '../../change.ts';
import type { Page, PageRun, PageStep, PageTrace } from '../data.ts';
import { reportsOf, type Story, storyOf, threadsAt } from '../story.ts';
import { base, counted, h } from './dom.ts';
import { ARROWS, lanesOf, locksOf } from './lanes.ts';
import { href, placeOfRun } from './route.ts';
import { centre, sourcePanel } from './source.ts';
import { statePanel, threadTable } from './state.ts';
import { nameOf, verdictMark } from './verdict.ts';

export interface TraceView {
  readonly element: HTMLElement;
  /** Shows the state after a step; those out of range are brought into it. */
  show(step: number): void;
  /** True when the key meant something. */
  key(key: string): boolean;
}

/** One counterexample: the steps in lanes, and beside them the source and the state at one step. */
export function traceView(
  page: Page,
  run: PageRun,
  number: number,
  chosen: number | null,
  moved: (step: number) => void,
): TraceView {
  const trace = run.traces[number - 1]!;
  const which = Math.min(Math.max(1, chosen ?? trace.runs.length), trace.runs.length);
  const story = storyOf(trace, which - 1);
  const last = story.steps.length;
  let current = 0;
  const go = (step: number): void => {
    show(step);
    moved(current);
  };
  const lanes = lanesOf(story, go);
  const source = sourcePanel(page);
  const state = statePanel(story);
  const detail = h('section', { class: 'detail' });
  const threads = h('div', {
    class: 'scroll',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Threads',
  });
  const controls = controlsOf(story, (key) => key in moves && go(moves[key]!()));
  const moves: Record<string, () => number> = {
    first: () => 0,
    back: () => current - 1,
    forward: () => current + 1,
    last: () => last,
    'previous switch': () => story.switches.findLast(({ at }) => at < current)?.at ?? 0,
    'next switch': () => story.switches.find(({ at }) => at > current)?.at ?? last,
  };
  const show = (step: number): void => {
    current = Math.min(Math.max(0, step), last);
    const standings = threadsAt(story, current);
    controls.show(current);
    lanes.show(current);
    // These first: they have the height that they need, and what is left is for the others.
    detail.replaceChildren(...detailOf(story, current));
    threads.replaceChildren(threadTable(standings));
    centre(threads, threads.querySelector<HTMLElement>('.moved'));
    source.show(standings);
    state.show(current);
  };
  const element = h(
    'div',
    { class: 'trace' },
    headerOf(run, number, which, trace),
    controls.element,
    h(
      'div',
      { class: 'split' },
      lanes.element,
      h(
        'div',
        { class: 'panel' },
        detail,
        source.element,
        h('section', { class: 'threads' }, h('h2', {}, 'Threads'), threads),
        state.element,
      ),
    ),
  );
  const keys: Readonly<Record<string, string>> = {
    ...{ ArrowDown: 'forward', ArrowRight: 'forward', j: 'forward' },
    ...{ ArrowUp: 'back', ArrowLeft: 'back', k: 'back' },
    ...{ Home: 'first', End: 'last', n: 'next switch', p: 'previous switch' },
  };
  return {
    element,
    show,
    key(key) {
      const move = keys[key];
      if (move === undefined) return false;
      go(moves[move]!());
      return true;
    },
  };
}

function headerOf(run: PageRun, number: number, which: number, trace: PageTrace): HTMLElement {
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
    run.outcome === null && run.message !== null && h('p', {}, run.message),
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
        ...orders.map(({ first, then, thread, object }, i) => {
          const step = (n: number) =>
            h('a', { href: href({ ...place, trace: number, run: which, step: n }) }, `step ${n}`);
          return h(
            'li',
            {},
            h('span', { class: 'order-number' }, `order ${i + 1}`),
            'If ',
            step(first),
            ' came after ',
            then === null ? `what ${thread} waits for in the end` : step(then),
            `, this would hold (${object}).`,
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

interface Controls {
  readonly element: HTMLElement;
  show(step: number): void;
}

function controlsOf(story: Story, act: (move: string) => void): Controls {
  const last = story.steps.length;
  const button = (move: string, sign: string, key: string) =>
    h(
      'button',
      { type: 'button', 'aria-label': move, title: `${move} (${key})`, click: () => act(move) },
      sign,
    );
  const told = h('span', { class: 'told' });
  const spoken = h('span', { class: 'hidden', 'aria-live': 'polite' });
  const [first, back] = [button('first', '⇤', 'Home'), button('back', '←', '← or k')];
  const [forward, end] = [button('forward', '→', '→ or j'), button('last', '⇥', 'End')];
  const locks = locksOf(story.steps);
  const kinds = ARROWS.filter((kind) => story.arrows.some((arrow) => arrow.kind === kind));
  return {
    element: h(
      'div',
      { class: 'controls', role: 'toolbar', 'aria-label': 'Stepping' },
      h('span', { class: 'buttons' }, first, back, forward, end),
      h(
        'span',
        { class: 'buttons' },
        button('previous switch', '↥ switch', 'p'),
        button('next switch', '↧ switch', 'n'),
      ),
      told,
      spoken,
      h(
        'ul',
        { class: 'legend', 'aria-label': 'Legend' },
        ...locks.map((lock, i) => h('li', {}, h('i', { class: `bar lock${i % 6}` }), lock)),
        story.waits.length > 0 && h('li', {}, h('i', { class: 'bar waiting' }), 'waits'),
        ...kinds.map((kind) =>
          h('li', {}, h('i', { class: `line ${kind.replace(' ', '-')}` }), kind),
        ),
        story.idle.length > 0 &&
          h(
            'li',
            { class: 'note', title: story.idle.join(', ') },
            `${counted(story.idle.length, 'thread')} never moves`.replace(
              'threads never moves',
              'threads never move',
            ),
          ),
      ),
    ),
    show(step) {
      told.textContent = `step ${step} of ${last}`;
      const now = story.steps[step - 1];
      spoken.textContent = now ? `step ${step} of ${last}, ${now.thread}: ${now.text}` : 'start';
      for (const each of [first, back]) each.disabled = step === 0;
      for (const each of [forward, end]) each.disabled = step === last;
    },
  };
}

/** What the step did, and what it had to do with others. */
function detailOf(story: Story, at: number): HTMLElement[] {
  const step = story.steps[at - 1];
  if (!step)
    return [
      h('h2', {}, 'Start'),
      h('p', { class: 'note' }, 'Nothing has happened yet. Press → or j to step.'),
    ];
  const { thread, text, result, changes, locals, enabled } = step;
  const names = Object.entries(locals).filter(
    ([name, value]) => !name.startsWith('$') && name !== value,
  );
  const others = enabled.filter((name) => name !== thread);
  const rows: [string, (string | HTMLElement)[]][] = [
    ['reports', reportsOf(step).map((text) => h('span', { class: 'alarm' }, text))],
    ['changes', changes.map(({ object, from, to }) => h('code', {}, showChange(object, from, to)))],
    ['locals', names.map(([name, value]) => h('code', {}, `${name} = ${value}`))],
    ['follows from', partners(story, at)],
    ['instead of', others.length > 0 ? [others.join(', ')] : []],
  ];
  return [
    h('h2', {}, `Step ${at} `, h('span', { class: 'thread' }, thread)),
    h('p', { class: 'statement' }, h('code', {}, result === '' ? text : `${text} = ${result}`)),
    h('p', { class: 'calls note' }, callsOf(step)),
    h(
      'dl',
      { class: 'facts' },
      ...rows.flatMap(([name, values]) =>
        values.length === 0
          ? []
          : [h('dt', {}, name), h('dd', {}, ...values.map((value) => h('div', {}, value)))],
      ),
    ),
  ];
}

function callsOf({ calls }: PageStep): string {
  return calls
    .toReversed()
    .map(({ fn, file, line }) => `${fn} (${base(file)}:${line})`)
    .join(' < ');
}

/** Earlier steps of other threads that this one met the work of. */
function partners({ explanation, steps }: Story, at: number): string[] {
  const met = explanation.edges.filter(({ to, kind }) => to === at && kind !== 'order');
  const froms = [...new Set(met.map(({ from }) => from))].sort((a, b) => a - b);
  return froms.map((from) => {
    const objects = met.filter((edge) => edge.from === from).map(({ object }) => object);
    return `step ${from}, ${steps[from - 1]?.thread ?? ''}: ${objects.join(', ')}`;
  });
}
