import type { Story } from '../story.ts';
import { h } from './dom.ts';
import { ARROWS, COLOURS, classOf, locksOf } from './marks.ts';

interface Controls {
  readonly element: HTMLElement;
  show(step: number): void;
}

/** Buttons to step with, and what the marks along the lanes mean. */
export function controlsOf(story: Story, act: (move: string) => void): Controls {
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
        ...locks.map((lock, i) => h('li', {}, h('i', { class: `bar lock${i % COLOURS}` }), lock)),
        story.waits.length > 0 && h('li', {}, h('i', { class: 'bar waiting' }), 'waits'),
        ...kinds.map((kind) => h('li', {}, h('i', { class: `line ${classOf(kind)}` }), kind)),
        story.idle.length > 0 &&
          h(
            'li',
            { class: 'note', title: story.idle.join(', ') },
            `without ${story.idle.length} that never move`,
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
