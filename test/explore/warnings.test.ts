import path from 'node:path';
import { expect, test } from 'vitest';
import { searchOn } from '../../src/explore/search.ts';
import { Machine } from '../../src/model/machine.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { OPTIONS } from '../oracle/compare.ts';
import { folder } from '../spec/folder.ts';

const SPEC = `
import { DEFINE_MUTEX, DEFINE_RWLOCK, DEFINE_SPINLOCK, READ_ONCE, defineSpec, mutex, mutex_lock, mutex_unlock, object, options, peek, spin_lock, struct, variable } from 'lockstep';
const { lock, idle, sometime } = { lock: DEFINE_MUTEX('lock'), idle: DEFINE_RWLOCK('idle'), sometime: DEFINE_SPINLOCK('sometime') };
const x = variable('x', 0);
const chosen = options({ often: true, never: false });
const foo = struct('foo', { own: mutex() });
export default defineSpec({
  name: 's',
  params: { size: 0 },
  variants: { all: { options: { never: true } }, some: { params: { size: 1 } } },
  build({ params }) {
    object(foo, 'foo');
    let changing = 0;
    for (const each of [0]) changing = each;
    const last = params.size;
    const all = params.size > 0 ? [x] : [];
    return {
      threads: {
        *a() {
          yield* mutex_lock(lock);
          yield* READ_ONCE(x);
          yield* mutex_unlock(lock);
          if (!chosen.never) return;
          yield* spin_lock(sometime);
        },
      },
      always: {
        taut: () => true,
        forgot: () => x !== undefined,
        reads: () => peek(x) === 0,
        empty: () => all.every((each) => peek(each) === 0),
        option: () => chosen.often,
        decided: () => !lock || (idle ? x !== null : true),
        again: () => changing === 0,
        field: () => params.size >= 0,
        late: () => last !== null,
      },
      atEnd: { method() { return 1 === 1; } },
      sometimes: { witness: () => true },
    };
  },
});
`;

async function warned(variant: string): Promise<string[]> {
  const loaded = await loadSpec(path.join(folder({ 'spec.ts': SPEC }), 'spec.ts'));
  const machine = new Machine(instantiate(loaded, variant), guarded);
  const { warnings } = searchOn(machine, { ...OPTIONS, reduction: false });
  return warnings.map(({ kind, message }) => `${kind}: ${message.replace(/ it says .*/, '')}`);
}

const constant = [
  "reads nothing: always 'taut' reads no shared object:",
  "reads nothing: always 'forgot' reads no shared object:",
  "reads nothing: always 'decided' reads no shared object:",
  "reads nothing: always 'late' reads no shared object:",
  "reads nothing: atEnd 'method' reads no shared object:",
  "reads nothing: sometimes 'witness' reads no shared object:",
];

test('properties that read nothing, but for what options and parameters empty; locks that nobody takes', async () => {
  expect(await warned('all')).toEqual([...constant, 'never taken: idle: nobody ever takes it']);
});

test('no lock is told of where an option leaves some lock aside', async () => {
  expect(await warned('some')).toEqual(constant);
});

const LEFT: readonly (readonly [what: string, step: string, told: boolean])[] = [
  ['a lock', 'mutex_lock(idle)', false],
  ['a lock by another name', 'take(idle)', false],
  ['a lock of a list', 'way[0]!()', false],
  ['what a function is given', 'given()', false],
  ['a lock within another step', 'together(mutex_lock(idle), READ_ONCE(x))', false],
  ['something held', 'kept', false],
  ['no lock', 'READ_ONCE(x)', true],
  ['no lock, in a generator', 'reads()', true],
  ['a lock, in a generator', 'takes()', false],
];

test.each(LEFT)('a step that is not come to: %s', async (_, step, told) => {
  const source = `
import { DEFINE_MUTEX, defineSpec, mutex_lock, mutex_lock as take, options, READ_ONCE, together, variable } from 'lockstep';
const [idle, x, chosen] = [DEFINE_MUTEX('idle'), variable('x', 0), options({ more: false })];
function* reads() { yield* READ_ONCE(x); }
${step === 'takes()' ? 'function* takes() { yield* mutex_lock(idle); }' : ''}
const way = [() => mutex_lock(idle)];
const kept = READ_ONCE(x);
export default defineSpec({
  name: 's',
  variants: { only: {} },
  build() {
    const thread = function* (given: () => any) {
      yield* READ_ONCE(x);
      if (chosen.more) yield* ${step};
    };
    return { threads: { thread: () => thread(way[0]!) } };
  },
});
`;
  const loaded = await loadSpec(path.join(folder({ 'spec.ts': source }), 'spec.ts'));
  const machine = new Machine(instantiate(loaded, 'only'), guarded);
  const { warnings } = searchOn(machine, { ...OPTIONS, reduction: false });
  const about = warnings.filter(({ message }) => message.startsWith('idle'));
  expect(about).toHaveLength(told ? 1 : 0);
});
