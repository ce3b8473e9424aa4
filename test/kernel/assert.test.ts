import { beforeEach, expect, test } from 'vitest';
import {
  lockdep_assert_irqs_disabled,
  lockdep_assert_not_held,
  might_sleep,
} from '../../src/kernel/assert.ts';
import { local_irq_disable, local_irq_enable } from '../../src/kernel/irqflags.ts';
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../src/kernel/mutex.ts';
import { preempt_disable, preempt_enable } from '../../src/kernel/preempt.ts';
import type { Operation, Steps } from '../../src/model/operation.ts';
import { fresh, Simulation } from './simulation.ts';

beforeEach(fresh);

/** The rules that a claim breaks inside a section, and outside. */
function check(on: () => Operation<void>, off: () => Operation<void>, claim: () => Steps) {
  function* outside() {
    yield* claim();
  }
  function* inside() {
    yield* on();
    yield* claim();
    yield* off();
  }
  const sim = new Simulation({ outside, inside });
  const first = sim.run('outside').rules();
  return { inside: sim.run('inside').rules().slice(first.length), outside: first };
}

test('lockdep_assert_not_held', () => {
  const mutex = DEFINE_MUTEX('mutex');
  const claim = () => lockdep_assert_not_held(mutex);
  expect(
    check(
      () => mutex_lock(mutex),
      () => mutex_unlock(mutex),
      claim,
    ),
  ).toEqual({
    inside: ['lock held'],
    outside: [],
  });
});

test('lockdep_assert_irqs_disabled', () => {
  expect(check(local_irq_disable, local_irq_enable, lockdep_assert_irqs_disabled)).toEqual({
    inside: [],
    outside: ['IRQs not disabled as expected'],
  });
  const preempt = check(preempt_disable, preempt_enable, lockdep_assert_irqs_disabled);
  expect(preempt.inside).toEqual(['IRQs not disabled as expected']);
});

test('might_sleep', () => {
  expect(check(preempt_disable, preempt_enable, might_sleep)).toEqual({
    inside: ['sleeping function called from invalid context'],
    outside: [],
  });
});

test('what holds costs no step', () => {
  function* user() {
    yield* might_sleep();
    yield* lockdep_assert_not_held(DEFINE_MUTEX('mutex'));
  }
  expect(new Simulation({ user }).at('user')).toBe(null);
});
