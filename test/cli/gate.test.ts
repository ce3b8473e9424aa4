import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseReceipt } from '../../src/verdict/read-receipt.ts';
import { printReceipt } from '../../src/verdict/receipt.ts';
import { asked, COUNTER, Project, recorded, told } from './gate/project.ts';

let whole: Project;
const made: Project[] = [];
beforeAll(() => {
  whole = recorded();
  made.push(whole);
});
afterAll(() => {
  for (const { folder } of made) rmSync(folder, { recursive: true });
});

/** A project that is green, for a test to change. */
function project(): Project {
  const copy = whole.copy();
  made.push(copy);
  return copy;
}

const spec = 'specs/counter.ts';
const receipt = 'receipts/counter/locked.receipt.json';
const trace = (property: string) =>
  `traces/counter/${readdirSync(whole.place('traces/counter')).find((name) => name.startsWith(`bare.${property}`) && name.endsWith('.trace.json'))}`;
const receipts = (of: Project) =>
  readdirSync(of.place('receipts'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, of.read(path.join('receipts', name))]);

describe('what is as it was', () => {
  test('is answered by receipts, and nothing is written', () => {
    const unchanged = project();
    const before = receipts(unchanged);
    const gate = unchanged.gate();
    expect({ status: gate.status, asked: asked(gate) }).toEqual({ status: 0, asked: [] });
    expect(gate.checks).toHaveLength(7);
    expect(gate.receiptsChanged).toEqual([]);
    expect(receipts(unchanged)).toEqual(before);
  });

  test('is verified again with --fresh, with any number of workers: the same receipts', () => {
    const unchanged = project();
    const before = receipts(unchanged);
    for (const workers of ['1', '2']) {
      const gate = unchanged.gate('--fresh', '--workers', workers);
      expect({ status: gate.status, asked: asked(gate).length }).toEqual({ status: 0, asked: 7 });
      expect(receipts(unchanged)).toEqual(before);
    }
  });

  test('a harmless change of one spec passes, and asks that spec alone', () => {
    const changed = project();
    changed.edit(
      spec,
      ['function* add() {', 'const twice = 2 * params.rounds;\n    function* add() {'],
      ['peek(count) === 2 * params.rounds', 'peek(count) === twice'],
    );
    const gate = changed.gate();
    expect(told(gate)).toEqual([]);
    expect(gate.status).toBe(0);
    expect(asked(gate).filter((subject) => !subject.includes('counter'))).toEqual([]);
    expect(asked(gate).length).toBe(4);
    expect(gate.receiptsChanged.length).toBe(2);
    expect(asked(changed.gate())).toEqual([]);
  });

  test('a comment asks nothing', () => {
    const changed = project();
    changed.edit(spec, ['build({', '// A comment.\n  build({']);
    expect(asked(changed.gate())).toEqual([]);
  });

  test('a receipt of another version is not refused, but verified again', () => {
    const older = project();
    const content = parseReceipt(older.read(receipt), receipt);
    older.write(receipt, printReceipt({ ...content, lockstep: '0.0.1', states: 1 }));
    const gate = older.gate();
    expect({ status: gate.status, asked: asked(gate) }).toEqual({
      status: 0,
      asked: ['counter/locked'],
    });
    expect(older.read(receipt)).toBe(whole.read(receipt));
  });

  test('a trace that was recorded again asks for that trace alone', () => {
    const changed = project();
    const [file, other] = [trace('nothing'), trace('data')];
    // Both are traces of one variant.
    changed.edit(file, ['"message": "', '"message": "well, ']);
    expect(told(changed.gate())).toEqual([
      `trace ${file}: damaged: ${file} is damaged: its content does not fit its checksum`,
    ]);
    changed.write(file, changed.read(other));
    const gate = changed.gate();
    expect(asked(gate)).toEqual([`${file} on bare`, 'counter/bare']);
    expect(told(gate)).toEqual([
      `receipt counter/bare: weakened: ${file} breaks another property now, and broke 'nothing lost'`,
    ]);
  });
});

