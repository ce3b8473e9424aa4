import { beforeEach, describe, expect, test } from 'vitest';
import { variable } from '../../src/kernel/access.ts';
import {
  ATOMIC_INIT,
  type Atomic,
  atomic_add,
  atomic_add_return,
  atomic_add_unless,
  atomic_cmpxchg,
  atomic_dec,
  atomic_dec_and_test,
  atomic_dec_return,
  atomic_fetch_add,
  atomic_fetch_dec,
  atomic_fetch_inc,
  atomic_fetch_sub,
  atomic_inc,
  atomic_inc_and_test,
  atomic_inc_not_zero,
  atomic_inc_return,
  atomic_read,
  atomic_set,
  atomic_sub,
  atomic_sub_and_test,
  atomic_sub_return,
  atomic_t,
  atomic_try_cmpxchg,
  atomic_xchg,
} from '../../src/kernel/atomic.ts';
import {
  __clear_bit,
  __set_bit,
  clear_bit,
  set_bit,
  test_and_clear_bit,
  test_and_set_bit,
  test_bit,
} from '../../src/kernel/bitops.ts';
import { object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_SPINLOCK, spin_lock } from '../../src/kernel/spinlock.ts';
import { wait_on_bit, wake_up_bit } from '../../src/kernel/wait_bit.ts';
import type { Operation } from '../../src/model/operation.ts';
import type { Shared } from '../../src/model/shared.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

/** An operation, or several, whatever they give. */
type Call = Iterable<Operation<unknown>, unknown, unknown>;

/** The result of one call on a value of `n`, the value after it, and how many steps it takes. */
function once<S extends Shared<number>>(target: S, make: (v: S) => Call) {
  let result: unknown;
  let steps = 0;
  const sim = new Simulation({
    *user() {
      result = yield* make(target);
    },
  });
  while (sim.step('user')) steps++;
  return [result, sim.value(target), steps];
}

test.each<[string, (v: Atomic) => Call, unknown, number]>([
  ['read', atomic_read, 5, 5],
  ['set', (v) => atomic_set(v, 9), undefined, 9],
  ['add', (v) => atomic_add(3, v), undefined, 8],
  ['sub', (v) => atomic_sub(3, v), undefined, 2],
  ['inc', atomic_inc, undefined, 6],
  ['dec', atomic_dec, undefined, 4],
  ['add_return', (v) => atomic_add_return(3, v), 8, 8],
  ['sub_return', (v) => atomic_sub_return(3, v), 2, 2],
  ['inc_return', atomic_inc_return, 6, 6],
  ['dec_return', atomic_dec_return, 4, 4],
  ['fetch_add', (v) => atomic_fetch_add(3, v), 5, 8],
  ['fetch_sub', (v) => atomic_fetch_sub(3, v), 5, 2],
  ['fetch_inc', atomic_fetch_inc, 5, 6],
  ['fetch_dec', atomic_fetch_dec, 5, 4],
  ['sub_and_test', (v) => atomic_sub_and_test(5, v), true, 0],
  ['dec_and_test', atomic_dec_and_test, false, 4],
  ['inc_and_test', atomic_inc_and_test, false, 6],
  ['add_unless', (v) => atomic_add_unless(v, 2, 4), true, 7],
  ['add_unless, refused', (v) => atomic_add_unless(v, 2, 5), false, 5],
  ['inc_not_zero', atomic_inc_not_zero, true, 6],
  ['xchg', (v) => atomic_xchg(v, 1), 5, 1],
  ['cmpxchg', (v) => atomic_cmpxchg(v, 5, 1), 5, 1],
  ['cmpxchg, refused', (v) => atomic_cmpxchg(v, 4, 1), 5, 5],
])('atomic_%s of 5', (_, make, result, after) => {
  expect(once(ATOMIC_INIT('v', 5), make)).toEqual([result, after, 1]);
});

test('atomic_inc_not_zero leaves a zero', () => {
  expect(once(ATOMIC_INIT('v', 0), atomic_inc_not_zero)).toEqual([false, 0, 1]);
});

test('overflow wraps at 32 bits', () => {
  expect(once(ATOMIC_INIT('v', 0x7fff_ffff), atomic_inc_return)).toEqual([
    -0x8000_0000, -0x8000_0000, 1,
  ]);
});

test('an atomic_t of a struct is 0 unless it is given a value', () => {
  const foo = struct('foo', { users: atomic_t() });
  expect([object(foo, 'a').users.initial, object(foo, 'b', { users: 2 }).users.initial]).toEqual([
    0, 2,
  ]);
});

test('atomic_try_cmpxchg gives what it found when it fails', () => {
  const old = { value: 4 };
  const add = function* (v: Atomic) {
    while (!(yield* atomic_try_cmpxchg(v, old, old.value + 1)));
  };
  expect([...once(ATOMIC_INIT('v', 5), add), old]).toEqual([undefined, 6, 2, { value: 5 }]);
});

describe('bits', () => {
  test.each<[string, (w: Shared<number>) => Call, unknown, number, number]>([
    ['set_bit', (w) => set_bit(1, w), undefined, 0b111, 1],
    ['set_bit, the highest', (w) => set_bit(31, w), undefined, 0x8000_0005, 1],
    ['clear_bit', (w) => clear_bit(2, w), undefined, 0b001, 1],
    ['test_bit, set', (w) => test_bit(2, w), true, 0b101, 1],
    ['test_bit, clear', (w) => test_bit(1, w), false, 0b101, 1],
    ['test_and_set_bit', (w) => test_and_set_bit(1, w), false, 0b111, 1],
    ['test_and_clear_bit', (w) => test_and_clear_bit(0, w), true, 0b100, 1],
    ['__set_bit', (w) => __set_bit(1, w), undefined, 0b111, 2],
    ['__clear_bit', (w) => __clear_bit(0, w), undefined, 0b100, 2],
  ])('%s', (_, make, result, after, steps) => {
    expect(once(variable('word', 0b101), make)).toEqual([result, after, steps]);
  });

  test('there are 32', () => {
    expect(() => set_bit(32, variable('word', 0))).toThrow('no bit 32');
  });
});

describe('wait_on_bit', () => {
  test('does not wait for a bit that is clear', () => {
    expect(once(variable('word', 0b10), (w) => wait_on_bit(w, 0))).toEqual([undefined, 0b10, 1]);
  });

  test('waits until woken, and again if the bit is set by then', () => {
    const word = variable('word', 1);
    const sim = new Simulation({
      waiter: () => wait_on_bit(word, 0),
      *owner() {
        yield* wake_up_bit(word, 0);
        yield* clear_bit(0, word);
        yield* wake_up_bit(word, 0);
      },
    }).run('waiter');
    sim.step('owner');
    expect(sim.run('waiter').at('waiter')).toBe('bit_wait');
    sim.step('owner');
    expect(sim.run('waiter').at('waiter')).toBe('bit_wait');
    sim.step('owner');
    expect([sim.run('waiter').at('waiter'), sim.rules()]).toEqual([null, []]);
  });

  test('sleeps, so it is reported under a spinlock', () => {
    const [word, lock] = [variable('word', 0), DEFINE_SPINLOCK('lock')];
    const sim = new Simulation({
      *user() {
        yield* spin_lock(lock);
        yield* wait_on_bit(word, 0);
      },
    }).run('user');
    expect(sim.rules()).toEqual(['sleeping function called from invalid context']);
  });
});
