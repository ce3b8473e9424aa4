/** `npm run bench`: Node 20 does not run TypeScript, esbuild makes it what Node runs. */
import { register } from 'node:module';

register('./typescript.js', import.meta.url);
const { bench, setting } = await import('./bench.ts');
process.exitCode = await bench(process.argv.slice(2), setting);
