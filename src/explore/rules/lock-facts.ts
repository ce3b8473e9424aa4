import type { Machine, Node } from '../../model/machine.ts';
import { brokenByReport, type Findings } from '../findings.ts';
import { keysOf, lockReports } from './lockdep.ts';

/** What one round of a search gives lockdep to know: the facts of each local state, once. */
export class LockFacts {
  private readonly machine: Machine;
  private readonly findings: Findings;
  /** Per thread, by local state id: what is learned there, and in which level it was. */
  private readonly keys: (readonly string[])[][];
  private readonly levels: number[][];
  private reported = 0;

  constructor(machine: Machine, findings: Findings) {
    this.machine = machine;
    this.findings = findings;
    this.keys = machine.threads.map(() => []);
    this.levels = machine.threads.map(() => []);
  }

  /** A thread has come to a local state; of those that do so first, the least state counts. */
  see(node: Node, level: number, hi: number, lo: number, as = 0): void {
    const { thread, state } = node;
    const known = this.keys[thread]!;
    known[state.id] ??= keysOf(node);
    const keys = known[state.id]!;
    const levels = this.levels[thread]!;
    levels[state.id] ??= level;
    if (keys.length === 0 || levels[state.id]! < level) return;
    for (const key of keys) this.findings.see(key, { level, hi, lo, as });
  }

  /** Was the local state seen in an earlier level? */
  isKnown({ thread, state }: Node, level: number): boolean {
    return this.levels[thread]![state.id]! < level;
  }

  /** What lockdep makes of all that was seen up to this level, by whomever. */
  report(level: number): void {
    const { facts } = this.findings;
    if (facts.size === this.reported) return;
    this.reported = facts.size;
    const reports = lockReports([...facts.keys()]);
    this.findings.locks = reports.flatMap(({ facts: because, ...report }) => {
      const seen = because.map((key) => facts.get(key)!);
      const last = seen.reduce((a, b) => (b.level > a.level ? b : a));
      const earlier = seen.filter(
        ({ hi, lo, as }) => hi !== last.hi || lo !== last.lo || as !== last.as,
      );
      const broken = brokenByReport(this.machine, report, null);
      return broken.map((each) => ({ ...each, ...last, level, thread: -1, earlier }));
    });
  }
}
