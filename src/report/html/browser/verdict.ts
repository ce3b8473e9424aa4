import type { PageRun } from '../data.ts';
import { base, counted, h } from './dom.ts';

/** A kept trace that was run again, and not a variant that was searched. */
export function isReplay({ verdict }: PageRun): boolean {
  const words = ['still reproduces', 'no longer possible', 'fixed', 'stale', 'damaged'] as const;
  return words.some((word) => word === verdict);
}

export function nameOf(run: PageRun): string {
  return isReplay(run) ? base(run.file) : (run.variant ?? run.file);
}

export function verdictMark({ verdict, asExpected }: PageRun): HTMLElement {
  const as = asExpected ? 'expected' : 'unexpected';
  return h('span', { class: `verdict ${verdict.replaceAll(' ', '-')} ${as}` }, verdict);
}

export function expectation(run: PageRun): string {
  const { verdict, asExpected, unexpected, missing } = run;
  if (isReplay(run)) return '';
  if (asExpected) return 'as expected';
  if (verdict === 'invalid' || verdict === 'incomplete') return '';
  const parts = [
    unexpected.length > 0 && `not expected: ${unexpected.join('; ')}`,
    missing.length > 0 && `expected and not found: ${missing.join('; ')}`,
  ];
  return parts.filter((part) => part !== false).join('. ');
}

export function sizeOf({ outcome }: PageRun): string {
  if (!outcome) return '';
  return outcome.traces === undefined
    ? counted(outcome.states, 'state')
    : counted(outcome.traces, 'trace');
}

export function paramsOf({ params }: PageRun): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
