import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockstep, root } from './lockstep.ts';

/** A spec is changed after its trace was kept: what replay-trace says of it. */

const source = `import { defineSpec, DEFINE_MUTEX, mutex_lock, mutex_unlock, peek, READ_ONCE, variable, WRITE_ONCE } from 'lockstep';

const count = variable('count', 0);
const m = DEFINE_MUTEX('m');

function* add() {
  const seen = yield* READ_ONCE(count);
  yield* WRITE_ONCE(count, seen + 1);
}

function* lone() {
  yield* mutex_lock(m);
  yield* add();
  yield* mutex_unlock(m);
}

export default defineSpec({
  name: 'adders',
  variants: { bad: { violates: ['sum'] } },
  build: () => ({
    threads: { a: add, b: lone },
    atEnd: { 'sum': () => peek(count) === 2 },
  }),
});
`;
let folder: string;
const spec = () => path.join(folder, 'adders.ts');
const trace = 'traces/adders/bad.sum.trace.json';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lockstep-divergence-'));
  writeFileSync(spec(), source);
  expect(lockstep(['verify-spec', 'adders.ts'], folder).status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

function replayedWith(...changes: (readonly [from: string, to: string])[]) {
  let changed = source;
  for (const [from, to] of changes) {
    expect(changed).toContain(from);
    changed = changed.replace(from, to);
  }
  writeFileSync(spec(), changed);
  const { status, stdout, stderr } = lockstep(['replay-trace', trace], folder);
  expect(stderr).toBe('');
  // Whether its rule is kept comes last.
  return { status, stdout: stdout.replace(/\nrule [\s\S]*/, '') };
}

test('the trace holds the text of the lines that it passes', () => {
  expect(JSON.parse(readFileSync(path.join(folder, trace), 'utf8')).sources).toEqual({
    'adders.ts': {
      7: 'const seen = yield* READ_ONCE(count);',
      8: 'yield* WRITE_ONCE(count, seen + 1);',
      12: 'yield* mutex_lock(m);',
      13: 'yield* add();',
      14: 'yield* mutex_unlock(m);',
    },
  });
});

test('lines that only moved: it reproduces', () => {
  const { status, stdout } = replayedWith(['function* add', '\n// Why.\n\nfunction* add']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^still reproduces /);
});

test('a line changed: as it was and as it is', () => {
  const { status, stdout } = replayedWith(
    ['function* add', '\nfunction* add'],
    ['yield* WRITE_ONCE(count, seen + 1);', 'yield* WRITE_ONCE(count, seen + 2);'],
  );
  expect(status).toBe(5);
  expect(stdout).toMatchInlineSnapshot(`
    "stale  at step 4  sum  adders/bad
      step 4: b does WRITE_ONCE(count, 2), and not WRITE_ONCE(count, 1); the
      statement was changed or removed (adders.ts:8)
      - adders.ts:8  yield* WRITE_ONCE(count, seen + 1);
      + adders.ts:9  yield* WRITE_ONCE(count, seen + 2);
      the spec, or Lockstep, has changed since the trace was recorded
      recorded as: sum: does not hold when nothing can move any more: count = 1

       a                     b                     shared
       --- a runs ---
    1  READ_ONCE(count) = 0                                      adders.ts:8 add
                             --- b runs ---
    2                        mutex_lock(m)         m: NULL -> b  adders.ts:13 lone
    3                        READ_ONCE(count) = 0                adders.ts:8 add

    possible there
      a  WRITE_ONCE(count, 2)
          adders.ts:9 add
          yield* WRITE_ONCE(count, seen + 2);
      b  WRITE_ONCE(count, 2)
          adders.ts:9 add < lone:14
          yield* WRITE_ONCE(count, seen + 2);

    verify: lockstep verify-spec adders.ts --variant bad
    "
  `);
});

test('a line removed: as it was, and where its thread is now', () => {
  const { status, stdout } = replayedWith(['  yield* mutex_lock(m);\n', '']);
  expect(status).toBe(5);
  expect(stdout).toMatchInlineSnapshot(`
    "stale  at step 2  sum  adders/bad
      step 2: b does READ_ONCE(count), and not mutex_lock(m); the statement was
      changed or removed (adders.ts:12)
      - adders.ts:12  yield* mutex_lock(m);
      + gone
      the spec, or Lockstep, has changed since the trace was recorded
      recorded as: sum: does not hold when nothing can move any more: count = 1

    --- a runs ---
    1  READ_ONCE(count) = 0                                          adders.ts:7 add

    possible there
      a  WRITE_ONCE(count, 1)
          adders.ts:8 add
          yield* WRITE_ONCE(count, seen + 1);
      b  READ_ONCE(count)
          adders.ts:7 add < lone:12
          const seen = yield* READ_ONCE(count);

    verify: lockstep verify-spec adders.ts --variant bad
    "
  `);
});

test('a line before it changed: that one is named', () => {
  const { status, stdout } = replayedWith([
    'const seen = yield* READ_ONCE(count);',
    'const seen = 1 + (yield* READ_ONCE(count));',
  ]);
  expect(status).toBe(5);
  expect(stdout).toMatchInlineSnapshot(`
    "no longer possible  at step 4  sum  adders/bad
      step 4: b does WRITE_ONCE(count, 2), and not WRITE_ONCE(count, 1)
      adders.ts:8, as recorded and still there: yield* WRITE_ONCE(count, seen + 1);
      of the lines that the trace passes, these have changed:
      - adders.ts:7  const seen = yield* READ_ONCE(count);
      + adders.ts:7  const seen = 1 + (yield* READ_ONCE(count));
      the spec, or Lockstep, has changed since the trace was recorded
      recorded as: sum: does not hold when nothing can move any more: count = 1

       a                     b                     shared
       --- a runs ---
    1  READ_ONCE(count) = 0                                      adders.ts:7 add
                             --- b runs ---
    2                        mutex_lock(m)         m: NULL -> b  adders.ts:12 lone
    3                        READ_ONCE(count) = 0                adders.ts:7 add

    possible there
      a  WRITE_ONCE(count, 2)
          adders.ts:8 add
          yield* WRITE_ONCE(count, seen + 1);
      b  WRITE_ONCE(count, 2)
          adders.ts:8 add < lone:13
          yield* WRITE_ONCE(count, seen + 1);

    verify: lockstep verify-spec adders.ts --variant bad
    "
  `);
});

test('a thread gone', () => {
  const { status, stdout } = replayedWith(['b: lone', 'c: lone']);
  expect(status).toBe(5);
  expect(stdout).toMatchInlineSnapshot(`
    "stale  at step 2  sum  adders/bad
      step 2: there is no thread 'b'; it is gone, or has another name
      adders.ts:12, as recorded and still there: yield* mutex_lock(m);
      the spec, or Lockstep, has changed since the trace was recorded
      recorded as: sum: does not hold when nothing can move any more: count = 1

    --- a runs ---
    1  READ_ONCE(count) = 0                                          adders.ts:7 add

    possible there
      a  WRITE_ONCE(count, 1)
          adders.ts:8 add
          yield* WRITE_ONCE(count, seen + 1);
      c  mutex_lock(m)
          adders.ts:12 lone
          yield* mutex_lock(m);

    verify: lockstep verify-spec adders.ts --variant bad
    "
  `);
});

test('a thread that waits now', () => {
  const { status, stdout } = replayedWith(
    ['READ_ONCE, variable', 'READ_ONCE, variable, wait_until'],
    ['yield* mutex_lock(m)', 'yield* wait_until(count, (n) => n > 5)'],
  );
  expect(status).toBe(5);
  expect(stdout).toMatchInlineSnapshot(`
    "no longer possible  at step 2  sum  adders/bad
      step 2: b waits at wait_until(count, function)
      - adders.ts:12  yield* mutex_lock(m);
      + adders.ts:12  yield* wait_until(count, (n) => n > 5);
      the spec, or Lockstep, has changed since the trace was recorded
      recorded as: sum: does not hold when nothing can move any more: count = 1

    --- a runs ---
    1  READ_ONCE(count) = 0                                          adders.ts:7 add

    possible there
      a  WRITE_ONCE(count, 1)
          adders.ts:8 add
          yield* WRITE_ONCE(count, seen + 1);

    waiting there
      b  waits at wait_until(count, function), from the start
          adders.ts:12 lone
          yield* wait_until(count, (n) => n > 5);

    verify: lockstep verify-spec adders.ts --variant bad
    "
  `);
});

test('in a run before the one that breaks the property', () => {
  const name = 'lock-order-either.ts';
  copyFileSync(path.join(root, 'test/fixtures/checks', name), path.join(folder, name));
  lockstep(['verify-spec', name, '--variant', 'bad'], folder);
  const [kept] = readdirSync(path.join(folder, 'traces/lock-order-either'));
  const file = path.join(folder, name);
  const changed = readFileSync(file, 'utf8').replace('chances, 2, 1', 'chances, 2, 0');
  writeFileSync(file, changed);
  const { status, stdout } = lockstep(
    ['replay-trace', path.join('traces/lock-order-either', kept!)],
    folder,
  );
  expect(status).toBe(5);
  expect(stdout.replace(/\nrule [\s\S]*/, '')).toMatchInlineSnapshot(`
    "stale  at step 2 of run 1 of 3  possible circular lock...  lock-order-either/bad
      step 2 of run 1 of 3: bc does cmpxchg(chances, 2, 0), and not
      cmpxchg(chances, 2, 1); the statement was changed or removed
      (lock-order-either.ts:32)
      - lock-order-either.ts:32  if (left === 1 || (yield* cmpxchg(chances, 2,
          1)) === 2)
      + lock-order-either.ts:32  if (left === 1 || (yield* cmpxchg(chances, 2,
          0)) === 2)
      the spec, or Lockstep, has changed since the trace was recorded
      recorded as: possible circular locking dependency detected: a -> b -> c -> a:
      b is taken with a held, c is taken with b held, a is taken with c held

    --- bc runs ---
    1  cmpxchg(chances, 1, 0) = 2  with first=b, second=c    lock-order-either.ts:30

    possible there
      ab  cmpxchg(chances, 1, 0)
          lock-order-either.ts:30 both
          const left = yield* cmpxchg(chances, 1, 0);
      bc  cmpxchg(chances, 2, 0)
          lock-order-either.ts:32 both
          if (left === 1 || (yield* cmpxchg(chances, 2, 0)) === 2)
      ca  cmpxchg(chances, 1, 0)
          lock-order-either.ts:30 both
          const left = yield* cmpxchg(chances, 1, 0);

    verify: lockstep verify-spec lock-order-either.ts --variant bad
    "
  `);
});
