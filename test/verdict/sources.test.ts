import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Site } from '../../src/model/frames.ts';
import { changedLines, passedBy, sourcesOf } from '../../src/verdict/sources.ts';
import { stepOf } from '../fixtures/steps.ts';

const site = (line: number, text: string, library = false): Site => ({
  ...{ id: `s.ts:${line}`, file: library ? 'lib.ts' : 's.ts', line, column: 1 },
  ...{ library, fn: 'f', text, names: [] },
});
/** Texts by line, from 1; an empty one is a line without an operation. */
const file = (...lines: string[]) =>
  sourcesOf(lines.flatMap((text, at) => (text === '' ? [] : [site(at + 1, text)])));
const changes = (before: string[], after: string[]) =>
  changedLines(file(...before), file(...after)).map(({ line, was, now }) => [line, was, now]);

test('statements by line, those of one line together, not the library', () => {
  const sites = [site(3, 'a'), site(3, 'b'), site(3, 'a'), site(1, 'c'), site(9, 'd', true)];
  expect(sourcesOf(sites)).toEqual({ 's.ts': { 1: 'c', 3: 'a b' } });
});

test('of a spec, the lines on the call stacks of the steps', () => {
  const call = (line: number) => ({ file: 's.ts', line, fn: 'f', text: '' });
  const steps = [
    stepOf({ thread: 'A', text: 'x()', calls: [call(2), call(4)] }),
    stepOf({ thread: 'B', text: 'y()', calls: [call(2)] }),
  ];
  expect(passedBy(steps, file('a', 'b', 'c', 'd'))).toEqual({ 's.ts': { 2: 'b', 4: 'd' } });
});

describe('what has changed', () => {
  test('nothing', () => {
    expect(changes(['a', '', 'b'], ['a', '', 'b'])).toEqual([]);
  });

  test('not lines that moved, whatever they move past', () => {
    expect(changes(['a', '', 'b'], ['', '', 'x', 'a', 'b'])).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', '')), fc.nat(5), (lines, blank) => {
        expect(changes(lines, [...Array<string>(blank).fill(''), ...lines])).toEqual([]);
      }),
    );
  });

  test('a line, in its place', () => {
    const now = { line: 2, text: 'x' };
    expect(changes(['a', 'b', 'c'], ['a', 'x', 'c'])).toEqual([[2, 'b', now]]);
    const moved = { line: 4, text: 'x' };
    expect(changes(['a', 'b', 'c'], ['', '', 'a', 'x', 'c'])).toEqual([[2, 'b', moved]]);
  });

  test('a line that is gone, though another stands in its place now', () => {
    expect(changes(['a', 'b', 'c'], ['a', 'c'])).toEqual([[2, 'b', null]]);
    // As when `x` was there before and is not passed by the trace.
    expect(changes(['a', 'b', '', 'c'], ['a', 'x', 'c'])).toEqual([[2, 'b', null]]);
    expect(changes(['a'], [])).toEqual([[1, 'a', null]]);
  });

  test('where lines came or went, the one that is most like it, of those at its place', () => {
    const now = { line: 2, text: 'mutex_lock(a.lock)' };
    const added = ['x', 'mutex_lock(a.lock)', 'load(a.n)', 'y'];
    expect(changes(['x', 'mutex_lock(b.lock)', 'y'], added)).toEqual([
      [2, 'mutex_lock(b.lock)', now],
    ]);
    // Not one that is elsewhere, or has little of it.
    expect(changes(['x', 'lock(a)', 'y'], ['lock(a, 1)', 'x', 'u', 'y'])).toEqual([
      [2, 'lock(a)', { line: 3, text: 'u' }],
    ]);
    expect(changes(['x', 'lock(a)', 'y'], ['lock(a, 1)', 'x', 'u', 'v', 'y'])).toEqual([
      [2, 'lock(a)', null],
    ]);
    // The last one has nothing below it.
    expect(changes(['x', 'lock(a)'], ['x', 'lock(a, 1)'])).toEqual([
      [2, 'lock(a)', { line: 2, text: 'lock(a, 1)' }],
    ]);
  });

  test('the one of several with the same text that is in another place', () => {
    const before = ['u', 'l', 'u', 'l', 'u'];
    expect(changes(before, ['u', 'l', 'u', 'x', 'u'])).toEqual([[4, 'l', { line: 4, text: 'x' }]]);
    // Recorded are some only; the spec has all of them.
    const few = ['', '', '', 'l', 'u', '', 'b', 'c'];
    const all = ['u', 'l', 'u', 'l', 'u', 'l', 'x', 'c'];
    expect(changes(few, all)).toEqual([[7, 'b', { line: 7, text: 'x' }]]);
  });

  test('every line that is recorded is there still or told of', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const gone = changes(before, after).length;
        const kept = before.filter((text) => text !== '').length - gone;
        const has = (text: string) => after.filter((other) => other === text).length;
        const most = ['a', 'b', 'c'].map((text) =>
          Math.min(has(text), before.filter((other) => other === text).length),
        );
        expect(kept).toBeLessThanOrEqual(most[0]! + most[1]! + most[2]!);
        expect(kept > 0).toBe(most.some((count) => count > 0));
      }),
    );
  });
});
