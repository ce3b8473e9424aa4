import type { Page, PageOutcome } from '../data.ts';
import { base, counted, h } from './dom.ts';
import { linesOf } from './source.ts';

/** The spec's source, with what schedules reached of it marked beside each line. */
export function coverageOf(page: Page, outcome: PageOutcome): HTMLElement[] {
  const { reached, unreached, leftOut, explained } = outcome;
  const named = [...unreached, ...leftOut, ...explained].map(({ file }) => file);
  const files = [...new Set([...Object.keys(reached), ...named])].sort();
  if (files.length === 0) return [];
  return [
    h('h2', {}, 'Coverage'),
    h(
      'p',
      { class: 'note' },
      'Lines with an operation: a proof says nothing about those not reached.',
    ),
    ...files.map((file) => {
      const yes = new Set(reached[file] ?? []);
      const no = unreached.filter((site) => site.file === file);
      const why = new Map(
        explained.filter((site) => site.file === file).map(({ line, reason }) => [line, reason]),
      );
      const aside = new Set(leftOut.filter((site) => site.file === file).map(({ line }) => line));
      const missing = new Set(no.map(({ line }) => line));
      const told = [
        counted(yes.size, 'line reached', 'lines reached'),
        missing.size > 0 && `${missing.size} not reached`,
        why.size > 0 && `${why.size} explained`,
        aside.size > 0 && `${aside.size} left out by this configuration`,
      ];
      const details = h(
        'details',
        { class: 'coverage' },
        h(
          'summary',
          {},
          h('code', {}, base(file)),
          h(
            'span',
            { class: missing.size > 0 ? 'alarm' : 'note' },
            told.filter((each) => each !== false).join(', '),
          ),
        ),
      );
      // Not before it is asked for: all files of all variants are long.
      const open = () => {
        const text = page.sources[file];
        if (text === undefined) {
          details.append(h('p', { class: 'note' }, `${file} could not be read.`));
          return;
        }
        const lines = linesOf(text, (line) => {
          if (missing.has(line)) return { class: 'missed', note: 'not reached' };
          const reason = why.get(line);
          if (reason !== undefined) return { class: 'excused', note: `not reached: ${reason}` };
          if (yes.has(line)) return { class: 'reached', note: '' };
          return aside.has(line) ? { class: 'excused', note: 'not in this configuration' } : null;
        });
        details.append(
          h(
            'div',
            { class: 'code scroll', tabindex: 0, role: 'region', 'aria-label': file },
            lines,
          ),
        );
      };
      details.addEventListener('toggle', open, { once: true });
      return details;
    }),
  ];
}
