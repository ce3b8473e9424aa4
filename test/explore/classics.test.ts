import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Program } from '../../src/model/program.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { brute } from '../oracle/brute.ts';
import { replayed, same, searched } from '../oracle/compare.ts';

/** What is small and does not loop for ever is compared with the oracle, too. */
const ORACLE = 'oracle';
/** States of the full search: [unreduced, whether the oracle can do it]. */
type Known = readonly [states: number, oracle?: typeof ORACLE];

const known: Record<string, Record<string, Known>> = {
  'fixtures/classics/peterson': { correct: [58], 'turn-before-flag': [107] },
  'fixtures/classics/dekker': { correct: [63], 'look-before-flag': [80], 'keep-turn': [50] },
  'fixtures/classics/bakery': {
    correct: [130, ORACLE],
    three: [4119],
    'no-choosing': [102, ORACLE],
    'no-tie-break': [124, ORACLE],
  },
  'fixtures/classics/ticket-lock': { correct: [128, ORACLE], 'split-take': [1293, ORACLE] },
  // The full graph of five has 1,743 states and 5,155 transitions, as published.
  'fixtures/classics/philosophers': {
    ordered: [72, ORACLE],
    'left-first': [87, ORACLE],
    'five-ordered': [1424, ORACLE],
    'five-left-first': [1743, ORACLE],
  },
  'fixtures/classics/lost-update': {
    bare: [12, ORACLE],
    atomic: [4, ORACLE],
    locked: [16, ORACLE],
    'half-locked': [20, ORACLE],
  },
  'fixtures/classics/double-checked': {
    correct: [196, ORACLE],
    'no-lock': [419, ORACLE],
    'no-second-look': [380, ORACLE],
    'publish-first': [340, ORACLE],
  },
  'fixtures/classics/treiber': { versioned: [146, ORACLE], aba: [146, ORACLE] },
  'fixtures/classics/counter': { small: [45, ORACLE], 'six-times-three': [59_392] },
  'fixtures/classics/two-flags': {
    joint: [9, ORACLE],
    'short-circuit': [9, ORACLE],
    single: [5, ORACLE],
    witness: [9, ORACLE],
    'no-witness': [9, ORACLE],
  },
  'fixtures/classics/misuse': {
    recursive: [5, ORACLE],
    'unlock-twice': [8, ORACLE],
    'held-at-exit': [5, ORACLE],
    'sleeps-in-atomic': [14, ORACLE],
    'use-after-free': [6, ORACLE],
    'double-free': [8, ORACLE],
    claimed: [9, ORACLE],
  },
  'bench/memcg': { small: [4807], twin: [341_587], fix: [4867], 'kill-rcu': [6532] },
};

for (const [file, variants] of Object.entries(known)) {
  const loaded = await loadSpec(path.join(import.meta.dirname, '..', `${file}.ts`));
  describe(file, () => {
    test('every variant is here', () => {
      expect(Object.keys(variants)).toEqual(Object.keys(loaded.spec.variants));
    });
    for (const [variant, [states, oracle]] of Object.entries(variants)) {
      test(variant, () => {
        const make = (): Program => instantiate(loaded, variant);
        const unreduced = searched(make(), false);
        expect([...unreduced.violated].sort()).toEqual([...make().expected].sort());
        expect(unreduced.states).toBe(states);
        const reduced = searched(make(), true);
        same('reduced', reduced, unreduced);
        expect(reduced.states).toBeLessThanOrEqual(states);
        replayed(make(), unreduced.outcome);
        replayed(make(), reduced.outcome);
        if (oracle) same('oracle', brute(make()), unreduced);
      });
    }
  });
}
