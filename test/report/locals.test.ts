import { expect, test } from 'vitest';
import { tellingLocals } from '../../src/report/locals.ts';

test('locals that tell nothing are left out', () => {
  const locals = {
    dev: 'dev',
    flags: 'false',
    irqflags: 'true',
    again: 'false',
    d: 'dev',
    later: '',
    $0: '1',
  };
  expect(tellingLocals({ ...locals, gfp_flags: '3' })).toEqual([
    ['again', 'false'],
    ['d', 'dev'],
    ['gfp_flags', '3'],
  ]);
});
