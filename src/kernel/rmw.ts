import { type Operation, operation, type Report } from '../model/operation.ts';
import type { Shared } from '../model/shared.ts';

/** What a read-modify-write makes of the old value. */
export interface Change<T, R> {
  readonly value: T;
  readonly result: R;
  readonly reports?: readonly Report[];
}

/** One atomic read-modify-write. `change` must be pure, and depend on nothing else than `args`. */
export function rmw<T, R>(
  name: string,
  args: readonly unknown[],
  of: Shared<T>,
  change: (old: T) => Change<T, R>,
): Operation<R> {
  return operation<R>({
    name,
    args,
    writes: [of],
    accesses: [{ to: of, write: true, plain: false }],
    step: ([old]) => {
      const { value, ...effect } = change(old);
      return { ...effect, values: [value] };
    },
  });
}
