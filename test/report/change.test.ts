import { expect, test } from 'vitest';
import { showChange } from '../../src/report/change.ts';

test.each([
  ['false', 'true', 'x: false -> true'],
  ['{fn: f, pending: false}', '{fn: f, pending: true}', 'x.pending: false -> true'],
  ['{a: 1, b: 2, c: 3}', '{a: 1, b: 3, c: 4}', 'x.b: 2 -> 3, x.c: 3 -> 4'],
  ['{q: [], n: NULL}', '{q: [a], n: NULL}', 'x.q: + a'],
  ['{a: {b: 1, c: 2}}', '{a: {b: 1, c: 3}}', 'x.a.c: 2 -> 3'],
  ['NULL', '{a: 1}', 'x: NULL -> {a: 1}'],
  ['{a: 1}', '{b: 1}', 'x: {a: 1} -> {b: 1}'],
  ['[]', '[a, {b: 1, c: 2}]', 'x: + a, {b: 1, c: 2}'],
  ['[a, b, a]', '[b, a]', 'x: - a'],
  ['[a]', '[b]', 'x: [a] -> [b]'],
  ['[a, b]', '[b, a]', 'x: [a, b] -> [b, a]'],
  ['{a: f(, b: 1}', '{a: f(, b: 2}', 'x: {a: f(, b: 1} -> {a: f(, b: 2}'],
  ['}{', '{}', 'x: }{ -> {}'],
])('%s to %s', (from, to, shown) => {
  expect(showChange('x', from, to)).toBe(shown);
});
