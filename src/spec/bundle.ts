import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type BuildFailure,
  type BuildOptions,
  build,
  type OnLoadResult,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
} from 'esbuild';
import { isSpecError, SpecError } from './errors.ts';
import { shownPath } from './places.ts';
import { rewrite } from './rewrite.ts';

export interface Bundle {
  /** One module that needs nothing else but Node; with its source map. */
  readonly code: string;
  /**
   * Of the spec's own modules, without comments and layout: equal for equal specs in any folder and
   * with any version of Lockstep.
   */
  readonly digest: string;
}

/** @throws SpecError for what does not compile, and for imports that a spec may not have. */
export async function bundle(file: string): Promise<Bundle> {
  try {
    // First, since what is wrong with the source is best told of the source as it is.
    const plain = await build({ ...settings(file, false), minifyWhitespace: true });
    const run = await build({ ...settings(file, true), sourcemap: 'external' });
    const [map, script] = run.outputFiles!.map(({ text }) => text);
    return {
      code: `${script}//# sourceMappingURL=data:application/json;base64,${absolute(map!, path.dirname(file))}\n`,
      digest: createHash('sha256').update(plain.outputFiles![0]!.contents).digest('hex'),
    };
  } catch (error) {
    throw explained(error, file);
  }
}

function settings(file: string, rewritten: boolean): BuildOptions {
  return {
    entryPoints: [file],
    outfile: 'spec.mjs',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    // Of the machine: not to be looked for.
    tsconfigRaw: {},
    absWorkingDir: path.dirname(file),
    plugins: [new Modules(file, rewritten).plugin],
  };
}

/** Finds modules and names them independently of the machine, so that names may be in the code. */
class Modules {
  readonly plugin: Plugin = { name: 'lockstep', setup: (builder) => this.setup(builder) };
  private readonly root: string;
  private readonly rewritten: boolean;

  constructor(file: string, rewritten: boolean) {
    this.root = path.dirname(file);
    this.rewritten = rewritten;
  }

  private setup(builder: PluginBuild): void {
    builder.onResolve({ filter: /.*/ }, (args) =>
      args.pluginData === RESOLVING ? undefined : this.resolve(builder, args),
    );
    builder.onLoad({ filter: /.*/, namespace: 'spec' }, ({ pluginData }) => this.load(pluginData));
    builder.onLoad({ filter: /.*/, namespace: 'lockstep' }, ({ pluginData }) =>
      this.load(pluginData),
    );
  }

  private async resolve(builder: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult> {
    const { path: given, importer, resolveDir, kind, namespace } = args;
    if (given === 'lockstep') {
      return this.rewritten ? this.module(INDEX) : { path: given, external: true };
    }
    if (isBuiltin(given)) {
      if (namespace === 'lockstep' || ALLOWED.has(given.replace(/^node:/, ''))) {
        return { path: given, external: true };
      }
      return {
        errors: [{ text: `a spec cannot import '${given}': it may act on nothing outside` }],
      };
    }
    const found = await builder.resolve(given, {
      importer,
      resolveDir,
      kind,
      namespace: 'file',
      pluginData: RESOLVING,
    });
    if (found.errors.length > 0) return { errors: [{ text: `there is no module '${given}'` }] };
    return found.external ? { path: found.path, external: true } : this.module(found.path);
  }

  private module(file: string): OnResolveResult {
    const inside = path.relative(HOME, file);
    const library = !inside.startsWith('..') && !path.isAbsolute(inside);
    if (library && !this.rewritten) return { path: 'lockstep', external: true };
    const relative = library ? inside.replace(/\.[jt]s$/, '') : path.relative(this.root, file);
    const tail = relative
      .split(path.sep)
      .join('/')
      .replace(/^.*(?=node_modules\/)/, '');
    const name = library ? `lockstep/${tail}` : tail;
    return { path: name, namespace: library ? 'lockstep' : 'spec', pluginData: { file, name } };
  }

  private load({ file, name }: Module): Promise<OnLoadResult> {
    if (!this.rewritten || !isLibrary(name)) return this.read({ file, name });
    const known = LIBRARY.get(file) ?? this.read({ file, name });
    LIBRARY.set(file, known);
    return known;
  }

  private async read({ file, name }: Module): Promise<OnLoadResult> {
    const source = await readFile(file, 'utf8');
    const resolveDir = path.dirname(file);
    const loader = LOADERS[path.extname(file)];
    if (!loader) return { errors: [{ text: `a spec cannot import this kind of file` }] };
    if (loader === 'json' || !this.rewritten || !isRewritten(name)) {
      return { contents: source, loader, resolveDir };
    }
    const library = isLibrary(name);
    const { code, map } = rewrite(source, {
      name,
      library,
      file: library ? name : shownPath(file),
    });
    map.sources = [pathToFileURL(file).href];
    return { contents: `${code}\n//# sourceMappingURL=${map.toUrl()}`, loader, resolveDir };
  }
}

interface Module {
  readonly file: string;
  readonly name: string;
}

/** Lockstep's own modules, rewritten, by file: the same for all specs that this process loads. */
const LIBRARY = new Map<string, Promise<OnLoadResult>>();

const RESOLVING = Symbol('the question goes on to the default resolver');
const LOADERS: Record<string, 'ts' | 'js' | 'json'> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.json': 'json',
};
/** Nothing in them acts on the outside or depends on it. */
const ALLOWED: ReadonlySet<string> = new Set(['assert', 'assert/strict', 'util']);
const SELF = fileURLToPath(import.meta.url);
/** Lockstep's own sources, or what was built of them. */
const HOME = path.resolve(path.dirname(SELF), '..');
const INDEX = path.join(HOME, `index${path.extname(SELF)}`);

function isLibrary(name: string): boolean {
  return /^(lockstep|node_modules)\//.test(name);
}

/** The model is what suspends and records; packages may be in any dialect. */
function isRewritten(name: string): boolean {
  return !isLibrary(name) || name.startsWith('lockstep/kernel/');
}

/** The map with sources that a debugger finds, in base64. */
function absolute(text: string, folder: string): string {
  const map = JSON.parse(text) as { sources: string[] };
  map.sources = map.sources.map((source) =>
    /^(spec|lockstep):/.test(source) ? source : pathToFileURL(path.resolve(folder, source)).href,
  );
  return Buffer.from(JSON.stringify(map)).toString('base64');
}

function explained(error: unknown, file: string): unknown {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (!first) return error;
  if (isSpecError(first.detail)) return first.detail;
  const { location, text } = first;
  if (!location) return new SpecError(`${shownPath(file)}: ${text}`);
  const { line, column, lineText } = location;
  const name = location.file.replace(/^(spec|lockstep):/, '');
  const place = path.resolve(path.dirname(file), name);
  if (!existsSync(place)) return new SpecError(`${name}:${line}: ${text}`);
  // The line as it is, and the place in it of what stands there after rewriting.
  const original = readFileSync(place, 'utf8').split(/\r?\n/)[line - 1] ?? '';
  const at = original.indexOf(lineText.slice(column, column + location.length));
  return new SpecError(
    `${shownPath(place)}:${line}:${at + 1}: ${text}\n    ${original}\n    ${' '.repeat(at)}^`,
  );
}
