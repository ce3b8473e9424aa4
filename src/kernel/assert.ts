import { operation, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { current } from './ghost.ts';

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

function failed(property: string, message: string) {
  return operation<void>({
    name: 'assert',
    args: [property],
    step: () => ({ result: undefined, reports: [{ rule: property, message }] }),
  });
}
