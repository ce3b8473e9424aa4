import fc from 'fast-check';
import { SEED } from './drawn.ts';

// For each test that has no seed of its own.
fc.configureGlobal({ seed: SEED });
