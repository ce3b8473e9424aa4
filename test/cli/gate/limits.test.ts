import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, start } from '../lockstep.ts';
import { asked, COUNTER, type GateCheckRecord, type Project, recorded, told } from './project.ts';

/** A gate that was ended before it was done is never green, and tells what was done. */

let slow: Project;
const made: Project[] = [];
beforeAll(() => {
  slow = recorded();
  made.push(slow);
  // The last of all; it takes minutes.
  const spec = COUNTER.replace("name: 'counter'", "name: 'slow'").replace(
    'locked: {},',
    'locked: { params: { rounds: 5000 } },\n    later: {},',
  );
  slow.write('specs/slow.ts', spec);
});
afterAll(() => {
  for (const { folder } of made) rmSync(folder, { recursive: true });
});

function project(): Project {
  const copy = slow.copy();
  made.push(copy);
  return copy;
}

const inShort = ({ kind, subject, word, exitCode }: GateCheckRecord) =>
  `${kind} ${subject}: ${word} ${exitCode}`;

test('out of time: what receipts say is told, the rest is incomplete', () => {
  const own = project();
  const began = performance.now();
  const gate = own.gate('--max-time', '1.5');
  // For the whole, and not for each.
  expect(performance.now() - began).toBeLessThan(6_000);
  expect(gate.status).toBe(4);
  expect(gate.bad.map(inShort)).toEqual([
    'variant slow/locked: incomplete 4',
    'variant slow/later: not reached 4',
    'variant slow/bare: not reached 4',
  ]);
  expect(gate.bad[1]!.reason).toBe('the time is over (--max-time 1.5)');
  expect(asked(gate)).toHaveLength(3);
  expect(gate.receiptsChanged).toEqual([]);
  // Nor is what was not reached made weaker, or forgotten.
  expect(own.gate('--max-time', '1.5', '--accept').status).toBe(4);
});

test('out of time before anything: replays are not reached either', () => {
  const own = project();
  const gate = own.gate('--fresh', '--max-time', '0.001');
  expect(gate.status).toBe(4);
  expect(gate.checks.filter(({ ok }) => ok)).toEqual([]);
  expect(new Set(gate.bad.map(({ kind, word }) => `${kind} ${word}`))).toEqual(
    new Set(['variant not reached', 'trace not reached']),
  );
});

test('out of time for a variant that another spec has one of the same whole name as', () => {
  const own = project();
  const named = (name: string, variant: string) =>
    COUNTER.replace("name: 'counter'", `name: '${name}'`).replace('locked: {}', `'${variant}': {}`);
  own.write('specs/slow.ts', named('one', 'two/three'));
  expect(own.gate().status).toBe(0);
  own.write('specs/other.ts', named('one/two', 'three'));
  expect(own.gate('--max-time', '0.001').bad.map(inShort)).toEqual([
    'variant one/two/three: not reached 4',
    'variant one/two/bare: not reached 4',
  ]);
});

test('out of time for a replay: of a variant that its receipt answers, and of none', () => {
  const own = project();
  rmSync(own.place('specs/slow.ts'));
  const [name] = readdirSync(own.place('traces/peterson'));
  const rules = [
    { on: 'correct', must: 'no longer possible' },
    { on: 'gone', must: 'fixed' },
  ];
  const file = `traces/peterson/${name!.replace('.trace.json', '.rule.json')}`;
  own.write(file, JSON.stringify({ format: 'lockstep-rule', version: 1, rules }));
  const gate = own.gate('--max-time', '0.001');
  expect(gate.status).toBe(4);
  expect(gate.bad.map(inShort)).toEqual(
    ['correct', 'gone'].map((on) => `trace traces/peterson/${name} on ${on}: not reached 4`),
  );
  // With time, the one is kept, and the other is stale.
  expect(told(own.gate())).toEqual([expect.stringContaining(' on gone: stale: ')]);
});

test('out of memory', () => {
  const gate = project().gate('--max-memory', '20');
  expect(gate.status).toBe(4);
  expect(gate.bad.map(inShort)).toEqual([
    'variant slow/locked: incomplete 4',
    'variant slow/later: incomplete 4',
    'variant slow/bare: incomplete 4',
  ]);
  expect(gate.bad[0]!.reason).toBe('20 MB of memory used');
});

describe('interrupted', () => {
  test('exit 130, what was done is told, and its receipts are kept', async () => {
    const own = project();
    // To be verified first.
    rmSync(own.place('receipts/counter'), { recursive: true });
    const child = start(['gate', '--json'], own.folder);
    setTimeout(() => child.kill('SIGINT'), 3_000);
    const { code, stdout, stderr } = await ended(child);
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'lockstep: interrupted\n' });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ ok: false, exitCode: 130 });
    const bad = result.checks.filter(({ ok }: GateCheckRecord) => !ok);
    expect(bad.map(inShort)).toEqual([
      'variant slow/locked: not reached 4',
      'variant slow/later: not reached 4',
      'variant slow/bare: not reached 4',
    ]);
    expect(result.receiptsChanged).toHaveLength(2);
    expect(own.read('receipts/counter/locked.receipt.json')).toBe(
      slow.read('receipts/counter/locked.receipt.json'),
    );
  });

  test('in a terminal: the table, what was not reached, and the sum', async () => {
    const own = project();
    const child = start(['gate', '--quiet'], own.folder);
    setTimeout(() => child.kill('SIGINT'), 2_000);
    const { code, stdout } = await ended(child);
    expect({ code, lines: stdout.split('\n') }).toEqual({
      code: 130,
      lines: [
        'not reached  slow: 3 checks  interrupted',
        '10 checks: 3 not known, 7 by receipts',
        '',
      ],
    });
  });
});

test.skipIf(process.getuid?.() === 0)('files that may not be read', () => {
  const own = project();
  rmSync(own.place('specs/slow.ts'));
  const receipt = 'receipts/counter/locked.receipt.json';
  for (const file of ['specs/peterson.ts', receipt]) chmodSync(own.place(file), 0);
  const gate = own.gate();
  expect(gate.status).toBe(3);
  expect(told(gate)).toEqual(
    expect.arrayContaining([
      'variant specs/peterson.ts: invalid: specs/peterson.ts cannot be read (EACCES)',
      `receipt counter/locked: refused: ${receipt} cannot be read (EACCES)`,
    ]),
  );
});

test('receipts that are no folder: exit 2', () => {
  const own = project();
  rmSync(own.place('specs/slow.ts'));
  rmSync(own.place('receipts'), { recursive: true });
  writeFileSync(own.place('receipts'), '');
  const { status, stdout, stderr } = own.run('gate', '--quiet');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^lockstep: the folder receipts cannot be read \(ENOTDIR\)/);
});
