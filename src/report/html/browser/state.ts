import { type ObjectNow, objectsAt, type Standing, type Story } from '../story.ts';
import { base, h } from './dom.ts';
import { centre } from './source.ts';

type Filter = 'all' | 'that changed' | 'in this step';

export interface StatePanel {
  readonly element: HTMLElement;
  show(step: number): void;
}

/** All shared objects and their values at a step. */
export function statePanel(story: Story): StatePanel {
  const filters: readonly Filter[] = ['all', 'that changed', 'in this step'];
  let chosen: Filter = 'all';
  let at = 0;
  const body = h('tbody');
  const buttons = filters.map((filter) =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(filter === chosen),
        click: () => {
          chosen = filter;
          for (const [i, button] of buttons.entries())
            button.setAttribute('aria-pressed', String(filters[i] === chosen));
          draw();
        },
      },
      filter,
    ),
  );
  const isShown = ({ before, changed }: ObjectNow): boolean =>
    chosen === 'all' || (chosen === 'in this step' ? before !== null : changed > 0);
  const draw = (): void => {
    const objects = objectsAt(story, at).filter(isShown);
    body.replaceChildren(
      ...objects.map(({ name, value, before, changed }) =>
        h(
          'tr',
          { class: before === null ? null : 'changed' },
          h('th', { scope: 'row' }, name),
          h(
            'td',
            {},
            before !== null && h('del', {}, before),
            before !== null && ' ',
            before === null ? value : h('ins', {}, value),
          ),
          h('td', { class: 'number note' }, changed === 0 ? '' : changed),
        ),
      ),
    );
    if (objects.length === 0)
      body.append(h('tr', {}, h('td', { class: 'note', colspan: 3 }, 'No object.')));
    centre(box, body.querySelector<HTMLElement>('.changed'));
  };
  const heads = ['Object', 'Value', 'Since'].map((each) => h('th', { scope: 'col' }, each));
  const box = h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Shared state' },
    h('table', {}, h('thead', {}, h('tr', {}, ...heads)), body),
  );
  const element = h(
    'section',
    { class: 'state' },
    h(
      'h2',
      {},
      'Shared state',
      h('span', { class: 'choices', role: 'group', 'aria-label': 'Objects shown' }, ...buttons),
    ),
    box,
  );
  return {
    element,
    show(step) {
      at = step;
      draw();
    },
  };
}

/** Where each thread is, what it holds, and for what and since when it waits. */
export function threadTable(standings: readonly Standing[]): HTMLElement {
  const rows = standings.map(({ thread, calls, held, wait, moved }) => {
    const site = calls.at(-1);
    const stack = calls.map(({ fn, file, line }) => `${fn} (${file}:${line})`).toReversed();
    const since = wait && (wait.since === 0 ? 'from the start' : `since step ${wait.since}`);
    const by = wait && (wait.holder === null ? '' : `, held by ${wait.holder}`);
    const where = site ? `${site.fn} ${base(site.file)}:${site.line}` : '';
    return h(
      'tr',
      { class: moved ? 'moved' : null },
      h('th', { scope: 'row' }, thread.name),
      h(
        'td',
        {},
        where !== '' && !wait?.idle && h('div', { title: stack.join('\n') }, where),
        held.length > 0 && h('div', {}, `holds ${held.join(', ')}`),
        wait !== null &&
          !wait.idle &&
          h('div', { class: 'waits' }, `waits: ${wait.text}${by}, ${since}`),
        wait?.idle === true && h('div', { class: 'note' }, 'has nothing to do'),
      ),
    );
  });
  return h('table', {}, h('tbody', {}, ...rows));
}
