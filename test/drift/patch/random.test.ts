import { createTwoFilesPatch } from 'diff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordOf } from '../../../src/drift/drift.ts';
import { type CFunction, digestOf, functionsIn, type Link } from '../../../src/drift/index.ts';
import { patchesTouch } from '../../../src/drift/patch/index.ts';
import { runs } from '../../oracle/drawn.ts';
import { gitDiff, treeOf } from './git.ts';

const file = 'mm/random.c';

/** Few, and most of them in several functions, so that hunks fit in many places. */
const statements = [
  '\tmutex_lock(&m);',
  '\tmutex_unlock(&m);',
  '\tspin_lock(&a->lock);',
  '\tspin_unlock(&a->lock);',
  '\tkfree(a);',
  '\tif (!a)\n\t\treturn;',
  '\tif (a) {\n\t\tx++;\n\t}',
  '\tx++;',
  '\treturn;',
  'out:',
  '',
  '\t/* a comment */',
  '\t/*\n\t * a comment\n\t * of lines\n\t */',
  '\t/* one of\n\t   another style */',
  '#ifdef CONFIG_A\n\tuse_a(a);\n#endif',
  '\tcall_one(a,\n\t\t b);',
];

const between = [
  '',
  '/* about\n * the next */\n',
  'static int y;\n\n',
  'EXPORT_SYMBOL(f0);\n\n',
  '#define Z 1\n\n',
];

interface Made {
  readonly name: string;
  readonly params: string;
  readonly body: readonly string[];
  readonly before: string;
  readonly twin: readonly string[] | null;
}

const body = fc.array(fc.constantFrom(...statements), { minLength: 0, maxLength: 9 });

const made = (count: number): fc.Arbitrary<Made[]> =>
  fc.tuple(
    ...Array.from({ length: count }, (_, n) =>
      fc.record({
        name: fc.constant(`f${n}`),
        params: fc.constant('struct a *a'),
        body,
        before: fc.constantFrom(...between),
        twin: fc.option(body, { freq: 4 }),
      }),
    ),
  );

function print(functions: readonly Made[]): string {
  const one = (head: string, lines: readonly string[]) =>
    `static void ${head}\n{\n${lines.map((line) => `${line}\n`).join('')}}\n`;
  return functions
    .map(({ name, params, body, before, twin }) => {
      const head = `${name}(${params})`;
      return twin === null
        ? `${before}${one(head, body)}\n`
        : `${before}#ifdef CONFIG_T\n${one(head, body)}#else\n${one(head, twin)}#endif\n\n`;
    })
    .join('');
}

/** The code stays C: what a compiler refuses is no patch. */
const edit = fc.record({
  what: fc.constantFrom(
    ...([
      'insert',
      'insert',
      'insert',
      'delete',
      'delete',
      'delete',
      'replace',
      'replace',
    ] as const),
    ...(['indent', 'fold', 'head', 'between', 'gone', 'new', 'swap', 'twin', 'again'] as const),
  ),
  of: fc.nat(99),
  at: fc.nat(99),
  twin: fc.boolean(),
  line: fc.constantFrom(...statements),
  before: fc.constantFrom(...between),
  body,
});

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(functions: readonly Made[], edits: readonly Edit[]): Made[] {
  const all = [...functions];
  for (const { what, of, at: any, twin, line, before, body } of edits) {
    const n = of % Math.max(1, all.length);
    const made = all[n];
    // Also one of a name that there is already.
    if (what === 'again' && made) all.push({ ...made, body });
    if (what === 'new')
      all.splice(n, 0, { name: `g${of}`, params: 'void', body, before, twin: null });
    if (!made || what === 'new' || what === 'again') continue;
    const side = twin && made.twin ? 'twin' : 'body';
    const lines = [...made[side]!];
    const at = any % Math.max(1, lines.length);
    if (what === 'insert') lines.splice(any % (lines.length + 1), 0, line);
    if (what === 'delete') lines.splice(at, 1);
    if (what === 'replace') lines.splice(at, 1, line);
    if (what === 'indent' && lines[at]) lines[at] = lines[at].replace(/^\t/gm, '\t\t');
    if (what === 'fold' && lines[at]) lines[at] = lines[at].replace(/^(\t\w+)\(/, '$1\n\t\t(');
    all[n] = { ...made, [side]: lines };
    if (what === 'head') all[n] = { ...made, params: 'struct b *a' };
    if (what === 'between') all[n] = { ...made, before };
    if (what === 'twin') all[n] = { ...made, twin: made.twin ? null : body };
    if (what === 'gone') all.splice(n, 1);
    if (what === 'swap') all.push(...all.splice(n, 1));
  }
  return all;
}

const linkTo = (cFunction: string): Link => ({
  cFile: file,
  cFunction,
  version: 'v5.3',
  specFile: 'specs/a.ts',
  specLine: 1,
  specFunction: cFunction,
  specLines: [1, 2],
  specText: [],
  specDigest: 'same',
});

const named = (all: readonly CFunction[], name: string) => all.filter((each) => each.name === name);

function patchOf(before: string, after: string, context: number, headings: boolean): string {
  if (headings) return gitDiff({ [file]: before }, { [file]: after }, `-U${context}`);
  return createTwoFilesPatch(`a/${file}`, `b/${file}`, before, after, '', '', { context });
}

const input = fc.record({
  functions: fc.integer({ min: 1, max: 4 }).chain(made),
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
  context: fc.constantFrom(3, 3, 3, 2, 1, 0),
});

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

async function compare({ functions, edits, context }: Input, headings: boolean, earlier = edits) {
  // What was recorded may be older than what the patch is for.
  const old = earlier === edits ? functions : edited(functions, earlier);
  const [base, before, after] = [functions, old, edited(old, edits)].map(print) as [
    string,
    string,
    string,
  ];
  const patch = patchOf(before, after, context, headings);
  const [recorded, then, now] = await Promise.all([base, before, after].map(functionsIn));
  const names = [...new Set(then!.map(({ name }) => name))].filter(
    (name) => named(recorded!, name).length > 0,
  );
  const digests = (all: readonly CFunction[]) => (name: string) => digestOf(named(all, name));
  const [was, is] = [digests(then!), digests(now!)];
  // Back to what was recorded is no change to answer for.
  const truly = names.filter(
    (name) => was(name) !== is(name) && is(name) !== digests(recorded!)(name),
  );
  const links = names.map(linkTo);
  const records = links.map((link) => recordOf(link, named(recorded!, link.cFunction)));
  const files = [{ file: 'p', bytes: Buffer.from(patch) }];
  const touched = async (tree: boolean) => {
    const result = await patchesTouch(
      files,
      links,
      records,
      tree ? treeOf({ [file]: before }) : null,
    );
    return result.checks;
  };
  return {
    patch,
    before,
    after,
    truly,
    withTree: await touched(true),
    without: await touched(false),
  };
}

const failing = (checks: Awaited<ReturnType<typeof compare>>['withTree']) =>
  checks.filter(({ ok }) => !ok).map(({ link }) => link?.cFunction);

for (const headings of [true, false]) {
  const numRuns = runs(headings ? 100 : 400);
  const kind = headings ? 'that git wrote' : 'without names of functions';

  test(`a patch ${kind}: what it touches in a tree is what differs, and nothing less without`, async () => {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(input, async (given) => {
        const { patch, truly, withTree, without } = await compare(given, headings);
        if (patch === '' || !/^@@/m.test(patch)) return;
        expect(failing(withTree).sort(), patch).toEqual([...truly].sort());
        const flagged = failing(without);
        expect(
          truly.filter((name) => !flagged.includes(name)),
          patch,
        ).toEqual([]);
        told += without.filter(({ word }) => word === 'changed' || word === 'gone').length;
      }),
      { numRuns, endOnFailure: true },
    );
    // Most of it is told, and not left open.
    expect(told).toBeGreaterThan(numRuns / 3);
  });
}

