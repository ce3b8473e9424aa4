import type { PropertyRecord, RunRecord } from './run-record.ts';
import { plain, thousands } from './text.ts';

/**
 * Complete runs as Markdown, a table for each spec: one row for a verified variant, one for each
 * property that a violated one breaks. It says nothing that differs between two runs of one spec.
 * `link` gives the address of a trace file for the place that the table is going to.
 */
export function tableOf(runs: readonly RunRecord[], link: (trace: string) => string): string {
  return [...new Set(runs.map((run) => run.spec))]
    .map((spec) => {
      const rows = runs.filter((run) => run.spec === spec).flatMap((run) => rowsOf(run, link));
      return `### ${literal(spec)}\n\n${[heads, rule, ...rows].map(line).join('')}`;
    })
    .join('\n');
}

const heads = ['variant', 'kernel', 'property', 'verdict', 'states', 'steps', 'trace'];
const rule = [':--', ':--', ':--', ':--', '--:', '--:', ':--'];

function rowsOf(run: RunRecord, link: (trace: string) => string): string[][] {
  const about = run.about === null ? '' : `<br>${literal(run.about)}`;
  const variant = `**${literal(run.variant ?? '')}**${about}`;
  const kernel = literal(run.kernel ?? '');
  const states = thousands(run.states);
  const violated = run.properties.filter((property) => property.verdict === 'violated');
  if (violated.length === 0) {
    return [[variant, kernel, `all ${run.properties.length}`, run.verdict, states, '', '']];
  }
  return violated.map((property, i) => [
    ...(i === 0 ? [variant, kernel] : ['', '']),
    literal(property.name),
    property.verdict,
    i === 0 ? states : '',
    stepsOf(property),
    property.trace === null ? '' : `[trace](${link(property.trace)})`,
  ]);
}

/** A violation without a schedule is that of a property which must hold in some state. */
function stepsOf({ steps, shortest }: PropertyRecord): string {
  if (steps === null) return 'in no state';
  return thousands(steps) + (shortest ? ', shortest' : '');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** Text that reads the same in Markdown; an underscore within a word is left, as in kmem_cache. */
export function literal(text: string): string {
  return plain(text)
    .replace(/[\\`*[\]<>|~&$]/g, '\\$&')
    .replace(/\b_+|_+\b/g, (run) => run.replaceAll('_', '\\_'));
}
