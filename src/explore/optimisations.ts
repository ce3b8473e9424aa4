/** What makes a search smaller or faster and can be switched off, with a line on each. */
export const OPTIMISATIONS = {
  reduction: 'explore persistent sets of threads instead of all',
  probe: 'search without reduction as long as that is faster',
  traces: 'beside the reduced search, explore one execution per Mazurkiewicz trace',
  gates: 'a thread whose guard is false now stops there, unless others change that',
  conditions: 'a guard over several objects stays false if what others change cannot make it true',
  effects: 'an operation writes what it was seen to change, not all that it may write',
  walks: 'random walks teach the automata before the first round',
  symmetry: 'explore one state of those that symmetric threads make alike',
  rounds: 'a round stands if what was learned in it changes nothing that it relied on',
} as const;

export type Optimisation = keyof typeof OPTIMISATIONS;

/** Those that are off. */
export type Without = ReadonlySet<Optimisation>;

export const ALL_ON: Without = new Set();
