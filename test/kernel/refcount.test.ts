import { beforeEach, describe, expect, test } from 'vitest';
import {
  KREF_INIT,
  type Kref,
  kref,
  kref_get_unless_zero,
  kref_init,
  kref_put,
  kref_put_lock,
  kref_put_mutex,
  kref_read,
} from '../../src/kernel/kref.ts';
import { container_of, kfree, object, struct } from '../../src/kernel/memory.ts';
import { DEFINE_MUTEX, mutex_unlock } from '../../src/kernel/mutex.ts';
import {
  REFCOUNT_INIT,
  REFCOUNT_MAX,
  REFCOUNT_SATURATED,
  type Refcount,
  refcount_add,
  refcount_add_not_zero,
  refcount_dec,
  refcount_dec_and_lock,
  refcount_dec_and_mutex_lock,
  refcount_dec_and_test,
  refcount_dec_if_one,
  refcount_dec_not_one,
  refcount_inc,
  refcount_inc_not_zero,
  refcount_read,
  refcount_set,
  refcount_sub_and_test,
  refcount_t,
} from '../../src/kernel/refcount.ts';
import { DEFINE_SPINLOCK, spin_unlock } from '../../src/kernel/spinlock.ts';
import type { Operation } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

const ADDITION = 'refcount_t: addition on 0; use-after-free';
const UNDERFLOW = 'refcount_t: underflow; use-after-free';
const LEAK = 'refcount_t: decrement hit 0; leaking memory';
const SATURATED = 'refcount_t: saturated; leaking memory';

/** An operation, or several, whatever they give. */
type Call = Iterable<Operation<unknown>, unknown, unknown>;

/** The result, the count after it, and the reports, of one operation on a count of `n`. */
function once(n: number, make: (r: Refcount) => Call) {
  fresh();
  const r = REFCOUNT_INIT('r', n);
  let result: unknown;
  const sim = new Simulation({
    *user() {
      result = yield* make(r);
    },
  }).run('user');
  return [result, sim.value(r), ...sim.rules()];
}

describe('refcount_t', () => {
  test('counts', () => {
    expect(once(0, (r) => refcount_set(r, 3))).toEqual([undefined, 3]);
    expect(once(3, refcount_read)).toEqual([3, 3]);
    expect(once(1, refcount_inc)).toEqual([undefined, 2]);
    expect(once(1, (r) => refcount_add(4, r))).toEqual([undefined, 5]);
    expect(once(2, refcount_dec)).toEqual([undefined, 1]);
    expect(once(2, refcount_dec_and_test)).toEqual([false, 1]);
    expect(once(1, refcount_dec_and_test)).toEqual([true, 0]);
    expect(once(3, (r) => refcount_sub_and_test(3, r))).toEqual([true, 0]);
    expect(once(1, refcount_inc_not_zero)).toEqual([true, 2]);
    expect(once(0, refcount_inc_not_zero)).toEqual([false, 0]);
    expect(once(0, (r) => refcount_add_not_zero(2, r))).toEqual([false, 0]);
    expect(once(1, refcount_dec_if_one)).toEqual([true, 0]);
    expect(once(2, refcount_dec_if_one)).toEqual([false, 2]);
    expect(once(1, refcount_dec_not_one)).toEqual([false, 1]);
    expect(once(2, refcount_dec_not_one)).toEqual([true, 1]);
  });

  test('saturates with a warning', () => {
    expect(once(0, refcount_inc)).toEqual([undefined, REFCOUNT_SATURATED, ADDITION]);
    expect(once(0, refcount_dec_and_test)).toEqual([false, REFCOUNT_SATURATED, UNDERFLOW]);
    expect(once(1, (r) => refcount_sub_and_test(2, r))).toEqual([
      false,
      REFCOUNT_SATURATED,
      UNDERFLOW,
    ]);
    expect(once(1, refcount_dec)).toEqual([undefined, REFCOUNT_SATURATED, LEAK]);
    expect(once(REFCOUNT_MAX - 1, refcount_inc)).toEqual([undefined, REFCOUNT_MAX]);
    expect(once(REFCOUNT_MAX, refcount_inc)).toEqual([undefined, REFCOUNT_SATURATED, SATURATED]);
    expect(once(REFCOUNT_MAX, refcount_inc_not_zero)).toEqual([
      true,
      REFCOUNT_SATURATED,
      SATURATED,
    ]);
  });

  test('a saturated count stays so, and every use of it is reported', () => {
    expect(once(REFCOUNT_SATURATED, refcount_inc)).toEqual([
      undefined,
      REFCOUNT_SATURATED,
      SATURATED,
    ]);
    expect(once(REFCOUNT_SATURATED, refcount_dec_and_test)).toEqual([
      false,
      REFCOUNT_SATURATED,
      UNDERFLOW,
    ]);
    expect(once(REFCOUNT_SATURATED, refcount_dec)).toEqual([undefined, REFCOUNT_SATURATED, LEAK]);
    expect(once(REFCOUNT_SATURATED, refcount_dec_not_one)).toEqual([true, REFCOUNT_SATURATED]);
  });

  test('dec_not_one at 0 is an underflow, and leaves the count', () => {
    expect(once(0, refcount_dec_not_one)).toEqual([true, 0, UNDERFLOW]);
  });

  test('the report names the count and the type around it', () => {
    const foo = struct('foo', { refs: refcount_t() });
    const f = object(foo, 'f');
    const user = () => refcount_inc(f.refs)[Symbol.iterator]();
    const [report] = new Simulation({ user }).run('user').reports;
    expect(report).toMatchObject({
      message: 'f.refs was 0',
      object: 'f.refs',
      type: 'foo',
    });
  });
});

