import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bin, ended, lockstep, root, start, steady } from './lockstep.ts';

const spec = 'test/cli/fixtures/two-locks.ts';
const bad = (name: string) => `test/fixtures/bad/${name}.ts`;
let folder: string;
let traces: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lockstep-transcript-'));
  traces = path.join(folder, 'traces');
});
afterAll(() => rmSync(folder, { recursive: true }));

const verify = (...args: string[]) => lockstep(['verify-spec', ...args, '--traces', traces]);
const kept = (variant: string) => path.join(traces, 'two-locks', `${variant}.deadlock.trace.json`);

describe('verify-spec', () => {
  test('verified: exit 0', () => {
    const { status, stdout, stderr } = verify(spec, '--variant', 'ordered');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(steady(stdout)).toMatchInlineSnapshot(`
      "verified  two-locks/ordered  as expected
        searched  16 states, 16 transitions, depth 8, complete
        how       reduction off, <workers>, 1 round, <time>, collision chance 6.5e-18
        model     sequential consistency, rounds=1
        reached   all statements
        warning   test/cli/fixtures/two-locks.ts:25 b: nobody ever waits for it
      "
    `);
  });

  test('schedules that pass', () => {
    const { status, stdout } = verify(spec, '--variant', 'ordered', '--sample', '5');
    expect(status).toBe(0);
    const shown = steady(stdout);
    expect(shown.slice(shown.indexOf('passing'))).toMatchInlineSnapshot(`
      "passing, 2 schedules, all there are

      schedule 1 of 2, 8 steps
         alice            bob              shared
         --- alice runs ---
      1  mutex_lock(a)                     a: NULL -> alice  two-locks.ts:24 both
           first=a, params={rounds: 1}, round=0, second=b
                          bob waits at mutex_lock(a), held by alice since step 1
      2  mutex_lock(b)                     b: NULL -> alice  two-locks.ts:25 both
      3  mutex_unlock(b)                   b: alice -> NULL  two-locks.ts:26 both
      4  mutex_unlock(a)                   a: alice -> NULL  two-locks.ts:27 both
                          --- bob runs; alice has finished ---
      5                   mutex_lock(a)    a: NULL -> bob    two-locks.ts:24 both
                            first=a, params={rounds: 1}, round=0, second=b
      6                   mutex_lock(b)    b: NULL -> bob    two-locks.ts:25 both
      7                   mutex_unlock(b)  b: bob -> NULL    two-locks.ts:26 both
      8                   mutex_unlock(a)  a: bob -> NULL    two-locks.ts:27 both

      schedule 2 of 2, 8 steps
         bob              alice            shared
         --- bob runs ---
      1  mutex_lock(a)                     a: NULL -> bob    two-locks.ts:24 both
           first=a, params={rounds: 1}, round=0, second=b
                          alice waits at mutex_lock(a), held by bob since step 1
      2  mutex_lock(b)                     b: NULL -> bob    two-locks.ts:25 both
      3  mutex_unlock(b)                   b: bob -> NULL    two-locks.ts:26 both
      4  mutex_unlock(a)                   a: bob -> NULL    two-locks.ts:27 both
                          --- alice runs; bob has finished ---
      5                   mutex_lock(a)    a: NULL -> alice  two-locks.ts:24 both
                            first=a, params={rounds: 1}, round=0, second=b
      6                   mutex_lock(b)    b: NULL -> alice  two-locks.ts:25 both
      7                   mutex_unlock(b)  b: alice -> NULL  two-locks.ts:26 both
      8                   mutex_unlock(a)  a: alice -> NULL  two-locks.ts:27 both
      "
    `);
    expect(verify(spec, '--variant', 'ordered', '--sample', '0').status).toBe(2);
  });

  test('an expected violation: exit 0, with the counterexample', () => {
    const { status, stdout, stderr } = verify(spec, '--variant', 'crossed');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(steady(stdout).replaceAll(folder, '<folder>')).toMatchInlineSnapshot(`
      "violated  deadlock and 1 more  two-locks/crossed  as expected
        opposite orders
        searched  19 states, 22 transitions, depth 8, complete
        how       reduction off, <workers>, 1 round, <time>, collision chance 9.3e-18
        model     sequential consistency, rounds=1

      deadlock: alice waits at mutex_lock(b), held by bob; bob waits at
      mutex_lock(a), held by alice
        2 steps, 1 switch; none shorter, none of that length with fewer switches
        waits for bob    alice: mutex_lock(b); two-locks.ts:25 both; holding a
        waits for alice  bob: mutex_lock(a); two-locks.ts:25 both; holding b

           alice          bob            shared
           --- alice runs ---
      B 1  mutex_lock(a)                 holding a  two-locks.ts:24 both
             first=a, params={rounds: 1}, round=0, second=b
                          --- bob runs ---
      A 2                 mutex_lock(b)  holding b  two-locks.ts:24 both
                            first=b, params={rounds: 1}, round=0, second=a
        !! possible circular locking dependency detected: a -> b -> a: b is taken w...
        !! deadlock
           alice waits at mutex_lock(b), held by bob since step 2
                          bob waits at mutex_lock(a), held by alice since step 1

        A  if mutex_lock(b), which alice waits to do, came before 2 mutex_lock(b),
           this would hold
        B  if mutex_lock(a), which bob waits to do, came before 1 mutex_lock(a), this
           would hold
      replay: lockstep replay-trace <folder>/traces/two-locks/crossed.deadlock.trace.json

      possible circular locking dependency detected: a -> b -> a: b is taken with a
      held, a is taken with b held
        1 step, 0 switches, after 1 other run; none shorter
        a -> b  alice: mutex_lock(b); two-locks.ts:25 both; holding a
        b -> a  bob: mutex_lock(a); two-locks.ts:25 both; holding b

      run 1 of 2, from the start
      --- bob runs ---
      1  mutex_lock(b)  holding b                                 two-locks.ts:24 both
           with first=b, params={rounds: 1}, round=0, second=a

      run 2 of 2, from the start
      --- alice runs ---
      1  mutex_lock(a)  holding a                                 two-locks.ts:24 both
           with first=a, params={rounds: 1}, round=0, second=b
      !! possible circular locking dependency detected: a -> b -> a

      replay: lockstep replay-trace <folder>/traces/two-locks/crossed.possible-circular-locking-dependency-det-1aedfc87.trace.json
      "
    `);
  });

  test('statements that were not reached, but for those that options switch off', () => {
    const rarely = 'test/cli/fixtures/rarely.ts';
    const { stdout } = verify(rarely);
    expect(stdout).toContain('  reached   all statements but 2, 1 of them explained in the spec\n');
    expect(stdout).toContain(`            ${rarely}:21 one: yield* store(x, 6);\n`);
    expect(stdout).not.toMatch(/slow|store\(x, 4/);
    const [{ unreached, explained }] = JSON.parse(verify(rarely, '--json').stdout);
    expect(unreached).toEqual([{ file: rarely, line: 21, fn: 'one', text: 'yield* store(x, 6);' }]);
    expect(explained).toEqual([
      { file: rarely, line: 20, function: 'one', reason: 'nobody stores 3' },
    ]);
  });

  test('an unexpected violation, and one expected but not found: exit 1', () => {
    expect(verify(spec, '--variant', 'unexpected').status).toBe(1);
    const { status, stdout } = verify(spec, '--variant', 'not-found');
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^verified {2}two-locks\/not-found {2}not as expected\n {2}expected, but holds: deadlock\n/,
    );
  });

  test.each([
    [['no-such-file.ts'], 'no such file: no-such-file.ts'],
    [[spec, '--variant', 'v9'], "unknown variant 'v9'"],
    [[spec, '--param', 'size=1'], "unknown parameter 'size'"],
    [[spec, '--param', 'rounds'], 'It must be name=number'],
    [[spec, '--param', 'rounds=many'], 'It must be name=number'],
    [[spec, '--workers', '0'], 'whole number of at least 1'],
    [[spec, '--workers', 'two'], 'whole number of at least 1'],
    [[spec, '--max-states', '-5'], 'whole number of at least 1'],
    [[spec, '--max-states', '1.5'], 'whole number of at least 1'],
    [[spec, '--max-time', '0'], 'number of seconds above 0'],
    [[spec, '--max-memory', '1GB'], 'whole number of at least 1'],
    [[spec, '--without', 'gates,luck'], 'one or more of: reduction, probe, '],
    [[spec, '--varaint', 'ordered'], "unknown option '--varaint'"],
  ])('usage: %j: exit 2', (args, message) => {
    const { status, stdout, stderr } = verify(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test.each([
    'no-threads',
    'duplicate-names',
    'yields-garbage',
    'throws',
    'endless-loop',
    'random',
    'date',
  ])('an invalid spec, %s: exit 3', (name) => {
    const { status, stdout } = verify(bad(name));
    expect(stdout).toMatch(/^invalid /);
    expect(stdout).not.toMatch(/^ {4}at /m);
    expect(status).toBe(3);
  });

  test('an invalid spec, syntax error: exit 3 with the line', () => {
    const file = path.join(folder, 'syntax-error.ts');
    copyFileSync(path.join(root, 'test/fixtures/bad/syntax-error.ts.txt'), file);
    const { status, stdout } = verify(file);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^invalid /);
    expect(stdout).toMatch(/syntax-error\.ts:\d+/);
  });

  test('a limit: exit 4', () => {
    const args = [
      '--variant',
      'ordered',
      '--param',
      'rounds=3',
      '--no-reduction',
      '--max-states',
      '5',
    ];
    const { status, stdout } = verify(spec, ...args);
    expect(status).toBe(4);
    expect(stdout).toMatch(/^incomplete {2}two-locks\/ordered {2}ended early\n/);
  });

  test('--json: the same for every number of workers but for times', () => {
    const runs = (workers: string) => {
      const { status, stdout } = verify(spec, '--json', '--workers', workers);
      expect(status).toBe(1);
      return JSON.parse(stdout).map((run: object) => ({ ...run, durationMs: 0 }));
    };
    const one = runs('1');
    expect(one.map((run: { variant: string }) => run.variant)).toEqual([
      'ordered',
      'crossed',
      'unexpected',
      'not-found',
    ]);
    expect(one.map((run: { about: string | null }) => run.about)).toEqual([
      null,
      'opposite orders',
      null,
      null,
    ]);
    expect(Object.keys(one[0])).toEqual(
      expect.arrayContaining(
        'spec variant about kernel params verdict properties expected asExpected states transitions depth workers reduction memoryModel complete fingerprintCollisionProbability durationMs'.split(
          ' ',
        ),
      ),
    );
    expect(runs('2')).toEqual(one);
  });

  test('help and version: exit 0; no command: exit 2', () => {
    expect(lockstep(['--help'])).toMatchObject({ status: 0, stderr: '' });
    expect(lockstep(['verify-spec', '--help']).stdout).toContain('--max-states <n>');
    expect(lockstep(['print-table', '--help']).stdout).toContain('<!-- lockstep:table -->');
    expect(lockstep(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(lockstep([])).toMatchObject({ status: 2, stdout: '' });
    expect(lockstep(['verify'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('replay-trace', () => {
  const replay = (...args: string[]) => lockstep(['replay-trace', ...args]);
  beforeAll(() => {
    verify(spec);
  });

  test('that reproduces: exit 0', () => {
    const { status, stdout, stderr } = replay(kept('crossed'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "still reproduces  deadlock  two-locks/crossed
        alice waits at mutex_lock(b), held by bob; bob waits at mutex_lock(a), held
        by alice
        waits for bob    alice: mutex_lock(b); two-locks.ts:25 both; holding a
        waits for alice  bob: mutex_lock(a); two-locks.ts:25 both; holding b

         alice          bob            shared
         --- alice runs ---
      1  mutex_lock(a)                 a: NULL -> alice  two-locks.ts:24 both
           first=a, params={rounds: 1}, round=0, second=b
                        --- bob runs ---
      2                 mutex_lock(b)  b: NULL -> bob    two-locks.ts:24 both
                          first=b, params={rounds: 1}, round=0, second=a
      !! possible circular locking dependency detected: a -> b -> a: b is taken with
         a held, a is taken with b held
      !! deadlock
         alice waits at mutex_lock(b), held by bob since step 2
                        bob waits at mutex_lock(a), held by alice since step 1

      verify: lockstep verify-spec test/cli/fixtures/two-locks.ts --variant crossed
      "
    `);
  });

  test('on another variant diverges at a named step: exit 5', () => {
    const { status, stdout } = replay(kept('crossed'), '--variant', 'ordered');
    expect(status).toBe(5);
    expect(stdout).toMatchInlineSnapshot(`
      "no longer possible  at step 2  deadlock  two-locks/ordered
        step 2: bob waits at mutex_lock(a), held by alice
        test/cli/fixtures/two-locks.ts:24, as recorded and still there: yield*
        mutex_lock(first);
        recorded on variant crossed
        recorded as: deadlock: alice waits at mutex_lock(b), held by bob; bob waits
        at mutex_lock(a), held by alice

         alice          bob  shared
         --- alice runs ---
      1  mutex_lock(a)       a: NULL -> alice  two-locks.ts:24 both
           first=a, params={rounds: 1}, round=0, second=b
                        bob waits at mutex_lock(a), held by alice since step 1

      possible there
        alice  mutex_lock(b)
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);

      waiting there
        bob  waits at mutex_lock(a), held by alice, since step 1
            test/cli/fixtures/two-locks.ts:24 both
            yield* mutex_lock(first);

      verify: lockstep verify-spec test/cli/fixtures/two-locks.ts --variant ordered
      "
    `);
  });

  test('damaged, foreign or empty: one line and exit 5', () => {
    const file = path.join(folder, 'x.trace.json');
    const whole = readFileSync(kept('crossed'), 'utf8');
    for (const content of ['', '{}\n', whole.slice(0, 300), whole.replaceAll('\n', '\r\n')]) {
      writeFileSync(file, content);
      const { status, stdout, stderr } = replay(file);
      expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
      expect(stderr).toMatch(/^lockstep: .*\n$/);
    }
  });

  test('many at once: each as in a process of its own, whatever ran before it', async () => {
    lockstep(['verify-spec', 'test/fixtures/classics/misuse.ts', '--traces', traces]);
    const misuse = (name: string) =>
      path.join(traces, 'misuse', `${name}-free.${name}-free.trace.json`);
    const few = [misuse('double'), misuse('use-after'), kept('crossed')];
    const headline = (text: string) => text.split('\n')[0]!.split(/ {2,}/);
    const alone = new Map<string, string[]>();
    for (const trace of few) {
      const { code, stdout } = await ended(start(['replay-trace', trace]));
      expect(code).toBe(0);
      alone.set(trace, headline(stdout));
    }
    for (const files of [few, few.toReversed()]) {
      const { status, stdout } = replay(...files);
      expect(status).toBe(0);
      const told = stdout.split('\n').slice(0, files.length).map(headline);
      expect(told).toEqual(files.map((file) => alone.get(file)));
    }
  });

  test('missing: exit 2', () => {
    expect(replay('none.trace.json').status).toBe(2);
    expect(replay().status).toBe(2);
    expect(replay(kept('crossed'), '--variant', 'v9').status).toBe(2);
  });
});

describe('print-table', () => {
  const variants = ['--variant', 'ordered', '--variant', 'crossed'];
  const print = (input: string, ...args: string[]) =>
    lockstep(['print-table', ...args], root, input);

  test('of what verify-spec printed: exit 0', () => {
    const { stdout: json } = verify(spec, '--json', ...variants);
    const { status, stdout, stderr } = print(json, '-');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replace(/\([^()]*\/traces/g, '(<folder>/traces')).toMatchInlineSnapshot(`
      "### two-locks

      | variant | kernel | property | verdict | states | steps | trace |
      | :-- | :-- | :-- | :-- | --: | --: | :-- |
      | **ordered** |  | all 1 | verified | 16 |  |  |
      | **crossed**<br>opposite orders |  | deadlock | violated | 19 | 2, shortest | [trace](<folder>/traces/two-locks/crossed.deadlock.trace.json) |
      |  |  | possible circular locking dependency detected: a -\\> b -\\> a | violated |  | 1, shortest | [trace](<folder>/traces/two-locks/crossed.possible-circular-locking-dependency-det-1aedfc87.trace.json) |
      "
    `);
  });

  test('of runs that are not as expected: exit 1', () => {
    const { stdout: json } = verify(spec, '--json');
    expect(print(json, '-')).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'lockstep: no table: two-locks/unexpected is violated, that is not as expected\n' +
        'lockstep: no table: two-locks/not-found is verified, that is not as expected\n',
    });
  });

  test('of nothing, of something else, or of no file: one line and exit 2', () => {
    for (const input of ['', '{', '[]', '[1]']) {
      const { status, stdout, stderr } = print(input, '-');
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^lockstep: stdin .*\n$/);
    }
    expect(print('', 'none.json')).toMatchObject({
      status: 2,
      stderr: 'lockstep: no such file: none.json\n',
    });
    expect(print('')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('as a process', () => {
  const long = [spec, '--variant', 'ordered', '--param', 'rounds=2000', '--no-reduction'];

  test('SIGINT: exit 130 at once, and no half result', async () => {
    const child = start(['verify-spec', ...long, '--json']);
    setTimeout(() => child.kill('SIGINT'), 2_000);
    const started = performance.now();
    const { code, stdout, stderr } = await ended(child);
    expect({ code, stdout, stderr }).toEqual({
      code: 130,
      stdout: '',
      stderr: 'lockstep: interrupted\n',
    });
    expect(performance.now() - started).toBeLessThan(6_000);
  });

  test('a reader that leaves changes nothing', async () => {
    const child = start(['verify-spec', spec, '--no-traces']);
    child.stdout.destroy();
    const { code, stderr } = await ended(child);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });

  test('a limit of time: exit 4', () => {
    const { status, stdout } = verify(...long, '--max-time', '0.5');
    expect(status).toBe(4);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/^incomplete .* not complete \(0\.5 s passed\)/);
  });

  test('a limit of memory: exit 4', () => {
    const { status, stdout } = verify(...long, '--max-memory', '20');
    expect(status).toBe(4);
    const said = stdout.replace(/\s+/g, ' ');
    expect(said).toMatch(/^incomplete .* not complete \(20 MB of memory used\)/);
    expect(said).toContain('up to 20 MB');
  });

  test('what a search did without is said', () => {
    const { stdout } = verify(spec, '--variant', 'ordered', '--without', 'walks,gates');
    expect(stdout).toContain('without gates and walks');
  });

  test('a fault of its own: exit 70, with what to report', () => {
    // Lockstep cannot work in a folder that is gone.
    const gone = mkdtempSync(path.join(folder, 'gone-'));
    const script = `cd ${gone} && rmdir ${gone} && exec ${process.execPath} ${bin} verify-spec`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(status).toBe(70);
    expect(stderr).toContain('This is a fault of Lockstep');
  });
});
