import type { Page, PageRun } from '../data.ts';
import { storyOf, threadsAt } from '../story.ts';
import { controlsOf } from './controls.ts';
import { detailOf } from './detail.ts';
import { h } from './dom.ts';
import { headerOf } from './header.ts';
import { lanesOf } from './lanes.ts';
import { centre, sourcePanel } from './source.ts';
import { statePanel, threadTable } from './state.ts';

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
