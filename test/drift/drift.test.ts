import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { driftOf } from '../../src/drift/drift.ts';
import type { Link, LinkCheck, LinkRecord } from '../../src/drift/link.ts';
import { linksIn } from '../../src/drift/models.ts';
import { commit, folder, put } from './tree.ts';

/** The C of these tests is made up. */
const DOOR = `// SPDX-License-Identifier: MIT
static DEFINE_MUTEX(door_lock);
static int door_close(struct door *d);

/* Lets one in. */
int door_open(struct door *d)
{
	mutex_lock(&door_lock);
	d->open = true;
	d->count++;
	mutex_unlock(&door_lock);
	return 0;
}
EXPORT_SYMBOL(door_open);
`;

const SPEC = `/** @models mm/door.c door_open v5.3 */
export function* door_open(d: Door): Steps {
  yield* mutex_lock(door_lock);
  yield* store(d.open, true);
  yield* mutex_unlock(door_lock);
}
`;

const links = (text = SPEC): Link[] => linksIn([{ file: 'specs/door/spec.ts', text }]);

function tree(files: Readonly<Record<string, string | null>>): string {
  const made = folder();
  put(made, { 'mm/door.c': DOOR });
  put(made, files);
  return made;
}

/** The only one. */
async function check(
  of: readonly Link[],
  recorded: readonly LinkRecord[],
  where: string | null,
): Promise<LinkCheck> {
  const checks = await driftOf(of, recorded, where);
  expect(checks).toHaveLength(1);
  return checks[0]!;
}

/** What is recorded of a tree with the file as it is above. */
async function recorded(spec = SPEC, files: Readonly<Record<string, string>> = {}) {
  const checks = await driftOf(links(spec), [], tree(files));
  return checks.map(({ record, word }) => {
    expect(word).toBe('not recorded');
    expect(record).not.toBeNull();
    return record!;
  });
}

const changed = DOOR.replace('\td->count++;\n', '\td->count += 2;\n\twake_up(&d->wait);\n');

describe('records', () => {
  test('a link without one fails, with and without a tree, and says how to record it', async () => {
    for (const where of [null, tree({})]) {
      const { ok, word, reason } = await check(links(), [], where);
      expect({ ok, word }).toEqual({ ok: false, word: 'not recorded' });
      expect(reason).toBe('the link has no record: record it with gate --tree DIR --accept');
    }
  });

  test('one without a link fails', async () => {
    const records = await recorded();
    for (const where of [null, tree({})]) {
      const { ok, word, reason, link, record } = await check([], records, where);
      expect({ ok, word, link, record }).toEqual({
        ok: false,
        word: 'no link',
        link: null,
        record: null,
      });
      expect(reason).toBe(
        'door_open in specs/door/spec.ts has this link no more; --accept drops its record',
      );
    }
  });

  test('without a tree, one that matches passes', async () => {
    expect(await check(links(), await recorded(), null)).toMatchObject({
      ok: true,
      word: 'recorded',
      reason: '',
    });
  });

  test('one of another version fails', async () => {
    const { ok, reason } = await check(links(SPEC.replace('v5.3', 'v5.4')), await recorded(), null);
    expect(ok).toBe(false);
    expect(reason).toMatch(/^the record is of v5\.3, not of v5\.4: record it/);
  });

  test('it has no text of the C', async () => {
    const [record] = await recorded();
    expect(JSON.stringify(record)).not.toMatch(/mutex|count/);
    expect(record).toMatchObject({ version: 'v5.3', definitions: [{ line: 6, conditions: [] }] });
    expect(record?.definitions[0]?.lines).toHaveLength(8);
  });

  test('it is not taken from a tree of another version', async () => {
    const makefile = 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION = -rc2\n';
    const other = await check(links(), [], tree({ Makefile: makefile }));
    expect(other).toMatchObject({ ok: false, record: null });
    expect(other.reason).toBe(
      'the link has no record, and the tree is v6.1-rc2: record it from one of v5.3, or link it to v6.1-rc2',
    );
    const same = await check(
      links(SPEC.replace('v5.3', 'v6.1-rc2')),
      [],
      tree({ Makefile: makefile }),
    );
    expect(same.record).not.toBeNull();
    // A commit says nothing of it.
    const hash = await check(
      links(SPEC.replace('v5.3', '92ee383f6daa')),
      [],
      tree({ Makefile: makefile }),
    );
    expect(hash.record).not.toBeNull();
  });
});

