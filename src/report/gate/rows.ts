import { type GateCheck, KINDS, type Kind, passes } from '../../verdict/gate.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { counted } from '../text.ts';

/** What a gate says of one spec, in numbers. */
export interface Row {
  readonly spec: string;
  readonly good: boolean;
  /** As it must be, of all. */
  readonly counts: Readonly<Record<Kind, readonly [good: number, all: number]>>;
  readonly fromReceipts: number;
}

/** In the order in which the specs come first. */
export function rowsOf(checks: readonly GateCheck[]): Row[] {
  return [...new Set(checks.map(({ spec }) => spec))].map((spec) => {
    const own = checks.filter((check) => check.spec === spec);
    const counts = KINDS.map((kind) => {
      const some = own.filter((check) => check.kind === kind);
      return [kind, [some.filter(passes).length, some.length]] as const;
    });
    return {
      spec,
      good: own.every(passes),
      counts: Object.fromEntries(counts) as unknown as Row['counts'],
      fromReceipts: own.filter((check) => passes(check) && check.from === 'receipt').length,
    };
  });
}

/** All checks in one line: what was not answered is never among what passed. */
export function sumOf(checks: readonly GateCheck[], written: readonly string[]): string {
  const good = checks.filter(passes);
  const open = checks.filter(({ exitCode }) => exitCode === exitCodes.incomplete).length;
  const bad = checks.length - good.length - open;
  const known = good.filter(({ from }) => from === 'receipt').length;
  const parts = [
    ...(bad > 0 ? [`${bad} not as they must be`] : []),
    ...(open > 0 ? [`${open} not known`] : []),
    ...(bad + open === 0 ? ['all as they must be'] : []),
    `${known} by receipts`,
  ];
  const made = written.length > 0 ? `; ${counted(written.length, 'receipt')} changed` : '';
  return `${counted(checks.length, 'check')}: ${parts.join(', ')}${made}`;
}
