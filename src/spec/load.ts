import { statSync } from 'node:fs';
import path from 'node:path';
import { type Asked, mergeBranches } from '../model/branches.ts';
import type { Flow } from '../model/coverage.ts';
import { countTicks, type Site } from '../model/frames.ts';
import { runtime } from '../model/runtime.ts';
import { initially, type Shared } from '../model/shared.ts';
import { hashOf } from './cache.ts';
import type { Spec } from './define.ts';
import { isSpecError, SpecError, UsageError } from './errors.ts';
import { importLibrary, importSpec } from './import.ts';
import { type Bundle, keepBundle, keptBundle } from './kept.ts';
import { placeOf, shownPath } from './places.ts';
import { checkSpec } from './shape.ts';

/** `loadBundle` gives the same spec from the bundle in another thread. */
export interface LoadedSpec extends Bundle {
  /** As shown to people and kept in traces: from the working directory. */
  readonly file: string;
  readonly spec: Spec;
  /** What the module itself made when it was evaluated; `build` adds to it. */
  readonly baseline: Baseline;
}

/** What evaluating a spec's modules leaves in the registries. */
export interface Baseline {
  readonly objects: ReadonlyMap<string, Shared<unknown>>;
  /** Their values at the start, which `initially` may change for one configuration. */
  readonly initials: ReadonlyMap<Shared<unknown>, unknown>;
  readonly structs: ReadonlyMap<string, object>;
  readonly optionNames: ReadonlySet<string>;
  readonly sites: ReadonlyMap<string, Site>;
  readonly flows: readonly Flow[];
  /** Conditions that loading came to. */
  readonly branches: Asked;
}

/**
 * Bundles, rewrites and evaluates a spec.
 * @throws UsageError when there is no such file, SpecError when it is no spec
 */
export async function loadSpec(file: string): Promise<LoadedSpec> {
  const place = path.resolve(file);
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) throw new UsageError(`no such file: ${file}`);
  if (!found.isFile()) throw new UsageError(`not a file: ${file}`);
  return loadBundle(keptBundle(place) ?? (await bundled(place)), shownPath(place));
}

async function bundled(place: string): Promise<Bundle> {
  // Not above: bundles that were kept, and workers, need neither the bundler nor the parser.
  const { bundle: make } = await import('./bundle.ts');
  const { bundle, inputs } = await make(place);
  if (inputs) await keepBundle(place, bundle, inputs);
  return bundle;
}

/** Evaluates what `loadSpec` bundled. The same code is evaluated once in a thread. */
export async function loadBundle(bundle: Bundle, file: string): Promise<LoadedSpec> {
  const { library, code, digest } = bundle;
  const key = hashOf(code);
  const evaluation = evaluated.get(key) ?? queued(() => evaluate(bundle, file));
  evaluated.set(key, evaluation);
  return { ...(await evaluation), library, code, digest, file };
}

/** Puts the registries into the state after evaluation of a spec's modules. */
export function restore(baseline: Baseline): void {
  runtime.thread = null;
  runtime.stack = [];
  runtime.peek = null;
  runtime.options = null;
  runtime.objects = new Map(baseline.objects);
  for (const [object, initial] of baseline.initials) initially(object, initial);
  runtime.structs = new Map(baseline.structs);
  runtime.optionNames = new Set(baseline.optionNames);
  runtime.sites = new Map(baseline.sites);
  runtime.flows = [...baseline.flows];
  runtime.builder = null;
  runtime.made = new Set();
  runtime.assertions = new Set();
  runtime.asking = null;
  runtime.branches = new Map();
  mergeBranches(baseline.branches);
  runtime.reached = new Set();
}

type Evaluation = Pick<LoadedSpec, 'spec' | 'baseline'>;

const evaluated = new Map<string, Promise<Evaluation>>();
let last: Promise<unknown> = Promise.resolve();

/** One at a time, since modules register what they make in the one runtime. */
function queued<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn.catch(() => {});
  return turn;
}

async function evaluate(bundle: Bundle, file: string): Promise<Evaluation> {
  process.setSourceMapsEnabled(true);
  restore(await libraryOf(bundle));
  countTicks(true);
  let exported: unknown;
  try {
    exported = (await importSpec(bundle)).default;
  } catch (error) {
    const files = new Set([file, ...[...runtime.sites.values()].map((site) => site.file)]);
    const place = placeOf(error, files) ?? file;
    throw new SpecError(
      isSpecError(error) ? `${place}: ${error.message}` : `${place}: loading it throws ${error}`,
    );
  } finally {
    countTicks(false);
  }
  const baseline = reached();
  checkSpec(exported, file);
  checkVariants(exported, file, baseline);
  return { spec: exported, baseline };
}

/** What specs begin with. Their modules share the library's, which have no state but registries. */
async function libraryOf({ library }: Bundle): Promise<Baseline> {
  const known = libraries.get(library);
  if (known) return known;
  restore(EMPTY);
  await importLibrary(library);
  const baseline = reached();
  libraries.set(library, baseline);
  return baseline;
}

const libraries = new Map<string, Baseline>();

/** The registries as they are; they are replaced, not changed, from here on. */
function reached(): Baseline {
  const { objects, structs, optionNames, sites, flows, branches } = runtime;
  const initials = new Map([...objects.values()].map((object) => [object, object.initial]));
  const baseline = { objects, initials, structs, optionNames, sites, flows, branches };
  restore(baseline);
  return baseline;
}

const EMPTY: Baseline = {
  branches: new Map(),
  objects: new Map(),
  initials: new Map(),
  structs: new Map(),
  optionNames: new Set(),
  sites: new Map(),
  flows: [],
};

function checkVariants(spec: Spec, file: string, { optionNames }: Baseline): void {
  const params = Object.keys(spec.params ?? {});
  for (const [name, variant] of Object.entries(spec.variants)) {
    for (const option of Object.keys(variant.options ?? {})) {
      if (optionNames.has(option)) continue;
      throw new SpecError(
        `${file}: variant '${name}' sets option '${option}', which no options({ ... }) of the ` +
          `module declares${among([...optionNames])}`,
      );
    }
    for (const param of Object.keys(variant.params ?? {})) {
      if (params.includes(param)) continue;
      throw new SpecError(
        `${file}: variant '${name}' sets parameter '${param}', which the spec's params do not ` +
          `have${among(params)}`,
      );
    }
  }
}

function among(names: readonly string[]): string {
  return names.length > 0 ? ` (there are: ${names.join(', ')})` : '';
}
