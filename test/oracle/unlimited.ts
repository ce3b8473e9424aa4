import { guarded } from '../../src/spec/guard.ts';

/** For a search that ends when it has seen all, or for limits to be set beside. */
export const UNLIMITED = {
  first: false,
  maxStates: Number.POSITIVE_INFINITY,
  maxTimeMs: Number.POSITIVE_INFINITY,
  maxMemory: Number.POSITIVE_INFINITY,
  now: () => 0,
  memory: () => 0,
  guarded,
};
