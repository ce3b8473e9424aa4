/**
 * The end of `npm run build`: verifies a small spec, and keeps what V8 has compiled of the command
 * by then. In a long run it would forget what it compiled for the start.
 */
process.argv.splice(2, 99, 'verify-spec', 'test/fixtures/classics/peterson.ts', '--no-traces');
process.stdout.write = () => true;
const { keep } = await import('./dist/cli/main.js');
process.once('exit', keep);
