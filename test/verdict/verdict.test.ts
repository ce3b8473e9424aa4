import { describe, expect, test } from 'vitest';
import type { PropertyOutcome } from '../../src/explore/outcome.ts';
import { combine, exitCodes, judge } from '../../src/verdict/verdict.ts';

function property(name: string, verdict: PropertyOutcome['verdict']): PropertyOutcome {
  return {
    name,
    kind: 'always',
    verdict,
    message: null,
    schedule: null,
    earlier: [],
    shortest: false,
    fewestSwitches: false,
  };
}

const held = property('other', 'holds');
const broken = (name: string) => property(name, 'violated');

describe('the verdict of one run', () => {
  test.each([
    ['all hold, complete', [held], true, [], 'verified', 0],
    ['all hold, complete, one expected to fail', [held], true, ['A'], 'verified', 1],
    ['the expected one fails', [broken('A'), held], true, ['A'], 'violated', 0],
    ['one that is not expected fails', [broken('A')], true, [], 'violated', 1],
    ['one more than expected fails', [broken('A'), broken('B')], true, ['A'], 'violated', 1],
    ['one less than expected fails', [broken('A')], true, ['A', 'B'], 'violated', 1],
    ['a limit, nothing found', [property('A', 'unknown')], false, [], 'incomplete', 4],
    [
      'a limit, an expected one not found',
      [property('A', 'unknown')],
      false,
      ['A'],
      'incomplete',
      4,
    ],
    ['a limit, all expected found: more may come', [broken('A')], false, ['A'], 'violated', 4],
    ['a limit, an unexpected one found', [broken('A')], false, [], 'violated', 1],
    ['complete, yet undecided', [property('A', 'unknown')], true, [], 'incomplete', 4],
  ] as const)('%s', (_, properties, complete, expected, verdict, exitCode) => {
    const judgement = judge({ properties, complete }, expected);
    expect(judgement).toMatchObject({ verdict, exitCode, asExpected: exitCode === 0 });
  });

  test('asked for the first violation only, an expected one is enough', () => {
    const outcome = { properties: [broken('A'), property('B', 'unknown')], complete: false };
    expect(judge(outcome, ['A', 'B'], true).exitCode).toBe(0);
    expect(judge(outcome, ['B'], true).exitCode).toBe(1);
    expect(judge({ properties: [held], complete: false }, [], true).exitCode).toBe(4);
  });
});

describe('exit codes', () => {
  test('are the documented ones, for good', () => {
    expect(Object.isFrozen(exitCodes)).toBe(true);
    expect(exitCodes).toEqual({
      asExpected: 0,
      unexpected: 1,
      usage: 2,
      invalidSpec: 3,
      incomplete: 4,
      notReproduced: 5,
      fault: 70,
      interrupted: 130,
    });
  });

  test('of several runs: the one that matters most', () => {
    expect(combine([])).toBe(0);
    expect(combine([0, 4])).toBe(4);
    expect(combine([4, 5, 0])).toBe(5);
    expect(combine([4, 1, 5])).toBe(1);
    expect(combine([1, 3, 4])).toBe(3);
    expect(combine([3, 130, 1])).toBe(130);
    expect(combine([130, 70, 3])).toBe(70);
  });
});