describe('what is not as it must be', () => {
  test('a lock that is dropped: the reason, its line, and no receipt', () => {
    const broken = project();
    broken.edit(
      spec,
      ['if (protocol.locks) yield* mutex_lock(lock);', ''],
      ['if (protocol.locks) yield* mutex_unlock(lock);', ''],
    );
    const gate = broken.gate();
    expect(gate.status).toBe(1);
    const line =
      broken
        .read(spec)
        .split('\n')
        .findIndex((text) => text.includes('store(count')) + 1;
    expect(gate.bad.find(({ subject }) => subject === 'counter/locked')).toMatchObject({
      kind: 'variant',
      word: 'violated',
      file: spec,
      line,
      reason: expect.stringMatching(/^data-race in add \/ add: /),
    });
    expect(broken.read(receipt)).toBe(whole.read(receipt));
  });

  test('an expected violation that is not there any more', () => {
    const mended = project();
    mended.edit(spec, ['locks: false', 'locks: true']);
    const gate = mended.gate();
    expect(gate.status).toBe(1);
    expect(told(gate)).toEqual([
      'variant counter/bare: expected, but holds: nothing lost',
      expect.stringMatching(
        /^trace .* on bare: no longer possible: .*; it must be: still reproduces$/,
      ),
      expect.stringMatching(/^trace .* on bare: stale: |^trace .* on bare: no longer possible: /),
    ]);
  });

  test('--traces keeps the traces of what was not expected, and never among the kept ones', () => {
    const broken = project();
    broken.edit(
      spec,
      ['if (protocol.locks) yield* mutex_lock(lock);', ''],
      ['if (protocol.locks) yield* mutex_unlock(lock);', ''],
    );
    for (const folder of ['traces', 'traces/new', './traces/counter/..']) {
      const { status, stderr } = broken.run('gate', '--traces', folder);
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: `lockstep: --traces ${folder}: the kept traces are there; name another folder\n`,
      });
    }
    expect(broken.gate('--traces', 'traces-of-the-gate').status).toBe(1);
    const kept = readdirSync(broken.place('traces-of-the-gate/counter'));
    expect(kept.map((name) => name.split('.')[0])).toEqual(['locked', 'locked']);
    const [name] = kept;
    expect(
      broken.run('replay-trace', '--variant', 'locked', `traces-of-the-gate/counter/${name}`)
        .status,
    ).toBe(0);
    expect(readdirSync(broken.place('traces'), { recursive: true })).toEqual(
      readdirSync(whole.place('traces'), { recursive: true }),
    );
  });
});

