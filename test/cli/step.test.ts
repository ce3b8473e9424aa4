import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Chalk } from 'chalk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import { answer } from '../../src/cli/debugger/commands.ts';
import { meaningOf } from '../../src/cli/debugger/names.ts';
import { Walk } from '../../src/cli/debugger/walk.ts';
import { movable } from '../../src/report/state.ts';
import { lockstep } from './lockstep.ts';
import { deadlockIn, lostUpdateIn, recorded } from './recorded.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-step-'));
afterAll(() => rmSync(folder, { recursive: true }));

let deadlock: string;
let lost: string;

beforeAll(async () => {
  deadlock = await deadlockIn(folder);
  lost = await lostUpdateIn(folder);
});

const replay = (file: string, ...args: string[]) => lockstep(['replay-trace', file, ...args]);

function walked(file: string, ...lines: string[]) {
  const input = lines.map((line) => `${line}\n`).join('');
  return lockstep(['replay-trace', file, '--step'], undefined, input);
}

async function walkOf(spec: string, variant: string) {
  const loaded = await engine.load(spec);
  const program = engine.instantiate(loaded, variant, {});
  const stage = {
    replay: (taken: readonly string[]) => engine.replay(program, taken, []),
    standing: (taken: readonly string[]) => engine.standing(program, taken),
  };
  return { stage };
}

