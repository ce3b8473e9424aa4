#!/usr/bin/env node
import('../dist/cli/main.js').catch((error) => {
  const missing = error?.code === 'ERR_MODULE_NOT_FOUND' && /dist.cli.main\.js/.test(error.message);
  console.error(missing ? 'lockstep is not built: run `npm install`, which builds it' : error);
  process.exitCode = 70;
});