describe('a receipt is refused', () => {
  const refused = (of: Project, reason: string | RegExp, ...args: string[]) => {
    const gate = of.gate(...args);
    expect(gate.status).toBe(1);
    expect(gate.bad).toMatchObject([
      {
        kind: 'receipt',
        subject: 'counter/locked',
        word: 'refused',
        file: receipt,
        reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
        details: ['to make it anew: lockstep gate --accept'],
      },
    ]);
    return gate;
  };

  test('that was edited: its variant is verified, and --accept makes it anew', () => {
    const edited = project();
    edited.edit(receipt, ['"states": ', '"states": 1']);
    const bytes = edited.read(receipt);
    const gate = refused(edited, `${receipt} was edited: its content does not fit its checksum`);
    expect(asked(gate)).toEqual(['counter/locked', 'counter/locked']);
    expect(edited.read(receipt)).toBe(bytes);
    const accepted = edited.gate('--accept');
    expect({ status: accepted.status, changed: accepted.receiptsChanged }).toEqual({
      status: 0,
      changed: [receipt],
    });
    expect(edited.read(receipt)).toBe(whole.read(receipt));
  });

  test('whose counts are not those of a re-run', () => {
    const forged = project();
    const content = parseReceipt(forged.read(receipt), receipt);
    forged.write(receipt, printReceipt({ ...content, states: 7, depth: content.depth + 1 }));
    // By itself it is whole.
    expect(forged.gate().status).toBe(0);
    refused(
      forged,
      `${receipt} does not match a re-run: states 7, now ${content.states}; depth ${content.depth + 1}, now ${content.depth}`,
      '--fresh',
    );
    expect(forged.gate('--fresh', '--accept').status).toBe(0);
    expect(forged.read(receipt)).toBe(whole.read(receipt));
  });

  test('that says something else than the spec that it was made of', () => {
    const forged = project();
    const content = parseReceipt(forged.read(receipt), receipt);
    forged.write(receipt, printReceipt({ ...content, params: { rounds: 2 } }));
    refused(forged, `${receipt} does not say what the spec does that it was made of`);
  });

  test('that is not green by itself', () => {
    const forged = project();
    const content = parseReceipt(forged.read(receipt), receipt);
    forged.write(receipt, printReceipt({ ...content, violates: ['nothing lost'] }));
    refused(forged, /is damaged: what it says was broken is not what it says was expected$/);
  });

  test('that is of another variant', () => {
    const moved = project();
    moved.write(receipt, moved.read('receipts/counter/bare.receipt.json'));
    refused(moved, `${receipt} is the receipt of counter/bare`);
  });

  test.each([
    ['empty', '', `${receipt} is empty`],
    ['half of one', '{"format": "lockstep-receipt",', /is damaged: /],
    ['something else', '{}\n', `${receipt} is not a receipt of Lockstep`],
    [
      'newer',
      '{"format":"lockstep-receipt","version":2}',
      /made by a newer Lockstep; this one reads version 1$/,
    ],
  ])('%s', (_, text, reason) => {
    const damaged = project();
    damaged.write(receipt, text);
    refused(damaged, reason);
  });

  test('a folder in its place', () => {
    const odd = project();
    rmSync(odd.place(receipt));
    mkdirSync(odd.place(receipt));
    refused(odd, `${receipt} cannot be read (EISDIR)`);
  });

  test('not UTF-8', () => {
    const odd = project();
    writeFileSync(odd.place(receipt), Buffer.from([0xff, 0xfe, 0x00]));
    refused(odd, `${receipt} is damaged: not UTF-8 text`);
  });

  test('two variants whose receipts would be one file', () => {
    const twins = project();
    twins.edit(spec, ['locked: {},', 'locked: {},\n    Locked: {},']);
    for (const args of [[], ['--accept']]) {
      const gate = twins.gate(...args);
      expect(gate.status).toBe(1);
      expect(told(gate)).toEqual([
        'receipt counter/Locked: refused: its receipt would be the file of counter/locked too: rename one of them',
      ]);
    }
  });
});

