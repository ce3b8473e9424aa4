/** A lock as it is held or asked for. */
export interface Use {
  readonly lock: string;
  readonly cls: string | null;
  readonly mode: 'exclusive' | 'shared' | 'recursive';
  readonly raw?: boolean;
  readonly map?: boolean;
}

/** A thread in some state: where it is, what it holds, and what it is about to wait for. */
export interface Holder {
  readonly kind: string;
  readonly irqsOff: boolean;
  readonly bhOff: number;
  readonly held: readonly Use[];
  readonly asks: readonly Use[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly fromReader: boolean;
  readonly recursive: boolean;
}

interface Usage {
  readonly cls: string;
  readonly context: string;
  readonly inside: boolean;
  readonly reader: boolean;
}

/**
 * lockdep the dumb way: all edges and usages of all states as a heap of facts, and the transitive
 * closure over the edges when all are there.
 */
export class LockOracle {
  private readonly edges = new Map<string, Edge>();
  private readonly usages = new Map<string, Usage>();
  private readonly broken = new Set<string>();

  see({ kind, irqsOff, bhOff, held, asks }: Holder): void {
    const interrupt = kind === 'hardirq' || kind === 'softirq';
    for (const { cls, mode } of held) {
      if (cls === null) continue;
      const usage = { cls, inside: false, reader: mode !== 'exclusive' };
      if (!irqsOff && kind !== 'hardirq') {
        this.uses({ ...usage, context: 'HARDIRQ' });
        if (kind !== 'softirq' && bhOff === 0) this.uses({ ...usage, context: 'SOFTIRQ' });
      }
    }
    for (const asked of asks) {
      if (asked.cls === null) continue;
      const reader = asked.mode !== 'exclusive';
      if (interrupt) {
        this.uses({ cls: asked.cls, context: kind.toUpperCase(), inside: true, reader });
      }
      for (const mine of held) {
        if (mine.raw && !asked.raw && !asked.map && mine.cls !== null) {
          this.broken.add('Invalid wait context');
        }
        if (mine.cls === null) continue;
        const readers = reader && mine.mode !== 'exclusive';
        if (mine.cls !== asked.cls) {
          const edge = {
            from: mine.cls,
            to: asked.cls,
            fromReader: mine.mode !== 'exclusive',
            recursive: asked.mode === 'recursive',
          };
          this.edges.set(JSON.stringify(edge), edge);
        } else if (readers ? asked.mode !== 'recursive' : mine.lock !== asked.lock || asked.map) {
          this.broken.add('possible recursive locking detected');
        }
      }
    }
  }

  private uses(usage: Usage): void {
    this.usages.set(JSON.stringify(usage), usage);
  }

  violated(): Set<string> {
    const edges = [...this.edges.values()];
    // leads[i][j]: a chain of waits begins with edge i and ends with edge j.
    const leads = edges.map((a, i) => edges.map((b, j) => i === j || chained(a, b)));
    const closed = edges.map((a) => edges.map((b) => chained(a, b)));
    for (const reach of [leads, closed]) {
      for (const k of edges.keys())
        for (const i of edges.keys())
          for (const j of edges.keys()) if (reach[i]![k] && reach[k]![j]) reach[i]![j] = true;
    }
    if (edges.some((_, i) => closed[i]![i])) {
      this.broken.add('possible circular locking dependency detected');
    }
    for (const a of this.usages.values()) {
      for (const b of this.usages.values()) {
        if (!a.inside || b.inside || a.context !== b.context) continue;
        if (a.cls === b.cls) {
          if (!(a.reader && b.reader)) this.broken.add('inconsistent lock state');
          continue;
        }
        const path = edges.some((first, i) =>
          edges.some(
            (last, j) =>
              leads[i]![j] &&
              first.from === a.cls &&
              last.to === b.cls &&
              !(a.reader && first.fromReader) &&
              !(b.reader && last.recursive),
          ),
        );
        if (path && !(a.reader && b.reader)) {
          this.broken.add(`${a.context}-safe -> ${a.context}-unsafe lock order detected`);
        }
      }
    }
    return this.broken;
  }
}

/** Somebody at `a` waits for somebody who is at `b`. */
function chained(a: Edge, b: Edge): boolean {
  return a.to === b.from && !(a.recursive && b.fromReader);
}
