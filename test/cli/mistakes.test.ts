import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockstep } from './lockstep.ts';

/** A spec with a mistake of each kind that a beginner makes: none of them may look like a proof. */

const RIGHT = `import { ATOMIC_INIT, atomic_dec, atomic_read, boot, defineSpec, object, peek, READ_ONCE, type Steps, struct, variable, wait_until, WRITE_ONCE } from 'lockstep';
export default defineSpec({
  name: 'mistakes',
  variants: { only: {} },
  build() {
    const dev = object(struct('dev', { busy: false }), 'dev');
    const ready = variable('ready', true);
    const users = ATOMIC_INIT('users', 1);
    function* helper() {
      return yield* READ_ONCE(ready);
    }
    function* maybe(step: Steps<unknown> | null) {
      if (step) yield* step;
    }
    return {
      threads: boot({
        cpus: 1,
        interrupts: { irq: { run: helper, kind: 'hardirq', times: 1 } },
        threads: {
          *user() {
            if (yield* READ_ONCE(ready)) yield* atomic_dec(users);
            yield* maybe(helper());
            yield* wait_until(users, (n) => n === 0);
            const left = yield* atomic_read(users);
            if (left) yield* WRITE_ONCE(ready, false);
          },
        },
      }),
      sometimes: { 'none left': () => peek(users) === 0 },
    };
  },
});
`;

const MISTAKES: Record<string, readonly [right: string, wrong: string, said: string]> = {
  condition: [
    'if (yield* READ_ONCE(ready))',
    'if (READ_ONCE(ready))',
    ':21: READ_ONCE(ready) is made but not run; write yield* before it',
  ],
  negation: ['if (yield* READ_ONCE(ready))', 'if (!READ_ONCE(ready))', 'is made but not run'],
  comparison: [
    'if (yield* READ_ONCE(ready))',
    'if ((READ_ONCE(ready) as unknown) === true)',
    ':21: READ_ONCE(ready) is made but not run',
  ],
  conjunction: [
    'if (yield* READ_ONCE(ready))',
    'if (users && helper())',
    ':21: helper() is made but not run',
  ],
  dropped: ['yield* maybe(helper())', 'users && atomic_dec(users)', 'is made but not run'],
  loop: ['yield* maybe(helper());', 'while (READ_ONCE(ready));', 'is made but not run'],
  variable: [
    '= yield* atomic_read(users)',
    '= atomic_read(users)',
    ':24: atomic_read(users) is made but not run',
  ],
  'operation in a property': [
    'peek(users) === 0',
    '(atomic_read(users) as unknown) === 0',
    ':29: atomic_read(users) is made but not run; a property reads with peek(...)',
  ],
  'property that is a generator': [
    '() => peek(users) === 0',
    'helper as never',
    "property 'none left' is a generator, or an operation; write () => ...",
  ],
  'property without an answer': [
    '() => peek(users) === 0',
    '(() => { peek(users) === 0 }) as never',
    "property 'none left' gives undefined, and neither true nor false",
  ],
  'property that gives an object': [
    'peek(users) === 0',
    'users as never',
    "property 'none left' gives an object",
  ],
  'field of boot': ['interrupts:', 'interrupt:', "boot() has no field called 'interrupt'"],
  'field of an interrupt': ['times: 1', 'time: 1', "interrupt 'irq' has no field called 'time'"],
  'kind of an interrupt': [
    "kind: 'hardirq'",
    "kind: 'irq' as never",
    "interrupt 'irq': kind must be one of softirq, hardirq, nmi",
  ],
  'condition that is a generator': [
    '(n) => n === 0',
    '(function* () {}) as never',
    'wait_until(users, ...) needs a function, like (value) => value > 0',
  ],
  'condition that is a value': ['(n) => n === 0', '0 as never', 'needs a function, like'],
  'yield without a star': [
    'yield* maybe(helper())',
    'yield helper() as never',
    "thread 'user' yields a generator (at ",
  ],
  'call in place of a function': [
    'yield* maybe(helper())',
    'yield* WRITE_ONCE(ready, helper() as never)',
    'ready is given a generator, as of a function that is called here; a shared value is plain data',
  ],
  assignment: [
    'yield* maybe(helper())',
    '(dev as any).busy = true',
    'what is shared changes by operations only, as by yield* WRITE_ONCE(...)',
  ],
  'function without a star': [
    'function* helper()',
    'function helper()',
    ':10:14: yield* outside of a generator: write function* () { ... }',
  ],
  'name with a typo': [
    'atomic_dec(users);',
    'atomic_dce(users);',
    "'lockstep' has no 'atomic_dce'; there is atomic_dec\n",
  ],
  'name that is another': [
    'wait_until(',
    'wait_for(',
    "'lockstep' has no 'wait_for'; there is wait_event, ",
  ],
};

let folder: string;
let said: ReadonlyMap<string, string>;
const named = (source: string, name: string): string => source.replace("'mistakes'", `'${name}'`);
const fileOf = (name: string): string => `${name.replaceAll(' ', '-')}.ts`;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lockstep-mistakes-'));
  for (const [name, [right, wrong]] of Object.entries(MISTAKES)) {
    expect(RIGHT, name).toContain(right);
    // Where it is imported, too.
    const both = /^\w+\(/.test(right) && /^\w+\(/.test(wrong);
    const [from, to] = [right, wrong].map((text) => (both ? text.replace(/\(.*/, '') : text));
    writeFileSync(path.join(folder, fileOf(name)), named(RIGHT.replaceAll(from!, to!), name));
  }
  writeFileSync(path.join(folder, 'right.ts'), named(RIGHT, 'right'));
  const { stdout } = lockstep(['verify-spec', '--json', '--no-traces', '.'], folder);
  const runs: { file: string; verdict: string; message: string | null }[] = JSON.parse(stdout);
  said = new Map(runs.map(({ file, verdict, message }) => [file, `${verdict}: ${message}`]));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('without a mistake it is verified', () => {
  expect(said.get('right.ts')).toBe('verified: null');
});

test.each(Object.entries(MISTAKES))('%s', (name, [, , message]) => {
  const told = said.get(fileOf(name));
  expect(told).toMatch(/^invalid: /);
  expect(told).toContain(message);
});