describe('a claim that is weaker fails until it is accepted', () => {
  /** The receipt stays, and so does the failure, until `--accept`. */
  function weaker(
    of: Project,
    reasons: readonly string[],
    subject = 'counter/locked',
    line: number | null = 9,
  ) {
    for (let run = 0; run < 2; run++) {
      const gate = of.gate();
      expect(gate.status).toBe(1);
      expect(told(gate)).toEqual(
        reasons.map((reason) => `receipt ${subject}: weakened: ${reason}`),
      );
      for (const { file, line: at, details } of gate.bad) {
        expect(details).toEqual(['if it is meant: lockstep gate --accept']);
        if (line !== null) expect([file, at]).toEqual([spec, line]);
      }
    }
    const accepted = of.gate('--accept');
    expect({ status: accepted.status, bad: told(accepted) }).toEqual({ status: 0, bad: [] });
    const notes = accepted.checks.filter(({ word }) => word === 'accepted');
    expect(notes.map(({ reason }) => reason)).toEqual(reasons);
    expect(asked(of.gate())).toEqual([]);
  }

  test('more that it is expected to break', () => {
    const changed = project();
    changed.edit(spec, [
      'locked: {},',
      "locked: { options: { locks: false }, violates: ['nothing lost', 'data-race in add / add'] },",
    ]);
    weaker(changed, [
      "its violates has 'nothing lost' now, which it did not break before",
      "its violates has 'data-race in add / add' now, which it did not break before",
    ]);
  });

  test('a property that is gone, in each variant', () => {
    const changed = project();
    changed.edit(spec, ["always: { 'not too many': () => peek(count) <= 2 * params.rounds },", '']);
    const gate = changed.gate();
    expect(told(gate)).toEqual(
      ['locked', 'bare'].map(
        (name) => `receipt counter/${name}: weakened: its property 'not too many' is gone`,
      ),
    );
    expect(changed.gate('--accept').status).toBe(0);
  });

  test('a property that is asked otherwise, in each variant', () => {
    const changed = project();
    changed.edit(spec, ['always: {', 'sometimes: {']);
    expect(told(changed.gate())).toEqual(
      ['locked', 'bare'].map(
        (name) =>
          `receipt counter/${name}: weakened: its property 'not too many' is asked as 'sometimes' now, and was as 'always'`,
      ),
    );
  });

  test('with what fails beside it: --accept accepts nothing', () => {
    const changed = project();
    changed.edit(
      spec,
      ["always: { 'not too many': () => peek(count) <= 2 * params.rounds },", ''],
      ['if (protocol.locks) yield* mutex_lock', 'if (false) yield* mutex_lock'],
      ['if (protocol.locks) yield* mutex_unlock', 'if (false) yield* mutex_unlock'],
    );
    const gate = changed.gate('--accept');
    expect(told(gate)).toEqual([
      expect.stringMatching(/^variant counter\/locked: /),
      "receipt counter/locked: weakened: its property 'not too many' is gone",
    ]);
    expect(gate.receiptsChanged).toEqual(['receipts/counter/bare.receipt.json']);
  });

  test('accepted, where no receipt can be written: not green', () => {
    const blocked = project();
    const receipt = 'receipts/counter/locked.receipt.json';
    rmSync(blocked.place(receipt));
    mkdirSync(blocked.place(`${receipt}/in-the-way`), { recursive: true });
    const gate = blocked.gate('--accept');
    expect(gate.status).toBe(1);
    expect(told(gate)).toEqual([
      `receipt counter/locked: refused: ${receipt} could not be written (EISDIR)`,
    ]);
  });

  test('the property of a kept trace', () => {
    const changed = project();
    changed.edit(
      spec,
      ["atEnd: { 'nothing lost': () => peek(count) === 2 * params.rounds },", ''],
      ["violates: ['nothing lost', ", 'violates: ['],
    );
    expect(told(changed.gate())).toEqual([
      "receipt counter/locked: weakened: its property 'nothing lost' is gone",
      `trace ${trace('nothing')} on bare: stale: there is no property 'nothing lost' any more; it must be: still reproduces`,
      "receipt counter/bare: weakened: its property 'nothing lost' is gone",
    ]);
    // Nothing is accepted beside it.
    expect(told(changed.gate('--accept'))).toEqual([
      expect.stringMatching(/^trace .*: stale: /),
      expect.stringMatching(/^receipt .*: weakened: /),
    ]);
  });

  test('a rule that is not checked', () => {
    const changed = project();
    changed.edit(spec, [
      'always: {',
      "unchecked: { 'memory leak': 'all is static' },\n      always: {",
    ]);
    const gate = changed.gate();
    expect(told(gate)).toEqual(
      ['locked', 'bare'].map(
        (name) =>
          `receipt counter/${name}: weakened: the rule 'memory leak' is unchecked now: all is static`,
      ),
    );
    expect(changed.gate('--accept').status).toBe(0);
    expect(asked(changed.gate())).toEqual([]);
  });

  test('a KCSAN that reports less', () => {
    const changed = project();
    changed.edit(spec, ['always: {', "kcsan: 'default',\n      always: {"]);
    const [first] = told(changed.gate());
    expect(first).toBe(
      "receipt counter/locked: weakened: its kcsan is 'default' now, and was 'strict'",
    );
  });

  test('a parameter that is another', () => {
    const changed = project();
    changed.edit(spec, ['locked: {},', 'locked: { params: { rounds: 2 } },']);
    weaker(changed, ['its parameter rounds is 2 now, and was 1']);
  });

  test('a parameter that is gone', () => {
    const changed = project();
    changed.edit(spec, ['params: { rounds: 1 },', 'params: { turns: 1 },']);
    changed.write(spec, changed.read(spec).replaceAll('params.rounds', 'params.turns'));
    expect(told(changed.gate())[0]).toBe(
      'receipt counter/locked: weakened: its parameter rounds is gone, and was 1',
    );
  });

  test('a variant that is gone', () => {
    const changed = project();
    changed.edit(spec, ['locked: {},', '']);
    weaker(changed, ['there is no such variant any more; it was verified'], 'counter/locked', null);
    expect(receipts(changed).map(([name]) => name)).toEqual([
      'counter/bare.receipt.json',
      'peterson/correct.receipt.json',
      'peterson/turn-before-flag.receipt.json',
    ]);
  });

  test('a spec that is gone, with all its variants', () => {
    const changed = project();
    rmSync(changed.place('specs/peterson.ts'));
    expect(told(changed.gate())).toEqual([
      expect.stringMatching(
        /^trace .*: stale: its spec specs\/peterson.ts is not there any more; /,
      ),
      'receipt peterson/correct: weakened: there is no such variant any more; it was verified',
      'receipt peterson/turn-before-flag: weakened: there is no such variant any more; it was expected to break mutual exclusion',
    ]);
  });

  test('a kept trace that is gone', () => {
    const changed = project();
    const file = trace('nothing');
    rmSync(changed.place(file));
    weaker(changed, [`the kept trace ${file} is gone`], 'counter/bare', 10);
  });

  test('the rule of a kept trace that is another, or gone', () => {
    const changed = project();
    const file = trace('nothing');
    const rules = file.replace('.trace.json', '.rule.json');
    const rule = (must: string) =>
      JSON.stringify({ format: 'lockstep-rule', version: 1, rules: [{ on: 'locked', must }] });
    changed.write(rules, rule('still reproduces'));
    // A new one that is not kept is no receipt's business.
    expect(told(changed.gate())).toEqual([
      expect.stringContaining(`trace ${file} on locked: no longer possible: `),
    ]);
    changed.write(rules, rule('no longer possible'));
    const gate = changed.gate();
    expect({ status: gate.status, asked: asked(gate) }).toEqual({
      status: 0,
      asked: [`${file} on locked`],
    });
    const kept = changed.copy();
    made.push(kept);
    changed.write(rules, rule('fixed'));
    expect(told(changed.gate())).toEqual([
      expect.stringContaining(`trace ${file} on locked: no longer possible: `),
      `receipt counter/locked: weakened: the rule of ${file} is 'fixed' now, and was 'no longer possible'`,
    ]);
    rmSync(kept.place(rules));
    weaker(kept, [`the rule of ${file} is gone: it had to be 'no longer possible'`]);
  });
});

