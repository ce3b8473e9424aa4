import { expect, test } from 'vitest';
import { annotationsOfRuns } from '../../src/report/github.ts';
import type { Run } from '../../src/verdict/run.ts';
import * as sample from './sample.ts';

test('what was not expected, on the lines of the spec', () => {
  const { verified, expectedViolation, violated, missing, incomplete, invalid } = sample;
  const runs = [verified, expectedViolation, violated, missing, incomplete, invalid];
  expect(annotationsOfRuns(runs, (file) => `sub/${file}`)).toBe(
    [
      '::error file=sub/specs/slab.ts,line=34,title=slab/v5.3%3A violated%3A D3::use-after-free: kworker/0 reads root.name, freed by destroyer',
      '::error file=sub/specs/slab.ts,title=slab/not-so-bad%3A expected%2C but holds%3A D1::slab/not-so-bad: expected, but holds: D1',
      '::error file=sub/specs/slab.ts,title=slab/large%3A incomplete::100000 states reached',
      '::error file=sub/specs/bad.ts,line=4,title=specs/bad.ts/specs/bad.ts%3A invalid::specs/bad.ts:4:7: Expected "}" but found end of file%0A    *a() {%0A         ^',
      '',
    ].join('\n'),
  );
});

test('one command a line, whatever the names', () => {
  const hostile: Run = {
    ...sample.incomplete,
    spec: 'a,b:c\r\n::error::%0A',
    variant: '100%\n::x',
  };
  expect(annotationsOfRuns([hostile], (file) => file)).toBe(
    '::error file=specs/slab.ts,title=a%2Cb%3Ac%0D%0A%3A%3Aerror%3A%3A%250A/100%25%0A%3A%3Ax%3A incomplete::100000 states reached\n',
  );
});
