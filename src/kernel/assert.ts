import { operation, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';

/**
 * A claim inside a thread, as a property of the given name. A condition that holds costs no step.
 */
export function* assert(condition: boolean, property: string): Steps {
  runtime.assertions.add(property);
  if (!condition) yield* failed(property, 'assertion failed');
}

function failed(property: string, message: string) {
  return operation<void>({
    name: 'assert',
    args: [property],
    step: () => ({ result: undefined, reports: [{ rule: property, message }] }),
  });
}
