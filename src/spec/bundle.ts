import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type BuildFailure,
  type BuildOptions,
  build,
  type Message,
  type OnLoadResult,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
} from 'esbuild';
import { hashOf } from './cache.ts';
import { isSpecError, SpecError } from './errors.ts';
import { HOME } from './identity.ts';
import type { Bundle, Inputs } from './kept.ts';
import { type Library, library } from './library.ts';
import { SETTINGS, withMap } from './output.ts';
import { shownPath } from './places.ts';
import { rewrite } from './rewrite.ts';

export interface Bundled {
  readonly bundle: Bundle;
  /** Null when what it depends on cannot be told by files alone. */
  readonly inputs: Inputs | null;
}

/** @throws SpecError for what does not compile, and for imports that a spec may not have. */
export async function bundle(file: string): Promise<Bundled> {
  const sources = new Sources();
  let own: Library | null = null;
  try {
    // First, since what is wrong with the source is best told of the source as it is.
    const plain = await build({ ...settings(file, sources, null), minifyWhitespace: true });
    own = await library();
    const run = await build({ ...settings(file, sources, own), sourcemap: 'external' });
    const [map, script] = run.outputFiles!.map(({ text }) => text);
    const code = withMap(script!, map!, path.dirname(file));
    const digest = createHash('sha256').update(plain.outputFiles![0]!.contents).digest('hex');
    return { bundle: { library: own.code, code, digest }, inputs: await sources.inputs() };
  } catch (error) {
    throw explained(error, file, own?.names);
  }
}

function settings(file: string, sources: Sources, own: Library | null): BuildOptions {
  return {
    ...SETTINGS,
    entryPoints: [file],
    outfile: 'spec.mjs',
    absWorkingDir: path.dirname(file),
    plugins: [new Modules(file, sources, own).plugin],
  };
}

/** The files of one spec, each read once. */
class Sources {
  private readonly contents = new Map<string, Promise<Buffer>>();
  /** Something was found by rules that other files have a part in. */
  private searched = false;

  read(file: string): Promise<Buffer> {
    const content = this.contents.get(file) ?? contentOf(file);
    this.contents.set(file, content);
    return content;
  }

  /** The file that a path names exactly: no other could come before it. */
  exactly(given: string, folder: string): string | null {
    if (/^\.{0,2}[\\/]/.test(given) || path.isAbsolute(given)) {
      const file = path.resolve(folder, given);
      const isFile = statSync(file, { throwIfNoEntry: false })?.isFile();
      if (isFile && realpathSync(file) === file) return file;
    }
    this.searched = true;
    return null;
  }

  async inputs(): Promise<Inputs | null> {
    const inputs: [string, string][] = [];
    for (const [file, content] of this.contents) {
      const bytes = await content;
      if (this.searched || DYNAMIC.test(bytes.toString())) return null;
      inputs.push([file, hashOf(bytes)]);
    }
    return inputs;
  }
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SpecError(`${shownPath(file)} cannot be read (${code ?? message})`);
  }
}

/**
 * Finds modules and names them independently of the machine, so that names may be in the code.
 * Without a library they are taken as they are, else rewritten to be run with it.
 */
class Modules {
  readonly plugin: Plugin = { name: 'lockstep', setup: (builder) => this.setup(builder) };
  private readonly root: string;
  private readonly sources: Sources;
  private readonly library: Library | null;

  constructor(file: string, sources: Sources, own: Library | null) {
    this.root = path.dirname(file);
    this.sources = sources;
    this.library = own;
  }

  private setup(builder: PluginBuild): void {
    builder.onResolve({ filter: /.*/ }, (args) =>
      args.pluginData === RESOLVING ? undefined : this.resolve(builder, args),
    );
    builder.onLoad({ filter: /.*/, namespace: 'spec' }, ({ pluginData }) => this.load(pluginData));
    builder.onLoad({ filter: /.*/, namespace: 'lockstep' }, () => this.exports());
  }

