import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UsageError } from '../../src/spec/errors.ts';

/**
 * What a command costs, from its start to its end. GNU time asks the kernel (wait4) what the process,
 * its threads, and the children that it waited for have used. Lockstep does not wait for the child
 * that bundles the spec, and that is a fifth of a second which time does not see: /proc is looked at
 * 50 times a second, and what was still there at the last look is added, unless time has it. So is
 * its memory, though both may have been largest at different moments: it is never said to be less
 * than it was.
 */
export interface Cost {
  /** Seconds, user and system, of all its processes. */
  readonly cpu: number;
  /** Seconds. */
  readonly wall: number;
  /** Bytes: the largest resident sets. */
  readonly memory: number;
}

export interface Ran extends Cost {
  /** Null when it was ended from outside. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: 'by itself' | 'out of time' | 'out of memory';
}

export interface Limits {
  readonly seconds: number;
  readonly bytes: number;
}

/** Seconds: time and /proc each round two times to hundredths. */
const ROUNDING = 0.04;

export async function measure(
  command: readonly string[],
  { seconds, bytes }: Limits,
  cwd: string,
): Promise<Ran> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lockstep-bench-'));
  const report = path.join(folder, 'time');
  // A group of its own, which can be ended as a whole.
  const child = spawn('time', ['-f', '%U %S %e %M', '-o', report, ...command], {
    cwd,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const began = performance.now();
  let ended = 'by itself' as Ran['ended'];
  const end = (why: Ran['ended']) => {
    ended = why;
    killGroup(child);
  };
  const interrupted = () => {
    killGroup(child);
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  const watch = new Watch(child.pid!);
  const timer = setInterval(() => {
    watch.look();
    if (ended !== 'by itself') return;
    if (watch.all.memory > bytes) end('out of memory');
    else if (performance.now() - began > seconds * 1000) end('out of time');
  }, 20);
  try {
    const [status, stdout, stderr] = await resultOf(child);
    if (ended !== 'by itself') {
      const wall = (performance.now() - began) / 1000;
      return { ...watch.all, wall, status: null, stdout, stderr, ended };
    }
    // Above the line may be one that says that the command failed.
    const line = readFileSync(report, 'utf8').trimEnd().split('\n').at(-1)!;
    const [user, system, wall, kilobytes] = line.split(' ').map(Number) as number[];
    const waited = user! + system!;
    // A child that it did wait for, after the last look, has made this grow by all that it used.
    const grown = waited - watch.own + ROUNDING;
    const missed = grown >= watch.rest.cpu ? 0 : watch.rest.cpu;
    return {
      cpu: waited + missed,
      wall: wall!,
      memory: kilobytes! * 1024 + watch.rest.memory,
      status,
      stdout,
      stderr,
      ended,
    };
  } finally {
    clearInterval(timer);
    process.removeListener('SIGINT', interrupted);
    rmSync(folder, { recursive: true });
  }
}

/** What programs need, and no settings of the machine: NODE_EXTRA_CA_CERTS costs each Node 0.03 s. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, NO_COLOR: '1', LC_ALL: 'C' };
}

/** @throws UsageError when costs cannot be measured here. */
export function checkTime(): void {
  const { error, stdout, stderr } = spawnSync('time', ['--version'], { encoding: 'utf8' });
  if (!error && /GNU/.test(stdout + stderr)) return;
  throw new UsageError('costs are measured with GNU time, which is not installed (package `time`)');
}

async function resultOf(child: ChildProcess): Promise<[number | null, string, string]> {
  const texts = ['', ''];
  for (const [n, stream] of [child.stdout!, child.stderr!].entries()) {
    stream.setEncoding('utf8').on('data', (part) => (texts[n] += part));
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve).once('error', reject);
  });
  return [status, texts[0]!, texts[1]!];
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

type Use = Pick<Cost, 'cpu' | 'memory'>;

/** A command below GNU time, as last seen alive. Without /proc nothing is seen of it. */
class Watch {
  /** All its processes. */
  all: Use = { cpu: 0, memory: 0 };
  /** Seconds of CPU of the first, and of children that it has waited for. */
  own = 0;
  /** All but the first. */
  rest: Use = { cpu: 0, memory: 0 };
  private readonly root: number;

  constructor(root: number) {
    this.root = root;
  }

  look(): void {
    const [command] = childrenOf(this.root);
    const own = command === undefined ? null : useOf(command);
    // Once it has ended, its children are not below it any more.
    if (!own?.alive) return;
    const rest = below(command!).flatMap((pid) => useOf(pid) ?? []);
    const cpu = rest.reduce((total, use) => total + use.cpu, 0);
    const memory = rest.reduce((total, use) => total + use.memory, 0);
    // One that has ended before has no memory any more.
    this.rest = { cpu, memory: Math.max(this.rest.memory, memory) };
    this.own = own.cpu + own.waited;
    this.all = { cpu: this.own + cpu, memory: own.memory + memory };
  }
}

function below(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...below(child)]);
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      [...readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').matchAll(/\d+/g)].map(
        Number,
      ),
    );
  } catch {
    return [];
  }
}

/** See proc(5); times are in hundredths of a second on every architecture. */
function useOf(pid: number): (Use & { alive: boolean; waited: number }) | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0;
    return {
      alive: fields[0] !== 'Z',
      cpu: (Number(fields[11]) + Number(fields[12])) / 100,
      waited: (Number(fields[13]) + Number(fields[14])) / 100,
      memory: Number(peak) * 1024,
    };
  } catch {
    return null;
  }
}
