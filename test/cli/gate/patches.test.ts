import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gate, type Project, recorded } from './project.ts';

/** Patches as mailing lists have them, and as the gate takes them up in a project of its own. */

const fixture = (name: string) =>
  readFile(new URL(`../../drift/patch/fixtures/${name}`, import.meta.url), 'utf8');

const spec = 'specs/counter.ts';
const links = 'receipts/counter/links.json';
let linked: Project;
const made: Project[] = [];

beforeAll(async () => {
  linked = recorded();
  made.push(linked);
  linked.edit(spec, [
    'function* add()',
    `/**
     * @models mm/pool_common.c pool_deactivate v5.3
     * @models mm/pool.c pool_shrink v5.3
     */
    function* add()`,
  ]);
  for (const file of ['mm/pool_common.c', 'mm/pool.c']) {
    linked.write(`linux/${file}`, await fixture(`tree/${file}`));
  }
  linked.write('series.mbox', await fixture('series.mbox'));
  const gate = linked.gate('--tree', 'linux', '--accept');
  expect(gate.status).toBe(0);
});
afterAll(() => {
  for (const { folder } of made) rmSync(folder, { recursive: true });
});

function project(): Project {
  const copy = linked.copy();
  made.push(copy);
  return copy;
}

const patches = ({ checks }: Gate) =>
  checks
    .filter(({ kind }) => kind === 'patch')
    .map(
      ({ ok, word, subject, file, line }) => `${ok ? '' : '! '}${word} ${subject} ${file}:${line}`,
    );

/** What the second patch of the series changes is not modelled here. */
const first =
  '[PATCH v6 1/3] mm: pool: a pool dies only once: mm/pool_common.c pool_deactivate specs/counter.ts:19';

describe('a series', () => {
  const args = ['--patch', 'series.mbox'];

  test.each([[[]], [['--tree', 'linux']]])('says of each patch what it touches %j', (more) => {
    const own = project();
    const before = own.read(links);
    const gate = own.gate(...args, ...more);
    expect(gate.status).toBe(1);
    expect(patches(gate)).toEqual([
      'no patch [PATCH v6 0/3] mm: pool: die once series.mbox:1',
      `! changed ${first}`,
      'no patch Re: [PATCH v6 1/3] mm: pool: a pool dies only once series.mbox:83',
      'touches none [PATCH v6 2/3] mm: pool: wait for callbacks before the pool is freed, also those of others who came before us series.mbox:31',
      '! moved [PATCH v6 3/3] mm: pool: tracepoint, ümlaut, and a file of its own: mm/pool.c pool_shrink specs/counter.ts:20',
    ]);
    const [changed, moved] = gate.bad;
    expect(changed!.reason).toMatch(
      /pool_deactivate changes \(series\.mbox:145-146\), and add at specs\/counter\.ts:\d+ does not: change it too/,
    );
    expect(changed!.details).toEqual(['+\tif (p->flags & POOL_DYING)', '+\t\treturn;']);
    expect(moved!.reason).toMatch(
      /write @models mm\/pool_alloc\.c pool_shrink v5\.3 at specs\/counter\.ts/,
    );
    expect(own.read(links)).toBe(before);
  });

  test('with the spec changed along, it passes as often as it is asked', async () => {
    const own = project();
    const [, , , patch] = (await fixture('series.mbox')).split(/(?=^From mboxrd)/m);
    own.write('1.mbox', patch!);
    own.edit(spec, ['round++', 'round += 1']);
    const before = own.read(links);
    for (const more of [['--tree', 'linux'], ['--tree', 'linux'], []]) {
      const gate = own.gate('--patch', '1.mbox', ...more);
      expect(patches(gate)[0]).toMatch(/^both changed /);
      expect(gate.status).toBe(0);
      expect(own.read(links)).toBe(before);
    }
  });

  test('what is accepted is recorded, and passes from then on', async () => {
    const own = project();
    const [, , , patch] = (await fixture('series.mbox')).split(/(?=^From mboxrd)/m);
    own.write('1.mbox', patch!);
    expect(own.run('gate', '--patch', '1.mbox', '--accept')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--accept with --patch needs --tree'),
    });
    const gate = own.gate('--patch', '1.mbox', '--tree', 'linux', '--accept');
    expect(patches(gate)[0]).toMatch(/^accepted /);
    expect({ status: gate.status, changed: gate.receiptsChanged }).toEqual({
      status: 0,
      changed: [links],
    });
    const again = own.gate('--patch', '1.mbox', '--tree', 'linux');
    expect(patches(again)[0]).toMatch(/^recorded /);
    expect(again.status).toBe(0);
    const untold = own.gate('--patch', '1.mbox');
    expect(patches(untold)[0]).toMatch(/^! cannot be told /);
    expect(untold.status).toBe(4);
    // Without the patch, the tree is behind what is recorded.
    expect(own.gate('--tree', 'linux').status).toBe(1);
  });
});

test.each([[[]], [['--tree', 'linux']]])('a damaged patch is never green %j', (more) => {
  const own = project();
  own.edit('series.mbox', ['\n+\t\treturn;\n', '\n']);
  const gate = own.gate('--patch', 'series.mbox', ...more);
  expect(gate.status).toBe(1);
  expect(gate.bad[0]).toMatchObject({ word: 'damaged', file: 'series.mbox' });
  expect(gate.bad[0]!.reason).toMatch(/^series\.mbox:141: hunk @@ -33,6 \+33,9 @@/);
});

test('a patch that is not for the tree is never green', () => {
  const own = project();
  own.edit('linux/mm/pool_common.c', ['lockdep_assert_held(&pool_mutex);', 'return;']);
  const gate = own.gate('--patch', 'series.mbox', '--tree', 'linux');
  expect(gate.status).toBe(1);
  expect(gate.bad.map(({ word }) => word)).toContain('does not apply');
});

test('a patch that cannot be told without a tree is not known', () => {
  const own = project();
  own.write(
    'p.diff',
    `--- a/mm/pool.c
+++ b/mm/pool.c
@@ -10,0 +11,1 @@
+	x++;
`,
  );
  const gate = own.gate('--patch', 'p.diff');
  expect(patches(gate)[0]).toMatch(/^! cannot be told /);
  expect(gate.status).toBe(4);
  expect(own.gate('--patch', 'p.diff', '--tree', 'linux').bad).toMatchObject([{ word: 'changed' }]);
});
