import type { Order } from '../../src/explore/explain.ts';
import type { Outcome, PropertyOutcome, Replay, StepRecord } from '../../src/explore/outcome.ts';
import type { Run } from '../../src/verdict/run.ts';
import { changeOf, replayOf, stepOf } from '../fixtures/steps.ts';

/** A made-up counterexample with all there can be in one. */

function step(thread: string, text: string, more: Partial<StepRecord> = {}): StepRecord {
  const site = { file: 'specs/slab.ts', line: 40 + text.length, fn: 'kmem_cache_destroy', text };
  const enabled = ['allocator', 'destroyer'];
  return stepOf({
    ...{ thread, text, site, enabled, stack: ['kmem_cache_destroy'], calls: [site] },
    ...more,
  });
}

const waiting = {
  thread: 'kworker/0',
  text: 'mutex_lock(slab_mutex)',
  holder: 'destroyer',
  idle: false,
  since: 1,
};

export const replay: Replay = replayOf({
  steps: [
    step('destroyer', 'mutex_lock(slab_mutex)', {
      changes: [changeOf('slab_mutex', 'NULL', 'destroyer')],
      ...{ taken: ['slab_mutex'], held: ['slab_mutex'] },
      waits: [waiting],
    }),
    step('allocator', 'READ_ONCE(root.memcg_params.dying)', {
      result: 'false',
      locals: { memcg: 'memcg1', root: 'root', $1: 'x' },
      waits: [waiting],
      stack: ['kmem_cache_alloc', 'memcg_schedule_kmem_cache_create'],
      site: { file: 'specs/slab.ts', line: 120, fn: 'memcg_schedule_kmem_cache_create', text: '' },
    }),
    step('destroyer', 'WRITE_ONCE(root.memcg_params.dying, true)', {
      changes: [changeOf('root.memcg_params.dying', 'false', 'true')],
      held: ['slab_mutex'],
      waits: [waiting],
    }),
    step('destroyer', 'mutex_unlock(slab_mutex)', {
      changes: [changeOf('slab_mutex', 'destroyer', 'NULL')],
      dropped: ['slab_mutex'],
    }),
    step('destroyer', 'kfree(root)', { changes: [changeOf('root', 'alive', 'freed')] }),
    step('allocator', 'queue_work(memcg_kmem_cache_wq, cw@allocator)', {
      result: 'true',
      locals: { memcg: 'memcg1', cw: 'cw@allocator' },
      changes: [
        changeOf('memcg_kmem_cache_wq.pending', '[]', '[cw@allocator]'),
        changeOf('cw@allocator.pending', 'false', 'true'),
      ],
      site: null,
      stack: ['kmem_cache_alloc', 'memcg_schedule_kmem_cache_create'],
    }),
    step('kworker/0', 'load(root.name)', {
      reports: [
        {
          rule: 'use-after-free',
          message: 'kworker/0 reads root.name of struct kmem_cache root, freed by destroyer',
          property: 'D3',
        },
      ],
    }),
  ],
  broken: [
    {
      property: 'D3',
      message: 'use-after-free',
      step: 7,
      places: [
        {
          what: '',
          thread: 'kworker/0',
          text: 'load(root.name)',
          calls: [
            { file: 'specs/slab.ts', line: 12, fn: 'memcg_kmem_cache_create_func', text: '' },
            { file: 'specs/slab.ts', line: 34, fn: 'memcg_create_kmem_cache', text: '' },
          ],
          held: ['slab_mutex', 'cpu_hotplug_lock'],
        },
        {
          what: 'freed',
          thread: 'destroyer',
          text: 'kfree(root)',
          calls: [{ file: 'specs/slab.ts', line: 56, fn: 'kmem_cache_destroy', text: '' }],
          held: [],
        },
      ],
    },
  ],
});

