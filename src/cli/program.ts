import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { ExitCode } from '../verdict/verdict.ts';
import { exitCodes } from '../verdict/verdict.ts';
import type { Context } from './context.ts';
import {
  type DiffOptions,
  type GateOptions,
  list,
  optimisations,
  parameter,
  type ReplayOptions,
  seconds,
  type TableOptions,
  type VerifyOptions,
  wholeNumber,
} from './options.ts';

/** What commander always gives: it knows the defaults of these. */
type Given = Partial<VerifyOptions> & Pick<VerifyOptions, 'reduction' | 'traces'>;

const unset = {
  variant: [],
  param: {},
  workers: null,
  maxStates: null,
  maxTime: null,
  maxMemory: null,
  without: [],
  first: false,
  json: false,
  quiet: false,
  sample: null,
  html: null,
  report: [],
};

const unsetDiff = { param: {}, maxStates: null, maxTime: null, maxMemory: null, json: false };

const unsetGate = {
  fresh: false,
  accept: false,
  maxTime: null,
  maxMemory: null,
  workers: null,
  tree: null,
  patch: [],
  traces: null,
  report: [],
  json: false,
  quiet: false,
};

const unsetReplay = { variant: null, step: false, to: null, inspect: false, rerecord: false };

export const version: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;

/**
 * The whole surface of the command line. Commands are imported when they run, so that help and
 * typing errors cost nothing. `done` gets the exit code of the command.
 */