  private async resolve(builder: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult> {
    const { path: given, importer, resolveDir, kind, namespace } = args;
    if (namespace === 'lockstep') return { path: given, external: true };
    if (given === 'lockstep') return this.lockstep();
    if (isBuiltin(given)) {
      if (ALLOWED.has(given.replace(/^node:/, ''))) return { path: given, external: true };
      return {
        errors: [{ text: `a spec cannot import '${given}': it may act on nothing outside` }],
      };
    }
    const exact = this.sources.exactly(given, resolveDir);
    if (exact !== null) return this.module(exact);
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

  private lockstep(): OnResolveResult {
    const path = 'lockstep';
    return this.library ? { path, namespace: 'lockstep' } : { path, external: true };
  }

  /** By name, so that a name that it does not have is told of at once. */
  private exports(): OnLoadResult {
    const { code, names } = this.library!;
    return { contents: `export { ${names.join(', ')} } from './${hashOf(code)}.mjs';` };
  }

  private module(file: string): OnResolveResult {
    const inside = path.relative(HOME, file);
    if (!inside.startsWith('..') && !path.isAbsolute(inside)) return this.lockstep();
    const name = path
      .relative(this.root, file)
      .split(path.sep)
      .join('/')
      .replace(/^.*(?=node_modules\/)/, '');
    return { path: name, namespace: 'spec', pluginData: { file, name } satisfies Module };
  }

  private async load({ file, name }: Module): Promise<OnLoadResult> {
    const loader = LOADERS[path.extname(file)];
    if (!loader) return { errors: [{ text: `a spec cannot import this kind of file` }] };
    const source = (await this.sources.read(file)).toString();
    const resolveDir = path.dirname(file);
    // Packages may be in any dialect.
    if (loader === 'json' || !this.library || name.startsWith('node_modules/')) {
      return { contents: source, loader, resolveDir };
    }
    const { code, map } = rewrite(source, { name, library: false, file: shownPath(file) });
    map.sources = [pathToFileURL(file).href];
    return { contents: `${code}\n//# sourceMappingURL=${map.toUrl()}`, loader, resolveDir };
  }
}

interface Module {
  readonly file: string;
  readonly name: string;
}

/** Perhaps an import of a pattern, which means whatever files match it. */
const DYNAMIC = /\bimport\s*[^\s\w$*{"']|\brequire\s*[(/]/;
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

/** What goes wrong most often, told with what to do. */
function inOurWords({ text, location }: Message, names: readonly string[]): string {
  const [, missing] =
    /^No matching export in "lockstep:lockstep" for import "(.*)"$/.exec(text) ?? [];
  if (missing !== undefined) {
    const near = location?.suggestion ? [location.suggestion] : [];
    const stem = /^[a-z]+_/.exec(missing)?.[0] ?? null;
    const kin = stem === null ? [] : names.filter((name) => name.startsWith(stem));
    const like = (near.length > 0 ? near : kin).slice(0, 8).join(', ');
    return `'lockstep' has no '${missing}'${like && `; there is ${like}`}`;
  }
  if (text.startsWith('"yield" is a reserved word')) {
    return 'yield* outside of a generator: write function* () { ... }; a property reads with peek(...)';
  }
  return text;
}

/** An error of bundling as people read it: of the source as it is. */
export function explained(error: unknown, file: string, names: readonly string[] = []): unknown {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (!first) return error;
  if (isSpecError(first.detail)) return first.detail;
  const { location } = first;
  const text = inOurWords(first, names);
  if (!location) return new SpecError(`${shownPath(file)}: ${text}`);
  const { line, column, lineText } = location;
  const name = location.file.replace(/^(spec|lockstep):/, '');
  const place = path.resolve(path.dirname(file), name);
  if (!existsSync(place)) return new SpecError(`${name}:${line}: ${text}`);
  // The line as it is, and the place in it of what stands there after rewriting.
  const original = readFileSync(place, 'utf8').split(/\r?[\n\u2028\u2029]|\r/)[line - 1] ?? '';
  const bytes = Buffer.from(lineText).subarray(column, column + location.length);
  const at = Math.max(0, original.indexOf(bytes.toString()));
  return new SpecError(
    `${shownPath(place)}:${line}:${at + 1}: ${text}\n    ${original}\n    ${' '.repeat(at)}^`,
  );
}
