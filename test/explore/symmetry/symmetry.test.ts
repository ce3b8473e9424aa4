import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Frontier } from '../../../src/explore/frontier.ts';
import { StateProperty } from '../../../src/explore/properties.ts';
import { Everywhere } from '../../../src/explore/symmetry/everywhere.ts';
import { Orbits } from '../../../src/explore/symmetry/orbits.ts';
import { Machine } from '../../../src/model/machine.ts';
import type { Program } from '../../../src/model/program.ts';
import { SpecError } from '../../../src/model/shared.ts';
import { guarded } from '../../../src/spec/guard.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';
import { replayed, same, searched } from '../../oracle/compare.ts';
import { orbitsOf } from '../../oracle/orbits.ts';

const WITHOUT = new Set(['symmetry', 'traces'] as const);

const fixture = (name: string) =>
  loadSpec(path.join(import.meta.dirname, `../../fixtures/symmetry/${name}.ts`));

/** States without reduction: all, and orbits. */
const known: Record<
  string,
  Record<string, [params: Record<string, number>, all: number, orbits: number]>
> = {
  counter: {
    locked: [{ n: 3, rounds: 2 }, 189, 46],
    unlocked: [{ n: 3, rounds: 2 }, 904, 211],
  },
  rcu: {
    waits: [{}, 5480, 1557],
    'frees at once': [{}, 1608, 483],
  },
  queue: {
    'all are woken': [{}, 791, 407],
    'one is not woken': [{}, 446, 230],
  },
};

for (const [name, variants] of Object.entries(known)) {
  const loaded = await fixture(name);
  describe(name, () => {
    test('every variant is here', () => {
      expect(Object.keys(variants)).toEqual(Object.keys(loaded.spec.variants));
    });
    for (const [variant, [params, states, orbits]] of Object.entries(variants)) {
      test(variant, () => {
        const make = (): Program => instantiate(loaded, variant, params);
        const all = searched(make(), false, { without: WITHOUT });
        expect([...all.violated].sort()).toEqual([...make().expected].sort());
        expect(all.outcome.symmetry).toEqual([]);
        const alike = searched(make(), false);
        const reduced = searched(make(), true);
        expect([all.states, alike.states]).toEqual([states, orbits]);
        expect(orbitsOf(make())).toBe(orbits);
        expect(reduced.states).toBeLessThanOrEqual(orbits);
        expect(alike.outcome.symmetry).toEqual(make().symmetric);
        for (const found of [alike, reduced]) {
          same('symmetry', found, all);
          replayed(make(), found.outcome);
        }
      });
    }
  });
}

describe('threads that are not alike', async () => {
  const loaded = await fixture('different');
  const refused: Record<string, readonly RegExp[]> = {
    rounds: [/'w1' and 'w2'/, /w1 at its end/, /w2 at mutex_lock\(lock\) \(.*different.ts:\d+\)/],
    value: [/'w0' and 'w1'/, /w0 at store.*: comes to mutex_unlock/, /w1 at store.*: x = /],
    guard: [/w1 at wait_until/, /: moves/, /: waits/],
    first0: [/wait_until.*: waits/, /wait_until.*: moves/],
    first1: [/wait_until.*: waits/, /wait_until.*: moves/],
    first2: [/wait_until.*: waits/, /wait_until.*: moves/],
    code: [/'w1' and 'w2'/, /w1 at its end/, /w2 at READ_ONCE\(last\)/],
    object: [/w1 at WRITE_ONCE\(b, 1\)/, /: touches [abc]/],
    again: [/'w1' and 'w2'/, /WRITE_ONCE\(last, 1\).*: last = 1/, /WRITE_ONCE\(last, 2\).*: /],
    back: [
      /'w1' and 'w2'/,
      /WRITE_ONCE\(last, 0\).*: last = 0/,
      /WRITE_ONCE\(last, 2\).*: last = 2/,
    ],
    access: [/'w1' and 'w2'/, /w1 at READ_ONCE\(last\)/, /w2 at load\(last\)/],
    observer: [/observe at its end/, /observe at WRITE_ONCE/],
    waiter: [/observe at wait_until.*: moves/, /observe at wait_until.*: waits/],
    cpu: [/'w1' and 'w2'/, /cpu is 0 and 1/],
    daemon: [/'w1' and 'w2'/, /daemon is false and true/],
    many: [/exchanged in 5040 ways; at most 720/],
  };
  for (const [variant, messages] of Object.entries(refused)) {
    for (const reduction of [false, true]) {
      test(`${variant}${reduction ? ', reduced' : ''}`, () => {
        const search = () => searched(instantiate(loaded, variant), reduction);
        expect(search).toThrow(SpecError);
        for (const message of messages) expect(search).toThrow(message);
        searched(instantiate(loaded, variant), true, { without: WITHOUT });
      });
    }
  }
  test('a thread waits where the other would not, which is never seen', () => {
    const program = instantiate(loaded, 'guard');
    const machine = new Machine(program, guarded);
    const orbits = new Orbits(machine, program.symmetric);
    const state = new Frontier(64, 1);
    state.push(machine.initialRow(), 0, machine.width, 0, 0);
    for (let move = machine.transition(state.rows, 0, 1); move; ) {
      state.take(machine, move);
      move = machine.transition(state.rows, 0, 1);
    }
    expect(() => orbits.learn()).toThrow(/w1 at wait_until.*: waits; w0 at wait_until.*: moves/);
  });
  test('a property is remembered by what it reads in any member of an orbit', () => {
    const program = instantiate(loaded, 'own0');
    const machine = new Machine(program, guarded);
    const orbits = new Orbits(machine, program.symmetric);
    const [predicate] = program.always;
    const everywhere = new Everywhere(new StateProperty(machine, predicate!, guarded), orbits);
    const fails = (...threads: number[]): number => {
      const state = new Frontier(64, 1);
      state.push(machine.initialRow(), 0, machine.width, 0, 0);
      for (const thread of threads) {
        state.take(machine, machine.transition(state.rows, 0, thread)!);
        orbits.learn();
      }
      return everywhere.ask(state.rows, 0, state.stride).fails;
    };
    const [second, observer] = [1, 3];
    expect(fails(second)).toBe(-1);
    expect(fails(observer)).toBe(-1);
    expect(fails(observer)).toBe(-1);
    expect(fails(second, observer)).toBeGreaterThan(0);
  });
  test('who goes round in circles keeps nobody from moving, whichever members are explored', () => {
    for (let salt = 0; salt < 8; salt++) {
      const { violated } = searched(instantiate(loaded, 'spin', { salt }), true);
      expect([...violated]).toEqual(['nothing happens']);
    }
  });
  test('no threads', () => {
    expect(() => instantiate(loaded, 'unknown')).toThrow(
      /symmetric names 'w9', which is no thread/,
    );
    expect(() => instantiate(loaded, 'twice')).toThrow(/symmetric names 'w0' twice/);
  });
  for (const variant of [
    'same',
    'numbers',
    'named',
    'witness',
    'own0',
    'own1',
    'own2',
    'circles',
    'spin',
  ]) {
    test(`${variant}: they are`, () => {
      const make = (): Program => instantiate(loaded, variant);
      const all = searched(make(), false, { without: WITHOUT });
      expect([...all.violated]).toEqual([...make().expected]);
      for (const reduction of [false, true]) {
        const found = searched(make(), reduction);
        same(variant, found, all);
        replayed(make(), found.outcome);
        expect(found.states).toBeLessThanOrEqual(all.states / 2);
      }
    });
  }
});
