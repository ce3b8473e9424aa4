import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Debugger } from './inspector.ts';
import { ended, lockstep, start } from './lockstep.ts';
import { deadlockIn, lostUpdateIn } from './recorded.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));

let deadlock: string;
let lost: string;

beforeAll(async () => {
  deadlock = await deadlockIn(folder);
  lost = await lostUpdateIn(folder);
});

const children = new Set<ReturnType<typeof start>>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** The command with a debugger attached, and its end. */
async function inspected(...args: string[]) {
  const child = start(['replay-trace', '--inspect', ...args]);
  children.add(child);
  let said = '';
  const url = new Promise<string>((resolve) => {
    child.stderr.on('data', (part) => {
      said += part;
      const [found] = /ws:\S+(?=\n)/.exec(said) ?? [];
      if (found) resolve(found);
    });
  });
  const end = ended(child);
  return { child, end, debug: await Debugger.attach(await url), said: () => said };
}

test('stops at the last step, in the spec, with its locals; then it ends as it does without', async () => {
  const { debug, end, said } = await inspected(deadlock);
  const frames = await debug.paused();
  expect(said()).toContain(
    'lockstep: will stop at step 2, test/cli/fixtures/two-locks.ts:24 both, once a debugger',
  );
  expect(debug.placeOf(frames[0]!)).toBe('two-locks.ts:24 both');
  expect(await debug.evaluate(frames[0]!, 'first.name + second.name + round')).toBe('ab0');
  await debug.send('Debugger.resume');
  const { code, stdout } = await end;
  await debug.closed;
  expect(code).toBe(0);
  expect(stdout).toBe(lockstep(['replay-trace', deadlock]).stdout);
});

test('--to: at that step', async () => {
  const { debug, end } = await inspected(lost, '--to', '3');
  const [frame] = await debug.paused();
  expect(debug.placeOf(frame!)).toBe('lost-update.ts:33 add');
  expect(await debug.evaluate(frame!, 'seen')).toBe(0);
  await debug.send('Debugger.resume');
  expect((await end).code).toBe(0);
});

test('breakpoints of the debugger are met in the order of the schedule', async () => {
  const { debug, end } = await inspected(lost, '--to', '1');
  const [frame] = await debug.paused();
  const { scriptId } = frame!.location;
  const { scriptSource } = await debug.send('Debugger.getScriptSource', { scriptId });
  const lineNumber = (scriptSource as string)
    .split('\n')
    .findLastIndex((line) => /yield\* .*WRITE_ONCE/.test(line));
  await debug.send('Debugger.setBreakpoint', { location: { scriptId, lineNumber } });
  await debug.send('Debugger.resume');
  for (const seen of [0, 0]) {
    const [next] = await debug.paused();
    expect(debug.placeOf(next!)).toBe('lost-update.ts:33 add');
    expect(await debug.evaluate(next!, 'seen')).toBe(seen);
    await debug.send('Debugger.resume');
  }
  expect((await end).code).toBe(0);
});

test('a step of Lockstep itself gives way to the last of the spec', async () => {
  const kept = 'traces/kmem-cache-dying';
  const [name] = readdirSync(kept).filter((each) => /^seed\.P1.*\.trace\.json$/.test(each));
  const { debug, end, said } = await inspected(path.join(kept, name!));
  const frames = await debug.paused();
  expect(said()).toMatch(
    /will stop at step \d+, \S+ \w+, the last of the spec up to step \d+, once/,
  );
  expect(debug.placeOf(frames[0]!)).toMatch(/^slab_common\.ts:\d+ slab_kmem_cache_release$/);
  expect(frames.slice(0, 4).map(({ functionName }) => functionName)).toContain('shutdown_cache');
  await debug.send('Debugger.resume');
  expect((await end).code).toBe(0);
});

test('a debugger that leaves does not keep it', async () => {
  const { debug, end } = await inspected(deadlock);
  await debug.paused();
  debug.leave();
  expect((await end).code).toBe(0);
});

test('the usual port in use: another one', async () => {
  const server = createServer();
  const taken = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(9229, '127.0.0.1', () => resolve(true));
  });
  const { debug, end } = await inspected(deadlock);
  await debug.paused();
  await debug.send('Debugger.resume');
  expect((await end).code).toBe(0);
  if (taken) server.close();
});

test('interrupted while it waits', async () => {
  const child = start(['replay-trace', '--inspect', deadlock]);
  child.stderr.once('data', () => setTimeout(() => child.kill('SIGINT'), 500));
  await ended(child);
  expect(child.signalCode).toBe('SIGINT');
});

test('what has no place to stop: exit 2', () => {
  const said = (...args: string[]) => {
    const { status, stdout, stderr } = lockstep(['replay-trace', '--inspect', ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    return stderr;
  };
  expect(said(deadlock, '--to', '3')).toBe('lockstep: no step 3 to stop at: there are 1 to 2\n');
  expect(said(deadlock, '--to', '0')).toBe('lockstep: no step 0 to stop at: there are 1 to 2\n');
  expect(said(deadlock, '--step')).toBe('lockstep: --step and --inspect do not go together\n');
  expect(said(deadlock, deadlock)).toBe('lockstep: --inspect takes one trace, not 2\n');
});
