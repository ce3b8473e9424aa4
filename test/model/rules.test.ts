import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { endsSchedule, isRule, RULES } from '../../src/model/rules.ts';

const source = path.join(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('rules.ts'))
  .map((file) => readFileSync(path.join(source, file), 'utf8'));

test('every rule that is reported by name is listed, so that it can be turned off', () => {
  const named = files.flatMap((text) =>
    [...text.matchAll(/\b(?:rule: |misuse\(\w+, |wrong\(memory, )'([^']+)'/g)].map(([, r]) => r!),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((rule) => !isRule(rule))).toEqual([]);
});

test('every rule that is listed is reported somewhere', () => {
  const all = Object.values<readonly string[]>(RULES).flat();
  expect(new Set(all).size).toBe(all.length);
  const text = files.join('\n');
  // The names of these are put together from parts.
  const parts = (rule: string) =>
    rule.startsWith('refcount_t: ')
      ? [rule.slice('refcount_t: '.length)]
      : / lock order detected$/.test(rule)
        ? ['lock order detected']
        : rule.startsWith('double call_')
          ? ['double $', rule.slice('double '.length)]
          : [rule];
  expect(all.filter((rule) => !parts(rule).every((part) => text.includes(part)))).toEqual([]);
});

test.each([
  ['use-after-free', true],
  ['recursive locking', true],
  ['data-race', false],
  ['deadlock', false],
])('whether a schedule goes on after %s is known', (rule, ends) => {
  expect(endsSchedule(rule)).toBe(ends);
});
