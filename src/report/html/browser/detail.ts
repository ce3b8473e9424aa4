import { showChange } from '../../change.ts';
import { tellingLocals } from '../../locals.ts';
import type { PageStep } from '../data.ts';
import { reportsOf, type Story } from '../story.ts';
import { base, h } from './dom.ts';

/** What the step did, and what it had to do with others. */
export function detailOf(story: Story, at: number): HTMLElement[] {
  const step = story.steps[at - 1];
  if (!step)
    return [
      h('h2', {}, 'Start'),
      h('p', { class: 'note' }, 'Nothing has happened yet. Press → or j to step.'),
    ];
  const { thread, text, result, changes, locals, enabled } = step;
  const names = tellingLocals(locals);
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
