import { expect, test } from 'vitest';
import { capturesOf } from '../../src/model/frames.ts';
import { canonical } from '../../src/model/value.ts';
import { rewrite } from '../../src/spec/rewrite.ts';
import {
  compile,
  confusion,
  difference,
  explore,
  localStates,
  plain,
  pointsOf,
} from './identity.ts';

/** Bodies of `main` in which something is easily overlooked. */
const TRICKY: Record<string, string> = {
  'a value kept in a closure': `
    const v = yield* op('a'); const f = () => v; yield* op('b'); return f();`,
  'a variable that a closure changes': `
    let n = 0; const inc = () => { n = 1 - n; }; if (yield* op('a')) inc(); yield* op('b'); return n;`,
  'a closure in an object': `
    const v = yield* op('a'); const o = { f: () => v }; yield* op('b'); return o.f();`,
  'a closure handed on': `
    function* g(f) { yield* op('g'); return f(); }
    const v = yield* op('a'); return yield* g(() => v);`,
  'a closure pending in an operation': `
    const v = yield* op('a'); yield* op('b', () => v); return 0;`,
  'closures of each round of a loop': `
    const fs = []; for (let i = 0; i < 2; i++) { const v = yield* op('a', i); fs.push(() => v + i); }
    yield* op('b'); return fs.map((f) => f());`,
  'a function declared below': `
    const r = yield* op('a'); yield* op('b'); return g(); function g() { return r; }`,
  'a counter of a helper around it': `
    let n = 0; function* step() { n += yield* op('s'); if (n > 1) n = 0; }
    yield* step(); yield* step(); yield* step(); return n;`,
  'the same array twice': `
    const a = [0]; const b = (yield* op('a')) ? a : [0]; yield* op('b'); a[0] = 1; return b[0];`,
  'an operand before': `const o = { k: 0 }; o.k = yield* op('a'); return o.k * 2 + (yield* op('b'));`,
  'an operand changed meanwhile': `
    let n = yield* op('a'); const set = () => (n = 0); return n + ((yield* op('b')), set(), yield* op('c')) + n;`,
  'the old value': `let n = yield* op('a'); n += yield* op('b'); n -= yield* op('c'); return n;`,
  'an old property': `const o = { k: yield* op('a') }; o.k += yield* op('b'); return o.k;`,
  'a method looked up before': `
    const o = { m: (x) => x }; if (yield* op('a')) o.m = (x) => x + 5;
    function* swap() { o.m = (x) => x + 9; return yield* op('b'); }
    return o.m(yield* swap());`,
  'the object of a method': `
    let o = { k: yield* op('a'), m(x) { return this.k + x; } };
    return o.m(((o = null), yield* op('b')));`,
  'what was spread': `
    const r = [yield* op('a')]; function* clear() { r.pop(); return yield* op('b'); }
    return [...r, yield* clear()];`,
  'what was made a string': `
    const r = [yield* op('a')]; function* clear() { r.pop(); return yield* op('b'); }
    return \`\${r}\${yield* clear()}\`;`,
  'parts of literals': `
    let n = yield* op('a'); return { n, m: ((n = 7), yield* op('b')), q: [n, yield* op('c')] };`,
  'nested calls': `
    const f = (...x) => x.join(); return f(yield* op('a'), f(yield* op('b'), yield* op('c')), yield* op('d'));`,
  'a yield in an argument of a yield': `return yield* op('a', yield* op('b', yield* op('c')));`,
  'a position in an array': `
    let s = 0; for (const x of [1, 1, 1]) { s = yield* op('a'); if (s) continue; yield* op('b', x); } return s;`,
  'an array that grows': `
    const r = [0]; for (const x of r) { if ((yield* op('a')) && r.length < 4) r.push(x + 1); } return r.length;`,
  'a position in a map': `
    for (const [k] of new Map([[1, 0], [1.5, 0], [2, 0]])) { yield* op('a'); if (k === 2) return 1; } return 0;`,
  'a position in a set': `for (const k of new Set([1, 2])) { yield* op('a'); if (k === 2) break; }`,
  'a position in a string': `for (const k of 'aab') { yield* op('a'); if (k === 'b') yield* op('b'); }`,
  'a position among keys': `for (const k in { p: 1, q: 2 }) { yield* op('a'); if (k === 'q') yield* op('b'); }`,
  'an iterator by hand': `
    const it = [1, 2, 3][Symbol.iterator](); while (yield* op('a')) it.next(); return it.next().value;`,
  'a return that waits': `try { if (yield* op('a')) return 1; } finally { yield* op('b'); } return 2;`,
  'an exception that waits': `
    try { try { if (yield* op('a')) throw 1; } finally { yield* op('b'); } } catch { return 1; } return 2;`,
  'a continue that waits': `
    for (let i = 0; i < 2; i++) { try { if (yield* op('a')) continue; } finally { yield* op('b'); } yield* op('c'); }`,
  'hidden variables': `
    let x = yield* op('a'); { let x = 1; yield* op('b'); x++; } return x;`,
  'a case that skips a declaration': `
    switch (yield* op('a')) { case 0: let z = 1; yield* op('b'); default: yield* op('c'); try { return z; } catch { return -1; } }`,
  'tests of cases': `
    const n = yield* op('a'); switch (n) { default: yield* op('d', n); case yield* op('b'): yield* op('e'); }`,
  'variables of a loop head': `
    for (let i = 0, n = yield* op('a'); i < 2; i += 1 + (yield* op('b'))) { if (n) yield* op('c'); }`,
  'a while with its test': `let n = 0; while ((yield* op('a', n)) && n < 2) n++; return n;`,
  'a do with its test': `let n = 0; do { n++; } while (n < 3 && (yield* op('a', n))); return n;`,
  labels: `
    let n = 0; out: for (;;) { n++; for (;;) { if (n > 2) break out; if (yield* op('a')) continue out; yield* op('b'); } } return n;`,
  'a default in a pattern': `const { p = 3, q } = { q: yield* op('a') }; yield* op('b'); return p + q;`,
  'a yield in a pattern': `const [p = yield* op('a'), q = p] = []; yield* op('b'); return q;`,
  'patterns assigned to': `let p, q; [p, { q }] = [1, { q: yield* op('a') }]; yield* op('b', p); return q;`,
  this: `const o = { v: yield* op('a'), *m() { yield* op('b'); return this.v; } }; return yield* o.m();`,
  arguments: `function* g() { yield* op('b'); return arguments[0]; } return yield* g(yield* op('a'));`,
  'rest parameters': `function* g(...r) { yield* op('b'); return r.length + r[0]; } return yield* g(yield* op('a'));`,
  'default parameters': `
    function* g(x, f = () => x) { yield* op('b'); x = 7; return f(); } return yield* g(yield* op('a'));`,
  'a generator run by hand': `
    function* g() { yield 1; return 2; } const it = g(); if (yield* op('a')) it.next(); yield* op('b'); return it.next().value;`,
  'a recursive generator': `
    function* g(n) { if (n > 0 && (yield* op('g'))) { yield* g(n - 1); yield* op('h'); } } yield* g(3);`,
  'a recursive generator that knows its name': `
    const g = function* me(n) { return n > 2 ? n : (yield* op('g')) ? yield* me(n + 1) : n; }; return yield* g(0);`,
  'a class': `
    class C { v = 1; *m() { this.v += yield* op('m'); return this.v; } } const c = new C(); yield* c.m(); return c.v;`,
  'a getter': `const v = yield* op('a'); const o = { get v() { return v; } }; yield* op('b'); return o.v;`,
  'a setter': `let v = 0; const o = { set v(x) { v = x; } }; o.v = yield* op('a'); yield* op('b'); return v;`,
  'methods under computed names': `
    const v = yield* op('a'); const k = 'k';
    const o = {
      *[\`g\${k}\`]() { yield* op('c'); return v; }, [k]() { return v; }, *['s']() { return yield* op('s'); },
      get [(yield* op('b')) ? 'p' : 'q']() { return v; }, [\`f\`]: function* () { return yield* op('f'); },
    };
    return [yield* o.gk(), o.k(), yield* o.s(), o.p, o.q, yield* o.f()];`,
  'a computed method of an object with a prototype': `
    const p = { m() { return 1; } };
    const o = { __proto__: p, *[\`g\`]() { return super.m() + (yield* op('b')); } };
    return yield* o.g();`,
  'a tagged template': `const t = (_, ...x) => x.join(); return t\`\${yield* op('a')} \${yield* op('b')}\`;`,
  'optional calls': `
    const o = (yield* op('a')) ? { f: (x) => x } : null; return [o?.f(yield* op('b')), o?.['f'](1)];`,
  'a sequence': `let n = 0; return (n++, yield* op('a'), n + (yield* op('b')));`,
  'short circuits': `
    let n = yield* op('a'); n ||= yield* op('b'); n &&= yield* op('c'); let m; m ??= yield* op('d'); return [n, m];`,
  'delete and increments of places': `
    const o = { p: 1, q: 2 }; delete o[(yield* op('a')) ? 'p' : 'q']; const r = [0, 0]; r[yield* op('b')]++; return [o, r];`,
  'plain yields': `const n = yield op('a'); yield op('b'); return n;`,
  'var declared in a loop': `for (let i = 0; i < 2; i++) { if (i) return v; var v = yield* op('a'); yield* op('b'); }`,
  'a variable assigned in a catch': `
    let n = 0; try { n = yield* (function* () { if (yield* op('a')) throw 1; return 5; })(); } catch { return n; } return n;`,
  'a catch that sees the old value': `
    let n = yield* op('a'); function* g() { if (yield* op('g')) throw 1; return 5; }
    try { n = yield* g(); } catch { } return n;`,
  'a function with state': `
    const counter = () => { let n = 0; return () => n++; }; const c = counter();
    if (yield* op('a')) c(); yield* op('b'); return c();`,
  'a bound function': `
    const f = ((x) => x).bind(null, yield* op('a')); yield* op('b'); return f();`,
  'a closure over a loop variable': `
    let f; for (let i = 0; i < 3; i++) { if (yield* op('a')) f = () => i; } yield* op('b'); return f?.();`,
  'a closure over a loop variable that its body changes': `
    let f; for (let i = 0; i < 3; i++) { f = () => i; if (yield* op('a')) i++; } yield* op('b'); return f();`,
  'a closure made later': `const v = yield* op('a'); yield* op('b'); const f = () => v; return f();`,
  'a variable that only a helper reads': `
    const n = yield* op('a'); const g = function* () { yield* op('b'); return n; }; return yield* g();`,
  'a variable that only a helper of a helper reads': `
    const n = yield* op('a');
    const g = function* () { const h = function* () { yield* op('b'); return n; }; return yield* h(); };
    return yield* g();`,
  'this in a closure': `
    const o = { v: yield* op('a'), *m() { const f = () => this.v; yield* op('b'); return f(); } }; return yield* o.m();`,
  'the old value alone': `let n = yield* op('a'); return (n += yield* op('b'));`,
  'closures that share a variable or do not': `
    const make = () => { let n = 0; return [() => n++, () => n]; };
    const [step, get] = make(), [other] = make();
    const f = (yield* op('a')) ? step : other; yield* op('b'); f(); return get();`,
  'closures over copies of a loop variable': `
    let f = null; for (let i = 0, n = 0; n < 2; n++) {
      if (n === 0 || (yield* op('a'))) f = () => i;
      yield* op('b');
      if (n === 1) { i = 5; return f(); }
    }`,
  'closures over copies of a loop variable, made in the head': `
    let f = null; for (let i = 0, n = 0; n < 3;
      n++, (n === 1 || (yield* op('a'))) && (f = () => i), yield* op('u'), n === 2 && (i = 5)
    ) if (n === 2) return f();`,
  'arrays that are one or two': `
    const a = [0], b = [0]; const c = (yield* op('a')) ? a : b; const d = (yield* op('b')) ? a : b;
    yield* op('c'); c.push(1); return d.length;`,
  'a position alone': `for (const _ of new Set([1, 2, 3])) yield* op('a'); yield* op('b');`,
  'a closure that makes closures': `const v = yield* op('a'); const f = () => () => v; yield* op('b'); return f()();`,
  'a method under a name given twice': `
    const f = (yield* op('a')) ? () => 1 : () => 2; const o = { m() { return 0; }, m: f }; yield* op('b'); return o.m();`,
  'a method that a spread replaces': `
    const p = { m: (yield* op('a')) ? () => 1 : () => 2 }; const o = { m() { return 0; }, ...p };
    p.m = null; yield* op('b'); return o.m();`,
  'a method before': `
    const n = yield* op('a'); const o = { m() { return n; }, get g() { return n; }, q: yield* op('b') };
    return o.m() + o.g + o.q;`,
  'the position in nested loops': `
    for (const x of [0, 0]) for (const y of [0, 1]) if (yield* op('a', y)) yield* op('b');`,
  'a loop left and entered again': `
    for (let r = 0; r < 2; r++) { for (const y of [0, 0, 0]) { if (yield* op('a')) break; } yield* op('b'); }`,
  'closures of a loop head': `
    let g; for (let i = 0, f = () => i; (g ??= () => i, i < 3); i++) { if (yield* op('a')) i++; yield* op('b'); if (i > 1) return [f(), g()]; }`,
  'a name that $f and $lk may take': `const $f = yield* op('a'); const $lk = $f; yield* op('b'); return $lk;`,
  'no semicolons': `
    let n = yield* op('a')
    while (n) n = yield* op('b')
    for (const x of [1, 2]) yield* op('c', x)
    return n`,
  types: `
    const n: number = (yield* op('a')) as number; type T = typeof n; const m = n! satisfies T;
    yield* op('b'); return <any>m;`,
};

