import { hash } from 'node:crypto';
import path from 'node:path';

/** What a kept trace is about; two different ones never share a file. */
export interface TraceSubject {
  readonly spec: string;
  readonly variant: string;
  readonly property: string;
  /** Parameters given on the command line: a trace for another size is another trace. */
  readonly overrides: Readonly<Record<string, number>>;
}

/** `<spec>/<variant>.<property>.trace.json`, with `+name=value` after a variant that was resized. */
export function tracePath(folder: string, subject: TraceSubject): string {
  const sizes = Object.entries(subject.overrides)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `+${fileName(name)}=${value}`)
    .join('');
  // Dots separate the parts, so only the variant (v5.3) may have some.
  const name = `${fileName(subject.variant, '.')}${sizes}.${fileName(subject.property)}.trace.json`;
  return path.join(folder, fileName(subject.spec), name);
}

/** The name itself where it can be a file's; else what is left of it and a digest of the whole. */
export function fileName(name: string, also = ''): string {
  const allowed = `a-zA-Z0-9_${also}-`;
  if (new RegExp(`^[a-zA-Z0-9][${allowed}]{0,59}$`).test(name)) return name;
  const plain = name
    .replace(new RegExp(`[^${allowed}]+`, 'g'), '-')
    .replace(/^[^a-zA-Z0-9]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `${plain || 'x'}-${hash('sha256', name).slice(0, 8)}`;
}
