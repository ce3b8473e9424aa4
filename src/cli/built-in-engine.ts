import { availableParallelism, totalmem } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { explain } from '../explore/explain.ts';
import { finalSchedules } from '../explore/final-schedules.ts';
import { endsOf, surfaceOf } from '../explore/final-states.ts';
import { replay } from '../explore/replay.ts';
import { piecesOf } from '../explore/rerun.ts';
import { sample } from '../explore/sample.ts';
import { standing } from '../explore/standing.ts';
import { verify } from '../pool/coordinator.ts';
import { guarded } from '../spec/guard.ts';
import { instantiate } from '../spec/instantiate.ts';
import { loadSpec } from '../spec/load.ts';
import type { Engine } from './engine.ts';

export const engine: Engine = {
  load: loadSpec,
  instantiate,
  verify: (loaded, program, { signal, workers, maxMemory, ...limits }) =>
    verify(loaded, program, {
      ...limits,
      maxMemory: maxMemory ?? SPARED * ownMemory(),
      workers: workers ?? availableParallelism(),
      interrupted: () => signal.aborted,
    }),
  replay: (program, schedule, earlier) => replay(program, schedule, guarded, earlier),
  sample: (program, count, seed) => sample(program, count, seed, guarded),
  explain: (program, shown, property) => explain(program, shown, property, guarded),
  piecesOf: (program, schedule) => piecesOf(program, schedule, guarded),
  standing: (program, schedule) => standing(program, schedule, guarded),
  surfaceOf,
  finalSchedules: async (program, scope, digests, { signal, maxMemory, ...limits }) => {
    const search = finalSchedules(program, scope, digests, {
      ...limits,
      maxMemory: maxMemory ?? SPARED * ownMemory(),
      now: () => performance.now(),
      memory: () => process.memoryUsage.rss(),
      guarded,
      interrupted: () => signal.aborted,
    });
    for (let step = search.next(); ; step = search.next()) {
      if (step.done) return step.value;
      await setImmediate();
    }
  },
  endsOf: (program, scope) => endsOf(program, scope, guarded),
};

/** Part of the memory that a search may have if nothing else is said. */
const SPARED = 0.8;

/** Bytes of the machine, or of the part of it that this process may use. */
function ownMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
