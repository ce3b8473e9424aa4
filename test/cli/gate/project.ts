import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { lockstep, root } from '../lockstep.ts';

/** A project in a folder of its own, of small specs that tests change. */
export class Project {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'lockstep-gate-'));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [file, text] of Object.entries(files)) this.write(file, text);
  }

  place(file: string): string {
    return path.join(this.folder, file);
  }

  read(file: string): string {
    return readFileSync(this.place(file), 'utf8');
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(this.place(file)), { recursive: true });
    writeFileSync(this.place(file), text);
  }

  /** Each text must be there: a change that changes nothing is tested by nobody. */
  edit(file: string, ...changes: readonly (readonly [from: string, to: string])[]): void {
    let text = this.read(file);
    for (const [from, to] of changes) {
      expect(text).toContain(from);
      text = text.replace(from, () => to);
    }
    this.write(file, text);
  }

  /** The same, as it is now. */
  copy(): Project {
    const other = new Project({});
    cpSync(this.folder, other.folder, { recursive: true });
    return other;
  }

  run(...args: readonly string[]) {
    // One that does not end fails.
    return lockstep(args, this.folder, '', 80, 100_000);
  }

  gate(...args: readonly string[]): Gate {
    const { status, stdout, stderr } = this.run('gate', '--json', ...args);
    // Where the machine is busy, there is progress to tell.
    expect(stderr.replace(/^.* transitions, depth .*\n/gm, '')).toBe('');
    const result = JSON.parse(stdout);
    expect(result.exitCode).toBe(status);
    const bad = result.checks.filter(({ ok }: GateCheckRecord) => !ok);
    return { status, ...result, bad };
  }
}

export interface GateCheckRecord {
  readonly kind: string;
  readonly spec: string;
  readonly subject: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly ok: boolean;
  readonly word: string;
  readonly reason: string;
  readonly details: readonly string[];
  readonly exitCode: number;
  readonly from: string;
}

export interface Gate {
  readonly status: number | null;
  readonly checks: readonly GateCheckRecord[];
  readonly bad: readonly GateCheckRecord[];
  readonly receiptsChanged: readonly string[];
}

/** What failed, in short. */
export const told = ({ bad }: Gate) =>
  bad.map(({ kind, subject, word, reason }) => `${kind} ${subject}: ${word}: ${reason}`);

/** Who was asked again: the others were answered by receipts. */
export const asked = ({ checks }: Gate) =>
  checks.filter(({ from }) => from === 'run').map(({ subject }) => subject);

/** Two threads that count under a lock, or without. */
export const COUNTER = `import { defineSpec, DEFINE_MUTEX, load, mutex_lock, mutex_unlock, options, peek, store, variable } from 'lockstep';

const protocol = options({ locks: true });

export default defineSpec({
  name: 'counter',
  params: { rounds: 1 },
  variants: {
    locked: {},
    bare: {
      options: { locks: false },
      violates: ['nothing lost', 'data-race in add / add'],
    },
  },
  build({ params }) {
    const count = variable('count', 0);
    const lock = DEFINE_MUTEX('lock');
    function* add() {
      for (let round = 0; round < params.rounds; round++) {
        if (protocol.locks) yield* mutex_lock(lock);
        yield* store(count, (yield* load(count)) + 1);
        if (protocol.locks) yield* mutex_unlock(lock);
      }
    }
    return {
      threads: { a: () => add(), b: () => add() },
      atEnd: { 'nothing lost': () => peek(count) === 2 * params.rounds },
      always: { 'not too many': () => peek(count) <= 2 * params.rounds },
    };
  },
});
`;

export const PETERSON = readFileSync(path.join(root, 'test/fixtures/classics/peterson.ts'), 'utf8');

/** Both specs, with their traces and receipts. */
export function recorded(): Project {
  const project = new Project({ 'specs/counter.ts': COUNTER, 'specs/peterson.ts': PETERSON });
  expect(project.run('verify-spec', '--quiet').status).toBe(0);
  const first = project.gate();
  expect(told(first)).toEqual([]);
  expect(first.receiptsChanged).toHaveLength(4);
  return project;
}
