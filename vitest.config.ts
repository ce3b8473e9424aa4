import { writeSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';
import { seedOf } from './test/oracle/seed.ts';

/** `N passed, N failed` as the very last line, for whoever counts. */
const lastLine: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const count = (state: 'passed' | 'failed') =>
      modules.flatMap((module) => [...module.children.allTests(state)]).length;
    // A file that does not even load has no test that could fail.
    const broken = modules.filter((module: TestModule) => module.errors().length > 0).length;
    const failed = count('failed') + broken + unhandledErrors.length;
    const line = `${count('passed')} passed, ${failed} failed\n`;
    process.once('exit', () => writeSync(1, line));
  },
};

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/oracle/draw.ts'],
    env: {
      LOCKSTEP_RANDOM_SEED: process.env.LOCKSTEP_RANDOM_SEED ?? `${seedOf(['src', 'test'])}`,
    },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', lastLine],
    snapshotFormat: { printBasicPrototype: false, escapeString: false },
  },
});
