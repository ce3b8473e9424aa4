import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ALL_ON } from '../../../src/explore/optimisations.ts';
import { Knowledge } from '../../../src/explore/reduction/knowledge.ts';
import { searchOn } from '../../../src/explore/search.ts';
import { Machine, type Node } from '../../../src/model/machine.ts';
import { guarded } from '../../../src/spec/guard.ts';
import { instantiate } from '../../../src/spec/instantiate.ts';
import { loadSpec } from '../../../src/spec/load.ts';
import { UNLIMITED } from '../../oracle/unlimited.ts';

/** Nodes that are taken for one gate, by thread and guard. */
function groups(machine: Machine): Map<string, Node[]> {
  const knowledge = new Knowledge(machine, [], ALL_ON);
  const found = new Map<string, Node[]>();
  for (const node of machine.nodes.flat().filter(({ blocks }) => blocks)) {
    const { guard } = knowledge.of(node)!.reach.gates[0]!;
    const key = `${node.thread} ${guard}`;
    found.set(key, [...(found.get(key) ?? []), node]);
  }
  return found;
}

/** Of the operations of which some hold and others do not with the same values. */
function differing(machine: Machine): string[] {
  const asked = [...machine.learned.map(({ transition, values }) => ({ ...transition, values }))];
  return [...groups(machine)].flatMap(([guard, group]) => {
    const rows = [...asked, ...machine.waits]
      .filter(({ node }) => group.includes(node))
      .map(({ node, values }) => {
        const row = new Int32Array(machine.width);
        node.footprint.forEach((position, i) => {
          row[position] = values[i]!;
        });
        return row;
      });
    const same = rows.every(
      (row) => new Set(group.map((node) => machine.guardHolds(row, 0, node))).size === 1,
    );
    return same ? [] : [guard];
  });
}

/** The guards of the kernel's operations: none depends on what is not in the name of its gate. */
for (const folder of ['checks', 'lost']) {
  test(`guards of a gate hold together in ${folder}`, { timeout: 120_000 }, async () => {
    const files = readdirSync(path.join(import.meta.dirname, '../../fixtures', folder));
    let many = 0;
    for (const file of files.sort()) {
      const loaded = await loadSpec(path.join(import.meta.dirname, '../../fixtures', folder, file));
      for (const variant of Object.keys(loaded.spec.variants)) {
        const machine = new Machine(instantiate(loaded, variant), guarded);
        searchOn(machine, { ...UNLIMITED, reduction: false, maxStates: 1000 });
        expect([file, variant, ...differing(machine)]).toEqual([file, variant]);
        many += [...groups(machine).values()].filter(({ length }) => length > 1).length;
      }
    }
    expect(many).toBeGreaterThan(0);
  });
}
