import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { engine } from '../../src/cli/built-in-engine.ts';
import { diffSpec } from '../../src/cli/diff-spec.ts';
import type { Engine } from '../../src/cli/engine.ts';
import type { DiffOptions } from '../../src/cli/options.ts';
import { type DifferenceRecord, differenceSchema } from '../../src/report/difference-json.ts';
import { width } from '../../src/report/text.ts';
import { fakeContext } from './fake.ts';
import { root } from './lockstep.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));

const unset = { param: {}, maxStates: null, maxTime: null, maxMemory: null, json: false };

/** Runs in the folder, where the specs are. */
async function diff(
  old: string,
  now: string,
  options: Partial<DiffOptions> = {},
  by: Engine = engine,
) {
  const context = { ...fakeContext(folder), columns: 60 };
  const code = await diffSpec(old, now, { ...unset, ...options }, context, by);
  return { code, out: context.output.out, err: context.output.err };
}

async function diffJson(old: string, now: string, options: Partial<DiffOptions> = {}) {
  const { code, out } = await diff(old, now, { ...options, json: true });
  const record: DifferenceRecord = differenceSchema.parse(JSON.parse(out));
  return { code, ...record, first: record.comparisons[0]! };
}

/** Two threads that add one each; what is different in a version is given. */
interface Version {
  readonly locked?: boolean;
  readonly limit?: number;
  readonly variants?: string;
  readonly more?: string;
  readonly before?: string;
  readonly threads?: string;
}

function write(name: string, version: Version): string {
  const { locked = true, limit = 5, variants = 'plain: {}', more = '', before = '' } = version;
  const { threads = '' } = version;
  const text = `${before}
import { DEFINE_MUTEX, defineSpec, mutex_lock, mutex_unlock, peek, READ_ONCE, variable, WRITE_ONCE } from 'lockstep';
export default defineSpec({
  name: 'adding',
  params: { rounds: 1 },
  variants: { ${variants} },
  build({ params }) {
    const [count, limit] = [variable('count', 0), variable('limit', ${limit})];
    const m = DEFINE_MUTEX('m');
    function* add() {
      for (let round = 0; round < params.rounds; round++) {
        ${locked ? 'yield* mutex_lock(m);' : ''}
        const seen = yield* READ_ONCE(count);
        if (seen < (yield* READ_ONCE(limit))) yield* WRITE_ONCE(count, seen + 1);
        ${locked ? 'yield* mutex_unlock(m);' : ''}
      }
    }
    return { threads: { a: add, b: add, ${threads} }, ${more} };
  },
});
`;
  writeFileSync(path.join(folder, name), text);
  return name;
}

const locked = write('locked.ts', {});
const unlocked = write('unlocked.ts', { locked: false });

