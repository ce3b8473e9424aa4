import path from 'node:path';
import { expect, test } from 'vitest';
import { coverage, uncalled } from '../../src/model/coverage.ts';
import type { Site } from '../../src/model/frames.ts';
import { runtime } from '../../src/model/runtime.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { type LoadedSpec, loadSpec } from '../../src/spec/load.ts';
import { folder } from './folder.ts';

const OBJECTS = `import { load, options, variable } from 'lockstep';
export let shared = 0;
export const cell = variable('cell', 0);
export const variant = options({ x: true, y: true, n: 1, mode: 'percpu' });
export const other = { x: false };
export const at = (_name: string) => load(cell);
`;

/** A thread, of which each line may have one \`yield* at('name')\`. */
const spec = (thread: string, more = '', imports = 'at, cell, other, shared, variant'): string => `
import { defineSpec, load } from 'lockstep';
import { ${imports} } from './objects.ts';
${more}
export default defineSpec({
  name: 's',
  variants: {
    on: {},
    off: { options: { x: false } },
    neither: { options: { x: false, y: false, n: 3, mode: 'atomic' } },
  },
  build({ params }) {
    return { threads: { *thread() {
${thread}
    } } };
  },
});
`;

async function loaded(files: Readonly<Record<string, string>>): Promise<LoadedSpec> {
  return loadSpec(path.join(folder({ 'objects.ts': OBJECTS, ...files }), 'spec.ts'));
}

type Listed = Readonly<Record<string, string>>;

/**
 * What a search that comes to no `at('name')`, and to all else, lists by variant: the names. A line
 * with `// behind` is not come to either.
 */
