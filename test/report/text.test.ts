import { expect, test } from 'vitest';
import { thousands } from '../../src/report/text.ts';

test('thousands are as in English, whatever the number of digits', () => {
  for (let count = 1; Number.isSafeInteger(count); count = count * 7 + 3) {
    expect(thousands(count)).toBe(count.toLocaleString('en-US'));
  }
  expect([0, 999, 1000, 1234567].map(thousands)).toEqual(['0', '999', '1,000', '1,234,567']);
});
