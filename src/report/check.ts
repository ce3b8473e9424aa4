import type { Explanation } from '../explore/explain.ts';
import type { PropertyKind, Replay, Warning } from '../explore/outcome.ts';
import type { Life } from '../verdict/life-cycle.ts';
import type { Diverged } from '../verdict/reproduce.ts';
import { memoryModel, type Run } from '../verdict/run.ts';
import type { Trace } from '../verdict/trace.ts';
import { type ExitCode, exitCodes } from '../verdict/verdict.ts';
import { placesOf } from './places.ts';
import type { Replayed } from './reporter.ts';

/** What the reports for other programs have in common: a variant, or a kept trace, that was checked. */
export interface Check {
  readonly spec: string;
  /** Of the spec. */
  readonly file: string;
  /** Variant; of a trace its property too. */
  readonly name: string;
  readonly verdict: string;
  readonly asExpected: boolean;
  readonly findings: readonly Finding[];
  readonly params: Readonly<Record<string, number>>;
  /** What the verdict covers, by name. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it says less about than it seems to. */
  readonly warnings: readonly Warning[];
  readonly exitCode: ExitCode;
  readonly durationMs: number | null;
}

/** Something that a person has to look at; or else, when expected, may want to. */
export interface Finding {
  readonly what:
    | 'violated'
    | 'expected, but holds'
    | 'expected, not found so far'
    | 'incomplete'
    | 'invalid'
    | Life['word']
    | 'unusable'
    /** Of a gate: a claim that is less than it was, a receipt, what a spec is a model of. */
    | 'weakened'
    | 'refused'
    | 'drift';
  readonly expected: boolean;
  /** Null where it is about the whole. */
  readonly property: string | null;
  /** Null where only its name is known. */
  readonly kind: PropertyKind | null;
  readonly message: string;
  readonly place: SourceLine;
  readonly counterexample: Shown | null;
}

export interface SourceLine {
  readonly file: string;
  /** From 1; null: the file as a whole. */
  readonly line: number | null;
}

/** A schedule, and where its trace is kept. */
export interface Shown {
  readonly replay: Replay;
  readonly explanation: Explanation | null;
  readonly trace: string | null;
}

export function checkOfRun(run: Run): Check {
  const { outcome } = run;
  return {
    spec: run.spec,
    file: run.file,
    name: run.variant ?? run.file,
    verdict: run.verdict,
    asExpected: run.asExpected,
    findings: findingsOfRun(run),
    params: run.params,
    facts: outcome
      ? {
          states: String(outcome.states),
          transitions: String(outcome.transitions),
          depth: String(outcome.depth),
          complete: outcome.complete ? 'yes' : (outcome.limit ?? 'no'),
          reduction: outcome.reduction ? 'on' : 'off',
          'memory model': memoryModel,
        }
      : {},
    warnings: outcome?.warnings ?? [],
    exitCode: run.exitCode,
    durationMs: run.durationMs,
  };
}

function findingsOfRun(run: Run): Finding[] {
  const { outcome } = run;
  const whole = { expected: false, property: null, kind: null, counterexample: null };
  const file = { file: run.file, line: null };
  if (outcome === null) {
    const message = run.message ?? '';
    return [{ ...whole, what: 'invalid', message, place: placeIn(message) ?? file }];
  }
  const violated = outcome.properties.filter(({ verdict }) => verdict === 'violated');
  const findings = violated.map(({ name, kind, message }): Finding => {
    const counterexample = run.counterexamples.find(({ property }) => property.name === name);
    return {
      what: 'violated',
      expected: run.expected.includes(name),
      property: name,
      kind,
      message: message ?? '',
      place: (counterexample && placeOf(counterexample.replay, name)) ?? file,
      counterexample: counterexample ?? null,
    };
  });
  const missing = run.missing.map((property): Finding => {
    const what = outcome.complete ? 'expected, but holds' : 'expected, not found so far';
    return { ...whole, what, property, message: '', place: file };
  });
  const incomplete: Finding[] =
    run.exitCode === exitCodes.incomplete
      ? [
          {
            ...whole,
            what: 'incomplete',
            message: outcome.limit ?? 'ended by a limit',
            place: file,
          },
        ]
      : [];
  // What was not expected comes first.
  return [
    ...findings.filter(({ expected }) => !expected),
    ...missing,
    ...incomplete,
    ...findings.filter(({ expected }) => expected),
  ];
}

export function checkOfReplay(replayed: Replayed): Check {
  if (replayed.reproduced === null) {
    const { file, message } = replayed;
    const finding: Finding = {
      what: 'unusable',
      expected: false,
      property: null,
      kind: null,
      message,
      place: { file, line: null },
      counterexample: null,
    };
    const about = {
      spec: file,
      file,
      name: file,
      verdict: 'unusable',
      params: {},
      facts: {},
      warnings: [],
    };
    const { notReproduced: exitCode } = exitCodes;
    return { ...about, asExpected: false, findings: [finding], exitCode, durationMs: null };
  }
  const { trace, variant, replay, explanation, reproduction, life, wrong } = replayed.reproduced;
  const diverged = reproduction.result === 'diverged' ? reproduction : null;
  const finding: Finding = {
    what: life.word,
    expected: wrong === null,
    property: trace.property,
    kind: null,
    message: wrong === null ? life.line : `${life.line}; ${wrong}`,
    place: (diverged === null ? placeOf(replay, trace.property) : recordedAt(trace, diverged)) ?? {
      file: trace.spec.file,
      line: null,
    },
    counterexample: { replay, explanation, trace: replayed.file },
  };
  return {
    spec: trace.spec.name,
    file: trace.spec.file,
    name: `${variant}: ${trace.property}`,
    verdict: life.word,
    asExpected: wrong === null,
    findings: [finding],
    params: trace.params,
    facts: { steps: String(replay.steps.length), trace: replayed.file },
    warnings: [],
    exitCode: wrong === null ? exitCodes.asExpected : exitCodes.notReproduced,
    durationMs: null,
  };
}

/** What is found, and where: the property once, which the name of a trace ends with. */
export function titleOf(check: Check, { what, property }: Finding): string {
  const known = property === null || isNamed(check, property);
  return [`${check.spec}/${check.name}`, what, ...(known ? [] : [property])].join(': ');
}

export function isNamed({ name }: Check, property: string): boolean {
  return name.endsWith(`: ${property}`);
}

/** Where the property is broken: the code that the report is about, else the last step. */
function placeOf(replay: Replay, property: string): SourceLine | null {
  const calls = placesOf(replay, property)[0]?.calls;
  const site = calls?.at(-1) ?? replay.steps.findLast((step) => step.site !== null)?.site;
  return site ? { file: site.file, line: site.line } : null;
}

function recordedAt(trace: Trace, { run, step }: Diverged): SourceLine | null {
  const steps = [...(trace.earlier ?? []), trace.steps][run - 1];
  const { file = null, line = null } = steps?.[step - 1] ?? {};
  return file === null ? null : { file, line };
}

/** Of a message that begins with its place, `file:line:column: ` */
function placeIn(message: string): SourceLine | null {
  const [, file, line] = /^([^\s:]+):(\d+):\d+: /.exec(message) ?? [];
  return file === undefined ? null : { file, line: Number(line) };
}
