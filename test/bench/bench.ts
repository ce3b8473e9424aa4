import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { seconds, wholeNumber } from '../../src/cli/options.ts';
import { UsageError } from '../../src/spec/errors.ts';
import { checkTime } from './measure.ts';
import {
  bundled,
  difference,
  disagreement,
  Failure,
  type Result,
  verified,
  type Way,
} from './ours.ts';
import { results, save } from './results.ts';
import { chosen, type Row, rows } from './rows.ts';
import { agree, missing, type Peer, SECONDS, searched, versions } from './spin.ts';
import { type Ablation, ablationTable, costTable, peerTable } from './tables.ts';
import {
  ALONE,
  named,
  type Optimisation,
  optimisations,
  WITHIN_REDUCTION,
  without,
} from './without.ts';

export interface Setting {
  readonly rows: readonly Row[];
  /** Node and the command line of Lockstep. */
  readonly lockstep: readonly string[];
  readonly cwd: string;
  /** The tables, and nothing else. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const root = path.join(import.meta.dirname, '../..');

export const setting: Setting = {
  rows,
  lockstep: [process.execPath, path.join(root, 'bin/lockstep.js')],
  cwd: root,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

interface Options {
  readonly rows: readonly string[];
  readonly workers: readonly number[];
  readonly repeat: number;
  readonly limit: number;
  readonly peers: boolean;
  /** True: all of them. */
  readonly without: readonly string[] | true | null;
  /** True: to where it is kept. */
  readonly save: string | true | null;
}

/** For SPIN as for Lockstep, so that a run that fills the memory disturbs nobody. */
const BYTES = 4000 * 2 ** 20;
const RESULTS = 'test/bench/RESULTS.md';

const COSTS = `A process for each row. CPU is user and system time of all its threads and children, with the start,
which is most of it in small rows; memory likewise. The specs have been bundled before, as they are but
once.`;

const PEERS = `The same programs in Promela, by the verifiers that SPIN makes of them: \`gcc -O2 -DSAFETY\`, and with
\`-DNOREDUCE\` where the reduced search came to its end. Ratios are of CPU seconds, \`all\` with
\`spin -a\` and gcc. Ours is the whole row of the table above. SPIN's programs have steps of their own
for local variables and loops, so that states are not one for one.`;

const ABLATIONS = `How much more CPU, and how many more states, the rows take with one of these turned off.`;

/** Gives the exit code: 0, 1 when a row failed, 2 for bad options. */
export async function bench(argv: readonly string[], setting: Setting): Promise<number> {
  try {
    return await new Bench(optionsOf(argv, setting), setting).run(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    setting.err(`bench: ${error.message}\n`);
    return 2;
  }
}

function optionsOf(argv: readonly string[], { out, err }: Setting): Options {
  const names = (text: string) => text.split(',');
  const unset = { rows: [], workers: [1], repeat: 1, limit: 300, peers: false };
  const program = new Command('npm run bench --')
    .description('Measures what Lockstep costs: time, memory, states; a process for each row.')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err })
    .option('--rows <name...>', 'only these; lastzero means each lastzero(...)')
    .option('--workers <list>', 'each row with so many, and the same result (default: 1)', counts)
    .option('--repeat <n>', 'show the median of so many runs', wholeNumber(1))
    .option(
      '--limit <seconds>',
      `end a run after so long (default: 300; SPIN: at most ${SECONDS})`,
      seconds,
    )
    .option('--peers', 'run SPIN beside it, on the twins in Promela')
    .option('--without [list]', 'what each optimisation brings: all rows without it', names)
    .option('--save [file]', `write a report (default: ${RESULTS})`)
    .parse(argv, { from: 'user' });
  return { ...unset, without: null, save: null, ...program.opts<Partial<Options>>() };
}

function counts(text: string): number[] {
  const list = text.split(',').map(wholeNumber(1, 256));
  if (new Set(list).size === list.length) return list;
  throw new InvalidArgumentError('It has the same number twice.');
}

class Bench {
  private readonly options: Options;
  private readonly setting: Setting;
  private readonly way: Way;
  private readonly failures: string[] = [];
  private readonly sections: string[] = [];

  constructor(options: Options, setting: Setting) {
    const { repeat, limit } = options;
    const { lockstep, cwd } = setting;
    this.options = options;
    this.setting = setting;
    this.way = { lockstep, cwd, repeat, limits: { seconds: limit, bytes: BYTES } };
  }

