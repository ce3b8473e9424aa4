import type { Steps } from '../model/operation.ts';
import { current } from './ghost.ts';
import { alloc, free, type Instance, local, type StructType } from './memory.ts';

/**
 * A local variable of a function that others get a pointer to, as DECLARE_COMPLETION_ONSTACK makes
 * it: `body` is the rest of the function, and when it returns the memory is gone. Who touches it
 * after that is reported as a use after free, who passes it to kfree() as an invalid free.
 */
export function* on_stack<F extends object, R>(
  of: StructType<F>,
  body: (variable: Instance<F>) => Steps<R>,
): Steps<R> {
  const variable = local(of, current('on_stack').allocate(`&${of.type}`));
  yield* alloc('on_stack', variable);
  const result = yield* body(variable);
  yield* free('return', variable);
  return result;
}
