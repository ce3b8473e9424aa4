import { type GateCheck, passes } from '../../verdict/gate.ts';
import type { ExitCode } from '../../verdict/verdict.ts';
import { asJson } from '../json.ts';

/** The result of a gate for other programs: all checks, those that fail and those that pass. */
export function gateJson(
  checks: readonly GateCheck[],
  written: readonly string[],
  exitCode: ExitCode,
) {
  return {
    ok: exitCode === 0,
    exitCode,
    checks: checks.map((check) => {
      const { kind, spec, subject, file, line, word, reason, details, from, run } = check;
      return {
        ...{ kind, spec, subject, file, line, ok: passes(check), word, reason, details },
        ...{ exitCode: check.exitCode, from, run: run && asJson(run) },
      };
    }),
    receiptsChanged: written,
  };
}
