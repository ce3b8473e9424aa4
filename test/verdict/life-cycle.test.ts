import { expect, test } from 'vitest';
import { type Comparison, lifeOf } from '../../src/verdict/life-cycle.ts';
import { parseRules } from '../../src/verdict/read-rules.ts';
import type { Diverged, DivergenceKind } from '../../src/verdict/reproduce.ts';
import type { Trace } from '../../src/verdict/trace.ts';
import { TraceError } from '../../src/verdict/trace.ts';
import { rulesFileOf, rulesOf, type TraceRule, whyBroken } from '../../src/verdict/trace-rules.ts';

const step = { thread: 'A', operation: 'load', text: 'load(x)', objects: ['x'], result: '1' };
const trace: Trace = {
  spec: { name: 's', file: 's.ts', digest: 'old' },
  ...{ variant: 'v', params: {}, property: 'P', message: 'broken' },
  steps: [{ ...step, file: 's.ts', line: 3 }],
};
const P = { name: 'P', holds: () => true };
const program = { variant: 'v', always: [P], atEnd: [], sometimes: [], never: [], unchecked: {} };
const base: Comparison = {
  ...{ trace, program, digest: 'new', changes: [], movable: [] },
  reproduction: { result: 'holds', message: 'holds' },
};
const diverged = (kind: DivergenceKind): Diverged => {
  const at = { result: 'diverged', run: 1, step: 1, kind } as const;
  return { ...at, message: '', now: 'A does it', possible: [] };
};
const other = { ...program, variant: 'w' };
const gone = [{ file: 's.ts', line: 3, was: 'yield* load(x)', now: null }];

const kinds: DivergenceKind[] = [
  'waits',
  'result',
  'operation',
  'finished',
  'ended early',
  'no such thread',
];

test.each(kinds)('%s, on another variant of the spec as it was: no longer possible', (kind) => {
  const reproduction = diverged(kind);
  // Whatever changed then is nothing that the trace knows of.
  const life = lifeOf({ ...base, program: other, digest: 'old', reproduction, changes: null });
  expect(life.word).toBe('no longer possible');
});

test.each(kinds)('%s, on the variant and the spec of the recording: damaged', (kind) => {
  expect(lifeOf({ ...base, digest: 'old', reproduction: diverged(kind) }).word).toBe('damaged');
});

test.each([
  ['waits', 'no longer possible', 'no longer possible', 'no longer possible'],
  ['result', 'no longer possible', 'no longer possible', 'no longer possible'],
  ['operation', 'no longer possible', 'stale', 'stale'],
  ['finished', 'no longer possible', 'stale', 'stale'],
  ['ended early', 'no longer possible', 'stale', 'stale'],
] as const)('%s in a spec that changed: by the statement', (kind, there, changed, unknown) => {
  const word = (changes: Comparison['changes']) =>
    lifeOf({ ...base, reproduction: diverged(kind), changes }).word;
  expect(word([])).toBe(there);
  expect(word([{ ...gone[0]!, line: 4 }])).toBe(there);
  expect(word([{ ...gone[0]!, file: 't.ts' }])).toBe(there);
  expect(word(gone)).toBe(changed);
  expect(word(null)).toBe(unknown);
});

test('a statement in code without lines cannot be looked for', () => {
  const steps = [{ ...step, file: null, line: null }];
  const reproduction = diverged('operation');
  expect(lifeOf({ ...base, trace: { ...trace, steps }, reproduction }).word).toBe('stale');
});

test('a thread that is gone: with another name, or on another variant', () => {
  const reproduction = diverged('no such thread');
  expect(lifeOf({ ...base, reproduction }).word).toBe('stale');
  expect(lifeOf({ ...base, reproduction, program: other }).word).toBe('no longer possible');
});

test('the line says what is, and what was recorded', () => {
  const line = (kind: DivergenceKind) => lifeOf({ ...base, reproduction: diverged(kind) }).line;
  expect(line('waits')).toBe('step 1: A does it');
  expect(line('result')).toBe('step 1: A does it, and not 1');
  expect(line('operation')).toBe('step 1: A does it, and not load(x)');
  const runs = { ...trace, earlier: [trace.steps] };
  expect(lifeOf({ ...base, trace: runs, reproduction: diverged('waits') }).line).toBe(
    'step 1 of run 1 of 2: A does it',
  );
});

test('all steps are possible: fixed', () => {
  expect(lifeOf(base)).toEqual({ word: 'fixed', line: 'holds' });
  expect(lifeOf({ ...base, program: other, digest: 'old' }).word).toBe('fixed');
  expect(lifeOf({ ...base, digest: 'old' }).word).toBe('damaged');
});

test('what is asked in the end only is not answered before it', () => {
  const atEnd = { ...program, always: [], atEnd: [P] };
  const life = lifeOf({ ...base, program: atEnd, movable: ['A', 'B'] });
  expect(life.word).toBe('stale');
  expect(life.line).toContain('A, B can move');
  expect(lifeOf({ ...base, program: atEnd }).word).toBe('fixed');
  expect(lifeOf({ ...base, movable: ['A'] }).word).toBe('fixed');
  for (const leak of [{ property: 'memory leak' }, { message: 'memory leak: x' }]) {
    const leaking = { ...base, trace: { ...trace, ...leak }, movable: ['A'] };
    expect(lifeOf(leaking).word).toBe('stale');
    expect(lifeOf({ ...leaking, movable: [] }).word).toBe('fixed');
  }
});

