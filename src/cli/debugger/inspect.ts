import inspector from 'node:inspector';
import { UsageError } from '../../spec/errors.ts';
import { urlOfSpec } from '../../spec/import.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../engine.ts';
import { type Opened, possible } from './open.ts';

/**
 * Waits for a debugger, runs the recorded schedule in the threads' own generators, and stops in the
 * one that is about to make a step, at its line in the spec.
 *
 * @param to the step, null: the last. Before a step of Lockstep's own code it is the last of the
 * spec's
 */
export async function stopAt(
  opened: Opened,
  to: number | null,
  { err }: Context,
  engine: Engine,
): Promise<void> {
  const { program, loaded } = opened;
  const steps = possible(opened).at(-1)!;
  const stop = stepToStopAt(opened, to, engine);
  const place = placeInCode(loaded.code, stop.site);
  const url = await urlOfSpec(loaded);
  // Before anybody looks: it takes running the threads once.
  const pieces = engine.piecesOf(program, steps);
  err(`lockstep: will stop at step ${stop.step}, ${stop.where}, once a debugger is attached\n`);
  // While it waits, or is stopped, no listener could be called; by default the signal ends it.
  const interrupts = process.listeners('SIGINT');
  process.removeAllListeners('SIGINT');
  waitForDebugger();
  const session = new Session(url);
  for (const { step, run } of pieces) {
    if (step === stop.step) session.stopping(place, run);
    else run();
  }
  session.end();
  for (const interrupt of interrupts) process.on('SIGINT', interrupt);
}

interface Stop {
  readonly step: number;
  /** Id of the site in the spec. */
  readonly site: string;
  readonly where: string;
}

function stepToStopAt(opened: Opened, to: number | null, engine: Engine): Stop {
  const { program } = opened;
  const runs = possible(opened);
  const steps = runs.at(-1)!;
  const last = to ?? steps.length;
  if (last > steps.length || to === 0) {
    throw new UsageError(`no step ${last} to stop at: there are 1 to ${steps.length}`);
  }
  const records = engine.replay(program, steps, runs.slice(0, -1)).steps;
  const at = records.slice(0, last).findLastIndex(({ site }) => site !== null);
  const record = records[at];
  if (!record?.site) throw new UsageError("none of these steps is in the spec's own code");
  const { threads } = engine.standing(program, steps.slice(0, at));
  const { site } = threads.find(({ name }) => name === record.thread)!.calls.at(-1)!;
  const { file, line, fn } = record.site;
  const instead = at + 1 === last ? '' : `, the last of the spec up to step ${last}`;
  return { step: at + 1, site, where: `${file}:${line} ${fn}${instead}` };
}

interface Place {
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Where rewritten code tells that a generator is about to be suspended at a site. */
function placeInCode(code: string, site: string): Place {
  const id = JSON.stringify(site).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = new RegExp(`\\.at\\(\\$f\\$*, ${id},`).exec(code);
  if (!found) throw new Error(`the site ${site} is not in the code of the spec`);
  const before = code.slice(0, found.index).split('\n');
  return { lineNumber: before.length - 1, columnNumber: before.at(-1)!.length };
}

/** Where Node's own --inspect listens, which debuggers look for. */
const PORT = 9229;

function waitForDebugger(): void {
  // Open already: the process was started with --inspect. Not open now: the port is in use.
  for (const port of [PORT, 0]) {
    if (inspector.url() === undefined) inspector.open(port, '127.0.0.1');
  }
  inspector.waitForDebugger();
}

/** Beside that of the debugger, which is told of what stops here as of what stops there. */
class Session {
  private readonly session = new inspector.Session();
  private script = '';

  constructor(url: string) {
    this.session.connect();
    this.session.on('Debugger.scriptParsed', ({ params }) => {
      if (params.url === url) this.script = params.scriptId;
    });
    this.session.post('Debugger.enable');
  }

  stopping(place: Place, run: () => void): void {
    const location = { scriptId: this.script, ...place };
    this.session.post('Debugger.setBreakpoint', { location }, (error, { breakpointId }) => {
      if (error) throw new Error(`no breakpoint at ${JSON.stringify(location)}: ${error.message}`);
      run();
      this.session.post('Debugger.removeBreakpoint', { breakpointId });
    });
  }

  end(): void {
    this.session.disconnect();
    inspector.close();
  }
}
