import { text } from 'node:stream/consumers';
import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from '../verdict/verdict.ts';
import type { Context } from './context.ts';
import { linesOfStdin } from './lines.ts';
import { programFor, version } from './program.ts';

/** The only place that sets the exit status. */

for (const stream of [process.stdout, process.stderr]) {
  // A reader that left, like `| head`, takes nothing from the verdict.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
  });
}

// What a spec prints is no part of the result.
console.log = console.info = console.debug = console.error;

/** Whether the exit status is Lockstep's own. */
let isAnswered = false;

const interrupt = new AbortController();
process.on('SIGINT', () => {
  isAnswered = true;
  interrupt.abort();
  process.stderr.write('lockstep: interrupted\n');
  // Not later: a search in a worker would keep the process for as long as it takes.
  process.exit(exitCodes.interrupted);
});

process.on('uncaughtException', (error) => {
  isAnswered = true;
  process.exit(explain(error));
});

// Node ends with 0 when nothing is left to do, as it does for a module that waits in vain.
process.on('exit', () => {
  if (isAnswered) return;
  process.stderr.write(
    'lockstep: the process ended without a verdict: does a spec call process.exit(), or wait at its top for what never comes?\n',
  );
  process.exitCode = exitCodes.invalidSpec;
});

void main();

async function main(): Promise<void> {
  try {
    const context: Context = {
      cwd: process.cwd(),
      env: process.env,
      input: () => text(process.stdin),
      lines: linesOfStdin,
      out: (part) => void process.stdout.write(part),
      err: (part) => void process.stderr.write(part),
      columns: Math.max(40, process.stdout.columns || Number(process.env.COLUMNS) || 100),
      live: process.stderr.isTTY === true,
      signal: interrupt.signal,
    };
    let code: ExitCode = exitCodes.usage;
    const program = programFor(context, (given) => {
      code = given;
    });
    await program.parseAsync();
    process.exitCode = code;
  } catch (error) {
    process.exitCode = explain(error);
  }
  isAnswered = true;
}

/** Says what went wrong and gives the exit code for it. */
function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.asExpected : exitCodes.usage;
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  switch (name) {
    case 'UsageError':
      process.stderr.write(`lockstep: ${message}\n`);
      return exitCodes.usage;
    case 'SpecError':
      process.stderr.write(`lockstep: the spec is invalid: ${message}\n`);
      return exitCodes.invalidSpec;
    case 'TraceError':
      process.stderr.write(`lockstep: ${message}\n`);
      return exitCodes.notReproduced;
    default:
      process.stderr.write(
        `${stack ?? message}

This is a fault of Lockstep ${version} (Node ${process.versions.node}, ${process.platform}), not of
the spec. Please report it with the text above, the command line, the spec files, and the trace
file if there is one.
`,
      );
      return exitCodes.fault;
  }
}