describe('what cannot be read is never green', () => {
  test('a spec that does not load: its receipts are no orphans, its traces not known', () => {
    const broken = project();
    broken.edit(spec, ['defineSpec({', 'defineSpec({{']);
    const gate = broken.gate('--accept');
    expect(gate.status).toBe(3);
    expect(gate.bad.map(({ kind, word }) => `${kind} ${word}`)).toEqual([
      'variant invalid',
      'trace not tried',
      'trace not tried',
    ]);
    expect(gate.bad[0]).toMatchObject({ file: spec, line: 5, subject: spec });
    expect(receipts(broken)).toEqual(receipts(whole));
  });

  test('a spec that leads nowhere, a folder in its place, one that is empty', () => {
    const broken = project();
    symlinkSync('nowhere.ts', broken.place('specs/lost.ts'));
    symlinkSync('round.ts', broken.place('specs/round.ts'));
    mkdirSync(broken.place('specs/deep/spec.ts'), { recursive: true });
    broken.write('specs/void.ts', '');
    const gate = broken.gate();
    expect(gate.status).toBe(3);
    expect(told(gate)).toEqual([
      'variant specs/deep/spec.ts: invalid: not a file: specs/deep/spec.ts',
      'variant specs/lost.ts: invalid: no such file: specs/lost.ts',
      'variant specs/round.ts: invalid: specs/round.ts cannot be read (ELOOP)',
      expect.stringMatching(/^variant specs\/void.ts: invalid: specs\/void.ts/),
    ]);
  });

  test.each([
    'globalThis.process.exit(0);',
    'setTimeout(() => globalThis.process.exit(0));\nawait new Promise((done) => setTimeout(done, 9999));',
    'await new Promise(() => {});',
  ])('a spec that ends the process when it is loaded, or waits in vain: %s', (code) => {
    const ending = project();
    ending.edit(spec, ['const protocol', `${code}\nconst protocol`]);
    const { status, stdout, stderr } = ending.run('gate');
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain('lockstep: the process ended without a verdict');
  });

  test('what a spec prints is not in the result', () => {
    const loud = project();
    loud.edit(spec, ['const protocol', "console.log('loud');\nconst protocol"]);
    const { stdout, stderr } = loud.run('gate', '--json');
    expect(JSON.parse(stdout).ok).toBe(true);
    expect(stderr).toContain('loud\n');
  });

  test('a spec that ends the process when it is built', () => {
    const ending = project();
    ending.edit(spec, ['const count', 'globalThis.process.exit(0);\n    const count']);
    const gate = ending.gate();
    expect(gate.status).toBe(3);
    const [first] = told(gate);
    expect(first).toMatch(/^variant counter\/locked: invalid: .*process\.exit\(\) in build\(\)/);
  });

  test('specs in a folder behind a link, and one that leads nowhere', () => {
    const linked = project();
    mkdirSync(linked.place('elsewhere'));
    linked.write('elsewhere/more.ts', COUNTER.replace("name: 'counter'", "name: 'more'"));
    symlinkSync('../elsewhere', linked.place('specs/more'));
    expect(asked(linked.gate())).toEqual(['more/locked', 'more/bare']);
    rmSync(linked.place('elsewhere'), { recursive: true });
    expect(linked.run('gate')).toMatchObject({
      status: 2,
      stderr: 'lockstep: the link more among the specs leads nowhere (ENOENT)\n',
    });
  });

  test('two specs of one name', () => {
    const twins = project();
    twins.write('specs/other.ts', twins.read(spec));
    const gate = twins.gate();
    expect(gate.status).toBe(3);
    expect(told(gate)).toEqual([
      "variant specs/other.ts: invalid: specs/counter.ts has a spec of the same name, 'counter'",
    ]);
  });

  test('traces: damaged, a folder, a rule without a trace, of a spec that is not there', () => {
    const broken = project();
    const [file, other] = [trace('nothing'), trace('data')];
    broken.edit(file, ['"property"', '"propretty"']);
    rmSync(broken.place(other));
    mkdirSync(broken.place(other));
    const lone = 'traces/lone.rule.json';
    broken.write(lone, '{}');
    const gate = broken.gate();
    expect(gate.status).toBe(5);
    // And none of them is said to be gone.
    expect(told(gate).sort()).toEqual([
      `trace ${other}: damaged: ${other} cannot be read (EISDIR)`,
      expect.stringMatching(new RegExp(`^trace ${file}: damaged: .*: property: `)),
      `trace ${lone}: damaged: ${lone} has no trace beside it`,
    ]);
    expect(broken.gate('--accept').receiptsChanged).toEqual([]);
  });

  test('rules that are damaged', () => {
    const broken = project();
    const file = trace('nothing').replace('.trace.json', '.rule.json');
    broken.write(file, '{"format": ');
    const gate = broken.gate();
    expect(gate.status).toBe(5);
    expect(told(gate)).toEqual([
      expect.stringMatching(/^trace .*: damaged: .*rule.json is damaged: /),
    ]);
  });

  test('no specs, no folder: exit 2', () => {
    const none = project();
    renameSync(none.place('specs'), none.place('elsewhere'));
    expect(none.run('gate')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: "lockstep: there is no folder 'specs' in this folder\n",
    });
    expect(none.run('gate', 'nowhere')).toMatchObject({
      status: 2,
      stderr: 'lockstep: no such folder: nowhere\n',
    });
    expect(none.run('gate', 'elsewhere/counter.ts')).toMatchObject({
      status: 2,
      stderr: 'lockstep: not a folder: elsewhere/counter.ts\n',
    });
  });
});

test('a project in another folder: its files are named from here, its receipts from there', () => {
  const outer = new Project({});
  made.push(outer);
  const inner = project();
  symlinkSync(inner.folder, outer.place('inner'));
  const gate = outer.gate('inner');
  expect({ status: gate.status, asked: asked(gate) }).toEqual({ status: 0, asked: [] });
  expect(gate.checks[0]).toMatchObject({ file: 'inner/specs/counter.ts' });
});