describe('compared with a tree', () => {
  test('unchanged', async () => {
    const there = tree({ 'mm/door.c': `${DOOR}void door_more(void) { }\n` });
    expect(await check(links(), await recorded(), there)).toMatchObject({
      ok: true,
      word: 'unchanged',
      reason: '',
      details: [],
    });
  });

  test('comments and layout are no change', async () => {
    const there = tree({
      'mm/door.c': DOOR.replace('\td->count++;', '\n\t/* one more */\n    d->count ++ ;'),
    });
    expect(await check(links(), await recorded(), there)).toMatchObject({
      ok: true,
      word: 'unchanged',
    });
  });

  test('the C changed, and the spec did not: fails, with the lines beside the spec’s', async () => {
    const { ok, word, reason, details, record } = await check(
      links(),
      await recorded(),
      tree({ 'mm/door.c': changed }),
    );
    expect({ ok, word }).toEqual({ ok: false, word: 'changed' });
    expect(reason).toBe(
      'door_open changed since v5.3: 2 lines are new, 1 line is gone; door_open did not: change it, or say with --accept that it still holds',
    );
    expect(details).toEqual([
      'mm/door.c, v5.3 (-) and the tree (+)',
      '  ...',
      '      8      mutex_lock(&door_lock);',
      '      9      d->open = true;',
      '-    10  (no text is kept of it)',
      '+    10      d->count += 2;',
      '+    11      wake_up(&d->wait);',
      '     12      mutex_unlock(&door_lock);',
      '     13      return 0;',
      '  ...',
      'specs/door/spec.ts:2-6 door_open, as it was',
      '      2  export function* door_open(d: Door): Steps {',
      '      3    yield* mutex_lock(door_lock);',
      '      4    yield* store(d.open, true);',
      '      5    yield* mutex_unlock(door_lock);',
      '      6  }',
    ]);
    // Accepted, it passes.
    expect(await check(links(), [record!], tree({ 'mm/door.c': changed }))).toMatchObject({
      ok: true,
    });
  });

  test('with the history of the version, what is gone has its text', async () => {
    const repository = tree({});
    commit(repository, 'v5.3');
    put(repository, { 'mm/door.c': changed });
    commit(repository, 'v5.4');
    const { details } = await check(links(), await recorded(), repository);
    expect(details).toContain('-    10      d->count++;');
  });

  test('also in a hook of another repository', async () => {
    const repository = tree({});
    commit(repository, 'v5.3');
    put(repository, { 'mm/door.c': changed });
    const other = folder();
    commit(other, 'v0');
    vi.stubEnv('GIT_DIR', path.join(other, '.git'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { details } = await check(links(), await recorded(), repository);
    expect(details).toContain('-    10      d->count++;');
  });

  test('a history that is not what was recorded is not shown', async () => {
    const repository = tree({ 'mm/door.c': DOOR.replace('count++', 'count--') });
    commit(repository, 'v5.3');
    put(repository, { 'mm/door.c': changed });
    const { details } = await check(links(), await recorded(), repository);
    expect(details).toContain('-    10  (no text is kept of it)');
  });

  test('a repository around the tree is not its history', async () => {
    const around = folder();
    put(around, { 'linux/mm/door.c': DOOR });
    commit(around, 'v5.3');
    put(around, { 'linux/mm/door.c': changed });
    const { details } = await check(links(), await recorded(), path.join(around, 'linux'));
    expect(details).toContain('-    10  (no text is kept of it)');
  });

  test('it is recorded from the history, whatever the tree has now', async () => {
    const repository = tree({});
    commit(repository, 'v5.3');
    put(repository, { 'mm/door.c': changed, Makefile: 'VERSION = 6\nPATCHLEVEL = 1\n' });
    const { record } = await check(links(), [], repository);
    expect(record).toEqual((await recorded())[0]);
    expect(await check(links(), [record!], repository)).toMatchObject({
      ok: false,
      word: 'changed',
    });
  });

  test('so is what the tree has no more', async () => {
    const repository = tree({});
    commit(repository, 'v5.3');
    put(repository, { 'mm/door.c': 'int a;\n' });
    const { record } = await check(links(), [], repository);
    expect(record).toEqual((await recorded())[0]);
    expect(await check(links(), [record!], repository)).toMatchObject({ ok: false, word: 'gone' });
  });

  test('both changed: passes with a note; --accept records it', async () => {
    const spec = SPEC.replace(
      'yield* mutex_unlock',
      'yield* wake_up(d.wait);\n  yield* mutex_unlock',
    );
    const there = tree({ 'mm/door.c': changed });
    const both = await check(links(spec), await recorded(), there);
    expect(both).toMatchObject({ ok: true, word: 'both changed' });
    expect(both.reason).toMatch(/so did door_open: --accept records it$/);
    expect(await check(links(spec), [both.record!], there)).toMatchObject({
      word: 'unchanged',
      reason: '',
    });
    // From then on, the C alone must not change.
    expect(await check(links(spec), [both.record!], tree({}))).toMatchObject({
      ok: false,
      word: 'changed',
    });
  });

  test('the spec changed alone: passes, and is recorded', async () => {
    const spec = SPEC.replace('true', 'false');
    const alone = await check(links(spec), await recorded(), tree({}));
    expect(alone).toMatchObject({ ok: true, word: 'unchanged', reason: '' });
    expect(alone.record?.specDigest).toBe(links(spec)[0]?.specDigest);
    expect(await check(links(spec), [alone.record!], tree({ 'mm/door.c': changed }))).toMatchObject(
      { ok: false },
    );
  });

  test('comments of the spec are no change of it', async () => {
    const spec = SPEC.replace('yield* store', '// as in the C\n  yield* store');
    expect(
      await check(links(spec), await recorded(), tree({ 'mm/door.c': changed })),
    ).toMatchObject({ ok: false, word: 'changed' });
  });

  test('one C function of several spec functions: each must follow', async () => {
    const spec = `${SPEC}\n/** @models mm/door.c door_open v5.3 */\nfunction* slowly() {}\n`;
    const records = await recorded(spec);
    const followed = spec.replace('slowly() {}', 'slowly() { yield* a(); }');
    const checks = await driftOf(links(followed), records, tree({ 'mm/door.c': changed }));
    expect(checks.map(({ link, word }) => `${link?.specFunction} ${word}`)).toEqual([
      'door_open changed',
      'slowly both changed',
    ]);
  });
});

describe('#if', () => {
  const twins = `#ifdef CONFIG_DOORS\n${DOOR}#else\nint door_open(struct door *d)\n{\n\treturn 1;\n}\n#endif\n`;

  test('all definitions are compared', async () => {
    const records = await recorded(SPEC, { 'mm/door.c': twins });
    expect(records[0]?.definitions.map(({ conditions }) => conditions)).toEqual([
      ['defined(CONFIG_DOORS)'],
      ['!defined(CONFIG_DOORS)'],
    ]);
    expect(await check(links(), records, tree({ 'mm/door.c': twins }))).toMatchObject({ ok: true });
    const other = twins.replace('return 1', 'return 2');
    const { reason, details } = await check(links(), records, tree({ 'mm/door.c': other }));
    expect(reason).toMatch(/1 line is new, 1 line is gone/);
    expect(details).toContain('+    19      return 2;');
  });

  test('so are their conditions', async () => {
    const records = await recorded(SPEC, { 'mm/door.c': twins });
    const other = await check(
      links(),
      records,
      tree({ 'mm/door.c': twins.replace('DOORS', 'GATES') }),
    );
    expect(other).toMatchObject({ ok: false, word: 'changed' });
    expect(other.reason).toContain(
      'compiled defined(CONFIG_GATES); !defined(CONFIG_GATES), before defined(CONFIG_DOORS); !defined(CONFIG_DOORS)',
    );
    const alone = await check(links(), records, tree({}));
    expect(alone.reason).toContain('compiled always, before');
  });

  test('a function whose braces match in no reading is not cut short, and that is said', async () => {
    const odd = (call: string) =>
      DOOR.replace('\td->count++;\n', '\tif (d->bell) {\n#ifdef CONFIG_A\n\t}\n#endif\n').replace(
        '\treturn 0;\n}\n',
        `\t${call}(d);\n#ifdef CONFIG_B\n}\n#endif\n`,
      );
    const records = await recorded(SPEC, { 'mm/door.c': odd('ring') });
    const same = await check(links(), records, tree({ 'mm/door.c': odd('ring') }));
    expect(same).toMatchObject({ ok: true, word: 'unchanged' });
    expect(same.reason).toMatch(
      /^taken up to line \d+ of mm\/door\.c, before the next definition: its braces/,
    );
    const other = await check(links(), records, tree({ 'mm/door.c': odd('knock') }));
    expect(other).toMatchObject({ ok: false, word: 'changed' });
  });
});

describe('a function that is not there', () => {
  const missing = async (files: Readonly<Record<string, string | null>>, spec = SPEC) => {
    const { ok, word, reason, record } = await check(links(spec), await recorded(), tree(files));
    expect({ ok, record }).toEqual({ ok: false, record: null });
    return { word, reason };
  };
  const gone = DOOR.replaceAll('door_open', 'door_enter');

  test.each([['with'], ['without']])('moved, %s a repository', async (way) => {
    const records = await recorded();
    const there = tree({
      'mm/door.c': gone.replaceAll('count', 'visits'),
      ...(way === 'without' && { 'kernel/entry.c': DOOR }),
      'mm/user.c': 'void user(void) { door_open(d); }\n',
    });
    if (way === 'with') commit(there, 'v6.0');
    // Nor need it be committed.
    if (way === 'with') put(there, { 'kernel/entry.c': DOOR });
    const { word, reason, ok } = await check(links(), records, there);
    expect({ ok, word }).toEqual({ ok: false, word: 'moved' });
    expect(reason).toBe(
      'mm/door.c does not define door_open, but kernel/entry.c:6 does, as it was; if it is the same function, write: @models kernel/entry.c door_open v5.3',
    );
  });

  test('moved with its file, and changed', async () => {
    expect(await missing({ 'mm/door.c': null, 'mm/door/open.c': changed })).toEqual({
      word: 'moved',
      reason:
        'there is no mm/door.c, but mm/door/open.c:6 does; if it is the same function, write: @models mm/door/open.c door_open v5.3',
    });
  });

  test('in more than one file', async () => {
    expect(await missing({ 'mm/door.c': gone, 'mm/a.c': DOOR, 'mm/b.h': changed })).toEqual({
      word: 'moved',
      reason:
        'mm/door.c does not define door_open, but several files do: mm/a.c:6, mm/b.h:6; name the one that is meant',
    });
  });

  test('renamed', async () => {
    expect(await missing({ 'mm/door.c': gone })).toEqual({
      word: 'gone',
      reason:
        'mm/door.c does not define door_open, nor does any other file: it was renamed or removed; perhaps it is door_enter now, in line 6, which has most of its lines',
    });
  });

  test('removed, and its file removed', async () => {
    expect(await missing({ 'mm/door.c': 'void door_other(void) { }\n' })).toEqual({
      word: 'gone',
      reason:
        'mm/door.c does not define door_open, nor does any other file: it was renamed or removed',
    });
    expect(await missing({ 'mm/door.c': null })).toMatchObject({
      word: 'gone',
      reason: expect.stringMatching(/^there is no mm\/door\.c, nor/),
    });
  });

  test('only declared', async () => {
    const declared =
      'int other(void);\nextern int door_open(struct door *d) __must_check;\nvoid f(void) { door_open(0); }\n';
    expect(await missing({ 'mm/door.c': declared })).toEqual({
      word: 'declared',
      reason: 'mm/door.c only declares door_open, in line 2, and no other file defines it',
    });
    expect(await missing({ 'mm/door.c': declared, 'mm/a.c': DOOR })).toMatchObject({
      word: 'moved',
      reason: expect.stringMatching(
        /^mm\/door\.c only declares door_open, in line 2, but mm\/a\.c:6 does/,
      ),
    });
  });

  test.each([
    [
      'sys_door',
      'SYSCALL_DEFINE2(door, int, a, int, b)\n{\n\treturn 0;\n}\n',
      'SYSCALL_DEFINE2(door, ...) makes it, in line 1',
    ],
    [
      'sys_door',
      'SYSCALL_DEFINE1(window, int, a)\n{\n}\nSYSCALL_DEFINE1(door, int, a)\n{\n}\n',
      'SYSCALL_DEFINE1(door, ...) makes it, in line 4',
    ],
    [
      '__x64_sys_door',
      'SYSCALL_DEFINE0(door)\n{\n\treturn 0;\n}\n',
      'SYSCALL_DEFINE0(door) makes it, in line 1',
    ],
    [
      'door_show',
      'int a;\nDEFINE_SHOW_ATTRIBUTE(door);\n',
      'perhaps DEFINE_SHOW_ATTRIBUTE(door) makes it, in line 2',
    ],
  ])('%s is made by a macro', async (name, text, how) => {
    const spec = SPEC.replace('door_open v5.3', `${name} v5.3`);
    const { ok, word, reason } = await check(links(spec), [], tree({ 'mm/door.c': text }));
    expect({ ok, word }).toEqual({ ok: false, word: 'macro' });
    expect(reason).toBe(
      `${name} has no definition of its own in mm/door.c: ${how}; a link needs a function that is written out`,
    );
  });

  test('a macro itself', async () => {
    expect(
      await missing({ 'mm/door.c': 'int a;\n#define door_open(d) do { } while (0)\n' }),
    ).toEqual({
      word: 'macro',
      reason: 'door_open is a macro in mm/door.c, defined in line 2; a link needs a function',
    });
  });

  test('under a condition that never holds', async () => {
    expect(await missing({ 'mm/door.c': `#if 0\n${DOOR}#endif\n` })).toEqual({
      word: 'unreadable',
      reason:
        'what looks like door_open in mm/door.c, in line 7 under 0, cannot be read as a function',
    });
  });

  test('one of two definitions that cannot be read is not left out', async () => {
    const lost = `struct odd\nint door_open(struct door *d)\n{\n\treturn 1;\n}\n`;
    const records = await recorded();
    const other = await check(links(), records, tree({ 'mm/door.c': `${DOOR}union = {\n${lost}` }));
    expect(other).toMatchObject({ ok: false, word: 'unreadable', record: null });
    expect(other.reason).toBe(
      'what looks like door_open in mm/door.c, in line 17, cannot be read as a function',
    );
    // Nor is the other one recorded, of a tree or of its history.
    const repository = tree({ 'mm/door.c': `${DOOR}union = {\n${lost}` });
    expect(await check(links(), [], repository)).toMatchObject({
      word: 'unreadable',
      record: null,
    });
    commit(repository, 'v5.3');
    put(repository, { 'mm/door.c': DOOR });
    expect(await check(links(), [], repository)).toMatchObject({
      word: 'unreadable',
      record: null,
    });
    const unused = tree({ 'mm/door.c': `${DOOR}#if 0\n${lost}#endif\n` });
    expect(await check(links(), records, unused)).toMatchObject({ ok: true, word: 'unchanged' });
  });

  test('a file that cannot be read', async () => {
    const there = tree({ 'mm/door.c': null });
    mkdirSync(path.join(there, 'mm/door.c'));
    expect(await check(links(), await recorded(), there)).toMatchObject({
      ok: false,
      word: 'unreadable',
      reason: 'mm/door.c cannot be read in the tree (EISDIR)',
    });
  });

  test('a tree that is not there', async () => {
    const { ok, word } = await check(links(), await recorded(), path.join(folder(), 'none'));
    expect({ ok, word }).toEqual({ ok: false, word: 'unreadable' });
  });
});
