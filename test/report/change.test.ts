import { expect, test } from 'vitest';
import { brief, briefChange, showChange } from '../../src/report/change.ts';

test.each([
  ['false', 'true', 'x: false -> true'],
  ['{fn: f, pending: false}', '{fn: f, pending: true}', 'x.pending: false -> true'],
  ['{a: 1, b: 2, c: 3}', '{a: 1, b: 3, c: 4}', 'x.b: 2 -> 3, .c: 3 -> 4'],
  ['{q: [], n: NULL}', '{q: [a], n: NULL}', 'x.q: + a'],
  ['{a: {b: 1, c: 2}}', '{a: {b: 1, c: 3}}', 'x.a.c: 2 -> 3'],
  ['NULL', '{a: 1}', 'x: NULL -> {a: 1}'],
  ['{a: 1}', '{b: 1}', 'x: {a: 1} -> {b: 1}'],
  ['[]', '[a, {b: 1, c: 2}]', 'x: + a, {b: 1, c: 2}'],
  ['[a, b, a]', '[b, a]', 'x: - a'],
  ['{a: {b: 1, c: 2}, d: 3}', '{a: {b: 2, c: 3}, d: 4}', 'x.a.b: 1 -> 2, .a.c: 2 -> 3, .d: 3 -> 4'],
  ['{fn: f, n: 0}', '{fn: f, n: 1, mark: true}', 'x.n: 0 -> 1, .mark: none -> true'],
  ['{fn: f, n: 1, mark: true}', '{fn: f, n: 1}', 'x.mark: true -> none'],
  ['{fn: f}', '{fn: f, mark: true}', 'x: {fn: f} -> {fn: f, mark: true}'],
  ['{a: 1, b: 1}', '{a: 1, c: 1, d: 1}', 'x: {a: 1, b: 1} -> {a: 1, c: 1, d: 1}'],
  ['[a]', '[b]', 'x: [a] -> [b]'],
  ['[a, b]', '[b, a]', 'x: [a, b] -> [b, a]'],
  ['{a: f(, b: 1}', '{a: f(, b: 2}', 'x: {a: f(, b: 1} -> {a: f(, b: 2}'],
  ['}{', '{}', 'x: }{ -> {}'],
])('%s to %s', (from, to, shown) => {
  expect(showChange('x', from, to)).toBe(shown);
});

test.each([
  ['rcu:ioctl0', 'NULL', '[]', 'ioctl0 enters an RCU reader'],
  ['rcu:ioctl0', '[rcu_gp]', 'NULL', 'ioctl0 leaves its RCU reader'],
  ['rcu:ioctl0', '[]', '[rcu_gp]', 'rcu:ioctl0: + rcu_gp'],
  ['irqs:task', '0', '2', 'task holds back softirqs and hardirqs'],
  ['irqs:task', '2', '0', 'task holds back nobody'],
  ['a.ref', '0', '-1073741824', 'a.ref: 0 -> -1073741824 (saturated)'],
  ['a', '{ref: 1}', '{ref: -1073741824}', 'a.ref: 1 -> -1073741824 (saturated)'],
])('%s from %s to %s', (object, from, to, shown) => {
  expect(showChange(object, from, to)).toBe(shown);
  expect(briefChange(object, from, to)).toBe(shown);
});

test.each([
  ['false', 'true', 'x -> true'],
  ['NULL', 'true', 'x -> true'],
  ['{fn: f, pending: false}', '{fn: f, pending: true}', 'x.pending -> true'],
  ['[]', '[{head: a.rcu, barrier: NULL}]', 'x: + a.rcu'],
  ['[{work: w, fn: f, flushers: []}]', '[]', 'x: - w'],
  ['NULL', '{work: w, fn: f, flushers: []}', 'x: NULL -> {work: w, fn: f}'],
  ['[{work: w, flushers: []}]', '[{work: w, flushers: [a]}]', 'x[0].flushers: + a'],
  // What is left out must not be all that differs.
  ['[{head: a, n: 1}]', '[{head: a, n: 2}]', 'x[0].n: 1 -> 2'],
  ['[{n: 1, head: a}]', '[{n: 2, head: a}]', 'x: [{n: 1, head: a}] -> [{n: 2, head: a}]'],
  ['{a: 1, b: NULL}', '{a: 1}', 'x: {a: 1, b: NULL} -> {a: 1}'],
  ['[]', '[{head: a, n: 1}, {head: a, n: 2}]', 'x: + {head: a, n: 1}, {head: a, n: 2}'],
  ['[]', '[{n: 1, head: a}]', 'x: + {n: 1, head: a}'],
])('%s to %s in brief', (from, to, shown) => {
  expect(briefChange('x', from, to)).toBe(shown);
});

test.each([
  ['x = {fn: f, pending: false, pool: NULL}', 'x = {fn: f}'],
  ['done, queue = [{head: a.rcu, barrier: NULL}], n = 1', 'done, queue = [a.rcu], n = 1'],
  ['{a: NULL, b: false}', '{a: NULL, b: false}'],
  ['no value in it', 'no value in it'],
  ['{not closed', '{not closed'],
  ['f([a, b], {c: {d: NULL, e: 1}})', 'f([a, b], {c: {e: 1}})'],
])('%s in brief', (text, shown) => {
  expect(brief(text)).toBe(shown);
});

test('a function without a name is left out in brief', () => {
  expect(brief('wait_until(users, function) = 0')).toBe('wait_until(users) = 0');
  expect(brief('note(a, function, b)')).toBe('note(a, b)');
  expect(brief('queue(a, functional)')).toBe('queue(a, functional)');
});
