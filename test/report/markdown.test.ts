import mermaid from 'mermaid';
import { expect, test } from 'vitest';
import { markdownOfRuns } from '../../src/report/markdown.ts';
import { sequenceDiagram } from '../../src/report/mermaid.ts';
import { changeOf, replayOf, stepOf } from '../fixtures/steps.ts';
import { keptTrace, replayReportOf, reportOf } from './real.ts';
import * as sample from './sample.ts';

const diagramsIn = (text: string): string[] =>
  [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, diagram]) => diagram!);

/** What Mermaid makes of each; it throws if it can make nothing of one. */
async function parsed(text: string): Promise<number> {
  const diagrams = diagramsIn(text);
  for (const diagram of diagrams) {
    expect(await mermaid.parse(diagram)).toMatchObject({ diagramType: 'sequence' });
    expect(diagram.length).toBeLessThanOrEqual(50_000);
  }
  return diagrams.length;
}

test('Mermaid refuses what is no diagram', async () => {
  await expect(parsed('```mermaid\nsequenceDiagram\n  Note t0: x;y#1\n```')).rejects.toThrow();
});

test('a table with what was not expected first, then its schedules', async () => {
  const { verified, violated, incomplete, invalid } = sample;
  const text = markdownOfRuns([verified, violated, incomplete, invalid]);
  expect(text.split('\n').slice(0, 7)).toEqual([
    '## Lockstep: 1 of 4 runs as expected',
    '',
    '| | checked | verdict | | states | time |',
    '| --- | --- | --- | --- | --: | --: |',
    '| ❌ | slab/v5.3 | violated | **D3** | 12,345 | 812 ms |',
    '| ❌ | slab/large | incomplete | **incomplete** | 12,345 | 71.4 s |',
    '| ❌ | specs/bad.ts | invalid | **invalid** |  | 3 ms |',
  ]);
  expect(text).toContain('### slab/v5.3: violated: D3');
  expect(text).toContain('    lockstep replay-trace traces/slab/v5.3.D3.trace.json');
  expect(await parsed(text)).toBe(1);
});

test('an expected schedule is shown where it was asked for alone', () => {
  const alone = markdownOfRuns([sample.expectedViolation]);
  expect(diagramsIn(alone)).toHaveLength(1);
  expect(diagramsIn(markdownOfRuns([sample.expectedViolation, sample.verified]))).toEqual([]);
});

test('a diagram: what a thread does in a row, hand-overs, locks, who waits', () => {
  const steps = [
    stepOf({
      thread: 'A',
      text: 'mutex_lock(l)',
      taken: ['l'],
      changes: [changeOf('l', 'NULL', 'A')],
    }),
    stepOf({ thread: 'A', text: 'load(x)', result: '1' }),
    stepOf({ thread: 'A', text: 'mutex_unlock(l)', dropped: ['l'] }),
    stepOf({
      thread: 'B',
      text: 'mutex_lock(l)',
      taken: ['l'],
      waits: [{ thread: 'A', text: 'mutex_lock(l)', holder: 'B', idle: false, since: 4 }],
    }),
  ];
  const edges = [{ from: 3, to: 4, object: 'l', kind: 'enables' as const }];
  const explanation = { edges, orders: [], weight: [1, 1, 2, 3] as const };
  expect(sequenceDiagram(replayOf({ steps }), explanation)).toBe(`sequenceDiagram
  participant t0 as A
  participant t1 as B
  Note over t0: 1 mutex_lock(l)<br/>l#58; NULL #45;#62; A
  activate t0
  Note over t0: 2 load(x) = 1<br/>3 mutex_unlock(l)
  deactivate t0
  t0->>t1: l
  Note over t1: 4 mutex_lock(l)
  activate t1
  Note over t0: waits#58; mutex_lock(l), held by B
`);
});

