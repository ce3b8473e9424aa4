import { searchTraces } from '../explore/traces.ts';
import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { runtime } from '../model/runtime.ts';
import { type Answer, NOTHING } from './messages.ts';
import { lessons } from './peer.ts';

/**
 * A worker's exploration by traces. On a machine of its own: what that learned is not news to the
 * crew, which the worker may join later.
 */
export class Tracer {
  private readonly machine: Machine;
  private readonly traces: ReturnType<typeof searchTraces>;
  private told = 0;

  /** @param slice as of TraceOptions */
  constructor(program: Program, guarded: <T>(code: () => T) => T, slice: number | undefined) {
    this.machine = new Machine(program, guarded);
    this.traces = searchTraces(this.machine, { guarded, slice });
  }

  next(): Answer {
    const { machine, told } = this;
    const traced = this.traces.next();
    this.told = machine.learned.length;
    const contended = [...machine.contention.contended()];
    const learned = lessons(machine, told);
    return { ...NOTHING, learned, asked: runtime.branches, contended, traced };
  }
}
