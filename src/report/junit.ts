import { Chalk } from 'chalk';
import junit, { type Builder, type TestCase } from 'junit-report-builder';
import type { GateCheck } from '../verdict/gate.ts';
import type { Run } from '../verdict/run.ts';
import { type Check, checkOfReplay, checkOfRun, type Finding } from './check.ts';
import { checkOfGate } from './gate/check.ts';
import { placeLines, placesOf } from './places.ts';
import type { Replayed } from './reporter.ts';
import { allSteps } from './terminal/schedule.ts';
import { shellWord } from './text.ts';

/**
 * JUnit XML: a suite for each spec, a case for each variant. A failure is for the protocol to mend; an
 * error is a run that could not tell: a spec that is invalid, a search that a limit ended.
 *
 * Nothing but what the schema of Jenkins' plugins knows, which some of them insist on: so the place in
 * the spec is in the text of a failure, and what was covered in the properties of the suite.
 */
export const junitOfRuns = (runs: readonly Run[]): string => print(runs.map(checkOfRun));

export const junitOfReplays = (replayed: readonly Replayed[]): string =>
  print(replayed.map(checkOfReplay));

export const junitOfGate = (checks: readonly GateCheck[]): string => print(checks.map(checkOfGate));

/** The schedule is text for people, in columns. */
const columns = 160;

function print(checks: readonly Check[]): string {
  // Its types speak of a default that the module itself is.
  const builder = (junit as unknown as Builder).newBuilder().name('lockstep');
  for (const spec of new Set(checks.map((check) => check.spec))) {
    const own = checks.filter((check) => check.spec === spec);
    const suite = builder.testSuite().name(spec);
    suite.time(seconds(own.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0)));
    for (const [name, value] of Object.entries(own[0]!.params)) {
      suite.property(`param.${name}`, String(value));
    }
    for (const { name, facts } of own) {
      for (const [fact, value] of Object.entries(facts)) suite.property(`${name}: ${fact}`, value);
    }
    for (const check of own) fill(suite.testCase(), check);
  }
  // No schema knows it of all suites together.
  return `${builder.build().replace(/^(<testsuites [^>]*) skipped="\d+"/m, '$1')}\n`;
}

function fill(testCase: TestCase, { name, file, findings, durationMs }: Check): void {
  testCase
    .name(name)
    .className(file)
    .time(seconds(durationMs ?? 0));
  const bad = findings.filter(({ expected }) => !expected);
  // The builder ends its CDATA only once in a text.
  const told = bad.map(textOf).join('\n\n').replaceAll(']]>', ']] >');
  const [first] = bad;
  if (first) {
    const message = bad.map(titleOf).join('; ');
    const type = first.what === 'violated' ? first.property! : first.what;
    if (bad.every(isError)) testCase.error(message, type, told);
    else testCase.failure(message, type).stacktrace(told);
  } else if (findings.length > 0) {
    testCase.standardOutput(findings.map((each) => `as expected: ${titleOf(each)}`).join('\n'));
  }
}

function isError({ what }: Finding): boolean {
  return what === 'invalid' || what === 'incomplete' || what === 'unusable';
}

function titleOf({ what, property, message }: Finding): string {
  return [what, property, message].filter((part) => part !== null && part !== '').join(': ');
}

function textOf(finding: Finding): string {
  const { property, counterexample, place } = finding;
  const head = [titleOf(finding), place.line === null ? place.file : `${place.file}:${place.line}`];
  if (!counterexample) return head.join('\n');
  const { replay, trace } = counterexample;
  const chalk = new Chalk({ level: 0 });
  return [
    ...head,
    ...placeLines(placesOf(replay, property ?? ''), columns, replay.steps),
    '',
    ...allSteps(replay, property ?? '', { columns, chalk }),
    ...(trace === null ? [] : ['', `replay: lockstep replay-trace ${shellWord(trace)}`]),
  ].join('\n');
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
