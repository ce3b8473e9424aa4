import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../../src/spec/errors.ts';

/** The optimisations that can be turned off, one at a time, and the option that does it. */
export interface Optimisation {
  readonly name: string;
  readonly about: string;
  readonly option: readonly string[];
}

/** As the built command line has them. */
export async function optimisations(dist: string): Promise<readonly Optimisation[]> {
  const file = path.join(dist, 'explore/optimisations.js');
  if (!existsSync(file)) {
    const about = 'partial-order reduction by persistent sets';
    return [{ name: 'reduction', about, option: ['--no-reduction'] }];
  }
  const { OPTIMISATIONS } = (await import(pathToFileURL(file).href)) as {
    OPTIMISATIONS: Readonly<Record<string, string>>;
  };
  return Object.entries(OPTIMISATIONS).map(([name, about]) => {
    return { name, about, option: ['--without', name] };
  });
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
