import { expect, test } from 'vitest';
import { rewrite } from '../../src/spec/rewrite.ts';

/** What is kept at each yield, by the text of what it yields to: `lock: i x`. */
function live(source: string): string[] {
  const { code, sites } = rewrite(source, { name: 't.ts', file: 't.ts', library: false });
  return sites.map(({ id, names, line, column }) => {
    const text = source.split('\n')[line - 1]!.slice(column - 1);
    const label = /^yield\*?\s*\(?([\w.]*)/.exec(text)![1];
    const at = code.indexOf(`"${id}", `);
    const opaque = /^null\)/.test(afterOperand(code, at + id.length + 4));
    return `${label}: ${opaque ? 'history' : names.join(' ')}`.trim();
  });
}

/** What follows the next argument of a call. */
function afterOperand(code: string, from: number): string {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    if ('([{'.includes(code[at]!)) depth++;
    if (')]}'.includes(code[at]!)) depth--;
    if (code[at] === ',' && depth === 0) return code.slice(at + 2);
  }
  return '';
}

const body = (text: string): string[] => live(`function* f(x, y) {\n${text}\n}`);

test('a value read between two operations is live only up to its last use', () => {
  const text = `for (let i = 0; i < 3; i++) {
    yield* lock(m);
    const v = yield* load(x);
    yield* store(x, v + 1);
    yield* unlock(m);
  }`;
  expect(body(text)).toEqual(['lock: i x', 'load: i x', 'store: i x', 'unlock: i x']);
  expect(
    body('const v = yield* load(x); yield* lock(m); yield* store(y, v); yield* end();'),
  ).toEqual(['load: y', 'lock: v y', 'store:', 'end:']);
});

test('compound assignments and increments are reads', () => {
  expect(body('let n = 0; yield* a(); n++;')).toEqual(['a: n']);
  expect(body('let n = 0; yield* a(); n += 1;')).toEqual(['a: n']);
  expect(body('let n = 0; yield* a(); n ??= 1;')).toEqual(['a: n']);
  expect(body('let n = 0; yield* a(); n = 1;')).toEqual(['a:']);
  expect(body('let n = 0; yield* a(); [n] = [1];')).toEqual(['a:']);
  expect(body('let n = 0; yield* a(); return typeof n;')).toEqual(['a: n']);
  expect(body('let n = 0; yield* a(); return { n };')).toEqual(['a: n']);
  expect(body('let n = 0; yield* a(); return `${n}`;')).toEqual(['a: n']);
});

test('the variable that the result goes to is dead, unless something may look before', () => {
  expect(body('let n = 0; n = yield* a(); return n;')).toEqual(['a:']);
  expect(body('let n = 0; for (;;) { use(n); n = yield* a(); }')).toEqual(['a:']);
  expect(body('let n = 0; try { n = yield* a(); } catch {} return n;')).toEqual(['a: n']);
  expect(body('let n = 0; const g = () => n; n = yield* a(); return n;')).toEqual(['a: n']);
  expect(body('let n = 0; n = 1 + (yield* a()); return n;')).toEqual(['a: n']);
});

test('types and property names are no reads', () => {
  expect(body('yield* a(); const t = {} as { x: typeof y }; t.x; ({ y: 1 });')).toEqual(['a:']);
  expect(body('yield* a(); type x = typeof y; let q!: x;')).toEqual(['a:']);
  expect(body('yield* a(); return (x as number)! satisfies unknown;')).toEqual(['a: x']);
});

test('the whole of a loop around a site comes after it, but for what is made anew', () => {
  expect(body('let n = 0; while (true) { use(n); yield* a(); n = 1; }')).toEqual(['a: n']);
  expect(body('while (true) { const n = 0; use(n); yield* a(); }')).toEqual(['a:']);
  expect(body('while (true) { var n = 0; use(n); yield* a(); }')).toEqual(['a: n']);
  expect(body('for (const q of [1]) { use(q); yield* a(); }')).toEqual(['a: $0']);
  expect(body('for (let q = 0; ; ) { use(q); yield* a(); }')).toEqual(['a: q']);
  expect(body('for (let q = 0; q < 1; ) { yield* a(); break; }')).toEqual(['a: q']);
  expect(body('o: for (;;) { use(x); for (;;) { yield* a(); continue o; } }')).toEqual(['a: x']);
  expect(body('for (;;) { let n = 0; for (;;) { yield* a(); n++; } }')).toEqual(['a: n']);
  expect(body('do { yield* a(); } while (x);')).toEqual(['a: x']);
  expect(body('for (; ; use(x)) { yield* a(); }')).toEqual(['a: x']);
});