test('what Mermaid would take for its own is written by its code', async () => {
  const text = 'store(x, "a;b #1; %%c -->> <br> end")';
  // A lock that another thread took leaves no bar to be ended.
  const steps = [stepOf({ thread: 'end', text, dropped: ['l'] })];
  const diagram = sequenceDiagram(replayOf({ steps }), null);
  const note = '1 store(x, #34;a#59;b #35;1#59; #37;#37;c #45;#45;#62;#62; #60;br#62; end#34;)';
  expect(diagram).toBe(`sequenceDiagram\n  participant t0 as end\n  Note over t0: ${note}\n`);
  expect(await parsed(`\`\`\`mermaid\n${diagram}\`\`\``)).toBe(1);
});

test('a long schedule is folded to what matters, and further until Mermaid draws it', async () => {
  const steps = Array.from({ length: 4000 }, (_, at) =>
    stepOf({ thread: at % 7 === 0 ? 'A' : 'B', text: `store(x, ${at}) ${'y'.repeat(60)}` }),
  );
  const weight = steps.map((_, at) => (at % 100 === 0 ? 3 : 2) as 2 | 3);
  const text = sequenceDiagram(replayOf({ steps }), { edges: [], orders: [], weight });
  expect(text).toContain('store(x, 3900)');
  expect(text).toContain('.. 5 steps');
  expect(await parsed(`\`\`\`mermaid\n${text}\`\`\``)).toBe(1);
  // With nothing to go by, no diagram is better than one that is not drawn.
  expect(sequenceDiagram(replayOf({ steps }), null)).toBe('sequenceDiagram\n');
});

test('warnings are folded away below the table', () => {
  const site = { file: 'specs/slab.ts', line: 7, fn: 'f', text: '' };
  const message = 'slab_mutex: nobody ever waits for it';
  const outcome = {
    ...sample.verified.outcome!,
    warnings: [{ kind: 'never contended' as const, message, site }],
  };
  const text = markdownOfRuns([{ ...sample.verified, outcome }]);
  expect(text).toContain(
    '<details><summary>1 warning</summary>\n\n- slab/v5.4: never contended: slab_mutex: nobody ever waits for it (specs/slab.ts:7)\n\n</details>\n',
  );
  expect(markdownOfRuns([sample.verified])).not.toContain('<details>');
  const many = { ...outcome, warnings: Array.from({ length: 100 }, () => outcome.warnings[0]!) };
  const short = markdownOfRuns([{ ...sample.verified, outcome: many }], 4_000);
  expect(short).toMatch(/\n- \d\d more warnings, left out\.\n\n<\/details>\n$/);
});

test('no longer than GitHub shows, and says what it leaves out', () => {
  const many = Array.from({ length: 40 }, (_, at) => ({ ...sample.violated, variant: `v${at}` }));
  const whole = markdownOfRuns(many);
  expect(diagramsIn(whole)).toHaveLength(40);
  const short = markdownOfRuns(many, 10_000);
  expect(Buffer.byteLength(short)).toBeLessThanOrEqual(10_000);
  const left = 40 - diagramsIn(short).length;
  expect(short).toContain(`${left} findings left out`);
  expect(diagramsIn(short).length).toBeGreaterThan(0);
});

test('of real runs, whatever their names', async () => {
  const { text } = await reportOf('.md');
  expect(await parsed(text)).toBeGreaterThan(5);
  // No name has made a row of its own, or a column.
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(8);
});

test('of kept traces', async () => {
  const trace = await keptTrace();
  const again = (await replayReportOf('.md', [trace])).text;
  expect(again).toContain('## Lockstep: all 1 trace as expected');
  expect(again).toMatch(/^### two-locks\/crossed: deadlock: [a-z ]+$/m);
  expect(await parsed(again)).toBe(1);
  const diverged = (await replayReportOf('.md', [trace], 'ordered')).text;
  expect(diverged).toContain('| two-locks/ordered: deadlock | no longer possible | **deadlock** |');
});
