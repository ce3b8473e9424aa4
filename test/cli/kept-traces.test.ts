import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseReceipt } from '../../src/verdict/read-receipt.ts';
import { parseRules } from '../../src/verdict/read-rules.ts';
import { receiptPath } from '../../src/verdict/receipt.ts';
import { rulesFileOf } from '../../src/verdict/trace-rules.ts';
import { lockstep, root } from './lockstep.ts';

/** All of specs/ is verified once, into another folder; what is kept here must be the same. */

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-kept-'));
const kept = path.join(root, 'traces');
const made = path.join(folder, 'traces');
let json: string;

beforeAll(() => {
  const { status, stdout } = lockstep(['verify-spec', '--json', '--traces', made]);
  // Which runs are not as expected, if some are.
  const { stderr } = lockstep(['print-table', '-'], root, stdout);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  json = stdout;
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The property whose schedule ends in the use after free of the kernel bug (a264df74df38). */
const D3 = tracesIn(kept).find((name) => name.startsWith('kmem-cache-dying/seed.P1-'))!;

interface Run {
  readonly spec: string;
  readonly variant: string;
  readonly verdict: string;
  readonly properties: readonly { readonly kind: string }[];
  readonly unreached: readonly unknown[];
}

const isWitness = ({ kind }: Run['properties'][number]): boolean => kind === 'sometimes';
const nameOf = ({ spec, variant }: Run): string => `${spec}/${variant}`;

function tracesIn(place: string): string[] {
  const files = readdirSync(place, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.trace.json')).sort();
}

test('the kept traces are those of the violated variants, byte for byte', () => {
  expect(tracesIn(kept)).toEqual(tracesIn(made));
  const stale = tracesIn(made).filter(
    (name) => !readFileSync(path.join(kept, name)).equals(readFileSync(path.join(made, name))),
  );
  expect(stale).toEqual([]);
});

test('each of them keeps its rules', () => {
  const replayed = lockstep(['replay-trace', kept]);
  expect(replayed.status, replayed.stdout.slice(-2000) + replayed.stderr).toBe(0);
  const count = (word: string) =>
    Number(new RegExp(`\\n${word} +(\\d+) +\\1\\n`).exec(replayed.stdout)?.[1]);
  expect(count('still reproduces')).toBe(tracesIn(kept).length);
  const rules = readdirSync(kept, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rule.json'))
    .flatMap((name) => parseRules(readFileSync(path.join(kept, name), 'utf8'), name));
  // Some of each are declared; whoever makes all traces anew must not lose them.
  for (const word of ['no longer possible', 'fixed'] as const) {
    const declared = rules.filter(({ must }) => must === word);
    expect(declared.length).toBeGreaterThan(2);
    expect(count(word)).toBe(declared.length);
  }
});

test('the traces of the kernel bug are no longer possible with its fix', () => {
  for (const [variant, mended] of [
    ['seed', 'repaired'],
    ['v5.3', 'v5.4'],
  ] as const) {
    const own = tracesIn(kept).filter((name) => name.startsWith(`kmem-cache-dying/${variant}.`));
    expect(own).toHaveLength(4);
    for (const name of own) {
      const rules = readFileSync(path.join(kept, rulesFileOf(name)), 'utf8');
      expect(parseRules(rules, name)).toMatchObject([{ on: mended, must: 'no longer possible' }]);
    }
  }
});

test('what is verified shows that its threads did something, and explains what was not reached', () => {
  const verified = (JSON.parse(json) as Run[]).filter(({ verdict }) => verdict === 'verified');
  expect(verified.length).toBeGreaterThan(50);
  const silent = verified.filter(({ properties }) => !properties.some(isWitness));
  expect(silent.map(nameOf)).toEqual([]);
  const unexplained = verified.filter(({ unreached }) => unreached.length > 0);
  expect(unexplained.map((run) => [nameOf(run), run.unreached])).toEqual([]);
});

test('the receipts are those of the specs and traces; else: npm run gate', () => {
  // The gate writes what is not current.
  const copy = path.join(folder, 'project');
  for (const part of ['specs', 'traces', 'receipts']) {
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
  }
  const { status, stdout } = lockstep(['gate', '--json'], copy);
  const { checks, receiptsChanged } = JSON.parse(stdout) as {
    checks: { ok: boolean; from: string; subject: string; reason: string }[];
    receiptsChanged: string[];
  };
  const asked = checks.filter(({ ok, from }) => !ok || from === 'run');
  expect(asked.map(({ subject, reason }) => `${subject}: ${reason}`)).toEqual([]);
  expect({ status, receiptsChanged }).toEqual({ status: 0, receiptsChanged: [] });
  expect(checks.length).toBeGreaterThan(300);
});

test('each run gives what its receipt says', () => {
  for (const run of JSON.parse(json) as (Run & Record<string, unknown>)[]) {
    const file = path.join('receipts', receiptPath(run.spec, run.variant));
    const receipt = parseReceipt(readFileSync(path.join(root, file), 'utf8'), file);
    const { verdict, states, transitions, depth, params, reduction } = receipt;
    expect({ file, verdict, states, transitions, depth, params, reduction }).toEqual({
      file,
      verdict: run.verdict,
      states: run.states,
      transitions: run.transitions,
      depth: run.depth,
      params: run.params,
      reduction: run.reduction,
    });
  }
});

test('the table in specs/README.md is that of the specs; else: npm run table', () => {
  const readme = path.join(root, 'specs/README.md');
  const copy = path.join(folder, 'specs/README.md');
  mkdirSync(path.dirname(copy));
  copyFileSync(readme, copy);
  expect(lockstep(['print-table', '-', '--into', copy], root, json).status).toBe(0);
  expect(readFileSync(readme, 'utf8')).toBe(readFileSync(copy, 'utf8'));
});

test('the schedule of the kernel bug is not possible with its fix: exit 5, naming the step', () => {
  for (const variant of ['v5.4', 'repaired']) {
    const replayed = lockstep(['replay-trace', '--variant', variant, path.join(kept, D3)]);
    expect(replayed.status).toBe(5);
    expect(replayed.stdout).toMatch(/^no longer possible {2}at step \d+/);
    expect(replayed.stdout).toMatch(/^ {2}step \d+: /m);
  }
});
