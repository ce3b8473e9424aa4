import { type GateCheck, passes } from '../../verdict/gate.ts';
import { WORDS } from '../../verdict/life-cycle.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { type Check, checkOfRun, type Finding } from '../check.ts';

/** A check of the gate as the reports for other programs have it. */
export function checkOfGate(check: GateCheck): Check {
  const { spec, subject, file, word, run, from, exitCode } = check;
  if (run !== null) return withPlace(checkOfRun(run), check);
  return {
    spec,
    file: file ?? spec,
    name: nameOf(check),
    verdict: word,
    asExpected: passes(check),
    findings: passes(check) ? [] : [findingOf(check)],
    params: {},
    facts: { answered: from === 'receipt' ? 'by its receipt' : 'by a run', subject },
    warnings: [],
    exitCode,
    durationMs: null,
  };
}

/** What the reason is about is where the gate says that it is. */
function withPlace(of: Check, { file, line, reason }: GateCheck): Check {
  const isReason = ({ property, expected }: Finding) =>
    !expected && property !== null && reason.startsWith(`${property}: `);
  const findings = of.findings.map((finding) =>
    file !== null && isReason(finding) ? { ...finding, place: { file, line } } : finding,
  );
  return { ...of, findings };
}

/** Several may be about one variant. */
function nameOf({ kind, spec, subject, reason }: GateCheck): string {
  const name = subject.startsWith(`${spec}/`) ? subject.slice(spec.length + 1) : subject;
  return kind === 'receipt' ? `${name}: ${reason}` : name;
}

function findingOf(check: GateCheck): Finding {
  const { kind, spec, file, line, reason, details } = check;
  return {
    what: whatOf(check),
    expected: false,
    property: null,
    kind: null,
    // In its name already, by which programs tell it from others.
    message: [...(kind === 'receipt' ? [] : [reason]), ...details].join('\n'),
    place: { file: file ?? spec, line },
    counterexample: null,
  };
}

function whatOf({ kind, word, exitCode }: GateCheck): Finding['what'] {
  if (exitCode === exitCodes.incomplete) return 'incomplete';
  if (kind === 'receipt') return word === 'weakened' ? word : 'refused';
  if (kind === 'link' || kind === 'patch') return 'drift';
  const life = WORDS.find((each) => each === word);
  return life ?? (kind === 'trace' && word === 'damaged' ? 'unusable' : 'invalid');
}
