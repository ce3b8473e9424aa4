import { expect, test } from 'vitest';
import type { Outcome } from '../../src/explore/outcome.ts';
import { beside, cheaper, type Levels } from '../../src/explore/probe.ts';
import type { Level } from '../../src/explore/search.ts';
import type { Declined, TraceProgress } from '../../src/explore/traces.ts';

/** What a search ends with; `transitions` tells whose it is. */
function outcome(transitions: number, more: Partial<Outcome> = {}): Outcome {
  return { complete: true, properties: [], transitions, ...more } as unknown as Outcome;
}

/** A search whose levels each have so many times the states, and transitions, of the one before. */
function* growing(factor: number, levels: number, end: Outcome): Levels {
  for (let level = 0; level < levels; level++) {
    const size = Math.round(factor ** level);
    const work = { level, explorer: { transitions: size }, visited: { size }, limit: () => null };
    yield work as unknown as Level;
  }
  return end;
}

function run(search: Levels): { readonly outcome: Outcome; readonly levels: Level[] } {
  const levels: Level[] = [];
  for (let step = search.next(); ; step = search.next({} as never)) {
    if (step.done) return { outcome: step.value, levels };
    levels.push(step.value);
    while (step.value.aside?.next());
  }
}

const [PLAIN, TRIAL, REDUCED] = [outcome(1), outcome(2), outcome(3)];
const PROBE = { from: 100, price: 4 };

const chosen = (plain: Levels, trial: Levels): Outcome =>
  run(
    cheaper(
      plain,
      () => trial,
      () => growing(1, 1, REDUCED),
      PROBE,
    ),
  ).outcome;

test('a search that is over soon is not reduced', () => {
  const never = (): Levels => {
    throw new Error('asked for');
  };
  expect(run(cheaper(growing(2, 6, PLAIN), never, never, PROBE)).outcome).toBe(PLAIN);
});

test('the reduced search goes on if it is as deep with far fewer states', () => {
  expect(chosen(growing(2, 30, PLAIN), growing(1.2, 30, TRIAL))).toBe(REDUCED);
  expect(chosen(growing(2, 20, PLAIN), growing(1.95, 20, TRIAL))).toBe(PLAIN);
});

test('a trial that is over is the answer', () => {
  expect(chosen(growing(2, 30, PLAIN), growing(1.1, 3, TRIAL))).toBe(TRIAL);
});

test('a limit that ends the trial ends nothing else, unless it has found something', () => {
  const limited = outcome(2, { complete: false });
  expect(chosen(growing(2, 20, PLAIN), growing(1.1, 3, limited))).toBe(PLAIN);
  const found = outcome(2, { ...limited, properties: [{ schedule: ['t'] }] as never });
  expect(chosen(growing(2, 20, PLAIN), growing(1.1, 3, found))).toBe(found);
});

test('the trial takes a small part of the work, and is not shared', () => {
  const { levels } = run(
    cheaper(
      growing(2, 16, PLAIN),
      () => growing(1.95, 16, TRIAL),
      () => growing(1, 1, REDUCED),
      PROBE,
    ),
  );
  const part = levels.filter(({ alone }) => alone);
  expect(part.length).toBeGreaterThan(0);
  expect(part.at(-1)!.visited.size).toBeLessThan(2 ** 16 / 16);
});

function* tracing(slices: number, end: Outcome | Declined) {
  for (let n = 1; n <= slices; n++) {
    yield { traces: n, steps: n * 100, round: 1, violations: 0 } satisfies TraceProgress;
  }
  return end;
}

test('of traces and states the first that is over counts', () => {
  expect(run(beside(growing(2, 10, PLAIN), tracing(2, TRIAL))).outcome).toBe(TRIAL);
  expect(run(beside(growing(2, 6, PLAIN), tracing(1000, TRIAL))).outcome).toBe(PLAIN);
});

test('a program that is declined is searched by its states', () => {
  const { outcome, levels } = run(beside(growing(2, 10, PLAIN), tracing(1, { declined: 'why' })));
  expect(outcome).toBe(PLAIN);
  expect(levels.findIndex(({ aside }) => !aside)).toBe(8);
});
