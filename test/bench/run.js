/**
 * `npm run bench [pattern]`: searches the bench specs with what was built and prints, per variant,
 * the full and the reduced search side by side. CPU seconds count all threads of the process.
 */
import path from 'node:path';

const dist = path.join(import.meta.dirname, '../../dist');
const { verify } = await import(path.join(dist, 'pool/coordinator.js'));
const { loadSpec } = await import(path.join(dist, 'spec/load.js'));
const { instantiate } = await import(path.join(dist, 'spec/instantiate.js'));

/** Full searches of these would only fill memory. */
const REDUCED_ONLY = new Set([
  'account-big',
  'lastzero-big',
  'filesystem',
  'filesystem-big',
  'indexer',
]);
const SKIPPED = new Set(['account-big']);
const WORKERS = Number(process.env.LOCKSTEP_BENCH_WORKERS ?? 1);
const COLUMNS = [
  ['spec', 26],
  ['search', 9],
  ['states', 12],
  ['transitions', 13],
  ['rounds', 7],
  ['cpu s', 9],
  ['wall s', 9],
  ['trans/cpu s', 12],
  ['states saved', 13],
];

const pattern = process.argv[2] ?? '';
row(COLUMNS.map(([name]) => name));
for (const file of ['memcg', 'families', '../fixtures/classics/counter']) {
  const loaded = await loadSpec(path.join(import.meta.dirname, `${file}.ts`));
  for (const variant of Object.keys(loaded.spec.variants)) {
    const name = `${loaded.spec.name} ${variant}`;
    if (!name.includes(pattern) || SKIPPED.has(variant)) continue;
    let full = null;
    for (const reduction of REDUCED_ONLY.has(variant) ? [true] : [false, true]) {
      const outcome = await measured(loaded, variant, reduction);
      const saved = reduction && full ? `${(full.states / outcome.states).toFixed(1)} x` : '';
      row([
        name,
        outcome.complete ? (reduction ? 'reduced' : 'full') : 'ended',
        outcome.states.toLocaleString('en'),
        outcome.transitions.toLocaleString('en'),
        outcome.rounds,
        outcome.cpu.toFixed(3),
        outcome.wall.toFixed(3),
        Math.round(outcome.transitions / outcome.cpu).toLocaleString('en'),
        saved,
      ]);
      full ??= outcome;
    }
  }
}

async function measured(loaded, variant, reduction) {
  const program = instantiate(loaded, variant);
  const options = { workers: WORKERS, reduction, first: false, maxStates: 2e7, maxTimeMs: 6e5 };
  const cpu = process.cpuUsage();
  const began = performance.now();
  const outcome = await verify(loaded, program, options);
  const wall = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { ...outcome, wall, cpu: (user + system) / 1e6 };
}

function row(cells) {
  const text = cells.map((cell, n) => {
    const [, width] = COLUMNS[n];
    return n < 2 ? String(cell).padEnd(width) : String(cell).padStart(width);
  });
  console.log(text.join(' ').trimEnd());
}