export const deadlock: Replay = replayOf({
  steps: [
    step('A', 'mutex_lock(a)', {
      changes: [changeOf('a', 'NULL', 'A')],
      ...{ taken: ['a'], held: ['a'] },
    }),
    step('B', 'mutex_lock(b)', {
      ...{ taken: ['b'], held: ['b'], enabled: ['A', 'B'] },
      changes: [changeOf('b', 'NULL', 'B')],
      waits: [
        { thread: 'A', text: 'mutex_lock(b)', holder: 'B', idle: false, since: 2 },
        { thread: 'B', text: 'mutex_lock(a)', holder: 'A', idle: false, since: 2 },
        { thread: 'idler', text: 'wait_until(never)', holder: null, idle: true, since: 0 },
      ],
    }),
  ],
  broken: [{ property: 'deadlock', message: 'nothing can move', step: 2, places: [] }],
});

export const violatedProperty: PropertyOutcome = {
  name: 'D3',
  kind: 'never',
  verdict: 'violated',
  message: 'use-after-free: kworker/0 reads root.name, freed by destroyer',
  schedule: replay.steps.map((s) => s.thread),
  earlier: [],
  shortest: true,
  fewestSwitches: true,
};

export const outcome: Outcome = {
  properties: [
    violatedProperty,
    { ...violatedProperty, name: 'D1', verdict: 'holds', message: null, schedule: null },
  ],
  complete: true,
  limit: null,
  states: 12345,
  transitions: 45678,
  depth: 34,
  rounds: 2,
  workers: 1,
  reduction: true,
  without: [],
  symmetry: [],
  fingerprintCollisionProbability: 4.1e-12,
  reached: [],
  warnings: [],
  lockOrder: { classes: [], edges: [] },
  unreached: [
    {
      file: 'specs/slab.ts',
      line: 88,
      fn: 'kmem_cache_shrink',
      text: 'yield* mutex_lock(slab_mutex)',
    },
  ],
  leftOut: [],
  explained: [
    {
      file: 'specs/slab.ts',
      line: 95,
      fn: 'shutdown_cache',
      text: 'yield* warn(s)',
      reason: 'no cache is busy',
    },
  ],
  finalStates: 12,
  unchecked: {},
};

/** Written so, because an object with a member `then` looks like a promise. */
function order(first: number, then: number): Order {
  return { first, then, thread: 'destroyer', object: 'root.dying', holds: 'always', schedule: [] };
}

export const violated: Run = {
  spec: 'slab',
  file: 'specs/slab.ts',
  files: ['specs/slab.ts'],
  variant: 'v5.3',
  about: 'as merged',
  kernel: 'f0a3a24b532d',
  params: { memcgs: 2 },
  verdict: 'violated',
  expected: [],
  asExpected: false,
  unexpected: ['D3'],
  missing: [],
  exitCode: 1,
  outcome,
  counterexamples: [
    {
      property: violatedProperty,
      replay,
      explanation: {
        edges: [{ from: 5, to: 7, object: 'root', kind: 'flow' }],
        orders: [order(2, 3)],
        weight: [1, 3, 3, 1, 2, 1, 3],
      },
      trace: 'traces/slab/v5.3.D3.trace.json',
    },
  ],
  message: null,
  durationMs: 812,
};

const good: Outcome = { ...outcome, properties: [outcome.properties[1]!], unreached: [] };

export const verified: Run = {
  ...violated,
  variant: 'v5.4',
  about: null,
  kernel: null,
  verdict: 'verified',
  asExpected: true,
  unexpected: [],
  exitCode: 0,
  outcome: good,
  counterexamples: [],
  durationMs: 71_400,
};

export const expectedViolation: Run = {
  ...violated,
  variant: 'no-lock-in-create',
  expected: ['D3'],
  asExpected: true,
  unexpected: [],
  exitCode: 0,
};

export const incomplete: Run = {
  ...verified,
  variant: 'large',
  verdict: 'incomplete',
  asExpected: false,
  exitCode: 4,
  outcome: { ...good, complete: false, limit: '100000 states reached' },
};

export const missing: Run = {
  ...verified,
  variant: 'not-so-bad',
  expected: ['D1'],
  asExpected: false,
  missing: ['D1'],
  exitCode: 1,
};

export const invalid: Run = {
  ...verified,
  spec: 'specs/bad.ts',
  file: 'specs/bad.ts',
  variant: null,
  params: {},
  verdict: 'invalid',
  asExpected: false,
  exitCode: 3,
  outcome: null,
  message: 'specs/bad.ts:4:7: Expected "}" but found end of file\n    *a() {\n         ^',
  durationMs: 3,
};