describe('--to', () => {
  test('the start', () => {
    const { status, stdout, stderr } = replay(deadlock, '--to', '0');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "two-locks/crossed  deadlock
      alice waits at mutex_lock(b), held by bob; bob waits at mutex_lock(a), held
        by alice

      at the start of 2 steps
        next  bob  mutex_lock(b)
        or    alice

      moves next
        bob  mutex_lock(b)
            test/cli/fixtures/two-locks.ts:24 both
            yield* mutex_lock(first);
            first=b params={rounds: 1} round=0 second=a

      could move instead
        alice  mutex_lock(a)
            test/cli/fixtures/two-locks.ts:24 both
            yield* mutex_lock(first);
            first=a params={rounds: 1} round=0 second=b
      "
    `);
  });

  test('between', () => {
    const { status, stdout } = replay(deadlock, '--to', '1');
    expect(status).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "two-locks/crossed  deadlock
      alice waits at mutex_lock(b), held by bob; bob waits at mutex_lock(a), held
        by alice

      step 1 of 2  bob  mutex_lock(b)
        test/cli/fixtures/two-locks.ts:24 both
        b: NULL -> bob
          22      function* both(first: typeof a, second: typeof a) {
          23        for (let round = 0; round < params.rounds; round++) {
        > 24          yield* mutex_lock(first);
          25          yield* mutex_lock(second);
          26          yield* mutex_unlock(second);
        next  alice  mutex_lock(a)
        or    bob

      moves next
        alice  mutex_lock(a)
            test/cli/fixtures/two-locks.ts:24 both
            yield* mutex_lock(first);
            first=a params={rounds: 1} round=0 second=b

      could move instead
        bob  mutex_lock(a)
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);
            first=b params={rounds: 1} round=0 second=a
            holds b

      locks held
        b  bob

      objects that differ from the start
        b: NULL -> bob
      "
    `);
  });

  test('the end', () => {
    const { status, stdout } = replay(deadlock, '--to', '2');
    expect(status).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "two-locks/crossed  deadlock
      alice waits at mutex_lock(b), held by bob; bob waits at mutex_lock(a), held
        by alice

      step 2 of 2  alice  mutex_lock(a)
        test/cli/fixtures/two-locks.ts:24 both
        a: NULL -> alice
          22      function* both(first: typeof a, second: typeof a) {
          23        for (let round = 0; round < params.rounds; round++) {
        > 24          yield* mutex_lock(first);
          25          yield* mutex_lock(second);
          26          yield* mutex_unlock(second);
        !! possible circular locking dependency detected: a -> b -> a: b is taken
           with a held, a is taken with b held
        !! deadlock: alice waits at mutex_lock(b), held by bob; bob waits at
           mutex_lock(a), held by alice
        the end: nothing can move

      waiting
        alice  waits at mutex_lock(b), held by bob, since step 2
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);
            first=a params={rounds: 1} round=0 second=b
            holds a
        bob  waits at mutex_lock(a), held by alice, since step 2
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);
            first=b params={rounds: 1} round=0 second=a
            holds b

      locks held
        a  alice; waited for by bob
        b  bob; waited for by alice

      objects that differ from the start
        a: NULL -> alice
        b: NULL -> bob
      "
    `);
  });

  test('no such step', () => {
    const { status, stdout, stderr } = replay(deadlock, '--to', '3');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe('lockstep: there is no step 3: the trace has 2\n');
  });

  test('a step that is not reached any more', () => {
    const { status, stdout } = replay(deadlock, '--to', '2', '--variant', 'ordered');
    expect(status).toBe(5);
    expect(stdout).toMatch(/^no longer possible {2}at step 1 /);
    const start = replay(deadlock, '--to', '0', '--variant', 'ordered');
    expect(start.status).toBe(5);
    expect(start.stdout).toContain('diverges at step 1: recorded: bob does mutex_lock(b)');
  });
});

describe('--step', () => {
  test('to and fro', () => {
    const { status, stdout, stderr } = walked(lost, '', 'n 2', 'b', 'x', 'g 0', 't b', 'q', 'n');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "lost-update/bare  nothing lost
      does not hold when nothing can move any more
      'h' lists the commands

      at the start of 4 steps
        next  a  READ_ONCE(count)
        or    b

      step 1 of 4  a  READ_ONCE(count) = 0
        test/fixtures/classics/lost-update.ts:32 add
          30        }
          31        if (locked) yield* spin_lock(lock);
        > 32        const seen = yield* READ_ONCE(count);
          33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
        next  b  READ_ONCE(count)
        or    a

      step 3 of 4  b  WRITE_ONCE(count, 1)
        test/fixtures/classics/lost-update.ts:33 add
        count: 0 -> 1
          31        if (locked) yield* spin_lock(lock);
          32        const seen = yield* READ_ONCE(count);
        > 33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
          35      }
        next  a  WRITE_ONCE(count, 1)

      step 2 of 4  b  READ_ONCE(count) = 0
        test/fixtures/classics/lost-update.ts:32 add
          30        }
          31        if (locked) yield* spin_lock(lock);
        > 32        const seen = yield* READ_ONCE(count);
          33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
        next  b  WRITE_ONCE(count, 1)
        or    a

      step 4 of 4  a  WRITE_ONCE(count, 1)
        test/fixtures/classics/lost-update.ts:33 add
          31        if (locked) yield* spin_lock(lock);
          32        const seen = yield* READ_ONCE(count);
        > 33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
          35      }
        !! nothing lost: does not hold when nothing can move any more
        the end: nothing can move

      at the start of 4 steps
        next  a  READ_ONCE(count)
        or    b

      step 2 of 4  b  READ_ONCE(count) = 0
        test/fixtures/classics/lost-update.ts:32 add
          30        }
          31        if (locked) yield* spin_lock(lock);
        > 32        const seen = yield* READ_ONCE(count);
          33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
        next  b  WRITE_ONCE(count, 1)
        or    a
      "
    `);
  });

  test('what else was possible, and how that ends', () => {
    const { status, stdout } = walked(lost, 'n', 'e', 'take a 9', 'take b 2', 'r', 'n');
    expect(status).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "lost-update/bare  nothing lost
      does not hold when nothing can move any more
      'h' lists the commands

      at the start of 4 steps
        next  a  READ_ONCE(count)
        or    b

      step 1 of 4  a  READ_ONCE(count) = 0
        test/fixtures/classics/lost-update.ts:32 add
          30        }
          31        if (locked) yield* spin_lock(lock);
        > 32        const seen = yield* READ_ONCE(count);
          33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
        next  b  READ_ONCE(count)
        or    a

        a  WRITE_ONCE(count, 1)
            test/fixtures/classics/lost-update.ts:33 add
            yield* WRITE_ONCE(count, seen + 1);
      > b  READ_ONCE(count)
            test/fixtures/classics/lost-update.ts:32 add
            const seen = yield* READ_ONCE(count);

      step 2 of 2  a  WRITE_ONCE(count, 1)
        test/fixtures/classics/lost-update.ts:33 add
        count: 0 -> 1
          31        if (locked) yield* spin_lock(lock);
          32        const seen = yield* READ_ONCE(count);
        > 33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
          35      }
        possible  b
        not as recorded from step 2 on (r: back there)
        only 1: a has finished

      step 4 of 4  b  WRITE_ONCE(count, 2)
        test/fixtures/classics/lost-update.ts:33 add
        count: 1 -> 2
          31        if (locked) yield* spin_lock(lock);
          32        const seen = yield* READ_ONCE(count);
        > 33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
          35      }
        the end: nothing can move, nothing is broken
        not as recorded from step 2 on (r: back there)

      step 1 of 4  a  READ_ONCE(count) = 0
        test/fixtures/classics/lost-update.ts:32 add
          30        }
          31        if (locked) yield* spin_lock(lock);
        > 32        const seen = yield* READ_ONCE(count);
          33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
        next  b  READ_ONCE(count)
        or    a

      step 2 of 4  b  READ_ONCE(count) = 0
        test/fixtures/classics/lost-update.ts:32 add
          30        }
          31        if (locked) yield* spin_lock(lock);
        > 32        const seen = yield* READ_ONCE(count);
          33        yield* WRITE_ONCE(count, seen + 1);
          34        if (locked) yield* spin_unlock(lock);
        next  b  WRITE_ONCE(count, 1)
        or    a
      "
    `);
  });

  test('the state, a thread, an object, the source, who waits, help', () => {
    const { status, stdout } = walked(deadlock, 'g 2', 'p', 'p bob', 'p a', 's al', 'w', 'h');
    expect(status).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "two-locks/crossed  deadlock
      alice waits at mutex_lock(b), held by bob; bob waits at mutex_lock(a), held
        by alice
      'h' lists the commands

      at the start of 2 steps
        next  bob  mutex_lock(b)
        or    alice

      step 2 of 2  alice  mutex_lock(a)
        test/cli/fixtures/two-locks.ts:24 both
        a: NULL -> alice
          22      function* both(first: typeof a, second: typeof a) {
          23        for (let round = 0; round < params.rounds; round++) {
        > 24          yield* mutex_lock(first);
          25          yield* mutex_lock(second);
          26          yield* mutex_unlock(second);
        !! possible circular locking dependency detected: a -> b -> a: b is taken
           with a held, a is taken with b held
        !! deadlock: alice waits at mutex_lock(b), held by bob; bob waits at
           mutex_lock(a), held by alice
        the end: nothing can move

      waiting
        alice  waits at mutex_lock(b), held by bob, since step 2
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);
            first=a params={rounds: 1} round=0 second=b
            holds a
        bob  waits at mutex_lock(a), held by alice, since step 2
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);
            first=b params={rounds: 1} round=0 second=a
            holds b

      locks held
        a  alice; waited for by bob
        b  bob; waited for by alice

      objects that differ from the start
        a: NULL -> alice
        b: NULL -> bob

      bob  waits at mutex_lock(a), held by alice, since step 2
        #0  both  test/cli/fixtures/two-locks.ts:25  yield* mutex_lock(second);
            first=b params={rounds: 1} round=0 second=a
        holds b
        process on CPU 0

      a = alice
        step 2  alice  mutex_lock(a)  a: NULL -> alice

      test/cli/fixtures/two-locks.ts both
          15      },
          16      unexpected: { options: { sameOrder: false } },
          17      'not-found': { violates: ['deadlock'] },
          18    },
          19    build({ params }) {
          20      const a = DEFINE_MUTEX('a');
          21      const b = DEFINE_MUTEX('b');
          22      function* both(first: typeof a, second: typeof a) {
          23        for (let round = 0; round < params.rounds; round++) {
          24          yield* mutex_lock(first);
        > 25          yield* mutex_lock(second);
          26          yield* mutex_unlock(second);
          27          yield* mutex_unlock(first);
          28        }
          29      }
          30      return {
          31        threads: {
          32          alice: () => both(a, b),
          33          bob: () => (protocol.sameOrder ? both(a, b) : both(b, a)),
          34        },
          35      };

        alice  waits at mutex_lock(b), held by bob, since step 2
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);
        bob  waits at mutex_lock(a), held by alice, since step 2
            test/cli/fixtures/two-locks.ts:25 both
            yield* mutex_lock(second);

        n  next [count]          forward; an empty line does it too
        b  back [count]          back
        g  go step               to a step; 0 is the start
        t  thread name           forward to the next step of a thread
        o  object name           forward to the next step on an object, or in it
        x  switch                forward to the next switch of threads
        p  print [name]          the state, or an object or a thread
        e  enabled               who could move here; > moves next
        k  take name [count]     let another thread move here
        r  reset                 back to where the recorded steps were left
        u  run number            to the start of another run
        s  source [thread]       the source around the line
        w  waits                 who waits, for what and since when
        h  help                  this
        q  quit                  the end
      "
    `);
  });

  test('forward to the next step of a kind, which may be the very next', () => {
    const stepsOf = (...lines: string[]) =>
      [...walked(lost, ...lines).stdout.matchAll(/^step (\d)/gm)].map(([, step]) => Number(step));
    expect(stepsOf('t a', 't a')).toEqual([1, 4]);
    expect(stepsOf('t b', 't b', 't b')).toEqual([2, 3]);
    expect(stepsOf('o count', 'o count')).toEqual([1, 2]);
    expect(stepsOf('x', 'x', 'x', 'x')).toEqual([1, 2, 4]);
  });

  test('the runs that lockdep puts together, the last one first', () => {
    lockstep(['verify-spec', 'test/fixtures/checks/lock-order-either.ts', '--traces', folder]);
    const [name] = readdirSync(path.join(folder, 'lock-order-either'));
    const trace = path.join(folder, 'lock-order-either', name!);
    const { status, stdout } = walked(trace, 'g 3', 'run 1', 'n', 'u 3', 'u 4');
    expect(status).toBe(0);
    const { steps, earlier } = JSON.parse(readFileSync(trace, 'utf8'));
    expect(stdout).toContain(`\nrun ${earlier.length + 1} of ${earlier.length + 1}\n`);
    const next = [...stdout.matchAll(/^ {2}next {2}(\w+)/gm)].map(([, thread]) => thread);
    const first = earlier[0];
    expect(next).toEqual([steps[0], first[0], first[1], steps[0]].map(({ thread }) => thread));
    expect(stdout).toMatch(/\nwhich run\? There are 1 to 3\n$/);
  });

  test('a struct has parts; what is broken is told of once', async () => {
    const schedule = ['destroy', 'destroy', 'destroy', 'use'];
    const spec = 'test/cli/fixtures/struct.ts';
    const trace = await recorded(folder, spec, 'bad', 'use-after-free', schedule);
    const { stdout } = walked(trace, 'n', 'o foo', 'o foo', 'p foo', 'p foo.a', 'o foo', 'p', 'n');
    expect(stdout.slice(stdout.indexOf('step 1'))).toMatchInlineSnapshot(`
      "step 1 of 4  destroy  WRITE_ONCE(turns, 2)
        test/cli/fixtures/struct.ts:15 destroy
        turns: 0 -> 2
          13        threads: {
          14          *destroy() {
        > 15            yield* WRITE_ONCE(turns, 2);
          16            yield* WRITE_ONCE(foo.a, 1);
          17            yield* kfree(foo);
        !! never two: does not hold
        next  destroy  WRITE_ONCE(foo.a, 1)
        or    use

      step 2 of 4  destroy  WRITE_ONCE(foo.a, 1)
        test/cli/fixtures/struct.ts:16 destroy
        foo.a: 0 -> 1
          14          *destroy() {
          15            yield* WRITE_ONCE(turns, 2);
        > 16            yield* WRITE_ONCE(foo.a, 1);
          17            yield* kfree(foo);
          18          },
        next  destroy  kfree(foo)
        or    use

      step 3 of 4  destroy  kfree(foo)
        test/cli/fixtures/struct.ts:17 destroy
        foo: alive -> freed
          15            yield* WRITE_ONCE(turns, 2);
          16            yield* WRITE_ONCE(foo.a, 1);
        > 17            yield* kfree(foo);
          18          },
          19          *use() {
        next  use  READ_ONCE(foo.b)

      foo = freed
      foo.a = 1
      foo.b = 0
        step 2  destroy  WRITE_ONCE(foo.a, 1)  foo.a: 0 -> 1
        step 3  destroy  kfree(foo)  foo: alive -> freed

      foo.a = 1
        step 2  destroy  WRITE_ONCE(foo.a, 1)  foo.a: 0 -> 1

      step 4 of 4  use  READ_ONCE(foo.b)
        test/cli/fixtures/struct.ts:20 use
          18          },
          19          *use() {
        > 20            yield* READ_ONCE(foo.b);
          21          },
          22        },
        !! use-after-free: READ_ONCE touches foo.b after foo was freed
        nothing is known of what comes after a crash

      crashed
        use  crashed at READ_ONCE(foo.b)
            test/cli/fixtures/struct.ts:20 use
            yield* READ_ONCE(foo.b);

      finished
        destroy

      objects that differ from the start
        turns: 0 -> 2
        foo: alive -> freed
        foo.a: 0 -> 1

      there is no step after this one
      "
    `);
  });

  test('a trace that diverges is walked as far as it goes: exit 5', () => {
    const args = ['replay-trace', deadlock, '--step', '--variant', 'ordered'];
    const { status, stdout } = lockstep(args, undefined, 'n\ntake bob\n');
    expect(status).toBe(5);
    expect(stdout).toMatch(/^two-locks\/ordered {2}deadlock\ndiverges at step 1: /);
    expect(stdout).toContain('there is no step after this one');
    expect(stdout).toContain('step 1 of 1  bob  mutex_lock(a)');
  });

  test.each([
    ['foo', "'foo' is no command; h lists them"],
    ['nexxt', "'nexxt' is no command; h lists them"],
    ['re', /^at the start/],
    ['n 0', "'0' is no count"],
    ['n -1', "'-1' is no count"],
    ['n two', "'two' is no count"],
    ['n 1 2', "too much after 'next': it takes [count]"],
    ['n 99999999999999999999999', /^step 2 of 2 /],
    ['b', 'this is the start'],
    ['g', 'go to which step? There are 0 to 2'],
    ['g 3', 'go to which step? There are 0 to 2'],
    ['g 1e0', 'go to which step? There are 0 to 2'],
    ['t', 'which thread?'],
    ['t carol', "there is no thread 'carol'"],
    ['t constructor', "there is no thread 'constructor'"],
    ['o', 'which object?'],
    ['o x', "there is no object 'x'"],
    ['p x', "there is no thread or object 'x'"],
    ['u 2', 'which run? There are 1 to 1'],
    ['u 0', 'which run? There are 1 to 1'],
    ['run', 'which run? There are 1 to 1'],
    ['p b', /^b = NULL$/],
    ['p bo', /^bob {2}mutex_lock\(b\)$/],
    ['s', 'no line of the spec to show'],
    ['take', 'which thread?'],
    ['take bob 0', "'0' is no count"],
    ['take bob 9', /^step 4 of 4 /],
    ['w all', "too much after 'waits': it takes nothing"],
    ['\u001b[2J\u0007', "' [2J ' is no command; h lists them"],
    ['\u0000', "' ' is no command; h lists them"],
  ])('%j', async (line, said) => {
    const { stage } = await walkOf('test/cli/fixtures/two-locks.ts', 'crossed');
    const begin = () => new Walk(stage, ['bob', 'alice']);
    const chalk = new Chalk({ level: 0 });
    const desk = { walk: begin(), walks: [begin], columns: 80, chalk, read: () => null };
    const lines = answer(line, desk)!;
    if (typeof said === 'string') expect(lines).toEqual([said]);
    else expect(lines[0]).toMatch(said);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  test('a line that is too long is answered in one that is not', () => {
    const { stdout } = walked(deadlock, 'x'.repeat(1_000_000), 'q');
    expect(stdout).toMatch(/\n'x+\.\.x+' is no command; h lists them\n$/);
  });

  test('names by what they begin with', () => {
    const names = ['kworker/0', 'kworker/1', 'k', 'destroy'];
    expect(meaningOf('d', names)).toEqual({ name: 'destroy' });
    expect(meaningOf('k', names)).toEqual({ name: 'k' });
    expect(meaningOf('kw', names)).toEqual({ name: null, candidates: ['kworker/0', 'kworker/1'] });
    expect(meaningOf('x', names)).toEqual({ name: null, candidates: [] });
    expect(meaningOf('', names)).toEqual({ name: null, candidates: [] });
  });

  test('a last line without an end, CRLF, no input at all', () => {
    const begin = lockstep(['replay-trace', deadlock, '--step'], undefined, '').stdout;
    expect(begin).toMatch(/next {2}bob {2}mutex_lock\(b\)\n {2}or {4}alice\n$/);
    for (const input of ['n', 'n\r\n']) {
      const { stdout } = lockstep(['replay-trace', deadlock, '--step'], undefined, input);
      expect(stdout.slice(begin.length)).toMatch(/^\nstep 1 of 2 /);
    }
  });
});