test('a property that nobody asks for: stale, whatever the schedule does', () => {
  const reproduction = { result: 'reproduced', message: 'm' } as const;
  expect(lifeOf({ ...base, reproduction })).toEqual({ word: 'still reproduces', line: 'm' });
  const none = { ...program, always: [] };
  for (const some of [reproduction, base.reproduction, diverged('waits')]) {
    expect(lifeOf({ ...base, program: none, reproduction: some })).toEqual({
      ...{ word: 'stale', line: "there is no property 'P' any more" },
    });
  }
  for (const kind of ['atEnd', 'sometimes'] as const) {
    expect(lifeOf({ ...base, program: { ...none, [kind]: [P] } }).word).toBe('fixed');
  }
  const never = [{ name: 'P', matches: () => true }];
  expect(lifeOf({ ...base, program: { ...none, never } }).word).toBe('fixed');
  const rule = { ...base, program: none, trace: { ...trace, property: 'data-race in f / g' } };
  expect(lifeOf(rule).word).toBe('fixed');
  expect(lifeOf({ ...rule, program: { ...none, unchecked: { 'data-race': 'why' } } })).toEqual({
    ...{ word: 'stale', line: "'data-race' is unchecked there: why" },
  });
  const steps = [{ ...trace.steps[0]!, operation: 'assert' }];
  expect(lifeOf({ ...base, program: none, trace: { ...trace, steps } }).word).toBe('fixed');
});

test('without a rule for its own variant, a trace must reproduce there', () => {
  const own = { on: 'v', must: 'still reproduces' };
  const w: TraceRule = { on: 'w', must: 'fixed' };
  expect(rulesOf(trace, [])).toEqual([own]);
  expect(rulesOf(trace, [w])).toEqual([own, w]);
  expect(rulesOf(trace, [{ on: 'v', must: 'fixed' }])).toEqual([{ on: 'v', must: 'fixed' }]);
  expect(rulesFileOf('a/v5.3.P.trace.json')).toBe('a/v5.3.P.rule.json');
});

test('a rule is kept by its own word only, and what reproduces must be expected', () => {
  const is = (word: 'still reproduces' | 'fixed' | 'stale' | 'damaged') => ({ word, line: '' });
  const fixed: TraceRule = { on: 'v', must: 'fixed' };
  const again: TraceRule = { on: 'v', must: 'still reproduces' };
  expect(whyBroken(fixed, is('fixed'), 'P', [])).toBeNull();
  expect(whyBroken(fixed, is('stale'), 'P', [])).toBe('it must be: fixed');
  expect(whyBroken(fixed, is('damaged'), 'P', [])).toBe('it must be: fixed');
  expect(whyBroken(fixed, is('still reproduces'), 'P', ['P'])).toBe('it must be: fixed');
  expect(whyBroken(again, is('still reproduces'), 'P', ['P'])).toBeNull();
  expect(whyBroken(again, is('still reproduces'), 'P', ['Q'])).toContain('violates');
  expect(whyBroken(null, is('still reproduces'), 'P', [])).toBeNull();
  expect(whyBroken(null, is('fixed'), 'P', [])).toBe('it must be: still reproduces');
});

const rules = { format: 'lockstep-rule', version: 1, rules: [{ on: 'v', must: 'fixed' }] };
const parsed = (change: object) => () => parseRules(JSON.stringify({ ...rules, ...change }), 'f');

test('a file of rules', () => {
  expect(parsed({})()).toEqual(rules.rules);
  const several = [
    { on: 'v', must: 'fixed', why: 'a264df74df38' },
    { on: 'w', must: 'fixed' },
  ];
  expect(parsed({ rules: several })()).toEqual(several);
});

test.each([
  ['cut off', '{', /^f is damaged: /],
  ['foreign', '{}', /^f does not hold the rules of a trace$/],
])('%s: one line', (_, text, message) => {
  expect(() => parseRules(text, 'f')).toThrow(TraceError);
  expect(() => parseRules(text, 'f')).toThrow(message);
});

test.each([
  ['a newer version', { version: 2 }, /^f has version 2, made for a newer Lockstep/],
  ['no rule', { rules: [] }, /^f is damaged: rules: /],
  ['more than it may have', { time: 1 }, /^f is damaged: /],
  ['stale as a wish', { rules: [{ on: 'v', must: 'stale' }] }, /^f is damaged: rules\.0\.must: /],
  ['a variant twice', { rules: [...rules.rules, ...rules.rules] }, /two rules are for one variant/],
])('%s: one line', (_, change, message) => {
  expect(parsed(change)).toThrow(message);
  expect(parsed(change)).toThrow(/^[^\n]*$/);
});
