import type { GateCheck } from '../verdict/gate.ts';
import type { Run } from '../verdict/run.ts';
import { type Check, checkOfReplay, checkOfRun, titleOf } from './check.ts';
import { checkOfGate } from './gate/check.ts';
import type { Replayed } from './reporter.ts';

/**
 * Workflow commands that put what was not expected on the lines of the spec, as GitHub shows them
 * beside a change. `locate` names a file as the workflow does.
 */
export const annotationsOfRuns = (runs: readonly Run[], locate: Locate): string =>
  print(runs.map(checkOfRun), locate);

export const annotationsOfReplays = (replayed: readonly Replayed[], locate: Locate): string =>
  print(replayed.map(checkOfReplay), locate);

export const annotationsOfGate = (checks: readonly GateCheck[], locate: Locate): string =>
  print(checks.map(checkOfGate), locate);

type Locate = (file: string) => string;

function print(checks: readonly Check[], locate: Locate): string {
  const lines = checks.flatMap((check) =>
    check.findings
      .filter(({ expected }) => !expected)
      .map((finding) => {
        const { message, place } = finding;
        const title = titleOf(check, finding);
        const at = [
          `file=${inProperty(locate(place.file))}`,
          ...(place.line === null ? [] : [`line=${place.line}`]),
          `title=${inProperty(title)}`,
        ];
        return `::error ${at.join(',')}::${inMessage(message === '' ? title : message)}\n`;
      }),
  );
  return lines.join('');
}

/** https://github.com/actions/toolkit, packages/core/src/command.ts */
function inMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function inProperty(text: string): string {
  return inMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
