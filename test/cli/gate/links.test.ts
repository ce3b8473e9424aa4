import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asked, type Project, recorded, told } from './project.ts';

/** How the gate takes up what `test/drift` tests: links of a spec to a C that is made up. */

const DOOR = `/* A door. */
int door_add(struct door *d)
{
	mutex_lock(&d->lock);
	d->count++;
	mutex_unlock(&d->lock);
	return 0;
}
`;
const spec = 'specs/counter.ts';
const links = 'receipts/counter/links.json';
const subject = 'mm/door.c door_add v5.3';

let linked: Project;
const made: Project[] = [];
beforeAll(() => {
  linked = recorded();
  made.push(linked);
  linked.edit(spec, [
    'function* add()',
    '/** @models mm/door.c door_add v5.3 */\n    function* add()',
  ]);
  linked.write('linux/mm/door.c', DOOR);
});
afterAll(() => {
  for (const { folder } of made) rmSync(folder, { recursive: true });
});

function project(): Project {
  const copy = linked.copy();
  made.push(copy);
  return copy;
}

function accepted(): Project {
  const own = project();
  const gate = own.gate('--tree', 'linux', '--accept');
  expect({ status: gate.status, changed: gate.receiptsChanged }).toEqual({
    status: 0,
    changed: [links],
  });
  return own;
}

test('a link without a record fails, and is recorded when that is accepted', () => {
  const own = project();
  for (const args of [[], ['--accept'], ['--tree', 'linux']]) {
    const gate = own.gate(...args);
    expect(gate.status).toBe(1);
    expect(gate.bad).toMatchObject([
      { kind: 'link', subject, file: spec, line: 18, word: 'not recorded' },
    ]);
    // The doc comment is none of what is verified.
    expect(asked(gate).filter((name) => name.includes('counter/'))).toEqual([]);
  }
  expect(told(accepted().gate('--tree', 'linux'))).toEqual([]);
});

test('the C changed without the spec: fails; with it: passes with a note; accepted: recorded', () => {
  const own = accepted();
  const before = own.read(links);
  expect(before).not.toContain('mutex_lock');
  own.edit('linux/mm/door.c', ['d->count++;', 'if (d->open)\n\t\td->count++;']);
  // Nobody looks there.
  expect(own.gate().status).toBe(0);
  for (let run = 0; run < 2; run++) {
    const gate = own.gate('--tree', 'linux');
    expect(gate.status).toBe(1);
    expect(gate.bad).toMatchObject([
      {
        kind: 'link',
        subject,
        word: 'changed',
        file: spec,
        line: 18,
        reason: expect.stringContaining('add did not'),
      },
    ]);
  }
  own.edit(spec, [
    'yield* store(count, (yield* load(count)) + 1);',
    'const n = yield* load(count);\n        yield* store(count, n + 1);',
  ]);
  const gate = own.gate('--tree', 'linux');
  expect({ status: gate.status, bad: told(gate) }).toEqual({ status: 0, bad: [] });
  expect(gate.checks.find(({ kind }) => kind === 'link')).toMatchObject({
    word: 'both changed',
    reason: expect.stringContaining('--accept records it'),
  });
  expect(own.read(links)).toBe(before);
  expect(own.gate('--tree', 'linux', '--accept').receiptsChanged).toEqual([links]);
  const after = own.gate('--tree', 'linux');
  expect(after.checks.find(({ kind }) => kind === 'link')).toMatchObject({
    word: 'unchanged',
    reason: '',
  });
});

test('the spec changed and the C did not: recorded, so that the next change of the C is seen', () => {
  const own = accepted();
  own.edit(spec, ['round++', 'round += 1']);
  expect(own.gate('--tree', 'linux').receiptsChanged).toContain(links);
  own.edit('linux/mm/door.c', ['d->count++;', '++d->count;']);
  expect(own.gate('--tree', 'linux').bad).toMatchObject([{ kind: 'link', word: 'changed' }]);
});

test('links that are gone, edited, or are none', () => {
  const gone = accepted();
  gone.edit(spec, ['/** @models mm/door.c door_add v5.3 */', '']);
  expect(gone.gate().bad).toMatchObject([{ kind: 'link', word: 'no link' }]);
  expect(gone.gate('--accept').status).toBe(0);
  expect(gone.gate().status).toBe(0);

  const edited = accepted();
  edited.edit(links, ['"version": "v5.3"', '"version": "v5.4"']);
  expect(edited.gate().bad[0]).toMatchObject({ kind: 'receipt', word: 'refused', file: links });
  expect(edited.gate('--tree', 'linux', '--accept').status).toBe(0);
  expect(edited.gate('--tree', 'linux').status).toBe(0);

  const wrong = project();
  wrong.edit(spec, ['@models mm/door.c door_add v5.3', '@models door_add']);
  const gate = wrong.gate();
  expect(gate.status).toBe(3);
  expect(gate.bad).toMatchObject([{ kind: 'link', file: spec, line: 18, word: 'invalid' }]);
});

test('a spec that is gone leaves none of its links behind unseen', () => {
  const own = accepted();
  rmSync(own.place(spec));
  expect(told(own.gate())).toContain(
    `receipt ${links}: weakened: there is no such spec any more, and so none of its links to the C`,
  );
  own.gate('--accept');
  expect(() => own.read(links)).toThrow(/ENOENT/);
});

const PATCH = `--- a/mm/door.c
+++ b/mm/door.c
@@ -2,7 +2,7 @@
 int door_add(struct door *d)
 {
 	mutex_lock(&d->lock);
-	d->count++;
+	d->count += 2;
 	mutex_unlock(&d->lock);
 	return 0;
 }
`;

test('a patch of the C: fails, with a tree and without, until the spec changes too', () => {
  const own = accepted();
  own.write('0001-door.patch', PATCH);
  for (const args of [[], ['--tree', 'linux']]) {
    const gate = own.gate('--patch', '0001-door.patch', ...args);
    expect(gate.status).toBe(1);
    expect(gate.bad).toMatchObject([
      { kind: 'patch', spec: 'counter', file: spec, line: 18, word: 'changed' },
    ]);
  }
  const before = own.read(links);
  const gate = own.gate('--patch', '0001-door.patch', '--tree', 'linux', '--accept');
  expect({ status: gate.status, changed: gate.receiptsChanged }).toEqual({
    status: 0,
    changed: [links],
  });
  expect(own.read(links)).not.toBe(before);
  expect(own.read('linux/mm/door.c')).toBe(DOOR);
  expect(told(own.gate('--patch', '0001-door.patch', '--tree', 'linux'))).toEqual([]);
  expect(told(own.gate('--patch', '0001-door.patch'))).toHaveLength(1);
});

test('a patch that cannot be read, or is none', () => {
  const own = project();
  own.write('empty.patch', '');
  expect(
    own.gate('--patch', 'empty.patch').bad.map(({ kind, word }) => [kind, word]),
  ).toContainEqual(['patch', 'damaged']);
  expect(own.run('gate', '--patch', 'none.patch')).toMatchObject({
    status: 2,
    stderr: 'lockstep: no such file: none.patch\n',
  });
  expect(own.run('gate', '--patch', 'specs')).toMatchObject({
    status: 2,
    stderr: 'lockstep: specs cannot be read (EISDIR)\n',
  });
});

test('a tree that is not there: exit 2', () => {
  expect(project().run('gate', '--tree', 'nowhere')).toMatchObject({
    status: 2,
    stderr: 'lockstep: no such folder: nowhere\n',
  });
});