test('a patch that is recorded already passes in a tree', async () => {
  await fc.assert(
    fc.asyncProperty(input, async (given) => {
      const [before, after] = [given.functions, edited(given.functions, given.edits)].map(print);
      const patch = gitDiff({ [file]: before! }, { [file]: after! });
      const [old, now] = await Promise.all([before!, after!].map(functionsIn));
      const names = [...new Set(now!.map(({ name }) => name))].filter(
        (name) => named(old!, name).length > 0,
      );
      const links = names.map(linkTo);
      const records = links.map((link) => recordOf(link, named(now!, link.cFunction)));
      const files = [{ file: 'p', bytes: Buffer.from(patch) }];
      if (!/^@@/m.test(patch)) return;
      const inTree = await patchesTouch(files, links, records, treeOf({ [file]: before! }));
      expect(failing(inTree.checks), patch).toEqual([]);
    }),
    { numRuns: runs(100), endOnFailure: true },
  );
});

test('a patch for another version than was recorded is never taken for none', async () => {
  await fc.assert(
    fc.asyncProperty(
      input,
      fc.array(edit, { minLength: 1, maxLength: 2 }),
      async (given, earlier) => {
        const { patch, truly, without } = await compare({ ...given, context: 3 }, true, earlier);
        if (patch === '' || !/^@@/m.test(patch)) return;
        const flagged = failing(without);
        expect(
          truly.filter((name) => !flagged.includes(name)),
          patch,
        ).toEqual([]);
      },
    ),
    { numRuns: runs(100), endOnFailure: true },
  );
});

test('a series of two patches: each is told on top of the one before', async () => {
  const more = fc.array(edit, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(input, more, async ({ functions, edits, context }, later) => {
      const middle = edited(functions, edits);
      const texts = [functions, middle, edited(middle, later)].map(print);
      const all = await Promise.all(texts.map(functionsIn));
      const patches = [0, 1].map((n) => patchOf(texts[n]!, texts[n + 1]!, context, context === 3));
      if (!patches.every((patch) => /^@@/m.test(patch))) return;
      const kept = (name: string) => all.every((each) => named(each, name).length > 0);
      const names = [...new Set(all[0]!.map(({ name }) => name))].filter(kept);
      const links = names.map(linkTo);
      const records = links.map((link) => recordOf(link, named(all[0]!, link.cFunction)));
      const files = patches.map((patch, n) => ({ file: `p${n}`, bytes: Buffer.from(patch) }));
      const inTree = await patchesTouch(files, links, records, treeOf({ [file]: texts[0]! }));
      const without = await patchesTouch(files, links, records, null);
      const digest = (n: number, name: string) => digestOf(named(all[n]!, name));
      for (const n of [0, 1]) {
        const truly = names.filter((name) => digest(n, name) !== digest(n + 1, name));
        const of = ({ checks }: typeof without) =>
          checks.flatMap(({ file, link }) => (file === `p${n}` && link ? [link.cFunction] : []));
        expect(of(inTree).sort(), patches.join('')).toEqual([...truly].sort());
        const told = of(without);
        expect(
          truly.filter((name) => !told.includes(name)),
          patches.join(''),
        ).toEqual([]);
      }
    }),
    { numRuns: runs(100), endOnFailure: true },
  );
});