for (const [name, body] of Object.entries(TRICKY)) {
  test(name, () => {
    const source = `export function* main() {\n${body}\n}`;
    const root = explore(compile(source), 7);
    expect(difference(root, explore(plain(source), 7))).toBeNull();
    expect(confusion(root)).toBeNull();
    expect(pointsOf(root).some(({ seen }) => seen.startsWith('throws'))).toBe(false);
  });
}

/** The number of local states that a program comes to, all of them known by what they are. */
function statesOf(source: string): number {
  const root = explore(compile(source), 9);
  const open = pointsOf(root).filter(({ next }) => next.length > 0);
  expect(open.every(({ identity }) => identity !== null)).toBe(true);
  return localStates(root);
}

const main = (body: string): string => `export function* main() {\n${body}\n}`;

test('histories merge where nothing differs any more', () => {
  const counter = main(`for (let i = 0; i < 2; i++) {
    yield* op('lock'); const v = yield* op('load'); yield* op('store', v + 1); yield* op('unlock');
  }`);
  // Each round: lock, load, store of 1 or 2, unlock.
  expect(statesOf(counter)).toBe(10);
  expect(statesOf(main(`for (;;) { if (yield* op('a')) yield* op('b'); }`))).toBe(2);
  expect(statesOf(main(`let n; for (;;) { n = yield* op('a'); yield* op('b', n); }`))).toBe(3);
  expect(statesOf(main(`for (;;) { for (const x of [0, 1, 0]) yield* op('a', x); }`))).toBe(3);
  expect(
    statesOf(main(`while (true) { const s = [yield* op('a'), yield* op('b')]; s.pop(); }`)),
  ).toBe(3);
  const closures = main(`for (let i = 0; i < 2; i++) {
    const v = yield* op('a'); yield* op('update', (old) => old + v + i); yield* op('c');
  }`);
  // Each round: a, update by two closures, c.
  expect(statesOf(closures)).toBe(8);
  const helpers = `function* put(x) { yield* op('lock'); yield* op('put', x); yield* op('unlock'); }
    export function* main() { for (;;) { const x = yield* op('get'); yield* put(x); } }`;
  expect(statesOf(helpers)).toBe(6);
});

