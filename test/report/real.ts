import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import type { VerifyOptions } from '../../src/cli/options.ts';
import { replayTrace } from '../../src/cli/replay-trace.ts';
import { verifySpec } from '../../src/cli/verify-spec.ts';
import { defaults, fakeContext, replaying } from '../cli/fake.ts';
import { root } from '../cli/lockstep.ts';

/** Reports of real runs: those of specs that have every kind of verdict, and names of every kind. */

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A deadlock, a use-after-free, a data race, none of them expected; expected ones; a spec that throws. */
export const specs = [
  'test/report/fixtures/hostile.ts',
  'test/cli/fixtures/two-locks.ts',
  'test/fixtures/checks/data-race.ts',
  'test/fixtures/bad/throws.ts',
];

const traces = path.join(folder, 'traces');

/** The report of `verify-spec` in a file of this ending. */
export async function reportOf(
  ending: string,
  files: readonly string[] = specs,
  options: Partial<VerifyOptions> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  const file = path.join(folder, `report${ending}`);
  const given = { ...defaults, traces, ...options, report: [file] };
  const code = await verifySpec(files, given, fakeContext(root), engine);
  return { code, text: readFileSync(file, 'utf8') };
}

/** The same of `replay-trace`. */
export async function replayReportOf(
  ending: string,
  files: readonly string[],
  variant: string | null = null,
): Promise<{ readonly code: number; readonly text: string }> {
  const file = path.join(folder, `report${ending}`);
  const given = { ...replaying, report: [file], variant };
  const code = await replayTrace(files, given, fakeContext(root), engine);
  return { code, text: readFileSync(file, 'utf8') };
}

/** The trace of a deadlock, in a variant that has a repaired one, `ordered`, beside it. */
export async function keptTrace(): Promise<string> {
  const variant = ['crossed'];
  await reportOf('.xml', ['test/cli/fixtures/two-locks.ts'], { variant });
  return path.join(traces, 'two-locks/crossed.deadlock.trace.json');
}

/** All traces of a spec. */
export async function keptTraces(spec: string): Promise<string[]> {
  const own = path.join(folder, path.basename(spec));
  await reportOf('.xml', [spec], { traces: own });
  const files = readdirSync(own, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.json')).map((file) => path.join(own, file));
}

/** Without what differs from run to run. */
export const timeless = (text: string): string => text.replace(/time="[\d.]+"/g, 'time=""');
