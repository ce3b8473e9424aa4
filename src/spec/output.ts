import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions } from 'esbuild';

/** How everything is bundled. */
export const SETTINGS = {
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
} satisfies BuildOptions;

/** Code that brings its source map along, with sources that a debugger finds. */
export function withMap(code: string, text: string, folder: string): string {
  const map = JSON.parse(text) as { sources: string[] };
  map.sources = map.sources.map((source) =>
    /^\w{2,}:/.test(source) ? source : pathToFileURL(path.resolve(folder, source)).href,
  );
  const data = Buffer.from(JSON.stringify(map)).toString('base64');
  return `${code}//# sourceMappingURL=data:application/json;base64,${data}\n`;
}
