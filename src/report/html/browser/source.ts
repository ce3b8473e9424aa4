import type { Page } from '../data.ts';
import type { Standing } from '../story.ts';
import { base, h } from './dom.ts';

/** How a line is marked: a class and a word beside it. */
export interface Mark {
  readonly class: string;
  readonly note: string;
}

export function linesOf(text: string, markOf: (line: number) => Mark | null): HTMLElement {
  const lines = text.replace(/\n$/, '').split('\n');
  let comment = false;
  return h(
    'ol',
    { class: 'lines' },
    ...lines.map((line, i) => {
      const mark = markOf(i + 1);
      const pieces = piecesOf(line, comment);
      comment = pieces.comment;
      return h(
        'li',
        { class: mark?.class ?? null, 'data-line': i + 1 },
        h('span', { class: 'text' }, ...pieces.nodes),
        mark !== null && mark.note !== '' && h('span', { class: 'mark' }, mark.note),
      );
    }),
  );
}

const PIECE =
  /\/\/.*|\/\*.*?(?:\*\/|$)|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|\b(?:yield\*?|function\*?|const|let|return|if|else|while|for|of|import|export|from|type|interface|new|default|do|break|continue)(?![\w$])/g;

/** Comments, strings and keywords; a comment may have begun on a line above. */
function piecesOf(line: string, inside: boolean): { nodes: (Node | string)[]; comment: boolean } {
  const nodes: (Node | string)[] = [];
  let at = 0;
  let comment = inside;
  if (inside) {
    const end = line.indexOf('*/');
    comment = end < 0;
    at = comment ? line.length : end + 2;
    nodes.push(h('i', { class: 'comment' }, line.slice(0, at)));
  }
  const start = at;
  for (const { 0: piece, index } of line.slice(start).matchAll(PIECE)) {
    nodes.push(line.slice(at, start + index));
    const kind = /^\/[/*]/.test(piece) ? 'comment' : /^['`"]/.test(piece) ? 'string' : 'keyword';
    nodes.push(h('i', { class: kind }, piece));
    comment = piece.startsWith('/*') && !piece.endsWith('*/');
    at = start + index + piece.length;
  }
  nodes.push(line.slice(at));
  return { nodes, comment };
}

export interface SourcePanel {
  readonly element: HTMLElement;
  show(standings: readonly Standing[]): void;
}

/** The source of the spec, with the line at which each thread stands. */
export function sourcePanel({ sources }: Page): SourcePanel {
  const title = h('span', { class: 'file' });
  const code = h('div', {
    class: 'code scroll',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Spec source',
  });
  const none = h('span', { class: 'note' });
  let shown: string | null = null;
  const markLines = (standings: readonly Standing[], file: string): void => {
    for (const line of code.querySelectorAll('li.now, li.here')) {
      line.classList.remove('now', 'here', 'caller');
      line.removeAttribute('aria-current');
      line.querySelector('.mark')?.remove();
    }
    for (const { thread, calls, moved } of standings) {
      const site = calls.at(-1);
      if (site?.file !== file) continue;
      const line = code.querySelector(`li[data-line="${site.line}"]`);
      if (!line) continue;
      line.classList.add(moved ? 'now' : 'here');
      if (moved) line.setAttribute('aria-current', 'step');
      const mark = line.querySelector('.mark') ?? h('span', { class: 'mark' });
      mark.append(h('b', { class: moved ? 'moved' : null, title: thread.name }, thread.name), ' ');
      line.append(mark);
    }
  };
  return {
    element: h('section', { class: 'source' }, h('h2', {}, 'Source ', title, none), code),
    show(standings) {
      const moved = standings.find((each) => each.moved);
      const site = moved?.calls.at(-1);
      const other = standings.find(({ calls }) => calls.length > 0)?.calls.at(-1);
      const file = site?.file ?? shown ?? other?.file ?? null;
      none.textContent = moved && !site ? `${moved.thread.name} runs code of the kernel's own` : '';
      if (file === null) return;
      if (file !== shown) {
        shown = file;
        title.textContent = base(file);
        title.title = file;
        const text = sources[file];
        code.replaceChildren(
          text === undefined
            ? h('p', { class: 'note' }, `${file} could not be read.`)
            : linesOf(text, () => null),
        );
      }
      markLines(standings, file);
      const line = site ?? standings.find(({ calls }) => calls.at(-1)?.file === file)?.calls.at(-1);
      centre(code, code.querySelector(`li[data-line="${line?.line}"]`));
    },
  };
}

/** Scrolls the box that it is in, and not the page, so that the element is in sight. */
export function centre(box: HTMLElement, element: HTMLElement | null): void {
  if (!element) return;
  const top = element.getBoundingClientRect().top - box.getBoundingClientRect().top;
  const hidden = top < 24 || top > box.clientHeight - 48;
  if (hidden) box.scrollTop += top - box.clientHeight / 2;
}
