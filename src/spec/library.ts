import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { hashOf, keepCode, keepRecord, keptCode, keptRecord } from './cache.ts';
import { EXTENSION, HOME, identity, isSame } from './identity.ts';
import { SETTINGS, withMap } from './output.ts';
import { rewrite } from './rewrite.ts';

/** What `lockstep` means in a spec: Lockstep's own modules in one, the kernel's rewritten. */
export interface Library {
  readonly code: string;
  /** What it exports. */
  readonly names: readonly string[];
}

let made: Promise<Library> | null = null;

/** Made once for each Lockstep, and kept. */
export function library(): Promise<Library> {
  made ??= found();
  return made;
}

interface Kept {
  readonly code: string;
  readonly names: readonly string[];
}

async function found(): Promise<Library> {
  const key = hashOf(JSON.stringify([identity(), 'library']));
  const kept = keptRecord(key) as Kept | null;
  const code = kept && keptCode(kept.code);
  if (code) return { code, names: kept.names };
  const library = await make();
  if (isSame() && (await keepCode(library.code))) {
    await keepRecord(key, { ...library, code: hashOf(library.code) } satisfies Kept);
  }
  return library;
}

async function make(): Promise<Library> {
  const { outputFiles, metafile } = await build({
    ...SETTINGS,
    entryPoints: [path.join(HOME, `index${EXTENSION}`)],
    outfile: 'lockstep.mjs',
    absWorkingDir: HOME,
    plugins: [kernel],
    metafile: true,
    // One byte a character: Node reads and compiles it in less time.
    charset: 'ascii',
    sourcemap: 'external',
    sourcesContent: false,
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  const names = Object.values(metafile.outputs).flatMap((output) => output.exports);
  return { code: withMap(code!, map!, HOME), names: [...new Set(names)] };
}

/** The model is what suspends and records; the kernel's functions are what is suspended. */
const kernel: Plugin = {
  name: 'kernel',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]kernel[\\/][^\\/]+$/ }, async ({ path: file }) => {
      const inside = path.relative(HOME, file).slice(0, -EXTENSION.length);
      const name = `lockstep/${inside.split(path.sep).join('/')}`;
      const source = await readFile(file, 'utf8');
      const { code, map } = rewrite(source, { name, library: true, file: name });
      map.sources = [pathToFileURL(file).href];
      const loader = EXTENSION === '.ts' ? 'ts' : 'js';
      return { contents: `${code}\n//# sourceMappingURL=${map.toUrl()}`, loader };
    });
  },
};
