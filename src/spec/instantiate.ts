import { capturesOf } from '../model/frames.ts';
import type { Predicate, Program, ThreadDeclaration } from '../model/program.ts';
import { isRule, RULES } from '../model/rules.ts';
import { runtime } from '../model/runtime.ts';
import type { Model, Spec, ThreadBody, ThreadOptions } from './define.ts';
import { isSpecError, SpecError, UsageError } from './errors.ts';
import { guarded } from './guard.ts';
import { type LoadedSpec, restore } from './load.ts';
import { placeOf } from './places.ts';
import { checkModel } from './shape.ts';

/**
 * Builds the program of one variant. The registries of objects and options are global, so a program
 * is searched or replayed before the next one is made.
 * @throws UsageError for a variant or parameter that the spec does not have
 * @throws SpecError when `build` throws or returns something else than a model
 */
export function instantiate(
  loaded: LoadedSpec,
  variant: string,
  overrides: Readonly<Record<string, number>> = {},
): Program {
  const { spec, file } = loaded;
  const chosen = Object.hasOwn(spec.variants, variant) ? spec.variants[variant] : undefined;
  if (!chosen) {
    throw new UsageError(
      `${file} has no variant '${variant}'; it has ${listed(Object.keys(spec.variants))}`,
    );
  }
  const params = { ...spec.params, ...chosen.params, ...checked(spec, file, overrides) };
  restore(loaded.baseline);
  runtime.options = { ...chosen.options };
  runtime.builder = capturesOf(spec.build)?.site ?? null;
  const model = build(loaded, variant, params);
  return {
    spec: spec.name,
    variant,
    params,
    threads: Object.entries(model.threads).map(declaration),
    symmetric: model.symmetric ?? [],
    always: predicates(model.always),
    atEnd: predicates(model.atEnd),
    sometimes: predicates(model.sometimes),
    never: Object.entries(model.never ?? {}).map(([name, matches]) => ({ name, matches })),
    unchecked: model.unchecked ?? {},
    kcsan: model.kcsan ?? 'strict',
    expected: chosen.violates ?? [],
  };
}

function build({ spec, file }: LoadedSpec, variant: string, params: Record<string, number>): Model {
  let model: unknown;
  try {
    model = guarded(() => spec.build({ params, variant }));
  } catch (error) {
    const files = new Set([file, ...[...runtime.sites.values()].map((site) => site.file)]);
    const place = placeOf(error, files) ?? file;
    if (isSpecError(error)) {
      const { message } = error;
      throw new SpecError(message.includes(place) ? message : `${place}: ${message}`);
    }
    throw new SpecError(`${place}: build() of variant '${variant}' throws ${error}`);
  }
  checkModel(model, file);
  const unknown = Object.keys(model.unchecked ?? {}).find((name) => !isRule(name));
  if (unknown !== undefined) {
    const rules = Object.values<readonly string[]>(RULES).flat();
    throw new SpecError(
      `${file}: unchecked names '${unknown}', which is no rule; the rules are ${listed(rules)}`,
    );
  }
  return model;
}

function checked(
  spec: Spec,
  file: string,
  overrides: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const known = Object.keys(spec.params ?? {});
  for (const [name, value] of Object.entries(overrides)) {
    if (!known.includes(name)) {
      const has = known.length > 0 ? `it has ${listed(known)}` : 'it has none';
      throw new UsageError(`${file} has no parameter '${name}'; ${has}`);
    }
    if (!Number.isFinite(value)) throw new UsageError(`parameter '${name}' must be a number`);
  }
  return overrides;
}

function declaration([name, thread]: [string, ThreadBody | ThreadOptions]): ThreadDeclaration {
  const options = typeof thread === 'function' ? { run: thread } : thread;
  return { name, daemon: false, cpu: 0, kind: 'process', ...options };
}

function predicates(group: Readonly<Record<string, () => boolean>> = {}): Predicate[] {
  return Object.entries(group).map(([name, holds]) => ({ name, holds }));
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
