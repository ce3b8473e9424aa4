import { beforeEach, expect, test } from 'vitest';
import { store, variable } from '../../src/kernel/access.ts';
import { delete_module, MODULE, text } from '../../src/kernel/module.ts';
import type { Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

function machine() {
  const foo = MODULE('foo');
  const x = variable('x', 0);
  const callback = text(foo, function* callback(value: number): Steps<number> {
    yield* store(x, value);
    return value + 1;
  });
  const results: number[] = [];
  const sim = new Simulation({
    *caller() {
      results.push(yield* callback(1));
    },
    *exit() {
      yield* delete_module(foo);
    },
  });
  return { callback, sim, results, x };
}

const report = {
  rule: 'callback pending at module exit',
  message: 'callback runs in foo after the module was unloaded',
  object: 'foo',
  crash: true,
};

test('a function of a module that is there is the function itself', () => {
  const { callback, sim, results, x } = machine();
  sim.run('caller').run('exit');
  expect([callback.name, results, sim.value(x), sim.reports]).toEqual(['callback', [2], 1, []]);
});

test('one that is called after the module went is reported', () => {
  const { sim } = machine();
  sim.run('exit').step('caller');
  expect(sim.reports).toEqual([report]);
});

test('one that is running while the module goes is reported', () => {
  const { sim } = machine();
  sim.run('caller', 'leave').run('exit');
  expect(sim.reports).toEqual([]);
  expect(sim.run('caller').reports).toEqual([report]);
});