describe('a lock that is dropped', () => {
  test('a final state is gained, with its shortest schedule; exit 1', async () => {
    const { code, first } = await diffJson(locked, unlocked);
    expect(code).toBe(1);
    expect(first.result).toBe('differs');
    const { gained, lost, both } = first.finalStates;
    expect({ both, lost: lost.count, gained: gained.count }).toEqual({
      both: 1,
      lost: 0,
      gained: 1,
    });
    const [{ schedule, ...group }] = gained.groups as [(typeof gained.groups)[0]];
    expect(group).toEqual({
      count: 1,
      whole: 1,
      shortest: true,
      differsIn: [
        {
          what: 'object',
          name: 'count',
          text: '1',
          value: 1,
          nearest: { text: '2', value: 2 },
        },
      ],
    });
    expect([...schedule].sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
  });

  test('and lost the other way round', async () => {
    const { code, first } = await diffJson(unlocked, locked);
    expect(code).toBe(1);
    const { gained, lost } = first.finalStates;
    expect([gained.count, lost.count]).toEqual([0, 1]);
    expect(lost.groups[0]!.differsIn[0]).toMatchObject({ name: 'count', text: '1' });
  });

  test('in text, of the width there is', async () => {
    const { out } = await diff(locked, unlocked);
    expect(out).toContain('final states gained\n  1 final state, from the nearest in old to it:');
    expect(out).toContain('\n    count: 2 -> 1\n    6 steps; none shorter\n');
    expect(out.split('\n').filter((line) => width(line) > 60)).toEqual([]);
    expect(out).toMatch(/^[\n -~]*$/);
  });

  test('groups of states that differ in the same', async () => {
    const extra = `c: function* () { yield* WRITE_ONCE(limit, 6); yield* WRITE_ONCE(limit, 7); },
      d: function* () { const at = yield* READ_ONCE(limit); yield* WRITE_ONCE(other, at); },`;
    const before = "const more = () => variable('other', 0);";
    const make = (name: string, safe: boolean) => {
      write(name, { locked: safe, before, threads: extra });
      const file = path.join(folder, name);
      const text = readFileSync(file, 'utf8').replace(
        'const m =',
        'const other = more(); const m =',
      );
      writeFileSync(file, text);
      return name;
    };
    const { first } = await diffJson(make('many.ts', true), make('many-bare.ts', false));
    const { gained, both } = first.finalStates;
    expect([gained.count, both]).toEqual([3, 3]);
    expect(gained.groups.map(({ count }) => count)).toEqual([3]);
    expect(gained.groups[0]!.differsIn.map(({ name }) => name)).toEqual(['count']);
  });

  test('a schedule that leads elsewhere is a fault', async () => {
    const astray: Engine = { ...engine, endsOf: () => () => null };
    await expect(diff(locked, unlocked, {}, astray)).rejects.toMatchObject({ name: 'Fault' });
  });
});

describe('nothing differs', () => {
  test('lines that moved, and functions that objects hold: exit 0', async () => {
    const text = readFileSync(path.join(root, 'test/fixtures/checks/rcu-barrier.ts'), 'utf8');
    writeFileSync(path.join(folder, 'rcu.ts'), text);
    writeFileSync(path.join(folder, 'rcu-moved.ts'), `// One.\n\n// Two.\n${text}`);
    const { code, comparisons } = await diffJson('rcu.ts', 'rcu-moved.ts');
    expect(comparisons.length).toBeGreaterThan(1);
    expect(comparisons.map(({ result }) => result)).toEqual(comparisons.map(() => 'no difference'));
    expect(code).toBe(0);
    expect((await diff('rcu.ts', 'rcu-moved.ts')).out).toMatch(/^no difference {2}/);
  });

  test('a search that a limit ended says so, and never that: exit 4', async () => {
    for (const maxStates of [1, 3, 8]) {
      const { code, first } = await diffJson(locked, write('same.ts', {}), { maxStates });
      expect({ code, result: first.result }).toEqual({ code: 4, result: 'not known' });
      expect(first.untold).toContain('final states gained');
      const { out } = await diff(locked, 'same.ts', { maxStates });
      expect(out).toMatch(/^not known /);
      expect(out).not.toContain('no difference');
    }
  });

  test('what a complete search of the one shows counts, though the other was not over', async () => {
    // 16 states against fewer: the first is complete, and the second has come to an end that is new.
    const { states } = (await diffJson(locked, unlocked)).first.new;
    const { states: most } = (await diffJson(locked, unlocked)).first.old;
    expect(most).not.toBe(states);
    const [a, b] = most < states ? [locked, unlocked] : [unlocked, locked];
    const { first, code } = await diffJson(a, b, { maxStates: Math.max(most, states) });
    expect(first.old.complete && !first.new.complete).toBe(true);
    expect(first.untold).toContain('final states lost');
    expect(first.untold).not.toContain('final states gained');
    expect([1, 4]).toContain(code);
    expect(first.finalStates.lost.count).toBe(0);
    const back = await diffJson(b, a, { maxStates: Math.max(most, states) });
    expect(back.first.untold).toContain('final states gained');
    expect(back.first.finalStates.gained.count).toBe(0);
  });

  test('of a search that came to no end nothing is gained', async () => {
    const long = write('long.ts', { threads: 'c: add, d: add,' });
    const { first } = await diffJson(long, locked, { maxStates: 30 });
    expect([first.old.complete, first.old.finalStates, first.new.complete]).toEqual([
      false,
      0,
      true,
    ]);
    expect(first.finalStates.gained.count).toBe(0);
  });

  test('a function that is elsewhere in the file', async () => {
    const threads = 'c: function* () { yield* WRITE_ONCE(limit, called as never); },';
    const a = write('held.ts', { threads, before: 'function called() {}' });
    const b = write('held-moved.ts', { threads, before: '//\n//\n  function called() {}' });
    expect((await diffJson(a, b)).code).toBe(0);
    const c = write('held-other.ts', {
      threads: threads.replace('called', 'other'),
      before: 'function other() {}',
    });
    const { gained } = (await diffJson(a, c)).first.finalStates;
    expect(gained.groups[0]!.differsIn).toMatchObject([{ name: 'limit', text: 'other' }]);
  });
});

describe('what only one has', () => {
  test('a start that is not the same is told once', async () => {
    const { code, first } = await diffJson(locked, write('limit.ts', { limit: 4 }));
    expect(code).toBe(1);
    expect(first.declared).toEqual([{ what: 'object', name: 'limit', old: '5', new: '4' }]);
    expect(first.finalStates).toMatchObject({ both: 1, gained: { count: 0 }, lost: { count: 0 } });
  });

  test('but it is compared where some final state has changed it', async () => {
    const threads = 'c: function* () { yield* WRITE_ONCE(limit, 9); },';
    const a = write('raise.ts', { threads });
    const b = write('raise-4.ts', { threads, limit: 9 });
    const { first } = await diffJson(a, b);
    expect(first.finalStates).toMatchObject({ both: 1, gained: { count: 0 }, lost: { count: 0 } });
    const c = write('keep.ts', {
      threads: 'c: function* () { yield* READ_ONCE(limit); },',
      limit: 8,
    });
    const { gained, lost } = (await diffJson(a, c)).first.finalStates;
    expect([gained.count, lost.count]).toEqual([1, 1]);
    expect(gained.groups[0]!.differsIn).toMatchObject([{ name: 'limit', text: '8' }]);
  });

  test('threads, properties, witnesses, unchecked rules and variants', async () => {
    const more = `always: { low: () => peek(count) < 3 }, sometimes: { one: () => peek(count) === 1 },
      unchecked: { 'data-race': 'why not' },`;
    const threads = 'c: function* () { yield* WRITE_ONCE(count, 7); },';
    const a = write('a.ts', { more, variants: 'plain: {}, old: {}' });
    const b = write('b.ts', { threads, variants: 'plain: {}, now: {}' });
    const { code, first, onlyOld, onlyNew } = await diffJson(a, b);
    expect(code).toBe(1);
    expect([onlyOld, onlyNew]).toEqual([['old'], ['now']]);
    expect(first.declared).toEqual([
      { what: 'thread', name: 'c', old: null, new: 'there' },
      { what: 'unchecked rule', name: 'data-race', old: 'why not', new: null },
    ]);
    expect(first.properties).toMatchObject([
      { name: 'low', old: 'holds', new: null },
      { name: 'one', kind: 'sometimes', old: 'holds', new: null },
    ]);
    expect((await diff(a, b)).out).toContain(
      'variant old: only in old\nvariant now: only in new\n',
    );
  });

  test('verdicts: what the old schedule comes to, and what breaks the new one', async () => {
    const more =
      'atEnd: { two: () => peek(count) === 2 }, sometimes: { one: () => peek(count) === 9 },';
    const variants = "plain: { violates: ['two', 'one'] }";
    const a = write('bare.ts', { locked: false, more, variants });
    const b = write('mended.ts', { more, variants });
    const { first } = await diffJson(a, b);
    expect(first.properties.map(({ name, old, new: now }) => [name, old, now])).toEqual([
      ['two', 'violated', 'holds'],
    ]);
    expect(first.properties[0]!.oldSchedule).toMatchObject({ stops: { run: 1, step: 1 }, runs: 1 });
    const back = await diffJson(b, a);
    expect(back.first.properties[0]!.schedule).toHaveLength(6);
    const { out } = await diff(b, a);
    expect(out).toContain('two: holds -> violated');
    expect(out).toContain('6 steps, 2 switches; none shorter');
  });

  test('a parameter is for both', async () => {
    const { first } = await diffJson(locked, unlocked, { param: { rounds: 2 } });
    expect([first.old.params, first.new.params]).toEqual([{ rounds: 2 }, { rounds: 2 }]);
    expect(first.finalStates.gained.count).toBe(2);
  });
});

describe('usage', () => {
  const variants = write('variants.ts', { variants: 'one: {}, two: {}' });

  test('a variant of the first file, and one named for both', async () => {
    const { first } = await diffJson(`${variants}:one`, ':two');
    expect([first.old.variant, first.new.variant]).toEqual(['one', 'two']);
    write('later.ts', { variants: 'one: {}, two: {}' });
    const { comparisons } = await diffJson(`${variants}:two`, 'later.ts');
    expect(comparisons.map(({ old, new: now }) => [old.variant, now.variant])).toEqual([
      ['two', 'two'],
    ]);
  });

  test.each([
    ['none.ts', locked, 'no such file: none.ts'],
    [`${variants}:three`, ':one', "unknown variant 'three'; there are: one, two"],
    [variants, variants, 'name two variants of it, as FILE:VARIANT; there are: one, two'],
    [variants, locked, 'no variant has the same name in both; name two'],
    ['.', locked, 'specs; name one of them'],
  ])('%s %s', async (old, now, message) => {
    await expect(diff(old, now)).rejects.toMatchObject({ name: 'UsageError' });
    await expect(diff(old, now)).rejects.toThrow(message);
  });

  test('a parameter that neither has', async () => {
    const given = diff(locked, unlocked, { param: { size: 1 } });
    await expect(given).rejects.toThrow("unknown parameter 'size'; there are: rounds");
  });

  test('an invalid spec is none to compare', async () => {
    const broken = write('broken.ts', { threads: 'c: function* () { throw new Error("no"); },' });
    await expect(diff(locked, broken)).rejects.toMatchObject({ name: 'SpecError' });
  });
});
