import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Engine, SearchLimits } from '../../src/cli/engine.ts';
import type { Outcome } from '../../src/explore/outcome.ts';
import type { Program } from '../../src/model/program.ts';
import type { VerifyOptions } from '../../src/pool/coordinator.ts';
import type { LoadedSpec } from '../../src/spec/load.ts';

/** Workers run what was built, so tests of them take everything from there. */
const file = path.join(import.meta.dirname, '../../dist/cli/built-in-engine.js');
if (!existsSync(file)) throw new Error('workers run what was built: npm run build');

const { engine } = (await import(file)) as { engine: Engine };
export const { load: loadSpec, instantiate } = engine;

type Sizes = Pick<VerifyOptions, 'hireFrom' | 'shareFrom' | 'probe'>;

/** The command line leaves it to the engine from which sizes on it does what. */
export const verify: (
  loaded: LoadedSpec,
  program: Program,
  limits: SearchLimits & Sizes,
) => Promise<Outcome> = engine.verify;
