import { cpSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../lockstep.ts';
import { asked, Project, told } from './project.ts';

/** The protocol of specs/kmem-cache-dying as a project of its own, in two of its variants. */

const model = 'model/kmem-cache-dying/slab_common.ts';
const SPEC = `import { defineSpec } from 'lockstep';
import dying from '../model/kmem-cache-dying/spec.ts';

const { repaired, seed } = dying.variants;

export default defineSpec({ ...dying, name: 'dying', variants: { repaired: repaired!, seed: seed! } });
`;

let project: Project;
beforeAll(() => {
  project = new Project({ 'specs/dying.ts': SPEC });
  cpSync(path.join(root, 'specs/kmem-cache-dying'), project.place('model/kmem-cache-dying'), {
    recursive: true,
  });
  // Its links to the C are of another project's records.
  for (const name of readdirSync(project.place('model/kmem-cache-dying'))) {
    const file = `model/kmem-cache-dying/${name}`;
    project.write(file, project.read(file).replaceAll('@models', 'models'));
  }
  expect(project.run('verify-spec', '--quiet').status).toBe(0);
  const gate = project.gate();
  expect({ status: gate.status, checks: gate.checks.length }).toEqual({ status: 0, checks: 6 });
});
afterAll(() => rmSync(project.folder, { recursive: true }));

test('a harmless refactoring passes: a helper function', () => {
  const own = project.copy();
  own.edit(model, [
    '  const root = (yield* load(s.root))!;\n  if (variant.deactivate_locks)',
    '  const root = yield* root_of(s);\n  if (variant.deactivate_locks)',
  ]);
  own.write(
    model,
    `${own.read(model)}\nfunction* root_of(child: KmemCache) {\n  return (yield* load(child.root))!;\n}\n`,
  );
  const gate = own.gate();
  expect({ status: gate.status, bad: told(gate) }).toEqual({ status: 0, bad: [] });
  expect(asked(gate)).toHaveLength(6);
  expect(asked(own.gate())).toEqual([]);
  rmSync(own.folder, { recursive: true });
});

test('the lock dropped in kmemcg_cache_deactivate: the race, at the line that reads the flag', () => {
  const own = project.copy();
  own.edit(
    model,
    ['if (variant.deactivate_locks) yield* lock_wq();', ''],
    ['if (variant.deactivate_locks) yield* unlock_wq();', ''],
  );
  const gate = own.gate('--report', 'gate.sarif', '--report', 'gate.xml', '--report', 'gate.md');
  expect(gate.status).toBe(1);
  const lines = own.read(model).split('\n');
  const read =
    lines.findIndex((line) => line.includes('variant.deactivate_checks && (yield* load')) + 1;
  const variants = gate.bad.filter(({ kind }) => kind === 'variant');
  expect(variants.map(({ subject }) => subject)).toEqual(['dying/repaired', 'dying/seed']);
  for (const variant of variants) {
    expect(variant).toMatchObject({
      word: 'violated',
      file: model,
      line: read,
      reason: expect.stringMatching(
        /^data-race in kmemcg_cache_deactivate \/ set_dying: .* while offline at load\(root.dying\)$/,
      ),
    });
  }
  // And what the kept traces passed there is not there any more.
  const traces = gate.bad.filter(({ kind }) => kind === 'trace');
  expect(traces.map(({ word, file }) => [word, file])).toEqual(Array(4).fill(['stale', model]));
  const { results } = JSON.parse(own.read('gate.sarif')).runs[0];
  const places = results.map(
    (result: { locations: { physicalLocation: { region: { startLine: number } } }[] }) =>
      result.locations[0]!.physicalLocation.region.startLine,
  );
  expect(places).toContain(read);
  expect(own.read('gate.xml')).toContain(`${model}:${read}`);
  expect(own.read('gate.md')).toContain('data-race in kmemcg_cache_deactivate');
  // For people: the two accesses with their lines, and the schedule.
  const { stdout } = own.run('gate');
  expect(stdout).toMatch(
    new RegExp(
      `read +offline: load\\(root.dying\\)\\s+slab_common.ts:${read} kmemcg_cache_deactivate`,
    ),
  );
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(
    '6 checks: 6 not as they must be, 0 by receipts',
  );
  rmSync(own.folder, { recursive: true });
});