  async run(argv: readonly string[]): Promise<number> {
    const { options, setting } = this;
    const which = chosen(setting.rows, options.rows);
    const off =
      options.without && named(optimisations, options.without === true ? [] : options.without);
    checkTime();
    const measured = await this.costs(which);
    // More workers say the same.
    const base = measured.filter(({ workers }) => workers === options.workers[0]);
    if (options.peers) await this.peers(base);
    if (off) {
      await this.ablations(
        '',
        base,
        off.filter(({ name }) => !WITHIN_REDUCTION.has(name)),
      );
      const within = off.filter(({ name }) => WITHIN_REDUCTION.has(name));
      if (within.length > 0) await this.ablations(ALONE, await this.alone(which), within);
    }
    if (this.failures.length > 0) {
      const list = this.failures.map((failure) => `- ${failure}\n`).join('');
      this.sections.push(`## Failed\n\n${list}`);
    }
    if (options.save !== null) this.save(argv, options.save === true ? RESULTS : options.save);
    for (const failure of this.failures) setting.err(`bench: ${failure}\n`);
    return this.failures.length > 0 ? 1 : 0;
  }

  private section(text: string): void {
    this.setting.out(this.sections.length > 0 ? `\n${text}` : text);
    this.sections.push(text);
  }

  /** What does not give what it must is told in the end, and is in no table. */
  private async tried<T>(what: string, act: () => Promise<T>): Promise<T | null> {
    this.setting.err(`${what}\n`);
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.failures.push(error.message);
      return null;
    }
  }

  private async costs(which: readonly Row[]): Promise<Result[]> {
    const done: Result[] = [];
    for (const file of new Set(which.map((row) => row.file))) await bundled(file, this.way);
    for (const row of which) {
      const same: Result[] = [];
      for (const workers of this.options.workers) {
        const what = `${row.name}, ${workers} worker${workers === 1 ? '' : 's'}`;
        const result = await this.tried(what, () => verified(row, workers, [], this.way));
        if (!result) continue;
        if (result.ended !== 'by itself') this.failures.push(`${what}: ${result.ended}`);
        else same.push(result);
        done.push(result);
      }
      for (const other of same.slice(1)) {
        const differs = difference(same[0]!.runs, other.runs);
        if (!differs) continue;
        const between = `${same[0]!.workers} and ${other.workers} workers`;
        this.failures.push(`${row.name}: not the same with ${between}: ${differs}`);
      }
    }
    this.section(`## Lockstep\n\n${COSTS}\n\n${costTable(done)}`);
    return done;
  }

  private async peers(base: readonly Result[]): Promise<void> {
    const absent = missing();
    if (absent) return this.section(`## SPIN\n\nNot measured: ${absent} is not installed.\n`);
    const pairs: { ours: Result; peer: Peer }[] = [];
    for (const ours of base) {
      const { row } = ours;
      for (const reduction of row.twin ? [true, false] : []) {
        const what = `${row.name}, SPIN${reduction ? '' : ' -DNOREDUCE'}`;
        const done = await this.tried(what, async () => {
          const peer = await searched(row, row.twin!, reduction, this.way);
          agree(ours, peer);
          pairs.push({ ours, peer });
          return peer;
        });
        // The full search is not smaller.
        if (!done || /^out of/.test(done.ended)) break;
      }
    }
    this.section(`## SPIN\n\n${PEERS}\n${versions()}.\n\n${peerTable(pairs)}`);
  }

  /** The reduced search by itself. */
  private async alone(which: readonly Row[]): Promise<Result[]> {
    const done: Result[] = [];
    for (const row of which) {
      const what = `${row.name}, without ${ALONE}`;
      const result = await this.tried(what, () => verified(row, 1, without(ALONE), this.way));
      if (result) done.push(result);
    }
    return done;
  }

  /** @param also what is off beside each of them: '' or names with commas */
  private async ablations(
    also: string,
    base: readonly Result[],
    off: readonly Optimisation[],
  ): Promise<void> {
    const done: Ablation[] = [];
    for (const on of base.filter(({ ended }) => ended === 'by itself')) {
      for (const optimisation of off) {
        const what = `${on.row.name}, without ${optimisation.name}`;
        await this.tried(what, async () => {
          const extra = without(also, optimisation.name);
          const less = await verified(on.row, on.workers, extra, this.way);
          const differs = less.ended === 'by itself' && disagreement(on.runs, less.runs);
          if (differs) throw new Failure(`${what}: another answer: ${differs}`);
          done.push({ optimisation, on, off: less });
        });
      }
    }
    const about = off.map((each) => `- ${each.name}: ${each.about}\n`).join('');
    const title =
      also === '' ? 'Without one of the optimisations' : `The same, also without ${also}`;
    this.section(`## ${title}\n\n${ABLATIONS}\n\n${about}\n${ablationTable(done)}`);
  }

  private save(argv: readonly string[], file: string): void {
    const limits = `${this.options.limit} s (SPIN at most ${SECONDS} s), ${BYTES / 2 ** 20} MB`;
    save(
      path.resolve(this.setting.cwd, file),
      results(argv, this.setting.cwd, limits, this.sections),
    );
    this.setting.err(`${file} is written\n`);
  }
}
