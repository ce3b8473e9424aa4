import { hash } from 'node:crypto';
import type { Location, Log, Notification, ReportingDescriptor, Result } from 'sarif';
import type { GateCheck } from '../verdict/gate.ts';
import type { Run } from '../verdict/run.ts';
import { combine, exitCodes } from '../verdict/verdict.ts';
import { type Check, checkOfReplay, checkOfRun, type Finding, isNamed } from './check.ts';
import { checkOfGate } from './gate/check.ts';
import type { Replayed } from './reporter.ts';
import { codeFlowsOf, locationOf, relatedTo, stacksOf } from './sarif-flow.ts';
import { ruleOf } from './sarif-rules.ts';

/**
 * SARIF 2.1.0. The results are what needs a person: GitHub makes an alert of each, of those that
 * passed and those that were suppressed too, so a violation that was expected is none. To see one in a
 * viewer, replay its trace: what was asked for by name is a note.
 */
export const sarifOfRuns = (runs: readonly Run[], version: string): string =>
  print(runs.map(checkOfRun), version);

export const sarifOfReplays = (replayed: readonly Replayed[], version: string): string =>
  print(replayed.map(checkOfReplay), version);

export const sarifOfGate = (checks: readonly GateCheck[], version: string): string =>
  print(checks.map(checkOfGate), version);

/** @param version Lockstep's own */
function print(checks: readonly Check[], version: string): string {
  const shown = checks.flatMap((check) =>
    check.findings
      .filter((finding) => isResult(finding))
      .map((finding) => ({ check, finding, rule: ruleOf(finding) })),
  );
  const rules = new Map(shown.map(({ rule }): [string, ReportingDescriptor] => [rule.id, rule]));
  const exitCode = combine(checks.map((check) => check.exitCode));
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Lockstep', version, rules: [...rules.values()] } },
        originalUriBaseIds: {
          '%SRCROOT%': { description: { text: 'The folder that Lockstep was run in.' } },
        },
        invocations: [
          {
            // Also when it found something: not when it could not look.
            executionSuccessful: exitCode !== exitCodes.invalidSpec,
            exitCode,
            toolExecutionNotifications: checks.flatMap(notificationsOf),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: shown.map(({ check, finding, rule }) => resultOf(check, finding, rule.id)),
        properties: {
          checks: checks.map(({ spec, name, verdict, asExpected, params, facts }) => ({
            ...{ spec, name, verdict, asExpected, params, facts },
          })),
        },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function isResult({ what, expected }: Finding): boolean {
  if (what === 'invalid' || what === 'unusable') return false;
  return !expected || what === 'still reproduces';
}

function notificationsOf(check: Check): Notification[] {
  return check.findings
    .filter(({ what }) => what === 'invalid' || what === 'unusable')
    .map(({ what, message, place }) => ({
      descriptor: { id: what },
      level: 'error',
      message: { text: `${check.name}: ${message}` },
      locations: [locationOf(place)],
    }));
}

function resultOf(check: Check, finding: Finding, ruleId: string): Result {
  const { what, property, message, place, counterexample } = finding;
  const subject = `${check.spec}/${check.name}`;
  const parts = [
    subject,
    ...(property === null ? [what] : isNamed(check, property) ? [] : [property]),
  ];
  const text = [...parts, message].filter((part) => part !== '').join(': ');
  const related: Location[] = counterexample ? relatedTo(counterexample, property ?? '') : [];
  const same = hash('sha256', JSON.stringify([check.spec, check.name, property, what]));
  return {
    ruleId,
    level: levelOf(finding),
    message: { text },
    locations: [locationOf(place)],
    // The first is all by which GitHub tells alerts apart; no line is in them, so that it may move.
    partialFingerprints: {
      primaryLocationLineHash: `${same.slice(0, 16)}:1`,
      'lockstep/v1': same,
    },
    ...(related.length > 0 && { relatedLocations: related }),
    ...(counterexample && {
      codeFlows: codeFlowsOf(counterexample, check.file),
      stacks: stacksOf(counterexample, property ?? ''),
      properties: { trace: counterexample.trace },
    }),
  };
}

function levelOf({ what, expected }: Finding): 'error' | 'warning' | 'note' {
  if (what === 'still reproduces' && expected) return 'note';
  return what === 'incomplete' || what === 'expected, not found so far' ? 'warning' : 'error';
}
