import { availableParallelism } from 'node:os';
import { replay } from '../explore/replay.ts';
import { verify } from '../pool/coordinator.ts';
import { guarded } from '../spec/guard.ts';
import { instantiate } from '../spec/instantiate.ts';
import { loadSpec } from '../spec/load.ts';
import type { Engine } from './engine.ts';

export const engine: Engine = {
  load: loadSpec,
  instantiate,
  verify: (loaded, program, { signal, workers, ...limits }) =>
    verify(loaded, program, {
      ...limits,
      workers: workers ?? availableParallelism(),
      interrupted: () => signal.aborted,
    }),
  replay: (program, schedule, earlier) => replay(program, schedule, guarded, earlier),
};
