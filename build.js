/** What `npm run build` makes beside what a spec imports, which is compiled file by file. */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
// Few files: Node takes longer to find and compile hundreds of them than most searches take. All in
// one folder as deep as those of src, so that what is found from import.meta.url is found from both.
// Under its own name: the command, what a worker runs, and the engine for the tests of workers.
await build({
  entryPoints: ['src/cli/main.ts', 'src/cli/built-in-engine.ts', 'src/pool/worker.ts'],
  outdir: 'dist/cli',
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Native code, what starts workers of its own, and what is no ES module.
  external: [
    'esbuild',
    'oxc-parser',
    'piscina',
    'commander',
    'write-file-atomic',
    'junit-report-builder',
  ],
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
