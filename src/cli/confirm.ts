import type { Outcome, PropertyOutcome, Replay } from '../explore/outcome.ts';
import type { Program } from '../model/program.ts';
import type { LoadedSpec } from '../spec/load.ts';
import { confirms } from '../verdict/reproduce.ts';
import type { Counterexample } from '../verdict/run.ts';
import { type Context, Fault } from './context.ts';
import type { Engine } from './engine.ts';
import { keepTrace, traceOf } from './keep-trace.ts';
import type { VerifyOptions } from './options.ts';

/** What all runs of one command share. */
export interface Setting {
  readonly options: VerifyOptions;
  readonly context: Context;
  readonly engine: Engine;
}

/** Replays every violation that was found, and keeps its trace. */
export async function confirmAll(
  loaded: LoadedSpec,
  program: Program,
  outcome: Outcome,
  overrides: Readonly<Record<string, number>>,
  { options, context, engine }: Setting,
): Promise<Counterexample[]> {
  const counterexamples: Counterexample[] = [];
  for (const property of outcome.properties) {
    if (property.verdict !== 'violated') continue;
    if (property.schedule === null) {
      // That no state satisfies it, or that there is no end, has no schedule to show.
      if (property.kind === 'sometimes' || property.kind === 'atEnd') continue;
      throw unconfirmed(program, property, 'the search gave no schedule');
    }
    const replay = confirmed(program, property, property.schedule, engine);
    const record = () => traceOf(context.cwd, loaded, program, property, replay);
    const trace = options.traces
      ? await keepTrace(context, options.traces, record(), overrides)
      : null;
    const explanation = engine.explain(program, replay, property.name);
    counterexamples.push({ property, replay, explanation, trace });
  }
  return counterexamples;
}

/** @throws Fault when the schedule that a search found does not break the property */
export function confirmed(
  program: Program,
  property: PropertyOutcome,
  schedule: readonly string[],
  engine: Engine,
): Replay {
  const replay = engine.replay(program, schedule, property.earlier);
  if (confirms(replay, property.name)) return replay;
  const why = replay.diverged
    ? `at step ${replay.diverged.step}: ${replay.diverged.message}`
    : `the property holds in all ${replay.steps.length} steps of the replay`;
  throw unconfirmed(program, property, why);
}

function unconfirmed(program: Program, property: PropertyOutcome, why: string): Fault {
  return new Fault(
    [
      `a violation found by the search was not confirmed by its replay: ${why}`,
      `spec ${program.spec}, variant ${program.variant}, params ${JSON.stringify(program.params)}`,
      `property ${property.name}: ${property.message ?? ''}`,
      `schedule ${(property.schedule ?? []).join(' ')}`,
    ].join('\n'),
  );
}
