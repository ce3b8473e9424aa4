import { operation, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { current } from './ghost.ts';
import { might_sleep as invalid_context } from './mutex.ts';

/**
 * A claim inside a thread, as a property of the given name. A condition that holds costs no step.
 */
export function* assert(condition: boolean, property: string): Steps {
  runtime.assertions.add(property);
  if (!condition) yield* failed(property, 'assertion failed');
}

/** lockdep_assert_held(): reported unless this thread holds the lock. Costs no step when it does. */
export function* lockdep_assert_held(lock: { readonly name: string }): Steps {
  if (current('lockdep_assert_held').holds(lock.name)) return;
  yield* failed('lock not held', `lockdep_assert_held(${lock.name}) fails`);
}

/** As lockdep_assert_held(), and as a writer. */
export function* lockdep_assert_held_write(lock: { readonly name: string }): Steps {
  if (current('lockdep_assert_held_write').holds(lock.name, 'exclusive')) return;
  yield* failed('lock not held', `lockdep_assert_held_write(${lock.name}) fails`);
}

/** As lockdep_assert_held(), and as a reader. */
export function* lockdep_assert_held_read(lock: { readonly name: string }): Steps {
  const thread = current('lockdep_assert_held_read');
  if (thread.holds(lock.name) && !thread.holds(lock.name, 'exclusive')) return;
  yield* failed('lock not held', `lockdep_assert_held_read(${lock.name}) fails`);
}

/** lockdep_assert_not_held(): reported when this thread holds the lock. */
export function* lockdep_assert_not_held(lock: { readonly name: string }): Steps {
  if (!current('lockdep_assert_not_held').holds(lock.name)) return;
  yield* failed('lock held', `lockdep_assert_not_held(${lock.name}) fails`);
}

export function* lockdep_assert_irqs_disabled(): Steps {
  const { name, irqsOff } = current('lockdep_assert_irqs_disabled');
  if (irqsOff) return;
  yield* failed('IRQs not disabled as expected', `${name} has interrupts on`);
}

/** `might_sleep()`, for a function that sleeps only sometimes. */
export function* might_sleep(): Steps {
  const report = invalid_context(current('might_sleep'), 'might_sleep()');
  if (report) yield* failed(report.rule, report.message);
}

function failed(property: string, message: string) {
  return operation<void>({
    name: 'assert',
    args: [property],
    step: () => ({ result: undefined, reports: [{ rule: property, message }] }),
  });
}
