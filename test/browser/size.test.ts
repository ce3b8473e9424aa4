import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import { edgesOf } from '../../src/explore/explain/edges.ts';
import { htmlOfRuns } from '../../src/report/html.ts';
import type { LoadedSpec } from '../../src/spec/load.ts';
import { readTrace } from '../../src/verdict/read-trace.ts';
import type { Counterexample, Run } from '../../src/verdict/run.ts';
import { read } from '../report/engine-runs.ts';
import * as sample from '../report/sample.ts';
import { chromium } from './chromium.ts';

/** Bytes, and milliseconds until it is drawn. */
const MOST = { size: 5_000_000, time: 2_000 };

/** A counterexample for each kept trace, by variant. */
async function keptRuns(): Promise<Run[]> {
  const specs = new Map<string, LoadedSpec>();
  const runs = new Map<string, Run>();
  const names = readdirSync('traces', { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((each) => each.endsWith('.trace.json')).sort()) {
    const file = path.join('traces', name);
    const { spec, variant, params, property, message, steps, earlier = [] } = await readTrace(file);
    const loaded = specs.get(spec.file) ?? (await engine.load(spec.file));
    specs.set(spec.file, loaded);
    const program = engine.instantiate(loaded, variant, params);
    const scheduleOf = (each: typeof steps) => each.map(({ thread }) => thread);
    const replay = engine.replay(program, scheduleOf(steps), earlier.map(scheduleOf));
    const counterexample: Counterexample = {
      property: { ...sample.violatedProperty, name: property, message },
      replay,
      // All of it but the orders, which take long to find and little room.
      explanation: { edges: edgesOf(replay.steps), orders: [], weight: [] },
      trace: file,
    };
    const key = `${spec.name}/${variant}`;
    const counterexamples = [...(runs.get(key)?.counterexamples ?? []), counterexample];
    const about = { spec: spec.name, file: spec.file, variant, params };
    runs.set(key, { ...sample.expectedViolation, ...about, counterexamples });
  }
  return [...runs.values()];
}

test('a report of all kept traces is small, and opens at once', async () => {
  const runs = await keptRuns();
  expect(runs.flatMap((run) => run.counterexamples).length).toBeGreaterThan(200);
  const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-size-'));
  const browser = await chromium();
  try {
    const file = path.join(folder, 'all.html');
    writeFileSync(file, htmlOfRuns(runs, read));
    expect(statSync(file).size).toBeLessThan(MOST.size);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    expect(await page.$$('.list .variant')).toHaveLength(runs.length);
    const drawn = await page.evaluate(async () => {
      await new Promise(requestAnimationFrame);
      return performance.now();
    });
    expect(drawn).toBeLessThan(MOST.time);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
});
