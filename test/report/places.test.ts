import { expect, test } from 'vitest';
import type { Place } from '../../src/explore/outcome.ts';
import { distinct } from '../../src/report/places.ts';

test('the step itself is no place of its own where it is told by what happens there', () => {
  const step: Place = { what: '', thread: 'a', text: 'kfree(x)', calls: [], held: [] };
  const freed = { ...step, what: 'freed' };
  const other = { ...freed, thread: 'b' };
  expect(distinct([step, freed])).toEqual([freed]);
  expect(distinct([step, other])).toEqual([step, other]);
  expect(distinct([freed, { ...step, what: 'allocated' }])).toHaveLength(2);
});
