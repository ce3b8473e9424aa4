import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockstep } from './lockstep.ts';

/** An operation, or a property, on something that is no shared object: what is said, and of which line. */

const calls = {
  mutex: 'mutex_lock(mutex() as never)',
  spinlock: 'spin_lock(spinlock() as never)',
  timer: 'mod_timer(timer_list() as never)',
  work: 'queue_work(wq, work_struct() as never)',
  head: 'call_rcu(rcu_head() as never, function* () {})',
  none: 'mutex_lock(undefined as never)',
  field: 'READ_ONCE(foo.nothing as never)',
  NULL: 'complete(null as never)',
  struct: 'READ_ONCE(foo as never)',
  name: "WRITE_ONCE('x' as never, 1)",
};
const names = Object.keys(calls);
const source = `import { alloc_workqueue, boot, call_rcu, complete, defineSpec, mod_timer, mutex, mutex_lock, object, options, peek, queue_work, rcu_head, READ_ONCE, spin_lock, spinlock, struct, timer_list, variable, work_struct, WRITE_ONCE } from 'lockstep';
const chosen = options({ call: '' });
const x = variable('x', 0);
const wq = alloc_workqueue('wq');
const type = struct('foo', { poll: timer_list() });
export default defineSpec({
  name: 'wrong',
  variants: { ${[...names, 'peek', 'declared'].map((name) => `${name}: { options: { call: '${name}' } }`).join(', ')} },
  build() {
    const foo: any = object(type, 'foo');
    return {
      threads: boot({ workqueues: [wq], timers: true, threads: { *driver() {
        yield* READ_ONCE(x);
${names.map((name) => `        if (chosen.call === '${name}') yield* ${calls[name as keyof typeof calls]};`).join('\n')}
      } } }),
      always: {
        pending: () => !(chosen.call === 'peek' && peek(foo.poll.pending)),
        declared: () => !(chosen.call === 'declared' && peek(mutex() as never)),
      },
    };
  },
});
`;
let folder: string;
let said: ReadonlyMap<string, string>;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lockstep-no-object-'));
  writeFileSync(path.join(folder, 'wrong.ts'), source);
  const { status, stdout } = lockstep(['verify-spec', 'wrong.ts', '--json'], folder);
  expect(status).toBe(3);
  const runs: { variant: string; message: string }[] = JSON.parse(stdout);
  said = new Map(runs.map(({ variant, message }) => [variant, message]));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['mutex', "mutex() declares a field of a struct; one of its own is DEFINE_MUTEX('name')"],
  [
    'spinlock',
    "spinlock() declares a field of a struct; one of its own is DEFINE_SPINLOCK('name')",
  ],
  [
    'timer',
    "timer_list() declares a field of a struct; one of its own is DEFINE_TIMER('name', fn)",
  ],
  [
    'work',
    "work_struct() declares a field of a struct; one of its own is DECLARE_WORK('name', fn)",
  ],
  ['head', 'rcu_head() declares a field of a struct; only objects of the struct have one'],
  ['none', 'undefined is no shared object; is there such a field?'],
  ['field', 'undefined is no shared object; is there such a field?'],
  ['NULL', 'NULL is no shared object; is a pointer NULL there?'],
  ['struct', 'foo is no shared object; name one of its fields'],
  ['name', "'x' is no shared object; those are made by variable('name', 0)"],
])('%s', (variant, what) => {
  const line = 14 + names.indexOf(variant);
  expect(said.get(variant)).toContain(what);
  expect(said.get(variant)).toContain(`wrong.ts:${line})`);
  expect(said.get(variant)).toContain("thread 'driver'");
});

test('the field of a value is none of the object', () => {
  expect(said.get('peek')).toBe(
    "property 'pending': wrong use of peek: undefined is no shared object; is there such a field? " +
      'That of a value is peek(object)?.field (wrong.ts:26)',
  );
  expect(said.get('declared')).toMatch(/^property 'declared': .*mutex\(\) declares a field/);
});
