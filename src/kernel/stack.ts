import type { Steps } from '../model/operation.ts';
import { type Instance, kfree, kzalloc, type StructType } from './memory.ts';

/**
 * A local variable of a function that others get a pointer to, as DECLARE_COMPLETION_ONSTACK makes
 * it: `body` is the rest of the function, and when it returns the memory is gone. Who touches it
 * after that is reported as a use after free.
 */
export function* on_stack<F extends object, R>(
  of: StructType<F>,
  body: (variable: Instance<F>) => Steps<R>,
): Steps<R> {
  const variable = yield* kzalloc(of);
  const result = yield* body(variable);
  yield* kfree(variable);
  return result;
}