test('functions keep their names and tell what they captured', () => {
  const source = `
    function declared() {}
    function* main() {
      const inner = () => 1, o = { run: function* () {}, m() {}, 'a b': () => 2, n: declared };
      let late; late = () => 3;
      yield* op('names', inner, o.run, o.m, o['a b'], o.n, late);
    }`;
  const step = compile(source)().next().value as { spec: { args: (() => unknown)[] } };
  const { args } = step.spec;
  expect(args.map(({ name }) => name)).toEqual(['inner', 'run', 'm', 'a b', 'declared', 'late']);
  for (const fn of args) expect(capturesOf(fn)?.values?.()).toEqual([]);
  expect(new Set(args.map((fn) => canonical([fn]))).size).toBe(6);
});

test('variables that threads would share are refused, with their place', () => {
  const refusal = (source: string): string => {
    try {
      rewrite(source, { name: 't.ts', file: 'specs/t.ts', library: false });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusal('let n = 0;\nexport function* t() { yield* op(); n++; }')).toBe(
    `specs/t.ts:2:37: 'n' is a variable of the module and changes while threads run; make it an object, variable('n', ...), and change it by operations
    export function* t() { yield* op(); n++; }
                                        ^`,
  );
  expect(refusal('const o = {}; const f = () => { o.n = 1; };')).toContain(
    "'o' belongs to the module",
  );
  expect(refusal('const o = []; const f = () => { o.push(1); };')).toContain("'o' belongs to");
  expect(refusal('const o = []; o.push(1); let n = 1; n = 2;')).toBe('');
  expect(refusal('function build() { let n = 0; return function* () { n++; }; }')).toContain(
    "'n' is a variable of build()",
  );
  expect(refusal('function* t() { let n = 0; const g = function* () { n++; }; yield* g(); }')).toBe(
    '',
  );
  expect(refusal('function sum(a) { let s = 0; a.forEach((x) => { s += x; }); return s; }')).toBe(
    '',
  );
  expect(refusal('function f() { return eval("1"); }')).toContain('cannot use eval');
  expect(refusal('const n = Number(process.env.N);')).toContain('t.ts:1:18: a spec cannot use pro');
  expect(refusal('function f(process) { return process.env; }')).toBe('');
  for (const path of ['file', '`${file}.ts`', "'a' + file", "`a` + './b'"]) {
    expect(refusal(`const all = await import(${path});`), path).toContain('cannot import what its');
  }
  for (const path of ["'a'", '`./a.ts`', '`./${file}.ts`', "'../a/' + file + '.ts'"]) {
    expect(refusal(`const all = await import(${path});`), path).toBe('');
  }
  expect(refusal('const a = 1;\nconst b = ;\n')).toBe(
    'specs/t.ts:2:11: Unexpected token\n    const b = ;\n              ^',
  );
});

test('a loop without an operation does not run for ever', async () => {
  const { counted } = await import('../../src/model/frames.ts');
  const main = compile('export function* main() {\n  let n = 1;\n  while (n) n = 1;\n}');
  expect(() => counted(() => main().next())).toThrow(/^test\.ts:3: a loop runs on and on/);
});
