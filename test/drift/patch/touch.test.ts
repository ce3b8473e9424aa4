import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { recordOf as record } from '../../../src/drift/drift.ts';
import { functionsIn, type Link, type LinkRecord } from '../../../src/drift/index.ts';
import { type PatchCheck, patchesTouch } from '../../../src/drift/patch/index.ts';
import { type Files, gitDiff, treeOf } from './git.ts';

const fixture = (name: string) => readFile(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const common = 'mm/pool_common.c';
const pool = 'mm/pool.c';
const tree: Files = {
  [common]: await fixture(`tree/${common}`),
  [pool]: await fixture(`tree/${pool}`),
};

function linkTo(cFile: string, cFunction: string, specDigest = 'as recorded'): Link {
  return {
    cFile,
    cFunction,
    version: 'v5.3',
    specFile: 'specs/pool/pool_common.ts',
    specLine: 12,
    specFunction: cFunction,
    specLines: [13, 20],
    specText: [],
    specDigest,
  };
}

async function recordOf(link: Link, text: string): Promise<LinkRecord> {
  const definitions = (await functionsIn(text)).filter(({ name }) => name === link.cFunction);
  return record({ ...link, specDigest: 'as recorded' }, definitions);
}

const links = [
  linkTo(common, 'pool_deactivate'),
  linkTo(common, 'pool_destroy'),
  linkTo(common, 'pool_create'),
  linkTo(pool, 'pool_shrink'),
  linkTo(pool, 'pool_alloc'),
];
const recorded = await Promise.all(links.map((link) => recordOf(link, tree[link.cFile]!)));

async function check(
  text: string | readonly string[],
  {
    inTree = true,
    given = links,
    of = tree,
  }: { inTree?: boolean; given?: Link[]; of?: Files } = {},
) {
  const files = [text].flat().map((each, at) => ({ file: `p${at}`, bytes: Buffer.from(each) }));
  return patchesTouch(files, given, recorded, inTree ? treeOf(of) : null);
}

const brief = ({ link, word, ok }: PatchCheck) =>
  `${ok ? '' : '! '}${word}${link ? ` ${link.cFunction}` : ''}`;

/** With a tree, and without where that gives something else. */
async function words(text: string | readonly string[], given = links, of = tree) {
  const withTree = (await check(text, { given, of })).checks.map(brief);
  const without = (await check(text, { given, inTree: false })).checks.map(brief);
  return JSON.stringify(withTree) === JSON.stringify(without) ? withTree : { withTree, without };
}

const edit = (file: string, ...changes: [from: string | RegExp, to: string][]): Files => {
  let text = tree[file]!;
  for (const [from, to] of changes) {
    const next = text.replace(from, () => to);
    if (next === text) throw new Error(`nothing to replace: ${from}`);
    text = next;
  }
  return { ...tree, [file]: text };
};

const diff = (after: Files, ...options: string[]) => gitDiff(tree, after, ...options);

describe('the series', async () => {
  const series = await fixture('series.mbox');

  test('tells of each patch what it touches, and not of comments and layout', async () => {
    const { checks } = await check(series);
    expect(checks.map((each) => `${each.patch.slice(0, 17)} ${brief(each)}`)).toEqual([
      '[PATCH v6 0/3] mm no patch',
      '[PATCH v6 1/3] mm ! changed pool_deactivate',
      'Re: [PATCH v6 1/3 no patch',
      '[PATCH v6 2/3] mm ! changed pool_destroy',
      '[PATCH v6 3/3] mm ! moved pool_shrink',
      '[PATCH v6 3/3] mm ! moved pool_alloc',
    ]);
  });

  test('says where, in the patch and in the spec', async () => {
    const { checks } = await check(series);
    const lines = series.split('\n');
    const [first, , moved] = checks.filter(({ link }) => link);
    const at = lines.indexOf('+\tif (p->flags & POOL_DYING)') + 1;
    expect(first!.reason).toBe(
      `mm/pool_common.c pool_deactivate changes (p0:${at}-${at + 1}), and pool_deactivate at ` +
        'specs/pool/pool_common.ts:12 does not: change it too, or --accept that it stays',
    );
    expect(first!.details).toEqual(['+\tif (p->flags & POOL_DYING)', '+\t\treturn;']);
    expect(first!.line).toBe(lines.findIndex((line) => /^Subject: \[PATCH v6 1/.test(line)) - 5);
    const git = lines.indexOf('diff --git a/mm/pool.c b/mm/pool_alloc.c') + 1;
    expect(moved!.reason).toBe(
      `mm/pool.c pool_shrink moves (p0:${git}): write @models mm/pool_alloc.c pool_shrink v5.3 ` +
        'at specs/pool/pool_common.ts:12',
    );
  });

  test('without a tree is told by the recorded lines', async () => {
    const { checks, tree: after } = await check(series, { inTree: false });
    expect(after).toBeNull();
    expect(checks.filter(({ link }) => link).map(brief)).toEqual([
      '! changed pool_deactivate',
      '! changed pool_destroy',
      '! moved pool_shrink',
      '! moved pool_alloc',
    ]);
    expect(checks[1]!.reason).toMatch(/--accept with --tree that it stays$/);
  });

  test('leaves the tree as it is to be recorded', async () => {
    const { tree: after } = await check(series);
    expect(await after!.text(pool)).toBeNull();
    expect(await after!.file(pool)).toBeNull();
    expect((await after!.file('mm/pool_alloc.c'))!.functions.map(({ name }) => name)).toEqual([
      'pool_shrink',
      'pool_alloc',
    ]);
    expect(await after!.text('mm/pool_alloc.c')).toMatch(/int freed=0;[\s\S]*trace_pool_alloc/);
    expect(await after!.text(common)).toMatch(/return;\n\n\tspin_lock_irq[\s\S]*rcu_barrier/);
    expect(await after!.text('mm/other.c')).toBeNull();
  });

  test('in several files is one series', async () => {
    const mails = series.split(/(?=^From mboxrd)/m);
    const one = (await check(series)).checks.filter(({ link }) => link).map(brief);
    const parts = [mails[3]!, mails[1]!, mails[4]!];
    expect((await check(parts)).checks.map(brief)).toEqual(one);
    expect((await check([mails[4]!, mails[3]!])).checks.map(brief)).toEqual([
      '! moved pool_shrink',
      '! moved pool_alloc',
      '! changed pool_deactivate',
    ]);
  });

  test.each(['quoted-printable.mbox', 'base64.mbox', 'attached.eml'])('%s', async (name) => {
    expect(await words(await fixture(name))).toEqual(['! changed pool_deactivate']);
    expect(await words((await fixture(name)).replaceAll('\n', '\r\n'))).toEqual([
      '! changed pool_deactivate',
    ]);
  });

  test.each(['plain.diff', 'gnu.diff', 'no-prefix.diff'])('%s', async (name) => {
    const moved = name === 'plain.diff' ? ['! moved pool_shrink', '! moved pool_alloc'] : [];
    const expected = ['! changed pool_deactivate', '! changed pool_destroy', ...moved];
    expect(await words(await fixture(name))).toEqual(expected);
  });
});

describe('of functions behind #ifdef', () => {
  test('either twin is told', async () => {
    const first = diff(edit(common, ['\tspin_unlock_irq(&p->lock);\n\n', '\n']));
    expect(await words(first)).toEqual(['! changed pool_deactivate']);
    const second = diff(edit(common, ['WRITE_ONCE(p->flags,', 'smp_store_release(&p->flags,']));
    expect(await words(second)).toEqual(['! changed pool_deactivate']);
    const { checks } = await check(second, { inTree: false });
    expect(checks[0]!.details).toEqual([
      '-\tWRITE_ONCE(p->flags, POOL_DYING);',
      '+\tsmp_store_release(&p->flags, POOL_DYING);',
    ]);
  });

  test('a neighbour of the same condition is no touch', async () => {
    const charge = diff(edit(common, ['atomic_add(n, ', 'atomic_add_return(n, ']));
    expect(await words(charge)).toEqual(['touches none']);
  });

  test('other conditions are a change', async () => {
    const patch = diff(edit(common, ['#ifdef CONFIG_POOL_ACCOUNT', '#ifdef CONFIG_POOL_CHARGE']));
    expect(await words(patch)).toEqual({
      withTree: ['! changed pool_deactivate'],
      without: ['pool_deactivate', 'pool_destroy', 'pool_create'].map(
        (f) => `! cannot be told ${f}`,
      ),
    });
  });

  test('a new block of its own is none', async () => {
    const block = '#ifdef CONFIG_POOL_DEBUG\nstatic int pool_debug;\n#endif\n\nvoid pool_destroy(';
    expect(await words(diff(edit(common, ['void pool_destroy(', block])))).toEqual([
      'touches none',
    ]);
  });

  test('what goes around a function in one hunk is a change', async () => {
    const twin = /static void pool_deactivate\(struct pool \*p\)\n\{\n\tWRITE[\s\S]*?\n\}\n/.exec(
      tree[common]!,
    )![0];
    const patch = diff(edit(common, [twin, `#ifdef CONFIG_X\n${twin}#endif\n`]));
    expect(patch.match(/^@@/gm)).toHaveLength(1);
    expect(await words(patch)).toEqual({
      withTree: ['! changed pool_deactivate'],
      without: ['! cannot be told pool_deactivate'],
    });
  });

  test('what goes around a function is a change', async () => {
    const around = edit(
      common,
      ['void pool_destroy(', '#if 0\nvoid pool_destroy('],
      ['EXPORT_SYMBOL(pool_destroy);', 'EXPORT_SYMBOL(pool_destroy);\n#endif'],
    );
    const { withTree, without } = (await words(diff(around))) as Record<string, string[]>;
    expect(withTree).toEqual(['! gone pool_destroy']);
    expect(without).toContain('! cannot be told pool_destroy');
  });
});

describe('what git names before a hunk is not believed', () => {
  test('the next function changes', async () => {
    const signature = edit(common, [
      'void pool_destroy(struct pool *p)',
      'void pool_destroy(struct pool *q)',
    ]);
    const patch = diff(signature);
    expect(patch).toMatch(/^@@ .* pool_charge\(/m);
    expect(await words(patch)).toEqual(['! changed pool_destroy']);
  });

  test('something after the function changes', async () => {
    const patch = diff(
      edit(common, ['EXPORT_SYMBOL(pool_destroy);', 'EXPORT_SYMBOL_GPL(pool_destroy);']),
    );
    expect(patch).toMatch(/^@@ .* void pool_destroy\(/m);
    expect(await words(patch)).toEqual(['touches none']);
  });

  test('a new function before it', async () => {
    const added =
      'static void pool_new(void)\n{\n\tmutex_lock(&pool_mutex);\n}\n\nvoid pool_destroy(';
    expect(await words(diff(edit(common, ['void pool_destroy(', added])))).toEqual([
      'touches none',
    ]);
  });

  test('nothing is named', async () => {
    const patch = diff(edit(common, ['\tflush_work(&p->work);\n', ''])).replace(
      /^(@@.*@@).*/gm,
      '$1',
    );
    expect(await words(patch)).toEqual(['! changed pool_destroy']);
    const other = diff(edit(common, ['pool_shrink(p)', 'pool_grow(p)'])).replace(
      /^(@@.*@@).*/gm,
      '$1',
    );
    expect(await words(other)).toEqual(['touches none']);
  });

  test('the top of a file is in no function', async () => {
    const top = edit(common, [/^/, '#include <linux/top.h>\n']);
    expect(await words(diff(top))).toEqual(['touches none']);
    expect(await words(diff(top, '-U0'))).toEqual(['touches none']);
  });

  test('a line within the declaration, of which only a part may be recorded', async () => {
    const [one, two] = ['POOL_API int pool_shrink(struct pool *p,', '\t\tint how)'];
    const old = {
      [pool]: tree[pool]!.replace('int pool_shrink(struct pool *p)', `${one}\n${two}`),
    };
    const now = { [pool]: old[pool]!.replace(two, `\t\tint what,\n${two}`) };
    const kept = await recordOf(linkTo(pool, 'pool_shrink'), old[pool]!);
    const bytes = Buffer.from(gitDiff(old, now));
    const { checks } = await patchesTouch([{ file: 'p', bytes }], links.slice(3, 4), [kept], null);
    expect(checks.map(brief)).toEqual(['! changed pool_shrink']);
  });

  test('a semicolon behind the function', async () => {
    const old = { [pool]: tree[pool]!.replace('\treturn freed;\n}', '\treturn freed;\n};') };
    const now = { [pool]: old[pool]!.replace('return freed', 'return -freed') };
    const kept = await recordOf(linkTo(pool, 'pool_shrink'), old[pool]!);
    const bytes = Buffer.from(gitDiff(old, now).replace(/^(@@.*@@).*/gm, '$1'));
    const { checks } = await patchesTouch([{ file: 'p', bytes }], links.slice(3, 4), [kept], null);
    expect(checks.map(brief)).toEqual(['! changed pool_shrink']);
  });

  test('the same lines in a function of another name cannot be told apart', async () => {
    const body = /\tif \(!p\)\n\t\treturn;\n[\s\S]*?\n\}\n/.exec(tree[common]!)![0];
    const twin = {
      ...tree,
      [common]: `${tree[common]}\nvoid pool_other(struct pool *p)\n{\n${body}`,
    };
    const changed = twin[common].replace(/flush_work(?![\s\S]*flush_work)/, 'drain_work');
    const patch = gitDiff(twin, { ...twin, [common]: changed });
    expect(patch).toMatch(/^@@.*pool_other/m);
    expect(await words(patch, links, twin)).toEqual({
      withTree: ['touches none'],
      without: ['! cannot be told pool_destroy'],
    });
  });

  test('an attribute on a line of its own', async () => {
    const patch = diff(edit(common, ['void pool_destroy(', 'noinline\nvoid pool_destroy(']));
    expect(await words(patch)).toEqual({
      withTree: ['! changed pool_destroy'],
      without: ['! cannot be told pool_destroy'],
    });
  });
});

describe('comments and layout', () => {
  test.each<[string, [string | RegExp, string][]]>([
    ['a comment in the body', [['/* wait for those', '/* wait for all those']]],
    ['a comment of several lines', [[' * nobody charges', ' * no one at all charges']]],
    [
      'a new comment',
      [['\tlist_del(&p->list);', '\t/* not found any more */\n\tlist_del(&p->list);']],
    ],
    [
      'broken lines',
      [['kzalloc(sizeof(*p), GFP_KERNEL)', 'kzalloc(sizeof(*p),\n\t\t    GFP_KERNEL)']],
    ],
    ['blanks', [['p->flags |= POOL_DYING;\n', 'p->flags|=POOL_DYING;  \n']]],
    ['blank lines', [['\tlist_del(&p->list);\n', '\n\tlist_del(&p->list);\n\n']]],
  ])('%s', async (_, changes) => {
    expect(await words(diff(edit(common, ...changes)))).toEqual(['touches none']);
  });

  test('the end of a comment within a string is none', async () => {
    const old = { [pool]: tree[pool]!.replace('\tspin_unlock(&p->lock);', '\tpr_info("a */ b");') };
    const now = { [pool]: old[pool]!.replace('cond_resched_lock', 'cond_lock') };
    const kept = await recordOf(linkTo(pool, 'pool_shrink'), old[pool]!);
    for (const heading of ['$&', '$1']) {
      const text = gitDiff(old, now).replace(/^(@@.*@@).*/gm, heading);
      const bytes = Buffer.from(text);
      const { checks } = await patchesTouch(
        [{ file: 'p', bytes }],
        links.slice(3, 4),
        [kept],
        null,
      );
      expect(checks.map(brief)).toEqual(['! changed pool_shrink']);
    }
  });

  test('lines that are only laid out anew are not told with those that change', async () => {
    const both = edit(common, [
      '\tflush_work(&p->work);\n\tkfree(p);',
      '\tdrain_work(&p->work);\n        kfree(p);',
    ]);
    const { checks } = await check(diff(both), { inTree: false });
    expect(checks[0]!.details).toEqual(['-\tflush_work(&p->work);', '+\tdrain_work(&p->work);']);
  });

  test('code that is commented out is a change', async () => {
    const out = edit(common, ['\tlist_del(&p->list);\n', '/*\n\tlist_del(&p->list);\n*/\n']);
    expect(await words(diff(out))).toEqual(['! changed pool_destroy']);
  });

  test('a hunk that begins and ends in comments', async () => {
    const rewritten = edit(common, [' * Takes the pool', ' * This takes the pool']);
    expect(await words(diff(rewritten, '-U1'))).toEqual(['touches none']);
    expect(await words(diff(rewritten, '-U0'))).toEqual(['touches none']);
    const body =
      '\tint freed = 0;\n\n\t/* one\n\t   two\n\t   three\n\t   four */\n\tspin_lock(&p->lock);\n';
    const old = tree[pool]!.replace('\tint freed = 0;\n\n\tspin_lock(&p->lock);\n', body);
    expect(old).not.toBe(tree[pool]);
    const before = { [pool]: old };
    const after = { [pool]: old.replace('spin_lock(&p', 'spin_lock_irq(&p') };
    const record = await recordOf(linkTo(pool, 'pool_shrink'), old);
    const text = gitDiff(before, after, '-U2').replace(/^(@@.*@@).*/gm, '$1');
    const bytes = Buffer.from(text);
    const { checks } = await patchesTouch([{ file: 'p', bytes }], [links[3]!], [record], null);
    expect(checks.map(brief)).toEqual(['! changed pool_shrink']);
  });
});

describe('the spec changed along', () => {
  test('passes, with a note', async () => {
    const given = [linkTo(common, 'pool_destroy', 'another')];
    const patch = diff(edit(common, ['\tflush_work(&p->work);\n', '']));
    expect(await words(patch, given)).toEqual(['both changed pool_destroy']);
    const [told] = (await check(patch, { given })).checks;
    expect(told!.reason).toMatch(
      /changes \(p0:\d+\), and so did pool_destroy at specs\/pool\/pool_common.ts:12/,
    );
  });

  test('one that says where the function goes', async () => {
    const given = [linkTo('mm/pool_alloc.c', 'pool_shrink')];
    const after = { [common]: tree[common]!, 'mm/pool_alloc.c': tree[pool]! };
    expect(await words(diff(after), given)).toEqual(['moved pool_shrink']);
    const changed = { ...after, 'mm/pool_alloc.c': tree[pool]!.replace('freed +=', 'freed -=') };
    expect(await words(diff(changed), given)).toEqual(['! changed pool_shrink']);
  });
});

describe('what was recorded as the patches leave it', () => {
  const one = edit(common, [
    '\tflush_work(&p->work);\n',
    '\tflush_work(&p->work);\n\trcu_barrier();\n',
  ]);
  const two = { ...one, [common]: one[common]!.replace('\tlist_del(', '\tlist_del_rcu(') };
  const patches = [diff(one), gitDiff(one, two)];

  async function after(given: readonly string[], of: Files, inTree: boolean) {
    const link = linkTo(common, 'pool_destroy');
    const kept = await recordOf(link, of[common]!);
    const files = given.map((text, at) => ({ file: `p${at}`, bytes: Buffer.from(text) }));
    return (await patchesTouch(files, [link], [kept], inTree ? treeOf(tree) : null)).checks;
  }

  test('passes in a tree', async () => {
    expect((await after(patches, two, true)).map(brief)).toEqual([
      'recorded pool_destroy',
      'recorded pool_destroy',
    ]);
    expect((await after([patches[0]!], one, true)).map(brief)).toEqual(['recorded pool_destroy']);
  });

  test('cannot be told without', async () => {
    const told = await after([patches[0]!], one, false);
    expect(told.map(brief)).toEqual(['! cannot be told pool_destroy']);
  });

  test('does not pass if it is more or less, or if something does not apply', async () => {
    const changed = '! changed pool_destroy';
    expect((await after(patches, one, true)).map(brief)).toEqual([changed, changed]);
    expect((await after([patches[0]!], two, true)).map(brief)).toEqual([changed]);
    const broken = patches[0]!.replace('flush_work', 'drain_work');
    expect((await after([patches[0]!, broken], one, true)).map(brief)).toEqual([
      changed,
      '! does not apply',
    ]);
  });
});

describe('a function that', () => {
  const [shrink] = /^int pool_shrink[\s\S]*?^\}\n/m.exec(tree[pool]!)!;

  test('is gone', async () => {
    expect(await words(diff(edit(pool, [shrink, ''])))).toEqual(['! gone pool_shrink']);
    const { [pool]: _, ...rest } = tree;
    expect(await words(diff(rest))).toEqual(['! gone pool_shrink', '! gone pool_alloc']);
  });

  test('goes to another file', async () => {
    const after = { ...edit(pool, [`${shrink}\n`, '']), [common]: `${tree[common]}\n${shrink}` };
    const { checks } = await check(diff(after));
    expect(checks.map(brief)).toEqual(['! moved pool_shrink']);
    expect(checks[0]!.reason).toMatch(/write @models mm\/pool_common.c pool_shrink v5.3/);
    expect(await words(diff(after))).toEqual(['! moved pool_shrink']);
  });

  test('goes to a new file, and changes in the next patch', async () => {
    const moved = { ...edit(pool, [`${shrink}\n`, '']), 'mm/pool_new.c': shrink };
    const later = { ...moved, 'mm/pool_new.c': shrink.replace('freed +=', 'freed -=') };
    const patches = [diff(moved), gitDiff(moved, later)];
    expect(await words(patches)).toEqual(['! moved pool_shrink', '! moved pool_shrink']);
    const { checks } = await check(patches);
    expect(checks[1]!.reason).toMatch(/^mm\/pool.c pool_shrink moves, and changes \(p1:\d+-\d+\)/);
  });

  test('is split in two changes', async () => {
    const split = edit(
      common,
      [
        'void pool_destroy(',
        'static void pool_end(struct pool *p)\n{\n\tflush_work(&p->work);\n\tkfree(p);\n}\n\nvoid pool_destroy(',
      ],
      [
        '\tmutex_unlock(&pool_mutex);\n\tflush_work(&p->work);\n\tkfree(p);\n',
        '\tmutex_unlock(&pool_mutex);\n\tpool_end(p);\n',
      ],
    );
    expect(await words(diff(split))).toEqual(['! changed pool_destroy']);
  });

  test('is copied stays', async () => {
    const copy = { ...tree, 'mm/pool_two.c': tree[pool]! };
    const text = `diff --git a/${pool} b/mm/pool_two.c
similarity index 99%
copy from ${pool}
copy to mm/pool_two.c
--- a/${pool}
+++ b/mm/pool_two.c
@@ -4,3 +4,4 @@ x
 int pool_shrink(struct pool *p)
 {
 	int freed = 0;
+	int two;
`;
    expect(copy).toBeDefined();
    expect(await words(text)).toEqual(['touches none']);
  });

  test('changes in a later patch on a line that an earlier one wrote', async () => {
    const one = edit(common, [
      '\tflush_work(&p->work);\n',
      '\tflush_work(&p->work);\n\tone(p);\n\ttwo(p);\n\tthree(p);\n\tfour(p);\n\tfive(p);\n\tsix(p);\n\tseven(p);\n',
    ]);
    const two = { ...one, [common]: one[common]!.replace('four(p)', '4') };
    const patches = [diff(one), gitDiff(one, two).replace(/^(@@.*@@).*/gm, '$1')];
    expect(await words(patches)).toEqual(['! changed pool_destroy', '! changed pool_destroy']);
  });

  test('changes in a later patch on a line that an earlier one took from another', async () => {
    const both = (one: string, two: string) =>
      `${one}int pool_alloc(void)\n{\n${two}\tkfree(a);\n}\n`;
    const other = 'int other(void)\n{\n\tspin_unlock(&a->lock);\n\t/* one of\n\t   another */\n}\n';
    const own = '\tspin_unlock(&a->lock);\n';
    const less = other.replace(own, '');
    const steps = [both(other, own), both(less, own), both(less, '')];
    const link = linkTo(pool, 'pool_alloc');
    const records = [await recordOf(link, steps[0]!)];
    const files = [0, 1].map((n) => {
      const [before, after] = [steps[n]!, steps[n + 1]!];
      const patch = gitDiff({ [pool]: before }, { [pool]: after }, '-U1');
      return { file: `p${n}`, bytes: Buffer.from(patch.replace(/^(@@.*@@).*/gm, '$1')) };
    });
    const { checks } = await patchesTouch(files, [link], records, null);
    // Of the first it cannot be seen that it is about another function.
    expect(checks.map(({ file, ok, link }) => [file, ok, link?.cFunction])).toEqual([
      ['p0', false, 'pool_alloc'],
      ['p1', false, 'pool_alloc'],
    ]);
  });

  test('changes in a later patch where an earlier one left one definition of two alike', async () => {
    const one = (param: string) => `int pool_alloc(struct ${param} *p)\n{\n}\n`;
    const steps = [
      `#ifdef A\n${one('pool')}#else\n${one('pool')}#endif\n`,
      one('pool'),
      one('pond'),
    ];
    const link = linkTo(pool, 'pool_alloc');
    const records = [await recordOf(link, steps[0]!)];
    const files = [0, 1].map((n) => {
      const patch = gitDiff({ [pool]: steps[n]! }, { [pool]: steps[n + 1]! });
      return { file: `p${n}`, bytes: Buffer.from(patch) };
    });
    const { checks } = await patchesTouch(files, [link], records, null);
    expect(checks.map(({ file, ok, link }) => [file, ok, link?.cFunction])).toEqual([
      ['p0', false, 'pool_alloc'],
      ['p1', false, 'pool_alloc'],
    ]);
  });

  test('changes in a later patch where an earlier one defined it once more', async () => {
    const one = edit(
      pool,
      ['\t\tcond_resched_lock(&p->lock);\n', ''],
      ['freed;\n}\n\n', 'freed;\n}\n\nint pool_shrink(struct pool *p)\n{\n\treturn 2;\n}\n\n'],
    );
    const two = { ...one, [pool]: one[pool]!.replace('\treturn 2', '\tlock();\n\treturn 2') };
    const patches = [diff(one), gitDiff(one, two, '-U1').replace(/^(@@.*@@).*/gm, '$1')];
    const { checks } = await check(patches, { inTree: false });
    expect(checks.map(({ file, ok, link }) => [file, ok, link?.cFunction])).toEqual([
      ['p0', false, 'pool_shrink'],
      ['p1', false, 'pool_shrink'],
    ]);
  });
});

describe('a tree that it is not for', () => {
  const patch = diff(edit(common, ['\tflush_work(&p->work);\n', '']));

  test('at an offset it applies', async () => {
    const of = { ...tree, [common]: `${'\n\n'.repeat(40)}${tree[common]}` };
    expect((await check(patch, { of })).checks.map(brief)).toEqual(['! changed pool_destroy']);
  });

  test('it does not apply', async () => {
    const of = edit(common, [
      'pool_deactivate(p);\n\tmutex_unlock',
      'pool_deactivate(p);\n\tmutex_un_lock',
    ]);
    const { checks } = await check(patch, { of });
    expect(checks.map(brief)).toEqual(['! does not apply']);
    expect(checks[0]!.reason).toBe(
      'p0:5: hunk @@ -70,7 +70,6 @@ does not apply to mm/pool_common.c: its lines are not there',
    );
  });

  test('it was applied before', async () => {
    const of = edit(common, ['\tflush_work(&p->work);\n', '']);
    const { checks } = await check(patch, { of });
    expect(checks[0]!.reason).toMatch(/it looks as if it was applied before$/);
  });

  test('the file is not there, or is already', async () => {
    const { checks } = await check(patch, { of: {} });
    expect(checks.map(brief)).toEqual(['! does not apply']);
    expect(checks[0]!.reason).toBe('p0:1: the tree has no mm/pool_common.c');
    const added = gitDiff({ [pool]: 'int a;\n' }, { [pool]: 'int a;\n', [common]: 'int b;\n' });
    expect((await check(added)).checks[0]!.reason).toMatch(
      /is to be made, and the tree has it already/,
    );
  });

  test.each([
    ['two trees', (t: string) => t.replace(/ ([ab])\/mm/g, ' $1/linux-$1/mm')],
    [
      'two trees, by diff',
      (t: string) =>
        t.replace(/ ([ab])\/mm/g, ' /src/linux-$1/mm').replace(/^(diff|index).*\n/gm, ''),
    ],
    ['a path by a detour', (t: string) => t.replace(/ ([ab])\/mm\//g, ' $1/./mm//')],
    ['other prefixes', (t: string) => t.replace(/ a\/mm/g, ' i/mm').replace(/ b\/mm/g, ' w/mm')],
    ['the folder of the file', (t: string) => t.replace(/ ([ab])\/mm\//g, ' $1/')],
  ])('names from %s are known', async (_, change) => {
    expect(change(patch)).not.toBe(patch);
    expect(await words(change(patch))).toEqual(['! changed pool_destroy']);
  });

  test('also of a file that moves', async () => {
    const moved = { [common]: tree[common]!, 'mm/pool_alloc.c': tree[pool]! };
    const text = diff(moved).replace(/ ([ab]\/)?mm\//g, ' $1');
    const { checks } = await check(text);
    expect(checks.map(brief)).toEqual(['! moved pool_shrink', '! moved pool_alloc']);
    expect(checks[0]!.reason).toContain('@models mm/pool_alloc.c pool_shrink v5.3');
  });

  test('a file of the same name elsewhere is another', async () => {
    const of = { ...tree, 'tools/mm/pool.c': tree[pool]! };
    const text = diff(edit(pool, ['freed +=', 'freed -='])).replaceAll('/mm/', '/tools/mm/');
    expect((await check(text, { of })).checks.map(brief)).toEqual(['touches none']);
  });

  test('files of no spec need not be there', async () => {
    const other = gitDiff({ 'mm/x.c': 'int a;\n' }, { 'mm/x.c': 'int b;\n' });
    expect(await words(other)).toEqual(['touches none']);
    expect(await words(patch + other)).toEqual(['! changed pool_destroy']);
    const binary =
      'diff --git a/x.png b/x.png\nnew file mode 100644\nBinary files /dev/null and b/x.png differ\n';
    expect(await words(patch + binary)).toEqual(['! changed pool_destroy']);
    const known = binary.replaceAll('x.png', 'mm/pool.c').replace(/^new.*\n/m, '');
    expect(await words(known)).toEqual({
      withTree: ['! does not apply'],
      without: ['! cannot be told pool_shrink', '! cannot be told pool_alloc'],
    });
  });

  test('a base that is not what was recorded cannot be told without it', async () => {
    const base = edit(common, ['\tflush_work(&p->work);\n', '\tdrain_work(&p->work);\n']);
    const after = { ...base, [common]: base[common]!.replace('\tkfree(p);\n', '\tkvfree(p);\n') };
    const named = gitDiff(base, after);
    expect((await check(named, { inTree: false })).checks.map(brief)).toEqual([
      '! cannot be told pool_destroy',
    ]);
    const unnamed = named.replace(/^(@@.*@@).*/gm, '$1');
    expect((await check(unnamed, { inTree: false })).checks.map(brief)).toContain(
      '! cannot be told pool_destroy',
    );
  });
});

test('a link that was never recorded cannot be told without a tree', async () => {
  const patch = diff(edit(common, ['\tflush_work(&p->work);\n', '']));
  const bytes = Buffer.from(patch);
  const { checks } = await patchesTouch([{ file: 'p', bytes }], links, [], null);
  // The hunk has a call of pool_deactivate, too.
  expect(checks.map(brief)).toContain('! cannot be told pool_destroy');
  expect(checks.every(({ ok }) => !ok)).toBe(true);
});

test('nor if nothing in the patch names it', async () => {
  const text = diff(edit(common, ['\tflush_work(&p->work);\n', ''])).replace(/^(@@.*@@).*/gm, '$1');
  const bytes = Buffer.from(text);
  const { checks } = await patchesTouch([{ file: 'p', bytes }], links.slice(1, 2), [], null);
  expect(checks.map(brief)).toEqual(['! cannot be told pool_destroy']);
});

test('a name in another encoding than the mail is no difference', async () => {
  const old = { [pool]: tree[pool]!.replace('int freed', '/* \ufffd */\n\tint freed') };
  const text = gitDiff(old, { [pool]: old[pool]!.replace('freed +=', 'freed -=') }, '-U9');
  const bytes = Buffer.from(text.replace('\ufffd', 'ö'));
  expect(text).toContain('\ufffd');
  const { checks } = await patchesTouch([{ file: 'p', bytes }], links, recorded, treeOf(old));
  expect(checks.map(brief)).toEqual(['! changed pool_shrink']);
});

test('two patches in one plain diff are applied one after the other', async () => {
  const one = edit(common, ['\tflush_work(&p->work);\n', '\tone(p);\n']);
  const two = { ...one, [common]: one[common]!.replace('\tone(p);\n', '\ttwo(p);\n') };
  const { checks } = await check(diff(one) + gitDiff(one, two));
  expect(checks.map(brief)).toEqual(['! changed pool_destroy', '! changed pool_destroy']);
});

test('a link that says where its function goes is held against where it comes from', async () => {
  const [shrink] = /^int pool_shrink[\s\S]*?^\}\n/m.exec(tree[pool]!)!;
  const after = { ...edit(pool, [`${shrink}\n`, '']), [common]: `${tree[common]}\n${shrink}` };
  const { checks } = await check(diff(after), { given: [linkTo(common, 'pool_shrink')] });
  expect(checks.map(brief)).toEqual(['moved pool_shrink']);
});

test('a damaged patch is told beside the others', async () => {
  const series = (await fixture('series.mbox')).replace('+\trcu_barrier();\n', '');
  const { checks } = await check(series);
  const bad = checks.find(({ word }) => word === 'damaged')!;
  const at = series.split('\n').findIndex((line) => /^@@.*pool_destroy/.test(line)) + 1;
  expect(bad.ok).toBe(false);
  expect(bad.reason).toBe(
    `p0:${at}: hunk @@ -74,6 +74,7 @@ ends before it has all lines that it says; mail clients wrap and cut lines: take the patch as it was sent`,
  );
  expect(checks.map(brief)).toContain('! changed pool_deactivate');
});