export function programFor(context: Context, done: (code: ExitCode) => void): Command {
  const program = new Command('lockstep')
    .description('A model checker for kernel locking protocols: runs every interleaving of a spec.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError("('--help' lists the options)")
    .addHelpText('after', `\n${exitHelp}`);

  program
    .command('verify-spec')
    .description('verify every variant of the specs against what it is expected to give')
    .argument('[file...]', 'spec files, or folders of them (default: specs)')
    .option('--variant <name>', 'only this variant (repeatable)', list)
    .option('--param <name=value>', 'size the configuration (repeatable)', parameter)
    .option(
      '--workers <n>',
      'threads to search with (default: as many as pay)',
      wholeNumber(1, 256),
    )
    .option('--no-reduction', 'explore every interleaving, without partial-order reduction')
    .option('--without <names>', 'do without these optimisations', optimisations)
    .option('--max-states <n>', 'end a search after so many states', wholeNumber(1))
    .option('--max-time <seconds>', 'end a search after so long', seconds)
    .option('--max-memory <MB>', 'end a search that needs more', wholeNumber(1))
    .option('--first', 'end a search at its first violation')
    .option('--traces <folder>', 'keep the traces of violations here', 'traces')
    .option('--no-traces', 'keep no traces')
    .option('--json', 'print one JSON array, an object per variant')
    .option('--quiet', 'print no progress, and one line per variant')
    .option('--sample <n>', 'show n different schedules that break nothing', wholeNumber(1, 100))
    .option('--html <file>', htmlHelp)
    .option('--report <file>', reportHelp('.html, .xml (JUnit), .sarif or .md'), list)
    .action(async (files: string[], given: Given) => {
      const { verifySpec } = await import('./verify-spec.ts');
      const { engine } = await import('./built-in-engine.ts');
      done(await verifySpec(files, { ...unset, ...given }, context, engine));
    });

  program
    .command('replay-trace')
    .description('re-run kept traces step by step and say what has become of each')
    .argument('<file...>', 'trace files, or folders of them')
    .option('--variant <name>', 'only try the schedule on this variant of the spec')
    .option('--step', 'walk through the steps, forward and back; reads commands, h lists them')
    .option('--to <n>', 'print the state after n steps', wholeNumber(0))
    .option('--inspect', 'stop in the spec, at its last step or that of --to, under a debugger')
    .option('--rerecord', 'search for the same violations again, and replace the files')
    .option('--html <file>', htmlHelp)
    .option('--report <file>', reportHelp('.html, .xml, .sarif, .md or .itf.json'), list)
    .action(async (files: string[], given: Partial<ReplayOptions>) => {
      const { replayTrace } = await import('./replay-trace.ts');
      const { engine } = await import('./built-in-engine.ts');
      done(await replayTrace(files, { ...unset, ...unsetReplay, ...given }, context, engine));
    });

  program
    .command('gate')
    .description('say whether a project is as it must be: all specs, all kept traces')
    .argument('[dir]', 'the folder that has specs, traces and receipts', '.')
    .option('--fresh', 'verify all, whatever the receipts say, and hold them against it')
    .option('--accept', 'record claims that are less than the receipts say, and refused receipts')
    .option('--max-time <seconds>', 'end the whole gate after so long', seconds)
    .option('--max-memory <MB>', 'end a search that needs more', wholeNumber(1))
    .option(
      '--workers <n>',
      'threads to search with (default: as many as pay)',
      wholeNumber(1, 256),
    )
    .option('--tree <linux>', 'compare the functions that specs model with this kernel tree')
    .option('--patch <file>', 'say which of these a patch of the kernel touches (repeatable)', list)
    .option('--traces <folder>', 'keep the traces of what was not expected here')
    .option('--report <file>', reportHelp('.xml (JUnit), .sarif or .md'), list)
    .option('--json', 'print one JSON object, with all checks')
    .option('--quiet', 'print no progress, and one line for what fails')
    .action(async (dir: string, given: Partial<GateOptions>) => {
      const { gate } = await import('./gate.ts');
      const { engine } = await import('./built-in-engine.ts');
      done(await gate(dir, { ...unsetGate, ...given }, context, engine));
    });

  program
    .command('diff-spec')
    .description('say what two variants, or two versions of a spec, differ in: what can happen')
    .argument('<old>', 'a spec file or folder, or one variant of it: specs/one.ts:seed')
    .argument('<new>', 'the same; :repaired is a variant of the first file')
    .option('--param <name=value>', 'size the configuration of both (repeatable)', parameter)
    .option('--max-states <n>', 'end a search after so many states', wholeNumber(1))
    .option('--max-time <seconds>', 'end a search after so long', seconds)
    .option('--max-memory <MB>', 'end a search that needs more', wholeNumber(1))
    .option('--json', 'print one JSON object, with all pairs of variants')
    .addHelpText('after', diffHelp)
    .action(async (old: string, now: string, given: Partial<DiffOptions>) => {
      const { diffSpec } = await import('./diff-spec.ts');
      const { engine } = await import('./built-in-engine.ts');
      done(await diffSpec(old, now, { ...unsetDiff, ...given }, context, engine));
    });

  program
    .command('print-table')
    .description("print the result of 'verify-spec --json' as Markdown tables, one for each spec")
    .argument('<json>', 'the file that it was written to; - for stdin')
    .option('--into <file>', 'put them into this file, between its two lockstep:table marks')
    .addHelpText('after', tableHelp)
    .action(async (json: string, given: Partial<TableOptions>) => {
      const { printTable } = await import('./print-table.ts');
      done(await printTable(json, { into: null, ...given }, context));
    });

  return program;
}

const htmlHelp = 'write a report to be opened in a browser here too';
const reportHelp = (endings: string) =>
  `write a report here too, of the kind that its ending says: ${endings} (repeatable)`;

const diffHelp = `
Where no variant is named, all are compared, by their names. As diff(1) does, it exits with
  ${exitCodes.asExpected}  nothing differs
  ${exitCodes.unexpected}  something does
  ${exitCodes.incomplete}  a limit ended a search, and nothing is known to differ so far`;

const tableHelp = `
The marks are lines of the Markdown file; all between them is replaced:
  <!-- lockstep:table -->
  <!-- /lockstep:table -->
Runs that are not as expected, or not complete, give no table.`;

const exitHelp = `Exit status:
  ${exitCodes.asExpected}    every verdict is the expected one
  ${exitCodes.unexpected}    a violation that was not expected, or an expected one not found
  ${exitCodes.usage}    bad option or missing file
  ${exitCodes.invalidSpec}    a spec is invalid
  ${exitCodes.incomplete}    a limit ended a search before it could tell
  ${exitCodes.notReproduced}    a trace is not what it must be
  ${exitCodes.fault}   a fault of Lockstep itself
  ${exitCodes.interrupted}  interrupted`;