test('what does not go together: exit 2, one line', () => {
  const said = (...args: string[]) => {
    const { status, stdout, stderr } = lockstep(['replay-trace', ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    return stderr;
  };
  expect(said(deadlock, '--step', '--to', '1')).toBe(
    'lockstep: --step and --to do not go together; in a walk, g N goes to step N\n',
  );
  expect(said(deadlock, lost, '--step')).toBe('lockstep: --step takes one trace, not 2\n');
  expect(said(deadlock, lost, '--to', '1')).toBe('lockstep: --to takes one trace, not 2\n');
  expect(said(deadlock, '--to', '-1')).toContain('whole number of at least 0');
  expect(said(deadlock, '--to', 'x')).toContain('whole number of at least 0');
});

describe('a walk', () => {
  test('is always where its schedule leads, and finds back to the recorded one', async () => {
    const { stage } = await walkOf('test/fixtures/classics/lost-update.ts', 'bare');
    const schedule = ['a', 'b', 'b', 'a'];
    const moves = fc.array(
      fc.oneof(
        fc.record({ go: fc.integer({ min: -1, max: 5 }) }),
        fc.record({ take: fc.constantFrom('a', 'b') }),
        fc.constant('reset' as const),
      ),
    );
    fc.assert(
      fc.property(moves, (all) => {
        const it = new Walk(stage, schedule);
        let expected = [...schedule];
        let at = 0;
        for (const move of all) {
          const left = () => expected.findIndex((thread, i) => thread !== schedule[i]);
          if (move === 'reset') {
            if (left() >= 0) at = left();
            it.reset();
          } else if ('go' in move) {
            at = Math.min(Math.max(move.go, 0), expected.length);
            it.go(move.go);
          } else {
            const able = movable(stage.standing(expected.slice(0, at)));
            const can = able.some(({ name }) => name === move.take);
            expect(it.take(move.take)).toBe(can);
            if (can && expected[at] !== move.take) expected = [...expected.slice(0, at), move.take];
            if (can) at++;
          }
          if (left() >= 0 && at <= left()) expected = [...schedule];
          expect(it.replay.steps.map(({ thread }) => thread)).toEqual(expected);
          expect(it.standing).toEqual(stage.standing(expected.slice(0, at)));
          expect(it.leftAt).toBe(left() < 0 ? null : left());
        }
      }),
      { numRuns: 50 },
    );
  });
});
