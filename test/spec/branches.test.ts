import path from 'node:path';
import { expect, test } from 'vitest';
import { search } from '../../src/explore/search.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { UNLIMITED } from '../oracle/unlimited.ts';
import { folder } from './folder.ts';

/** A spec whose thread runs this, and which has these properties. */
const spec = (thread: string, model = ''): string => `
import { defineSpec, load, options, peek, store, variable } from 'lockstep';
const variant = options({ x: true, y: false });
const zero = variable('zero', 0);
const flag = variable('flag', 0);
const step = () => load(zero);
const f = (_: unknown) => {};
export default defineSpec({
  name: 's',
  variants: { on: {}, off: { options: { x: false } } },
  build({ params }) {
    const { none = 0 } = params;
    const some = params.some ?? 0;
    return {
      threads: {
        *thread() {
          const z = yield* load(zero);
          ${thread}
        },
        *other() { yield* store(flag, 1); },
      },
      unchecked: { 'data-race': 'not what this is about' },
      ${model}
    };
  },
});
`;

/** Messages by variant, with the kind and the line of the thread that they are about. */
async function warnings(source: string, variant = 'on', reduction = false): Promise<string[]> {
  const loaded = await loadSpec(path.join(folder({ 'spec.ts': source }), 'spec.ts'));
  const program = instantiate(loaded, variant);
  const outcome = search(program, { ...UNLIMITED, guarded, reduction });
  expect(outcome.complete).toBe(true);
  return outcome.warnings.map(({ message }) => message);
}

const THREADS: readonly (readonly [what: string, thread: string, ...messages: string[]])[] = [
  ['an early exit', 'if (z === 1) return;', "'z === 1' is never true"],
  ['both ways', 'for (const i of [0, 1]) if (i === z) f(1);'],
  ['a test that always holds', 'if (z === 0) f(1);', "'z === 0' is never false"],
  ['an alternative', 'if (z === 0) f(1); else f(2);', "'z === 0' is never false"],
  ['steps behind it are listed as unreached', 'if (z === 1) yield* step();'],
  ['steps after it are, too', 'if (z === 0) return; yield* step();'],
  ['steps behind one of its parts', 'if (z === 1 && (yield* step())) f(1);'],
  ['steps behind the whole', 'if (z === 1 && z < 5) yield* step();'],
  ['steps behind the whole, negated', 'if (!(z === 0 || z > 5)) yield* step();'],
  [
    'an operation in a condition',
    'if ((yield* step()) > 0) return;',
    "'(yield* step()) > 0' is never true",
  ],
  ['a conditional expression', 'f(z > 0 ? 1 : 2);', "'z > 0' is never true"],
  ['a conditional expression with steps', 'f(z > 0 ? yield* step() : 2);'],
  ['the left of an and', 'f(z > 0 && f(1));', "'z > 0' is never true"],
  ['the left of an or', 'f(z === 0 || f(1));', "'z === 0' is never false"],
  ['only the innermost', 'if (z === 1 && z < 5) f(1);', "'z === 1' is never true"],
  ['a chain', 'if ((z === 0 || z === 1) && z === 2) f(1);', "'z === 0' is never false"],
  ['a sequence', 'if (f(1), z === 1) f(2);', "'f(1), z === 1' is never true"],
  ['a loop that is not gone into', 'while (z > 0) f(1);', "'z > 0' is never true"],
  ['a loop that is not left', 'let n = 0; do { if (n++ > 2) return; } while (z === 0);'],
  ['a loop that is not gone round', 'do { f(1); } while (z > 0);', "'z > 0' is never true"],
  ['a loop over numbers', 'for (let i = 0; i < 2; i++) f(i);'],
  ['a literal', 'while (true) return;'],
  [
    'a case',
    'switch (z) { case 0: f(1); break; case 1: case 2: f(2); break; default: f(3); }',
    "'case 2' is never taken",
    "'default' is never taken",
  ],
  ['a case with steps', 'switch (z) { case 1: yield* step(); }'],
  ['an explained statement', '// unreached: it is zero\n if (z === 1) return;'],
  ['an explained line', 'if (z === 1) return; // unreached: it is zero'],
  [
    'what is behind it is explained',
    'if (z === 1) {\n// unreached: it is zero\n f(1); }',
    "'z === 1' is never true",
  ],
  ['an explained rest', 'if (z === 0) return;\n// unreached: it is zero\n f(1);'],
  ['an option', 'if (variant.x) f(1); else f(2);'],
  ['a part that an option decides', 'if (variant.y && z === 1) f(1);'],
  [
    'an option on the right',
    'if (z === 0 && variant.x) f(1); else f(2);',
    "'z === 0 && variant.x' is never false",
  ],
  [
    'an option beside what keeps its value',
    'const w = yield* load(flag); if (w && variant.x) f(1); else if (w) f(2); if (w && z) f(3);',
    "'w && z' is never true",
  ],
  ['what an option decides to the right', 'if (z === 0 && variant.y) f(1); else f(2);'],
  [
    'what throws',
    'try { if (f(1)!.a) f(2); } catch { f(3); }'.replace('f(1)!.a', '(null as any).a'),
  ],
  ['code that is not run', 'const g = () => { if (z === 1) f(1); };'],
  [
    'code that is run elsewhere',
    'const g = () => { if (z === 1) f(1); }; g();',
    "'z === 1' is never true",
  ],
  ['types', 'if ((z as number) === 1 && z! < 3) f(1);', "'(z as number) === 1' is never true"],
];