async function listed(
  files: Readonly<Record<string, string>>,
  kind: 'unreached' | 'leftOut' = 'unreached',
): Promise<Listed> {
  const of = await loaded(files);
  const texts = Object.entries(files);
  const lineOf = ({ file, line }: Site): string => {
    const source = texts.find(([name]) => file.endsWith(`/${name}`))?.[1] ?? '';
    return source.split('\n')[line - 1] ?? '';
  };
  const name = (site: Site): string => /at\('(\w+)'\)|$/.exec(lineOf(site))![1] ?? '';
  const comeTo = (site: Site): boolean => !/at\('|\/\/ behind/.test(lineOf(site));
  return Object.fromEntries(
    Object.keys(of.spec.variants).map((variant) => {
      instantiate(of, variant);
      expect(runtime.reached.size).toBe(0);
      for (const [id, site] of runtime.sites) if (comeTo(site)) runtime.reached.add(id);
      const names = coverage()[kind].map(name);
      return [variant, names.filter((each) => each !== '').join(' ')];
    }),
  );
}

const CONDITIONS: Readonly<Record<string, readonly [thread: string, listed: Listed]>> = {
  'if and else': [
    `if (variant.x) yield* at('a');
     else if (variant.y) yield* at('b');
     else yield* at('c');`,
    { on: 'a', off: 'b', neither: 'c' },
  ],
  'what is nested': [
    `if (variant.y) {
       for (const i of [1, 2]) {
         if (i === 1) yield* at('a');
         if (variant.x) yield* at('b');
       }
     }`,
    { on: 'a b', off: 'a', neither: '' },
  ],
  'conditional expressions': [
    `const v = variant.x
       ? yield* at('a')
       : yield* at('b');
     return v;`,
    { on: 'a', off: 'b', neither: 'b' },
  ],
  'and, or, not': [
    `const v = variant.x &&
       (yield* at('a'));
     const w = variant.x ||
       (yield* at('b'));
     if (!(variant.x || variant.y)) yield* at('c');
     if (!variant.x && variant.y) yield* at('d');
     return [v, w];`,
    { on: 'a', off: 'b d', neither: 'b c' },
  ],
  'the left of a mixed condition decides the right, and so does the right the whole': [
    `if (variant.x &&
       (yield* at('a'))
     ) yield* at('b');
     if (
       (yield* at('c'))
       && variant.x) yield* at('d');
     if (
       (yield* at('e'))
       || variant.x) yield* at('f');
     else yield* at('g');`,
    { on: 'a b c d e f', off: 'c e f g', neither: 'c e f g' },
  ],
  'an option beside what keeps its value': [
    `const d = yield* load(cell);
     if (d && variant.x) yield* at('a');
     else if (d) yield* at('b');
     else yield* at('c');
     if (!d || !variant.x) yield* at('d');
     else if (!d) yield* at('e');
     if (variant.x ? d : variant.y) yield* at('f');
     else if (d) yield* at('g');
     if (d || variant.y) return;
     if (d) yield* at('h');
     if (d || other) yield* at('i');`,
    // No option lets e be come to, nor h.
    { on: 'a c d e f', off: 'b c d f', neither: 'b c d g h i' },
  ],
  'an option beside a comparison of what keeps its value': [
    `const d = yield* load(cell);
     if (d === 1 && variant.x) yield* at('a');
     else if (1 === d) yield* at('b');
     else if (d !== 1) yield* at('c');
     else yield* at('d');
     if (d === 1 && variant.x) return;
     if (d === 2) yield* at('e');
     if (d !== 1 && variant.y) return;
     if (d === 2) yield* at('f');`,
    // No option lets d be come to.
    { on: 'a c d e', off: 'b c d e f', neither: 'b c d e f' },
  ],
  'an option beside what may change': [
    `let d = yield* load(cell);
     if (d && variant.x) return;
     d++;
     if (d) yield* at('a');
     for (;;) {
       if (e) continue;
       var e = yield* load(cell);
       if (e && variant.x) yield* at('b');
       else if (e) yield* at('c');
       if (other.x && variant.x) return;
       if (other.x) yield* at('d');
       if (shared && variant.x) return;
       if (shared) yield* at('e');
     }`,
    { on: 'a b c d e', off: 'a c d e', neither: 'a c d e' },
  ],
  'comparisons with literals': [
    `if (variant.mode === 'percpu') yield* at('a');
     if (variant.mode !== 'percpu') yield* at('b');
     if (variant.n > 2) yield* at('c');
     if (2 >= variant.n) yield* at('d');
     if ((variant.x && variant.mode) === 'percpu') yield* at('e');
     if (variant.x === (variant.n === 1)) yield* at('f');`,
    { on: 'a d e f', off: 'a d', neither: 'b c f' },
  ],
  'after an early exit': [
    `if (variant.x) return;
     yield* at('a');
     for (;;) {
       if (!variant.y) {
         yield* at('b');
         break;
       }
       yield* at('c');
     }
     if (variant.mode === 'atomic') yield* at('d');
     else return;
     yield* at('e');`,
    { on: '', off: 'a c', neither: 'a b d e' },
  ],
  'after a chain of early exits, and one in a block': [
    `if (variant.x) return;
     else if (variant.y) throw new Error();
     yield* at('a');
     { if (variant.mode === 'atomic') return; }
     yield* at('b');`,
    { on: '', off: '', neither: 'a' },
  ],
  'after branches that may exit': [
    `if (!variant.x) {
       if (variant.y) return;
     } else return;
     yield* at('a');`,
    { on: '', off: '', neither: 'a' },
  ],
  'after branches that may go on': [
    `if (variant.x) yield* at('a');
     else yield* at('b');
     yield* at('c');
     if (variant.x) {
       if (other.x) return;
     }
     yield* at('d');
     if (variant.x) {
       if (other.x) return;
       else throw 1;
     }
     yield* at('e');`,
    { on: 'a c d', off: 'b c d e', neither: 'b c d e' },
  ],
  'in a case': [
    `switch (yield* at('a')) {
       case 0:
         if (variant.x) break;
         yield* at('b');
       case 1:
         yield* at('c');
     }`,
    { on: 'a c', off: 'a b c', neither: 'a b c' },
  ],
  'a loop': [`while (variant.x) yield* at('a');`, { on: 'a', off: '', neither: '' }],
  'types do not matter': [
    `if ((variant!.x as boolean) satisfies boolean) yield* at('a');
     if (variant['x']) yield* at('b');`,
    { on: 'a b', off: '', neither: '' },
  ],
};

for (const [name, [thread, expected]] of Object.entries(CONDITIONS)) {
  test(name, async () => {
    expect(await listed({ 'spec.ts': spec(thread) })).toEqual(expected);
  });
}

test('conditions of many variables are not gone through for ever', async () => {
  // Eight into seven, each into one of its own: there is no way, but many to try.
  const [all, holes] = [8, 7].map((count) => Array.from({ length: count }, (_, n) => n));
  const lines = all!.flatMap((n) => [
    ...holes!.map((hole) => `const v${n}_${hole} = yield* load(cell);`),
    `if (!(variant.y || ${holes!.map((hole) => `v${n}_${hole}`).join(' || ')})) return;`,
    ...holes!.flatMap((hole) =>
      all!.slice(0, n).map((other) => `if (v${n}_${hole} && v${other}_${hole}) return;`),
    ),
  ]);
  const thread = [...lines, `yield* at('a');`].join('\n');
  expect(await listed({ 'spec.ts': spec(thread) })).toEqual({ on: 'a', off: 'a', neither: 'a' });
});

test('what options do not decide is listed', async () => {
  const all = (names: string) => ({ on: names, off: names, neither: names });
  const thread = `
    if (other.x) yield* at('a');
    if (params.x) yield* at('b');
    if (Number(variant.x) > 5) yield* at('c');
    if (variant.x ?? (yield* at('d'))) return;
    if ((yield* at('e')) === 1) return;
    if (copy.x) yield* at('f');
    if ((variant as any).z) yield* at('g');
    { const variant = { x: false }; if (variant.x) yield* at('h'); }
    for (const variant of [{ x: false }]) if (variant.x) yield* at('i');
    out: { if (variant.n) break out; return; }
    yield* at('j');
    try { if (variant.n) throw 1; } catch {}
    yield* at('k');
    function* later() { yield* at('l'); }
    if (yield* at('m')) { if (variant.n) return; }
    yield* at('n');
    yield* later();
    if (other.x === true) yield* at('o');
    if (true === other.x) yield* at('p');
    if (!other.x) throw 1;
    yield* at('q');
    if (variant.x ?? variant.y) yield* at('r');`;
  expect(
    await listed({
      'spec.ts': spec(thread, 'const copy = { ...other, get x() { return variant.x; } };'),
    }),
  ).toEqual(all('a b c d e f g h i j k l m n o p q r'));
});

test('a function is switched off with all that names it', async () => {
  const more = `
    function* once() {
      yield* at('a');
      yield* twice();
    }
    function* twice() {
      yield* at('b');
      if (other.x) yield* once();
    }
    const third = function* () {
      yield* at('c');
    };
    function* passed() {
      yield* at('d');
    }
    function* made() {
      yield* at('e');
    }
    function* never() {
      yield* at('f');
    }
    const table = { made };
    const start = (run: () => unknown) => run();
    function* starts() {
      yield* named();
    }
    const named = function* self() {
      yield* also();
      if (other.x) yield* self();
    };
    function* also() {
      yield* at('k');
    }
    declare namespace Types {}`;
  const thread = `
    if (variant.x) yield* once();
    yield* at('g');
    if (variant.x) start(third);
    start(variant.y ? passed : made);
    if (variant.x) start(function* () {
      yield* at('h');
      yield* inner();
    });
    function* inner() {
      yield* at('i');
      yield* hidden();
    }
    yield* starts();
    if (variant.x) yield* also();
    yield* early();
    if (variant.x) return table;
    function* early() {
      yield* at('j');
    }
    function* hidden() {
      yield* at('l');
    }`;
  expect(await listed({ 'spec.ts': spec(thread, more) })).toEqual({
    on: 'a b c d e k g h i j l',
    // made is named by table; nothing names never.
    off: 'd e k g j',
    neither: 'e k g j',
  });
});

test('what only statements call that were not come to is not listed beside them', async () => {
  const more = `
    function* helper() {
      yield* at('a');
      yield* deeper();
    }
    function* deeper() {
      yield* at('b');
    }
    function* shared() {
      yield* at('c');
    }
    function* callback() {
      yield* at('d');
    }
    function* registered() {
      yield* at('e');
    }
    function* queue(_: unknown) {}`;
  const thread = `
    if (other.x) yield* helper(); // behind
    if (other.x) yield* shared(); // behind
    yield* shared();
    if (other.x) yield* queue(callback); // behind
    yield* queue(registered);
    yield* at('f');`;
  // With nobody at helper(), what it does says nothing; registered was handed over and never ran.
  const all = 'c e f';
  expect(await listed({ 'spec.ts': spec(thread, more) })).toEqual({
    on: all,
    off: all,
    neither: all,
  });
});

test('functions and options of other modules', async () => {
  const files = {
    'one.ts': `import { at, variant } from './objects.ts';
      import * as two from './two.ts';
      export function* one() {
        yield* at('a');
        if (variant.x) yield* two.two();
        yield* again();
      }
      export const again = function* () {
        if (two.settings.b) yield* at('b');
        if (!two.settings.b) yield* at('c');
      };`,
    'two.ts': `import { options } from 'lockstep';
      import { at, variant } from './objects.ts';
      export const settings = options({ b: true });
      export function* two() {
        yield* at('d');
      }
      export function* three() {
        if (variant.y) yield* at('e');
      }
      export const four = function* () {
        yield* at('g');
      };
      export { two as renamed };
      export default function* () {
        yield* at('f');
      }`,
    'all.ts': `export * from './one.ts'; export { three as drei } from './two.ts';`,
  };
  const imports = `import { drei, one } from './all.ts'; import last, { four, renamed } from './two.ts';`;
  const thread = `
    yield* one();
    if (variant.x) yield* drei();
    if (variant.mode === 'atomic') yield* renamed();
    if (variant.x) yield* last();
    if (variant.x) yield* four();`;
  expect(await listed({ 'spec.ts': spec(thread, imports), ...files })).toEqual({
    on: 'd e g f a b',
    off: 'f a b',
    neither: 'd f a b',
  });
});

test('threads that build() does not make with its parameters', async () => {
  const text = `
import { defineSpec } from 'lockstep';
import { at, variant } from './objects.ts';
function* one() {
  yield* at('a');
}
function* two() {
  yield* at('b');
}
function* three(more: boolean) {
  yield* at('c');
  const later = more ? function* () {
    yield* at('d');
  } : null;
  if (later) yield* later();
}
const many = (count: number, run: () => unknown) => Array(count).fill(() => run());
export default defineSpec({
  name: 's',
  params: { ones: 1, twos: 1 },
  variants: { both: {}, ones: { params: { twos: 0 } }, none: { params: { ones: 0, twos: 0 } } },
  build({ params }) {
    const threads: Record<string, any> = { three: () => three(false) };
    for (let n = 0; n < params.ones; n++) threads['one' + n] = { run: () => one() };
    if (params.twos > 0) {
      const run = () => two();
      threads.two = variant.x ? run : function* () {
        yield* at('e');
      };
      threads.more = {
        *run() {
          yield* at('f');
        },
      };
    }
    many(params.ones, () => one);
    threads.last = { *run() {
      yield* at('g');
    }, ...threads.more };
    return { threads };
  },
});
`;
  // One is still named where it is given to \`many\`.
  expect(await listed({ 'spec.ts': text })).toEqual({
    both: 'a b c d f g',
    ones: 'a c d g',
    none: 'a c d g',
  });
  const without = text.replace('many(params.ones, () => one);', '');
  expect(await listed({ 'spec.ts': without })).toEqual({
    both: 'a b c d f g',
    ones: 'a c d g',
    none: 'c d g',
  });
});

const NAMED = (threads: string, more = ''): string => `
import { defineSpec } from 'lockstep';
import { at, variant } from './objects.ts';
import { imported } from './two.ts';
function* reader() {
  yield* at('a');
  yield* helper(); // behind
}
function* helper() {
  yield* at('b');
}
const writer = function* () {
  yield* at('c');
};
${more}
export default defineSpec({
  name: 's',
  params: { n: 0 },
  variants: { none: {}, one: { params: { n: 1 } } },
  build({ params }) {
    const threads: Record<string, any> = { *always() { yield* at('z'); } };
    ${threads}
    return { threads };
  },
});
`;

const TWO = `import { at } from './objects.ts';
export function* imported() {
  yield* at('d');
}
export const some = (n: number, make: (k: number) => unknown) => Array.from({ length: n }, (_, k) => make(k));
`;

const WAYS: readonly (readonly [what: string, threads: string, names: string, more?: string])[] = [
  ['a condition', `if (params.n > 0) threads.reader = reader;`, 'a'],
  ['a loop', `for (let k = 0; k < params.n; k++) threads['reader' + k] = reader;`, 'a'],
  [
    'an early exit',
    `if (params.n === 0) return { threads }; threads.reader = { run: reader };`,
    'a',
  ],
  [
    'a part of a condition',
    `threads.reader ??= params.n > 0 && reader; if (!threads.reader) delete threads.reader;`,
    'a',
  ],
  ['shorthand', `Object.assign(threads, params.n > 0 && { reader, writer, });`, 'a c'],
  [
    'a list',
    `Object.assign(threads, Object.fromEntries(Array.from({ length: params.n }, (_, k) => ['r' + k, reader])));`,
    'a',
  ],
  [
    'a function that is made',
    `for (let k = 0; k < params.n; k++) threads['reader' + k] = () => reader();`,
    'a',
  ],
  [
    'a list of functions',
    `[...Array(params.n).keys()].forEach((k) => { threads['r' + k] = () => writer(); });`,
    'c',
  ],
  ['an imported one', `if (params.n > 0) threads.two = imported;`, 'd'],
  [
    'one of a function',
    `add(threads, params.n);`,
    'a c',
    `
    function add(threads: Record<string, unknown>, n: number) {
      if (n > 0) threads.reader = reader;
      for (let k = 0; k < n; k++) threads['w' + k] = () => writer();
    }`,
  ],
  [
    'one beside one that is there',
    `if (params.n > 0) threads.reader = reader; threads.other = reader;`,
    '',
  ],
];

for (const [what, threads, names, more] of WAYS) {
  test(`a named thread that the parameters leave out: ${what}`, async () => {
    const files = { 'spec.ts': NAMED(threads, more), 'two.ts': TWO };
    const gap = names === '' ? 'a z' : 'z';
    const made = [...names.split(' '), 'z'].filter((name) => name !== '');
    expect(await listed(files)).toEqual({ none: gap, one: names === '' ? gap : made.join(' ') });
    expect(await listed(files, 'leftOut')).toEqual({ none: names, one: '' });
  });
}

test('what is not certain to be left out is listed', async () => {
  const ways: readonly (readonly [threads: string, more?: string])[] = [
    // Whether it is kept for later is not followed.
    [`some(params.n, () => reader);`, `import { some } from './two.ts';`],
    [`some(params.n, () => () => reader());`, `import { some } from './two.ts';`],
    [`const thread = params.n > 0 ? () => reader() : reader; void thread;`],
    // It runs in the search, too.
    [
      `add(threads, params.n); threads.other = function* () { add({}, 1); };`,
      `function add(threads: any, n: number) { if (n > 0) threads.reader = reader; }`,
    ],
    [
      `threads.other = function* () { const f = later; yield* f(); };`,
      `const later = () => (variant.x ? reader() : reader());`,
    ],
    [
      `const run = make(0); threads.other = () => run;`,
      `function* make(n: number): any {
        if (n > 0) yield* (function* () {
          yield* at('a');
        })();
      }`,
    ],
    [
      `const all = { add }; all.add(threads, params.n);`,
      `function add(threads: any, n: number) { if (n > 0) threads.reader = reader; }`,
    ],
  ];
  for (const [threads, more] of ways) {
    const files = { 'spec.ts': NAMED(threads, more), 'two.ts': TWO };
    expect((await listed(files)).none, threads).toMatch(/\ba\b/);
    expect((await listed(files, 'leftOut')).none, threads).toBe('');
  }
});

test('what an option leaves out is not counted as left out by parameters', async () => {
  const files = {
    'spec.ts': NAMED(`if (!variant.x && params.n > 0) threads.reader = reader;`),
    'two.ts': TWO,
  };
  expect(await listed(files)).toEqual({ none: 'z', one: 'z' });
  expect(await listed(files, 'leftOut')).toEqual({ none: '', one: '' });
});

async function dead(files: Readonly<Record<string, string>>): Promise<string[]> {
  instantiate(await loaded(files), 'on');
  return uncalled().map(({ fn, line, text }) => `${line} ${fn}: ${text}`);
}

test('generators that nothing calls', async () => {
  const more = `function* forgotten(n: number): any {
      yield* at('a');
      yield* below();
    }
    function* below() {}
    function* again() { yield* again(); }
    const held = function* () { function* inner() {} yield* inner(); };
    function plain() { return forgotten(1); }
    // unreached: for later
    function* meant() {}
    function* optional() {}
    function* parametric() {}
    function* literal() {}
    function* listed() {}
    const table = { listed, *method() {}, other: function* () {} };
    function* imported() {}
    export function* exported() {}
    export const exported2 = function* () {};
    function* exported3() {}
    export { exported3 as three };
    declare function declared(): void;`;
  const thread = `
    if (!variant.x) yield* optional();
    if (params.n > 5) yield* parametric();
    if (false) yield* literal();
    function* local() {}
    function* used() {}
    yield* used();`;
  const text = spec(thread, more);
  const line = (of: string) => text.split('\n').findIndex((each) => each.includes(of)) + 1;
  expect(await dead({ 'spec.ts': text })).toEqual([
    `${line('forgotten(n')} forgotten: function* forgotten(n: number): any`,
    `${line('function* below')} below: function* below()`,
    `${line('* again()')} again: function* again()`,
    `${line('held')} held: function* ()`,
    `${line('* imported')} imported: function* imported()`,
    `${line('* local')} local: function* local()`,
  ]);
});

test('where a module is handed around as a whole, nothing is said', async () => {
  const two = `import { variant } from './objects.ts';
    export function* one() { if (variant.x) return; }
    function* two() {}`;
  const imports = `import * as two from './two.ts';`;
  const files = (thread: string) => ({ 'spec.ts': spec(thread, imports), 'two.ts': two });
  expect(await dead(files('yield* two.one();'))).toEqual(['3 two: function* two()']);
  expect(await dead(files('yield* Object.values(two)[0]!();'))).toEqual([]);
});

test('nothing is taken for uncalled where a whole module is handed around', async () => {
  const two = `import { at, variant } from './objects.ts';
    export function* two() {
      if (variant.y) yield* at('a');
    }`;
  const all = { on: 'a', off: 'a', neither: '' };
  const ways: readonly (readonly [imports: string, thread: string, more?: string])[] = [
    [`import * as two from './two.ts';`, `yield* Object.values(two)[0]!();`],
    [`import { two } from './again.ts';`, `yield* two.two();`, `export * as two from './two.ts';`],
    [`const two = await import('./two.ts');`, `yield* two.two();`],
    [`const two = require('./two.ts');`, `yield* two.two();`],
  ];
  for (const [imports, thread, again = ''] of ways) {
    const files = { 'spec.ts': spec(thread, imports), 'two.ts': two, 'again.ts': again };
    expect(await listed(files), imports).toEqual(all);
  }
});

test('an option cannot be read before a variant is chosen', async () => {
  const early = spec(`yield* at('a');`, `const early = variant.x;`);
  await expect(loaded({ 'spec.ts': early })).rejects.toThrow(
    /spec\.ts:4: option 'x' is read while the module is loaded, when no variant has been chosen/,
  );
});

test('the author explains a statement, what is in it, or a function', async () => {
  const more = `
    // unreached: nobody fails here
    // An ordinary comment.
    function* whole() {
      yield* at('a');
      yield* at('b'); // unreached: nearer
    }
    const table = {
      // unreached: a method

      /** With a comment of its own. */
      *method() {
        yield* at('c');
      },
    };
    // this is unreached: no explanation`;
  const thread = `
    if (other.x) { // unreached: the block
      yield* at('d');
    } else {
      // unreached: the loop
      for (const _ of [1]) {
        yield* at('e');
      }
      yield* at('f');
    }
    if (variant.x) yield* at('g'); // unreached: only with x
    yield* whole();
    yield* at('i'); yield* table.method(); // unreached: both
    /* unreached: not in such a comment */
    yield* at('h');`;
  const files = { 'spec.ts': spec(thread, more) };
  const of = await loaded(files);
  instantiate(of, 'off');
  const lines = files['spec.ts'].split('\n');
  for (const { id, line } of runtime.sites.values()) {
    if (/whole\(\);|method\(\)/.test(lines[line - 1]!)) runtime.reached.add(id);
  }
  runtime.reached.delete([...runtime.sites.values()].find(({ text }) => text.includes("'i'"))!.id);
  const said = coverage().explained.map(({ line, fn, reason }) => [
    lines[line - 1]!.trim().split(/;? \/\//)[0],
    fn,
    reason,
  ]);
  expect(said).toEqual([
    ["yield* at('a');", 'whole', 'nobody fails here'],
    ["yield* at('b')", 'whole', 'nearer'],
    ["yield* at('c');", 'method', 'a method'],
    ["yield* at('d');", 'thread', 'the block'],
    ["yield* at('e');", 'thread', 'the loop'],
    ["yield* at('f');", 'thread', 'the block'],
    ["yield* at('i'); yield* table.method()", 'thread', 'both'],
  ]);
  expect(await listed(files)).toEqual({ on: 'h', off: 'h', neither: 'h' });
});

test('an explanation needs a reason, and something to explain', async () => {
  const refusal = async (thread: string): Promise<string> =>
    loaded({ 'spec.ts': spec(thread) }).then(
      () => '',
      (error: Error) => `${error.name}: ${error.message.replace(/^\S*\/spec\.ts/, 'spec.ts')}`,
    );
  expect(await refusal(`yield* at('a'); // unreached:`)).toBe(
    `SpecError: spec.ts:14:17: it has to say why: // unreached: <reason>
    yield* at('a'); // unreached:
                    ^`,
  );
  expect(await refusal(`yield* at('a');\n// unreached: dangling`)).toContain(
    'SpecError: spec.ts:15:1: no statement begins here',
  );
  expect(await refusal(`if (other.x) {\n} // unreached: of what\nelse yield* at('a');`)).toContain(
    'SpecError: spec.ts:15:3: no statement begins here',
  );
});
