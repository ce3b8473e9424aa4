import type { Context } from '../../src/cli/context.ts';
import type { Engine } from '../../src/cli/engine.ts';
import type { ReplayOptions, VerifyOptions } from '../../src/cli/options.ts';
import type { Outcome, PropertyOutcome, Replay } from '../../src/explore/outcome.ts';
import type { Program } from '../../src/model/program.ts';
import { SpecError, UsageError } from '../../src/spec/errors.ts';
import type { LoadedSpec } from '../../src/spec/load.ts';
import { replayOf, stepOf } from '../fixtures/steps.ts';

/** An engine that finds what it is told to, for tests of what the commands make of it. */
export interface Finds {
  readonly violated?: readonly string[];
  readonly complete?: boolean;
  /** Properties that the replay breaks; default: what was found. */
  readonly replayed?: readonly string[];
  readonly throws?: unknown;
}

export function fakeEngine(
  specs: Readonly<Record<string, Readonly<Record<string, Finds>>>>,
): Engine & {
  readonly calls: string[];
} {
  const calls: string[] = [];
  const find = (spec: string, variant: string) => specs[spec]![variant]!;
  return {
    calls,
    load: async (file) => {
      const name = /([^/]+)\.ts$/.exec(file)![1]!;
      if (!specs[name]) throw new SpecError(`${name}.ts:1:1: broken`);
      const variants = Object.fromEntries(
        Object.entries(specs[name]).map(([variant]) => [
          variant,
          { violates: expectedIn(variant) },
        ]),
      );
      return {
        file,
        digest: 'd1',
        code: '',
        baseline: { sites: new Map() },
        spec: { name, params: { size: 2 }, variants },
      } as unknown as LoadedSpec;
    },
    instantiate: ({ spec }, variant, overrides) => {
      if (!(variant in spec.variants)) throw new UsageError(`unknown variant '${variant}'`);
      calls.push(`${spec.name}/${variant} ${JSON.stringify(overrides)}`);
      return {
        spec: spec.name,
        variant,
        params: { ...spec.params, ...overrides },
        expected: expectedIn(variant),
        ...{ always: [{ name: 'P', holds: () => true }], atEnd: [], sometimes: [], never: [] },
        unchecked: {},
      } as unknown as Program;
    },
    verify: async (_, { spec, variant }, limits): Promise<Outcome> => {
      const { violated = [], complete = true, throws } = find(spec, variant);
      if (throws) throw throws;
      limits.onProgress({ states: 1, transitions: 1, depth: 1, round: 1 });
      return {
        properties: violated.map(
          (name): PropertyOutcome => ({
            name,
            kind: 'always',
            verdict: 'violated',
            message: `${name} is broken`,
            schedule: ['A'],
            earlier: [],
            shortest: false,
            fewestSwitches: false,
          }),
        ),
        complete,
        limit: complete ? null : '7 states reached',
        states: 7,
        transitions: 9,
        depth: 3,
        rounds: 1,
        workers: 1,
        symmetry: [],
        reduction: limits.reduction,
        without: [],
        fingerprintCollisionProbability: 0,
        reached: [],
        warnings: [],
        lockOrder: { classes: [], edges: [] },
        unreached: [],
        leftOut: [],
        explained: [],
        finalStates: 1,
        unchecked: {},
      };
    },
    sample: () => ({ schedules: [{ schedule: ['a', 'b'], ends: true }], all: true }),
    replay: ({ spec, variant }, schedule): Replay => {
      const { violated = [], replayed = violated } = find(spec, variant);
      return replayOf({
        steps: schedule.map((thread) =>
          stepOf({
            thread,
            text: 'store(x, 1)',
            objects: ['x'],
            site: { file: 'specs/one.ts', line: 3, fn: 'f', text: '' },
            stack: ['f'],
          }),
        ),
        broken: replayed.map((property) => ({
          property,
          message: `${property} is broken`,
          step: 1,
          places: [],
        })),
      });
    },
    explain: () => ({ edges: [], orders: [], weight: [] }),
    piecesOf: () => [],
    surfaceOf: () => ({ threads: [], objects: new Map() }),
    finalSchedules: async () => new Map(),
    endsOf: () => () => null,
    standing: (_, { length }) => ({ step: length, objects: [], threads: [], crashed: null }),
  };
}

/** A variant called `bad-P` is expected to break P. */
function expectedIn(variant: string): string[] {
  return variant.startsWith('bad-') ? [variant.slice(4)] : [];
}

export function fakeContext(
  cwd: string,
  input = '',
): Context & { readonly output: { out: string; err: string } } {
  const output = { out: '', err: '' };
  return {
    output,
    cwd,
    input: async () => input,
    lines: async function* () {
      if (input !== '') yield* input.replace(/\n$/, '').split('\n');
    },
    env: { NO_COLOR: '1' },
    out: (text) => (output.out += text),
    err: (text) => (output.err += text),
    columns: 80,
    live: false,
    signal: new AbortController().signal,
  };
}

export const defaults: VerifyOptions = {
  variant: [],
  param: {},
  workers: null,
  reduction: true,
  maxStates: null,
  maxTime: null,
  maxMemory: null,
  without: [],
  first: false,
  traces: 'traces',
  json: false,
  quiet: false,
  sample: null,
  html: null,
  report: [],
};

export const replaying: ReplayOptions = {
  variant: null,
  step: false,
  to: null,
  inspect: false,
  rerecord: false,
  html: null,
  report: [],
};
