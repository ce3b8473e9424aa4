import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Patch, patchesIn } from '../../../src/drift/patch/read.ts';

const fixture = (name: string) => readFile(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

const read = (name: string, text: string): Promise<Patch[]> =>
  patchesIn(name, Buffer.from(text, 'utf8'));

const readFixture = async (name: string) => read(name, await fixture(name));

const brief = (patches: readonly Patch[]) =>
  patches.map(({ title, no, fault, changes }) => ({
    title,
    without: fault?.message ?? no,
    files: changes.map(({ from, to, hunks }) => `${from} ${to} ${hunks.length}`),
  }));

describe('an mbox', () => {
  test('of a cover letter, a reply and three patches is read in the order of their numbers', async () => {
    expect(brief(await readFixture('series.mbox'))).toEqual([
      { title: '[PATCH v6 0/3] mm: pool: die once', without: 'a cover letter', files: [] },
      {
        title: '[PATCH v6 1/3] mm: pool: a pool dies only once',
        without: null,
        files: ['a/mm/pool_common.c b/mm/pool_common.c 1'],
      },
      {
        title: 'Re: [PATCH v6 1/3] mm: pool: a pool dies only once',
        without: 'a reply without a diff of its own',
        files: [],
      },
      {
        title:
          '[PATCH v6 2/3] mm: pool: wait for callbacks before the pool is freed, also those of others who came before us',
        without: null,
        files: ['a/mm/pool.c b/mm/pool.c 1', 'a/mm/pool_common.c b/mm/pool_common.c 2'],
      },
      {
        title: '[PATCH v6 3/3] mm: pool: tracepoint, ümlaut, and a file of its own',
        without: null,
        files: ['a/mm/pool.c b/mm/pool_alloc.c 1'],
      },
    ]);
  });

  test('names the lines of the file', async () => {
    const text = await fixture('series.mbox');
    const lines = text.split('\n');
    for (const { changes } of await read('s.mbox', text)) {
      for (const { hunks, where } of changes) {
        for (const { row, lines: inside } of hunks) {
          const at = Number(where([row]).slice('s.mbox:'.length));
          expect(lines[at - 1]).toMatch(/^@@ -/);
          expect(lines.slice(at, at + inside.length)).toEqual(inside);
          expect(where([row, row + 1, row + 3])).toBe(`s.mbox:${at}-${at + 1},${at + 3}`);
        }
      }
    }
  });

  test('with the line ends of DOS is the same', async () => {
    const text = await fixture('series.mbox');
    const dos = await read('s', text.replaceAll('\n', '\r\n'));
    const unix = await read('s', text);
    expect(brief(dos)).toEqual(brief(unix));
    const hunks = (patches: readonly Patch[]) =>
      patches.flatMap(({ changes }) =>
        changes.flatMap((change) => change.hunks.map((hunk) => [hunk, change.where([hunk.row])])),
      );
    expect(hunks(dos)).toEqual(hunks(unix));
  });

  test('may begin with a mail as it is', async () => {
    const text = await fixture('series.mbox');
    const without = text.slice(text.indexOf('\n') + 1);
    expect(brief(await read('s', without))).toEqual(brief(await read('s', text)));
  });

  test('keeps the order of mails that are no series', async () => {
    const text = (await fixture('series.mbox')).replaceAll('v6 1/3', 'v7 1/3');
    const titles = (await read('s', text)).map(({ title }) => title.slice(0, 14));
    expect(titles).toEqual([
      '[PATCH v6 0/3]',
      '[PATCH v6 2/3]',
      'Re: [PATCH v7 ',
      '[PATCH v7 1/3]',
      '[PATCH v6 3/3]',
    ]);
  });
});

describe('an encoded mail', () => {
  test.each([
    ['quoted-printable.mbox', '[PATCH] mm: pool: ümlaut of a pool'],
    ['base64.mbox', '[PATCH] mm: pool: ümlaut of a pool'],
    ['attached.eml', '[RFC PATCH] mm: pool: attached'],
  ])('%s', async (name, title) => {
    const [, plain] = await readFixture('series.mbox');
    const [patch, ...more] = await readFixture(name);
    expect(more).toEqual([]);
    expect(patch!.title).toBe(title);
    const hunksOf = ({ changes }: Patch) =>
      changes.flatMap(({ hunks }) => hunks).map((h) => h.lines);
    expect(hunksOf(patch!)).toEqual(hunksOf(plain!));
    const [{ hunks, where, text }] = patch!.changes as [Patch['changes'][0]];
    const row = hunks[0]!.row;
    expect(text[row]).toMatch(/^@@ -33,6 \+33,9 @@/);
    expect(where([row])).toBe(`${name}:1, decoded line ${row + 1}`);
  });

  test('in HTML is none', async () => {
    const html =
      'From: a@example.org\nSubject: [PATCH] x\nContent-Type: text/html\n\n<pre>diff --git</pre>\n';
    const [{ fault }] = (await read('h.eml', html)) as [Patch];
    expect(fault).toEqual({
      where: 'h.eml:1',
      message: 'the mail is in HTML, which no patch can be read from; take it as it was sent',
    });
  });
});

describe('a diff without a mail', () => {
  test('of git, with a rename', async () => {
    expect(brief(await readFixture('plain.diff'))).toEqual([
      {
        title: 'plain.diff',
        without: null,
        files: ['a/mm/pool.c b/mm/pool_alloc.c 2', 'a/mm/pool_common.c b/mm/pool_common.c 2'],
      },
    ]);
  });

  test('of GNU diff', async () => {
    const [{ changes }] = (await readFixture('gnu.diff')) as [Patch];
    expect(changes.map(({ from, to, git }) => [from, to, git])).toEqual([
      ['linux-5.3.orig/mm/pool.c', 'linux-5.3/mm/pool.c', false],
      ['linux-5.3.orig/mm/pool_common.c', 'linux-5.3/mm/pool_common.c', false],
    ]);
  });

  test('of a new file, one that is gone, a mode, a copy, a quoted name and a binary file', async () => {
    const text = `diff --git a/new.c b/new.c
new file mode 100644
index 000000000000..e69de29bb2d1
--- /dev/null
+++ b/new.c
@@ -0,0 +1 @@
+int a;
diff --git a/old.c b/old.c
deleted file mode 100644
index e69de29bb2d1..000000000000
--- a/old.c
+++ /dev/null
@@ -1 +0,0 @@
-int a;
\\ No newline at end of file
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/one.c b/two.c
similarity index 100%
copy from one.c
copy to two.c
diff --git "a/\\303\\244 b.c" "b/\\303\\244 b.c"
index 1..2 100644
--- "a/\\303\\244 b.c"
+++ "b/\\303\\244 b.c"
@@ -1 +1 @@
-int a;
+int b;
diff --git a/logo.c b/logo.c
index 1..2 100644
Binary files a/logo.c and b/logo.c differ
diff --git a/logo2.c b/logo2.c
index 1..2 100644
GIT binary patch
literal 3
Kc\${NkU|;|M00aO5

diff --git logo3.c logo3.c
new file mode 100644
index 0..2
GIT binary patch
literal 3
Kc\${NkU|;|M00aO5

`;
    const [{ changes }] = (await read('x', text)) as [Patch];
    const told = changes.map(({ from, to, copy, binary, hunks }) =>
      [from, to, copy ? 'copy' : '', binary ? 'binary' : '', hunks.length].join(' '),
    );
    expect(told).toEqual([
      ' b/new.c   1',
      'a/old.c    1',
      'a/run.sh b/run.sh   0',
      'a/one.c b/two.c copy  0',
      'a/ä b.c b/ä b.c   1',
      'a/logo.c b/logo.c  binary 0',
      'a/logo2.c b/logo2.c  binary 0',
      ' logo3.c  binary 0',
    ]);
  });
});

describe('what is damaged is never passed over', () => {
  const mail = async (change: (text: string) => string) => {
    const text = (await fixture('series.mbox')).split(/(?=^From mboxrd)/m)[3]!;
    const changed = change(text);
    expect(changed).not.toBe(text);
    const patches = await read('p.mbox', changed);
    expect(patches).toHaveLength(1);
    const { fault, changes } = patches[0]!;
    if (fault) expect(changes).toEqual([]);
    const lines = changed.split('\n');
    return (
      fault &&
      `${lines[Number(/^p\.mbox:(\d+)$/.exec(fault.where)![1]) - 1]} | ${fault.message.replace(/; mail clients.*/, '')}`
    );
  };

  test('it is read as it is', async () => {
    expect(await mail((text) => `${text}\n`)).toBeNull();
  });

  test('a line that was wrapped', async () => {
    expect(await mail((t) => t.replace('POOL_DYING)\n', '\nPOOL_DYING)\n'))).toBe(
      "@@ -33,6 +33,9 @@ static void pool_deactivate(struct pool *p) | hunk @@ -33,6 +33,9 @@ has a line that begins as none does: 'POOL_DYING)'",
    );
  });

  test('the last line of a hunk that was wrapped', async () => {
    expect(await mail((t) => t.replace('= pool_kill', '=\npool_kill'))).toBe(
      "pool_kill_rcufn; | a line behind the last of its hunk: 'pool_kill_rcufn;'",
    );
  });

  test('a line that is gone, from the end too', async () => {
    const message =
      '@@ -33,6 +33,9 @@ static void pool_deactivate(struct pool *p) | hunk @@ -33,6 +33,9 @@ ends before it has all lines that it says';
    expect(await mail((t) => t.replace('+\t\treturn;\n', ''))).toMatch(/hunk @@ -33,6 \+33,9 @@/);
    expect(await mail((t) => t.slice(0, t.indexOf('-- \n')).replace(/.*pool_kill.*\n/, ''))).toBe(
      message,
    );
  });

  test('counts that are too low, also where a blank line follows', async () => {
    expect(await mail((t) => t.replace('-33,6 +33,9', '-33,5 +33,8'))).toMatch(
      /has more lines than it says/,
    );
    expect(
      await mail((t) => t.replace('-33,6 +33,9', '-33,2 +33,2').replace('\n \n', '\n\n')),
    ).toMatch(/^\+\tif \(p->flags & POOL_DYING\) \| a line behind the last of its hunk/);
  });

  test('counts that are too high', async () => {
    for (const counts of ['-33,7 +33,10', '-33,6 +33,10', '-33,x +33,9']) {
      expect(await mail((t) => t.replace('-33,6 +33,9', counts))).toMatch(/^@@ .* \| hunk @@/);
    }
  });

  test('blank lines without their space, at the end too, and what lists append are none', async () => {
    const footer = '________________________________\nlist mailing list\n';
    for (const blank of ['\n', ' \n']) {
      const text = (await fixture('plain.diff')).replace(/^ \n/gm, blank);
      expect((await read('b', text))[0]!.fault).toBeNull();
      expect((await read('b', text + footer))[0]!.fault).toBeNull();
    }
    const last = `--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@\n+b\n a\n\n-- \n2.1\n`;
    expect((await read('b', last))[0]!.fault).toBeNull();
    expect((await read('b', last.replace('\n\n', '\n')))[0]!.fault?.message).toMatch(/ends before/);
  });

  test('a header of a file that is gone', async () => {
    expect(await mail((t) => t.replace(/^(diff|---|\+\+\+) .*pool_common.c\n/gm, ''))).toMatch(
      /^@@.* \| a hunk without the name of its file/,
    );
    expect(await mail((t) => t.replace(/^(diff|\+\+\+) .*\n/gm, ''))).toMatch(/without the name/);
  });

  test('a hunk behind the signature', async () => {
    expect(await mail((t) => t.replace('@@ -33', '-- \n@@ -33'))).toMatch(
      /a hunk without the name/,
    );
  });

  test('a diff of a merge, and one with contexts', async () => {
    expect(await mail((t) => t.replace('diff --git a/mm/pool_common.c', 'diff --cc'))).toMatch(
      /of a merge/,
    );
    expect(await mail((t) => t.replace('@@ -33,6 +33,9 @@', '@@@ -33,6 -33,6 +33,9 @@@'))).toMatch(
      /of a merge/,
    );
    expect(await mail((t) => t.replace('@@ -33,6 +33,9 @@', '***************'))).toMatch(/diff -u/);
  });

  test('a mail that says it is a patch and has none', async () => {
    expect(await mail((t) => t.slice(0, t.indexOf('diff --git')))).toMatch(/no diff is in it/);
    const [{ fault }] = (await read('f.mbox', (await fixture('series.mbox')).slice(0, 900))) as [
      Patch,
    ];
    expect(fault?.message).toBe('no patch is in it; a cover letter');
    const [empty] = await read('f.diff', '\n');
    expect(empty?.fault?.message).toBe('no patch is in it; it is empty');
  });
});