test.each(THREADS)('%s', async (_, thread, ...messages) => {
  const source = spec(thread);
  expect(await warnings(source)).toEqual(messages);
  expect(await warnings(source, 'on', true)).toEqual(messages);
});

/** A thread for which `big` is never true, and something else beside it. */
const elsewhere = ({ module = '', build = '', thread = '', properties = '' }): string => `
import { defineSpec, fetch_update, load, peek, store, variable } from 'lockstep';
const x = variable('x', 0);
const big = (n: number) => (n > 4 ? 2 : 1);
${module}
export default defineSpec({
  name: 's',
  variants: { on: {} },
  build() {
    function* write(n: number) { yield* store(x, n); } // unreached: only one test has it
    ${build}
    return {
      threads: { *reads() { big((yield* load(x)) && 1); }, ${thread} },
      unchecked: { 'data-race': 'not what this is about' },
      ${properties}
    };
  },
});
`;

test.each([
  ['nobody', {}, "'n > 4' is never true"],
  ['the module', { module: 'big(5);' }],
  ['build()', { build: 'big(5);' }],
  ['a function that gives a thread', { thread: 'other: () => write(big(5)),' }],
  [
    'what an operation does',
    { thread: '*other() { yield* fetch_update(x, (n) => big(n + 5)); },' },
  ],
  ['a witness', { properties: 'sometimes: { w: () => big(peek(x) + 5) === 2 },' }],
])('a condition has another outcome for %s', async (_, parts, ...messages) => {
  expect(await warnings(elsewhere(parts))).toEqual(messages);
});

test('an option decides for its variant only', async () => {
  const source = spec('if (z === 0 && variant.x) f(1); else f(2);');
  expect(await warnings(source)).toEqual(["'z === 0 && variant.x' is never false"]);
  expect(await warnings(source, 'off')).toEqual([]);
});

const PROPERTIES: readonly (readonly [what: string, model: string, ...messages: string[]])[] = [
  ['an implication that is asked', 'always: { p: () => !peek(flag) || peek(zero) === 0 }'],
  [
    'an implication whose left side never holds',
    'always: { p: () => !peek(zero) || peek(flag) === 1 }',
    "always 'p': 'peek(zero)' never holds, so 'peek(flag) === 1' is never asked",
  ],
  [
    'as a conditional expression',
    'always: { p: () => (peek(zero) === 1 ? peek(flag) === 1 : true) }',
    "always 'p': 'peek(zero) === 1' never holds, so 'peek(flag) === 1' is never asked",
  ],
  [
    'as an early exit',
    'always: { p: () => { if (!peek(zero)) return true; return peek(flag) === 1; } }',
    "always 'p': 'peek(zero)' never holds, so 'peek(flag) === 1' is never asked",
  ],
  [
    'at the end',
    'atEnd: { p: () => peek(flag) === 1 || peek(zero) === 1 }',
    "atEnd 'p': 'peek(flag) === 1' always holds, so 'peek(zero) === 1' is never asked",
  ],
  [
    'what would break it',
    'always: { p: () => { if (peek(zero) > 0) return false; return true; } }',
  ],
  ['what always holds, as it has to', 'always: { p: () => peek(zero) === 0 && peek(flag) < 2 }'],
  [
    'a function of several',
    `always: { p: () => gone() || peek(flag) < 2, q: () => gone() || peek(flag) < 3 }`,
    "always 'p': 'gone()' never holds, so 'peek(flag) < 2' is never asked",
  ],
  [
    'one that is broken',
    'always: { p: () => peek(flag) === 0 && (!peek(zero) || peek(flag) === 1) }',
  ],
  [
    'a parameter',
    'always: { p: () => none > 0 || peek(flag) < 2 && (some === 0 || peek(flag) < 3) }',
  ],
  ['a witness', 'sometimes: { p: () => !peek(zero) || peek(flag) === 1 }'],
];

test.each(PROPERTIES)('a property: %s', async (what, model, ...messages) => {
  const source = spec('f(z);', model).replaceAll('gone()', '!peek(zero)');
  const expected = what.startsWith('a function')
    ? ['p', 'q'].map(
        (name, n) =>
          `always '${name}': 'peek(zero)' never holds, so 'peek(flag) < ${n + 2}' is never asked`,
      )
    : messages;
  const always = (text: string) => text.replace("'!peek(zero)' never", "'peek(zero)' always");
  expect(await warnings(source)).toEqual(expected.map(always));
  expect(await warnings(source, 'on', true)).toEqual(expected.map(always));
});

test('how many steps were taken at a statement, or below it', async () => {
  const thread =
    'const g = function* () { yield* load(flag); };\nfor (let i = 0; i < 3; i++) yield* step();\nyield* g();';
  const source = spec(thread).replace('yield* store(flag, 1)', 'yield* store(flag, 2)');
  const loaded = await loadSpec(path.join(folder({ 'spec.ts': source }), 'spec.ts'));
  const outcome = search(instantiate(loaded, 'on'), { ...UNLIMITED, guarded, reduction: false });
  const steps = (text: string) => outcome.reached.find((site) => site.text.startsWith(text))?.steps;
  expect(steps('const z = yield* load(zero)')).toBe(1);
  // A round each; and with either value of the flag.
  expect(steps('yield* step()')).toBe(3);
  expect(steps('yield* load(flag)')).toBe(2);
  expect(steps('yield* g()')).toBe(2);
});
