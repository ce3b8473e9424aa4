import { OPTIMISATIONS } from '../../src/explore/optimisations.ts';
import { UsageError } from '../../src/spec/errors.ts';

/** An optimisation that can be turned off. */
export interface Optimisation {
  readonly name: string;
  readonly about: string;
}

/** What the reduced search has for itself: seen without what comes before it, or beside it. */
export const WITHIN_REDUCTION: ReadonlySet<string> = new Set([
  'gates',
  'conditions',
  'effects',
  'walks',
  'rounds',
]);
export const ALONE = 'probe,traces';

export const optimisations: readonly Optimisation[] = Object.entries(OPTIMISATIONS).map(
  ([name, about]) => ({ name, about }),
);

/** The option that turns them off. */
export function without(...names: readonly string[]): string[] {
  return ['--without', names.filter((name) => name !== '').join(',')];
}

export function named(
  all: readonly Optimisation[],
  names: readonly string[],
): readonly Optimisation[] {
  for (const name of names) {
    if (all.some((each) => each.name === name)) continue;
    const known = all.map((each) => each.name).join(', ');
    throw new UsageError(`unknown optimisation '${name}'; there are: ${known}`);
  }
  return names.length === 0 ? all : all.filter((each) => names.includes(each.name));
}
