import { expect, test } from 'vitest';
import { jsonReporter } from '../../src/report/json.ts';
import { type RunRecord, runsSchema } from '../../src/report/run-record.ts';
import { tableOf } from '../../src/report/table.ts';
import type { Run } from '../../src/verdict/run.ts';
import * as sample from './sample.ts';

/** As they come back from the JSON. */
function recorded(...runs: readonly Run[]): RunRecord[] {
  let text = '';
  const reporter = jsonReporter((part) => (text += part));
  for (const run of runs) reporter.run(run);
  reporter.end();
  return runsSchema.parse(JSON.parse(text));
}

const table = (...runs: readonly Run[]) => tableOf(recorded(...runs), (trace) => `../${trace}`);

const [broken] = sample.outcome.properties;

/** Breaks three properties, one of them for want of a witness. */
const violated: Run = {
  ...sample.expectedViolation,
  outcome: {
    ...sample.outcome,
    properties: [
      ...sample.outcome.properties,
      { ...broken!, name: 'D4', shortest: false },
      { ...broken!, name: 'W', kind: 'sometimes', schedule: null },
    ],
  },
};

test('a row for a verified variant, and one for each property that is violated', () => {
  const other = { ...sample.verified, spec: 'slub' };
  expect(table(violated, other, sample.verified)).toMatchInlineSnapshot(`
    "### slab

    | variant | kernel | property | verdict | states | steps | trace |
    | :-- | :-- | :-- | :-- | --: | --: | :-- |
    | **no-lock-in-create**<br>as merged | f0a3a24b532d | D3 | violated | 12,345 | 7, shortest | [trace](../traces/slab/v5.3.D3.trace.json) |
    |  |  | D4 | violated |  | 7 |  |
    |  |  | W | violated |  | in no state |  |
    | **v5.4** |  | all 1 | verified | 12,345 |  |  |

    ### slub

    | variant | kernel | property | verdict | states | steps | trace |
    | :-- | :-- | :-- | :-- | --: | --: | :-- |
    | **v5.4** |  | all 1 | verified | 12,345 |  |  |
    "
  `);
});

test('what a spec put into a name reads the same in Markdown', () => {
  const name = 'a|b <br> `c` *d* [e](f) \\g _h_ kmem_cache __i__ &amp; ~~j~~ $k$\nl';
  const outcome = { ...sample.outcome, properties: [{ ...broken!, name }] };
  const run = { ...sample.expectedViolation, spec: name, variant: name, about: name, outcome };
  const text =
    'a\\|b \\<br\\> \\`c\\` \\*d\\* \\[e\\](f) \\\\g \\_h\\_ kmem_cache \\_\\_i\\_\\_ \\&amp; \\~\\~j\\~\\~ \\$k\\$ l';
  const lines = table({ ...run, kernel: name }).split('\n');
  expect(lines[0]).toBe(`### ${text}`);
  expect(lines[4]).toBe(
    `| **${text}**<br>${text} | ${text} | ${text} | violated | 12,345 | 7, shortest |  |`,
  );
});