describe.each([
  ['mutex', () => DEFINE_MUTEX('lock'), refcount_dec_and_mutex_lock, mutex_unlock],
  ['spinlock', () => DEFINE_SPINLOCK('lock'), refcount_dec_and_lock, spin_unlock],
] as const)('dec_and_lock with a %s', (_, define, dec_and_lock, unlock) => {
  function setUp(n: number) {
    const r = REFCOUNT_INIT('r', n);
    const lock = define() as never;
    const got: boolean[] = [];
    function* user() {
      const locked = yield* dec_and_lock(r, lock);
      got.push(locked);
      if (locked) yield* unlock(lock);
    }
    function* other() {
      yield* refcount_inc(r);
    }
    return { r, got, lock, sim: new Simulation({ user, other }) };
  }

  test('a put that is not the last takes no lock', () => {
    const { r, got, sim } = setUp(2);
    sim.step('user');
    expect([got, sim.value(r), sim.at('user')]).toEqual([[false], 1, null]);
  });

  test('the last one does, and drops to 0 under it', () => {
    const { r, got, lock, sim } = setUp(1);
    sim.step('user');
    sim.step('user');
    expect([sim.value(r), sim.value(lock)]).toEqual([1, 'user']);
    sim.run('user');
    expect([got, sim.value(r), sim.value(lock)]).toEqual([[true], 0, null]);
  });

  test('it was not the last after all', () => {
    const { r, got, lock, sim } = setUp(1);
    sim.step('user');
    sim.run('other').run('user');
    expect([got, sim.value(r), sim.value(lock), sim.rules()]).toEqual([[false], 1, null, []]);
  });
});

describe('kref', () => {
  const foo = struct('foo', { kref: kref() });
  function* release(kref: Kref) {
    yield* kfree(container_of(kref, foo));
  }

  test('the last put releases', () => {
    const f = object(foo, 'f');
    const got: unknown[] = [];
    function* user() {
      yield* kref_init(f.kref);
      got.push(yield* kref_get_unless_zero(f.kref), yield* kref_read(f.kref));
      got.push(yield* kref_put(f.kref, release), yield* kref_put(f.kref, release));
    }
    const sim = new Simulation({ user }).run('user');
    expect([got, sim.value(f.life), sim.rules()]).toEqual([[true, 2, false, true], 'freed', []]);
  });

  test('kref_put_mutex and kref_put_lock release under the lock', () => {
    const [mutex, spin] = [DEFINE_MUTEX('mutex'), DEFINE_SPINLOCK('spin')];
    const [a, b] = [KREF_INIT('a', 1), KREF_INIT('b', 1)];
    const got: unknown[] = [];
    function* user() {
      got.push(
        yield* kref_put_mutex(
          a,
          function* () {
            yield* mutex_unlock(mutex);
          },
          mutex,
        ),
      );
      got.push(
        yield* kref_put_lock(
          b,
          function* () {
            yield* spin_unlock(spin);
          },
          spin,
        ),
      );
    }
    const sim = new Simulation({ user }).run('user');
    expect([got, sim.rules()]).toEqual([[true, true], []]);
  });
});
