import { existsSync } from 'node:fs';
import path from 'node:path';

/** Workers run what was built, so tests of them take everything from there. */
const dist = path.join(import.meta.dirname, '../../dist');
if (!existsSync(dist)) throw new Error('workers run what was built: npm run build');

export const { verify } = (await import(
  path.join(dist, 'pool/coordinator.js')
)) as typeof import('../../src/pool/coordinator.ts');
export const { loadSpec } = (await import(
  path.join(dist, 'spec/load.js')
)) as typeof import('../../src/spec/load.ts');
export const { instantiate } = (await import(
  path.join(dist, 'spec/instantiate.js')
)) as typeof import('../../src/spec/instantiate.ts');
