import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { ALL_ON } from '../../../src/explore/optimisations.ts';
import { Condition } from '../../../src/explore/reduction/condition.ts';
import { Knowledge } from '../../../src/explore/reduction/knowledge.ts';
import { Machine } from '../../../src/model/machine.ts';
import { guarded } from '../../../src/spec/guard.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';

const [X, Y] = [0b01, 0b10];
let machine: Machine;

const asked = (): Condition | null =>
  Condition.of(
    machine,
    machine.node(machine.initialRow(), 0, 0),
    machine.slots.map(({ values }) => values.length),
  );

/** Of a thread that waits for x = 1 and y = 2. */
const condition = (): Condition => asked()!;

const has = (object: 'x' | 'y', ...values: number[]): void => {
  for (const value of values) machine.slotNamed(object).intern(value);
};

const make = async (variant: string): Promise<void> => {
  const loaded = await loadSpec(path.join(import.meta.dirname, '../../fixtures/wait-both.ts'));
  machine = new Machine(instantiate(loaded, variant), guarded);
  has('x', 1);
  has('y', 1);
};

beforeEach(() => make('only'));

test('becomes true only if all that must change can', () => {
  has('y', 2);
  const both = condition();
  const start = machine.initialRow();
  expect(both.possible(start, 0, X | Y)).toBe(true);
  expect(both.possible(start, 0, X)).toBe(false);
  expect(both.possible(start, 0, Y)).toBe(false);
  const row = machine.initialRow();
  row[machine.slotNamed('x').position] = 1;
  expect(both.possible(row, 0, Y)).toBe(true);
  expect(both.possible(row, 0, X)).toBe(false);
});

test('by the values known at first, and says when those were too few', () => {
  const both = condition();
  expect(both.possible(machine.initialRow(), 0, X | Y)).toBe(false);
  expect(both.isComplete()).toBe(true);
  has('y', 5);
  expect(both.isComplete()).toBe(true);
  has('y', 2);
  expect(both.isComplete()).toBe(false);
});

test('a value that was not known may make it true', () => {
  const both = condition();
  has('y', 5);
  const row = machine.initialRow();
  row[machine.slotNamed('y').position] = 2;
  expect(both.possible(row, 0, X)).toBe(true);
});

test('is not looked into when there are too many values', () => {
  has('x', ...Array(20).keys());
  has('y', ...Array(20).keys());
  expect(asked()).toBeNull();
});

test('a round that relied on too few values does not stand', () => {
  const known = () => new Knowledge(machine, [], ALL_ON);
  const before = known();
  has('y', 5);
  expect(known().confirms(before)).toBe(true);
  has('y', 2);
  expect(known().confirms(before)).toBe(false);
});

test('a gate that is met in the round knows the values with which the round began', async () => {
  await make('later');
  const start = machine.initialRow();
  // Two local states wait for both: a gate together, which is made when it is asked for.
  for (const x of [0, 1]) machine.transition(Int32Array.from(start).fill(x, 1, 2), 0, 0);
  const knowledge = new Knowledge(machine, [], ALL_ON);
  has('y', 2);
  const [choice] = knowledge.of(machine.node(start, 0, 0))!.reach.gates;
  const [both, ...rest] = choice!.behind().gates;
  expect(rest).toEqual([]);
  expect(both!.condition!.possible(machine.initialRow(), 0, X | Y)).toBe(false);
  expect(both!.condition!.isComplete()).toBe(false);
});
