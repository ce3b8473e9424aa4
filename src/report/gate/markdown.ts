import { type GateCheck, passes } from '../../verdict/gate.ts';
import { fitting, longestSummary, sectionOf } from '../markdown.ts';
import { literal } from '../table.ts';
import { counted } from '../text.ts';
import { checkOfGate } from './check.ts';
import { rowsOf, sumOf } from './rows.ts';

/** A summary in Markdown: the specs in a table, then what is not as it must be. */
export function markdownOfGate(checks: readonly GateCheck[], most = longestSummary): string {
  const rows = rowsOf(checks).map(({ spec, good, counts, fromReceipts }) => {
    const { variant, trace, link, patch } = counts;
    const cells = [variant, trace, link, patch].map(([some, all]) =>
      all === 0 ? '' : `${some}/${all}`,
    );
    return `| ${[good ? '✅' : '❌', literal(spec), ...cells, fromReceipts].join(' | ')} |\n`;
  });
  const notes = checks
    .filter((check) => passes(check) && check.reason !== '')
    .map(({ subject, word, reason }) => `- ${literal(`${word}: ${subject}: ${reason}`)}\n`);
  const head = [
    `## Lockstep gate: ${literal(sumOf(checks, []))}\n\n`,
    '| | spec | variants | traces | C functions | patched | by receipts |\n',
    '| --- | --- | --: | --: | --: | --: | --: |\n',
    ...rows,
    ...(notes.length > 0 ? ['\n', ...notes] : []),
  ];
  const bad = checks.filter((check) => !passes(check)).map(checkOfGate);
  const sections = bad.flatMap((check) =>
    check.findings.filter(({ expected }) => !expected).map((finding) => sectionOf(check, finding)),
  );
  return fitting(head, sections, most, (left) => {
    return `\n${counted(left, 'finding')} left out, to keep this short.\n`;
  }).join('');
}