test('patterns on the left are evaluated after the right side', () => {
  expect(body('const { [y]: q = x } = yield* a();')).toEqual(['a: x y']);
  expect(body('let q; [q = x] = yield* a();')).toEqual(['a: x']);
  expect(body('for (const [q = x] of yield* a()) use(q);')).toEqual(['a: x']);
});

test('what is certainly not initialised yet is left out', () => {
  expect(body('yield* a(); const n = 1; use(n);')).toEqual(['a:']);
  expect(body('const n = yield* a(n); use(n);')).toEqual(['a:']);
  expect(body('yield* a(); class C {} use(C);')).toEqual(['a:']);
  expect(body('yield* a(); var n = 1; use(n); function g() {} use(g);')).toEqual(['a: g n']);
});

test('operands evaluated before a yield are kept', () => {
  expect(body('use(x.k + (yield* a()));')).toEqual(['a: $0']);
  expect(body('use(x + (yield* a()));')).toEqual(['a: x']);
  expect(body('let n = 1; n = n + (yield* a()); return n;')).toEqual(['a: n $0']);
  expect(body('use(1, "a", null, yield* a());')).toEqual(['a:']);
  expect(body('use((yield* a()) + (yield* b()));')).toEqual(['a:', 'b: $0']);
  expect(body('x.m(yield* a());')).toEqual(['a: $0 $1']);
  expect(body('let n = 1; n += yield* a(); return n;')).toEqual(['a: n $0']);
  expect(body('x.k = yield* a();')).toEqual(['a: x']);
  expect(body('x.q.k = yield* a();')).toEqual(['a: $0']);
  expect(body('x[y.k] = yield* a();')).toEqual(['a: x $0']);
  expect(body('new x.C(y, yield* a());')).toEqual(['a: y $0']);
  expect(body('use([...x, yield* a()], { ...y, q: yield* b() });')).toEqual([
    'a: y $0',
    'b: $1 $2',
  ]);
  expect(body('use(`${x} ${yield* a()}`);')).toEqual(['a: $0']);
  expect(body('use(x.k && (yield* a()), x.k ? yield* b() : 0);')).toEqual(['a: x', 'b: $0']);
  expect(body('switch (x.k) { case yield* a(): yield* b(); }')).toEqual(['a: $0', 'b:']);
  expect(body('let n = 0; n++; use({ n, q: yield* a() });')).toEqual(['a: $0']);
});

test('what cannot be seen makes a site known by its history', () => {
  expect(body('x`${yield* a()}`;')).toEqual(['a: history']);
  expect(body('x?.m(yield* a());')).toEqual(['a: history']);
  expect(body('try { yield* b(); } finally { yield* a(); }')).toEqual(['b:', 'a: history']);
  expect(body('for (const k in x) { yield* a(); }')).toEqual(['a: history']);
  expect(body('const { q = yield* a() } = x;')).toEqual(['a: history']);
  expect(body('class C { [yield* a()] = 1; }')).toEqual(['a: history']);
  expect(body('yield* a(); return arguments[0];')).toEqual(['a: history']);
  expect(body('yield* a(); return () => arguments[0];')).toEqual(['a: history']);
  expect(body('x.k += yield* a();')).toEqual(['a: history']);
  expect(body('{ const x = 1; yield* a(); } return x;')).toEqual(['a: history']);
  expect(body('x[y](yield* a());')).toEqual(['a: history']);
});

test('this, and variables of functions around', () => {
  expect(body('yield* a(); return this;')).toEqual(['a: this']);
  expect(body('yield* a(); return () => this;')).toEqual(['a: this']);
  expect(body('yield* a(); return function () { return this; };')).toEqual(['a:']);
  const source = `const m = 1;
function build(p, q) {
  const dead = 1;
  return { run: function* () { yield* a(dead); return [m, p]; }, *go() { yield* b(); return q; } };
}`;
  expect(live(source)).toEqual(['a: p', 'b: q']);
});

test('lines stay, and yields in generators of all forms are sites', () => {
  const source = `class C { *m() { yield* a(); } static *[x]() { yield* b(); } }
const o = { *m() { yield* c(); }, p: function* () { yield d; }, q: { *r() { yield; } } };
async function* no() { yield 1; }
function* outer() { const inner = function* () { yield* e(); }; yield* inner(); }`;
  const { code, sites } = rewrite(source, { name: 't.ts', file: 't.ts', library: false });
  expect(sites.map(({ fn, line }) => `${fn} ${line}`)).toEqual([
    'm 1',
    '(anonymous) 1',
    'm 2',
    'p 2',
    'r 2',
    'inner 4',
    'outer 4',
  ]);
  expect(code.split('\n')).toHaveLength(source.split('\n').length);
});
