import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Parser } from 'web-tree-sitter';

/** The parser of C. Few runs need it, and it takes a while to load. */

let loaded: Promise<Parser> | null = null;

export function parser(): Promise<Parser> {
  loaded ??= load().catch((cause: Error) => {
    // With its code, this would pass for a file of the tree that is not there.
    throw new Error(`the parser of C cannot be loaded: ${cause.message}`, { cause });
  });
  return loaded;
}

async function load(): Promise<Parser> {
  const { Language, Parser } = await import('web-tree-sitter');
  const runtime = createRequire(import.meta.url).resolve('web-tree-sitter/web-tree-sitter.wasm');
  await Parser.init({ locateFile: () => runtime });
  const made = new Parser();
  const grammar = new URL('../../dist/grammar/tree-sitter-c.wasm', import.meta.url);
  return made.setLanguage(await Language.load(fileURLToPath(grammar)));
}
