import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Cost, type Limits, measure, type Ran } from './measure.ts';
import { Failure, type Result, type Way } from './ours.ts';
import type { Row, Twin } from './rows.ts';

/** SPIN beside Lockstep: the verifier that it writes, compiled and run by its manual. */

export interface Peer {
  readonly row: Row;
  readonly reduction: boolean;
  /** Complete, or what ended the search. */
  readonly ended: 'complete' | 'error found' | 'depth too small' | 'incomplete' | Ran['ended'];
  readonly states: number;
  readonly verifier: Cost;
  /** Seconds of CPU that `spin -a` and gcc took. */
  readonly compile: number;
}

/** Deep enough for every row; a search that goes deeper says so. */
const DEPTH = 1_000_000;
/** Longer searches are not waited for. */
export const SECONDS = 60;

/** What is not installed; null when nothing is missing. */
export function missing(): string | null {
  const found = ([command, flag]: readonly [string, string]) => !spawnSync(command, [flag]).error;
  const absent = (
    [
      ['spin', '-V'],
      ['gcc', '--version'],
    ] as const
  ).filter((each) => !found(each));
  return absent.length > 0 ? absent.map(([command]) => command).join(' and ') : null;
}

export function versions(): string {
  const first = (command: string, flag: string) =>
    spawnSync(command, [flag], { encoding: 'utf8' }).stdout.split('\n')[0]!.trim();
  return `${first('spin', '-V')}; ${first('gcc', '--version')}`;
}

/** @throws Failure */
export async function searched(
  row: Row,
  twin: Twin,
  reduction: boolean,
  way: Pick<Way, 'cwd' | 'limits'>,
): Promise<Peer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lockstep-spin-'));
  const limits: Limits = { ...way.limits, seconds: Math.min(way.limits.seconds, SECONDS) };
  const step = async (command: readonly string[]) => {
    const ran = await measure(command, limits, folder);
    if (ran.status === 0) return ran;
    throw new Failure(`${row.name}: ${command[0]} failed: ${(ran.stderr || ran.stdout).trim()}`);
  };
  try {
    const defines = Object.entries(twin.defines).map(([name, value]) => `-D${name}=${value}`);
    const written = await step(['spin', ...defines, '-a', path.resolve(way.cwd, twin.file)]);
    const flags = ['-DSAFETY', '-DVECTORSZ=4096', `-DMEMLIM=${Math.floor(limits.bytes / 2 ** 20)}`];
    if (!reduction) flags.push('-DNOREDUCE');
    const compiled = await step(['gcc', '-O2', '-w', ...flags, '-o', 'pan', 'pan.c']);
    // Its own limit of memory comes first: it then says how far it got.
    const beyond = { ...limits, bytes: limits.bytes * 1.25 };
    const verifier = await measure(['./pan', `-m${DEPTH}`], beyond, folder);
    const compile = written.cpu + compiled.cpu;
    return { row, reduction, verifier, compile, ...readReport(row, verifier) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(row: Row, { ended, stdout, stderr }: Ran) {
  if (ended !== 'by itself') return { ended, states: 0 };
  const states = /([\d.e+]+) states, stored/.exec(stdout)?.[1];
  if (!states) throw new Failure(`${row.name}: pan failed: ${stderr || stdout}`);
  return { ended: endOf(stdout), states: Number(states) };
}

/** pan ends with 0 whatever became of the search, and counts as errors what is no error of the model. */
export function endOf(report: string): Peer['ended'] {
  if (/-DMEMLIM bound|out of memory/.test(report)) return 'out of memory';
  if (/max search depth too small/.test(report)) return 'depth too small';
  if (/assertion violated|invalid end state \(/.test(report)) return 'error found';
  const complete = /errors: 0$/m.test(report) && !/Search not completed/.test(report);
  return complete ? 'complete' : 'incomplete';
}

/** @throws Failure when one proves what the other refutes. */
export function agree(ours: Result, peer: Peer): void {
  if (ours.ended !== 'by itself') return;
  const theirs = { complete: 'verified', 'error found': 'violated' }[peer.ended as string];
  const verdict = ours.runs[0]!.verdict;
  if (theirs === undefined || theirs === verdict) return;
  throw new Failure(`${ours.row.name}: verdicts differ: ${verdict}, and ${theirs} says SPIN`);
}
