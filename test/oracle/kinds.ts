import type { Findings } from './findings.ts';

/** In how many programs each kind of violation was met: what none has is not compared. */
export class Kinds {
  private readonly counts = new Map<string, number>();

  add({ violated, notes = new Set() }: Findings): void {
    const met = new Set([...[...violated].map(kindOf), ...notes]);
    for (const kind of met) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** Those that were met in fewer programs than they should. */
  missed(least: Readonly<Record<string, number>>): string[] {
    const kinds = Object.keys(least);
    return kinds.filter((kind) => (this.counts.get(kind) ?? 0) < least[kind]!);
  }

  toString(): string {
    return JSON.stringify(Object.fromEntries(this.counts));
  }
}

/** Violations that count as one: the names that come from the program are many. */
function kindOf(name: string): string {
  return /^(always|atEnd|sometimes|assert|data-race)/.exec(name)?.[0] ?? name;
}
