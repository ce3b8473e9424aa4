/** What `npm run build` makes beside what a spec imports, which is compiled file by file. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
/** @type {import('esbuild').BuildOptions} */
const settings = {
  // As deep as those of src, so that what is found from import.meta.url is found from both.
  outdir: 'dist/cli',
  entryNames: '[name]',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  charset: 'ascii',
  // Native code, what starts workers of its own, and what few runs need.
  external: [
    'esbuild',
    'oxc-parser',
    'piscina',
    'write-file-atomic',
    'junit-report-builder',
    'web-tree-sitter',
    'diff',
    'postal-mime',
  ],
};
// One script: Node takes longer to find and compile many files than most searches take.
await build({
  ...settings,
  entryPoints: ['src/cli/command.ts'],
  format: 'cjs',
  define: { 'import.meta.url': 'url' },
  // What is imported then is required; specs are imported for it.
  supported: { 'dynamic-import': false },
});
// What runs it, what a worker runs, and the engine for the tests of workers.
await build({
  ...settings,
  entryPoints: ['src/cli/main.ts', 'src/pool/worker.ts', 'src/cli/built-in-engine.ts'],
  splitting: true,
  format: 'esm',
});
// The code and style of the HTML report, which it has in itself.
await build({
  entryPoints: ['src/report/html/browser/page.ts', 'src/report/html/browser/page.css'],
  outdir: 'dist/html',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
});
// The package of the grammar has native code too, which nothing needs and not every machine can build.
mkdirSync('dist/grammar');
for (const file of ['tree-sitter-c.wasm', 'LICENSE']) {
  copyFileSync(`node_modules/tree-sitter-c/${file}`, `dist/grammar/${file}`);
}
